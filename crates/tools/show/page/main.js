// Main: connects the parts with the buttons, the keys and the address of the page.

/** The time between two events while the page plays, in milliseconds. */
const PACE = 800;

class Page {
  constructor(data) {
    this.data = data;
    this.runs = new Map();
    this.at = -1;
    this.timer = null;
    const jump = (at) => this.show(at);
    this.sources = new Sources(data);
    this.lanes = new Lanes(jump, (pointer, at, task) => this.tell(pointer, at, task));
    this.guess = new Guess(jump);
    byId('name').textContent = data.program;
    byId('summary').textContent = summaryOf(data.about);
    byId('about').querySelector('pre').textContent = data.about;
    byId('shared').querySelector('pre').textContent = data.shared.join('\n');
    this.connect();
    this.orders = new Orders(data, (index) => this.choose(index));
    this.choose(data.shown, placeInAddress());
  }

  /** Shows the run with this index, from an event on. */
  choose(index, at = 0) {
    if (!this.runs.has(index)) this.runs.set(index, new Run(this.data, this.data.runs[index]));
    this.run = this.runs.get(index);
    this.orders.show(this.run, index);
    byId('position').max = this.run.length;
    showVerdict(this.data, this.run, (to) => this.show(to));
    this.show(at);
  }

  /** Shows the state after this event. */
  show(at) {
    const { run } = this;
    this.at = Math.max(-1, Math.min(run.length - 1, at));
    const before = run.stateAfter(this.at - 1);
    const state = this.at < 0 ? emptyState() : run.stateAfter(this.at);
    const current = this.at < 0 ? null : run.event(this.at).task;
    this.guess.close();
    this.state = state;
    showNow(run, this.at, before, state);
    this.sources.show(run, state, current);
    this.lanes.show(run, Math.max(0, this.at));
    showLoop(run, state);
    showTasks(this.data, run, state, current);
    showTrace(run, this.at);
    showPrinted(run, this.at);
    byId('position').value = this.at + 1;
    byId('count').textContent = `${this.at + 1} of ${run.length}`;
    byId('back').disabled = byId('first').disabled = this.at < 0;
    byId('next').disabled = byId('last').disabled = this.at === run.length - 1;
    if (this.at === run.length - 1) this.play(false);
    history.replaceState(null, '', `#${this.at + 1}`);
  }

  play(isOn) {
    clearInterval(this.timer);
    this.timer = isOn ? setInterval(() => this.show(this.at + 1), PACE) : null;
    byId('play').textContent = isOn ? 'stop' : 'play';
  }

  ask() {
    this.play(false);
    this.guess.ask(this.run, this.at, this.state);
  }

  connect() {
    const actions = {
      first: () => this.show(-1),
      back: () => this.show(this.at - 1),
      next: () => this.show(this.at + 1),
      last: () => this.show(this.run.length - 1),
      play: () => this.play(this.timer === null),
      guess: () => this.ask(),
    };
    for (const [id, action] of Object.entries(actions)) byId(id).addEventListener('click', action);
    const position = byId('position');
    position.addEventListener('input', () => this.show(Number(position.value) - 1));
    byId('trace').addEventListener('toggle', () => showTrace(this.run, this.at));
    addEventListener('resize', () => this.lanes.show(this.run, Math.max(0, this.at)));
    addEventListener('keydown', (event) => this.key(event, actions));
    addEventListener('hashchange', () => this.show(placeInAddress()));
  }

  key(event, actions) {
    const isTyping = event.target.closest('input, select, textarea') !== null;
    const isButton = event.key === ' ' && event.target.closest('button, summary, a') !== null;
    if (isTyping || isButton || event.ctrlKey || event.altKey || event.metaKey) return;
    const keys = {
      ArrowLeft: actions.back, ArrowRight: actions.next, Home: actions.first, End: actions.last,
      PageUp: () => this.show(this.at - 10), PageDown: () => this.show(this.at + 10),
      ' ': actions.play, g: actions.guess, Escape: () => this.guess.close(),
    };
    const action = keys[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  /** Shows beside the pointer what a task waits for, and who wakes it. */
  tell(pointer, at, task) {
    const tip = byId('tip');
    tip.hidden = at === null || task === null;
    if (tip.hidden) return;
    const state = this.run.stateAfter(at);
    const found = state.tasks[task];
    const words = found ? stateWords(this.run, found) : 'is not spawned yet';
    tip.replaceChildren(chip(this.run, task), ` ${words}.`, wakeWords(this.run, state, at, task),
      element('small', {}, `event ${at + 1}: ${traceLine(this.run, at)}`));
    const left = Math.min(pointer.clientX + 12, innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${pointer.clientY - tip.offsetHeight - 12}px`;
  }
}

/** The choice of an order, and the text that replays it in a test. */
class Orders {
  constructor(data, choose) {
    this.data = data;
    const group = (label, is) => {
      const options = data.runs.flatMap((run, index) =>
        (is(run.order) ? [element('option', { value: index }, orderWords(run))] : []));
      return options.length > 0 ? [element('optgroup', { label }, ...options)] : [];
    };
    const all = data.allOrders ? 'every order' : 'choices';
    this.select = element('select', { id: 'order' },
      ...group('the event loop', (order) => order === 'fifo'),
      ...group('seeds of a simulation', (order) => order.startsWith('seed')),
      ...group(all, (order) => order.startsWith('choices')));
    this.select.addEventListener('change', () => choose(Number(this.select.value)));
    this.note = element('p', { class: 'note' });
    const count = data.runs.filter((run) => run.order.startsWith('choices')).length;
    const extent = data.allOrders
      ? `The program has ${count} orders, and all are here.`
      : `The program has more than ${data.mostOrders} orders.`;
    byId('orders').append(
      element('label', {}, 'order ', this.select), this.note,
      element('p', { class: 'note' }, extent), ...(data.served ? [orderForm()] : []));
  }

  show(run, index) {
    this.select.value = index;
    const choices = run.choices === null ? [] : [' Replay it in a test: ',
      element('code', {}, `Simulation::new().replay_order("${run.choices}", program)`)];
    const bySeed = `Simulation::new().replay(${run.order.slice(5)}, program)`;
    const seed = run.order.startsWith('seed') ? [' or ', element('code', {}, bySeed)] : [];
    const first = run.order === 'fifo'
      ? 'The event loop resumes ready tasks first in, first out.'
      : 'A simulation chooses the next of the ready tasks.';
    this.note.replaceChildren(first, ...choices, ...seed);
  }
}

function orderWords(run) {
  if (run.order === 'fifo') return 'first in, first out';
  return run.order;
}

/** Returns a form that asks the server for the page with another order. */
function orderForm() {
  return element('form', { method: 'get' },
    element('label', {}, 'seed or choices ',
      element('input', {
        name: 'order', placeholder: '17 or 0.1.2', required: true, pattern: '[0-9.]+',
      })),
    ' ', element('button', {}, 'show this order'));
}

/** Returns the sentence about the next wake of a task that waits. */
function wakeWords(run, state, at, task) {
  if (!state.tasks[task] || state.tasks[task].status !== 'waiting') return '';
  const next = run.find(at + 1, (event) => event.task === task && event.kind !== 'l');
  if (next === null || run.event(next).kind !== 'w') return ' It is never woken.';
  const { by, time } = run.event(next);
  return ` It is woken ${causeInWords(run, by)} at ${duration(time)}, event ${next + 1}.`;
}

/** Returns the title line of a program's description, without the program's name. */
function summaryOf(about) {
  const line = about.split('\n\n')[0].replace(/\s+/g, ' ');
  return line.replace(/^`[^`]*`: /, '');
}

/** Returns the index of the event that the address names. */
function placeInAddress() {
  const number = Number.parseInt(location.hash.slice(1), 10);
  return Number.isNaN(number) ? 0 : number - 1;
}

const page = new Page(readData());
