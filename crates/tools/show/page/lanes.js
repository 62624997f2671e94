// Lanes: what each task does over the events. Only the events around the current one are drawn, so
// that a long run costs no more than a short one.

const CELL = 14;
const LANE = 26;
const AXIS = 22;
/** More lanes than this are not drawn: the tasks that do nothing nearby are left out. */
const MOST_LANES = 40;

class Lanes {
  constructor(jump, tell) {
    this.box = byId('lanes');
    this.jump = jump;
    this.tell = tell;
    this.box.addEventListener('click', (at) => this.at(at, (index) => this.jump(index)));
    this.box.addEventListener('pointermove', (at) => {
      const found = this.at(at, (index, task) => this.tell(at, index, task));
      if (!found) this.tell(at, null, null);
    });
    this.box.addEventListener('pointerleave', (at) => this.tell(at, null, null));
  }

  /** Calls `then` with the event and the task under the pointer. */
  at(pointer, then) {
    const svg = this.box.querySelector('svg');
    if (svg === null) return false;
    const box = svg.getBoundingClientRect();
    const index = this.from + Math.floor((pointer.clientX - box.left - this.label) / CELL);
    if (index < this.from || index >= this.to) return false;
    const lane = Math.floor((pointer.clientY - box.top - AXIS) / LANE);
    then(index, this.shown[lane] ?? null);
    return true;
  }

  show(run, at) {
    const width = Math.max(200, this.box.clientWidth - 24);
    this.label = width < 500 ? 84 : 120;
    const cells = Math.max(4, Math.floor((width - this.label) / CELL));
    this.from = Math.max(0, Math.min(run.length - cells, at - Math.floor(cells * 0.6)));
    this.to = Math.min(run.length, this.from + cells);
    const { spans, wakes, times, active } = this.collect(run);
    this.shown = chosenLanes(run, active, spans);
    const height = AXIS + this.shown.length * LANE + 4;
    const size = { width, height, viewBox: `0 0 ${width} ${height}` };
    const svg = shape('svg', { ...size, role: 'img', 'aria-label': this.summary(run, at) });
    svg.append(hatching(run), this.axis(times), this.cursor(at, height));
    this.shown.forEach((task, lane) => {
      svg.append(this.lane(run, task, lane, spans.get(task) ?? []));
    });
    svg.append(...wakes.map((wake) => this.arrow(wake)).filter((arrow) => arrow !== null));
    this.box.replaceChildren(svg);
    const hidden = spans.size - this.shown.length;
    if (hidden > 0) this.box.append(element('p', { class: 'none' }, `and ${hidden} more tasks`));
  }

  summary(run, at) {
    const events = `events ${this.from + 1} to ${this.to} of ${run.length}`;
    return `Lanes of the tasks, ${events}; event ${at + 1} is marked. `
      + 'The list of tasks says the same.';
  }

  /** Collects what is drawn: for each task its spans of one status. */
  collect(run) {
    const state = run.stateAfter(this.from - 1);
    const [spans, wakes, times, active] = [new Map(), [], [], new Set()];
    const note = (index, at) => {
      const task = state.tasks[index];
      const status = task.status === 'waiting' && task.until !== null ? 'timed' : task.status;
      const list = spans.get(index) ?? spans.set(index, []).get(index);
      const last = list.at(-1);
      if (last) last.to = at;
      list.push({ status, from: at, to: this.to });
    };
    state.tasks.forEach((task, index) => {
      if (isLive(task)) note(index, this.from);
    });
    let { time } = state;
    for (let at = this.from; at < this.to; at += 1) {
      const event = run.event(at);
      if (event.time !== time || at === this.from) times.push([at, event.time]);
      time = event.time;
      run.apply(state, at);
      note(event.task, at);
      active.add(event.task);
      if (event.kind === 'w' && typeof event.by === 'number') wakes.push(event);
    }
    return { spans, wakes, times, active };
  }

  x(at) {
    return this.label + (at - this.from) * CELL;
  }

  axis(times) {
    const axis = shape('g', { class: 'axis' });
    let free = 0;
    for (const [at, time] of times) {
      const x = this.x(at);
      axis.append(shape('path', { d: `M${x} ${AXIS - 6}v6`, class: 'tick' }));
      if (x < free) continue;
      const words = duration(time);
      axis.append(shape('text', { x: x + 3, y: AXIS - 8 }, words));
      free = x + 14 + words.length * 8;
    }
    return axis;
  }

  cursor(at, height) {
    const x = this.x(at);
    return shape('rect', { class: 'cursor', x, y: AXIS - 2, width: CELL, height: height - AXIS });
  }

  lane(run, task, lane, spans) {
    const y = AXIS + lane * LANE;
    const name = taskName(run, task);
    const most = Math.floor(this.label / 8) - 1;
    const short = name.length > most ? `${name.slice(0, most - 1)}…` : name;
    const group = shape('g', { class: 'lane', style: `--task: ${colour(task)}`, 'data-task': task },
      shape('text', { x: 0, y: y + 17, class: 'name' }, short));
    for (const { status, from, to } of spans) {
      const drawn = bar(status, this.x(from), y, (to - from) * CELL, task);
      if (drawn !== null) group.append(drawn);
    }
    return group;
  }

  /** Draws who woke a task: a line from the lane of the waker to the lane of the woken task. */
  arrow({ at, by, task }) {
    const [from, to] = [this.shown.indexOf(by), this.shown.indexOf(task)];
    if (from < 0 || to < 0 || from === to) return null;
    const down = to > from ? 1 : -1;
    const x = this.x(at) + CELL / 2;
    const middle = (lane) => AXIS + lane * LANE + LANE / 2;
    const end = middle(to) - down * 8;
    const head = `m-4 ${-5 * down}l4 ${5 * down}l4 ${-5 * down}`;
    return shape('path', { class: 'wake', d: `M${x} ${middle(from) + down * 8}V${end}${head}` });
  }
}

/** Returns the tasks that get a lane: all, or else those that do something in the window. */
function chosenLanes(run, active, spans) {
  const all = [...spans.keys()].sort((a, b) => a - b);
  if (all.length <= MOST_LANES) return all;
  const first = all.filter((task) => active.has(task));
  return first.slice(0, MOST_LANES);
}

/** Returns the patterns of the ready tasks, one for each colour. */
function hatching(run) {
  const used = Math.min(COLOURS, run.tasks.length);
  const pattern = (index) => shape('pattern', {
    id: `ready-${index}`, width: 5, height: 5, patternUnits: 'userSpaceOnUse',
    patternTransform: 'rotate(45)',
  }, shape('rect', { width: 2, height: 5, style: `fill: ${colour(index)}` }));
  return shape('defs', {}, ...[...Array(used).keys()].map(pattern));
}

/** Draws what a task does for some events. The shapes differ, so that no colour is needed. */
function bar(status, x, y, width, task) {
  const middle = y + LANE / 2;
  const box = { x, y: y + 5, width, height: LANE - 10 };
  const line = { d: `M${x + 2} ${middle}h${width - 4}` };
  const pattern = `fill: url(#ready-${task % COLOURS})`;
  switch (status) {
    case 'running': return shape('rect', { ...box, class: 'running', rx: 2 });
    case 'ready': return shape('rect', { ...box, class: 'ready', style: pattern });
    case 'timed': return shape('path', { ...line, class: 'waiting timed' });
    case 'waiting': return shape('path', { ...line, class: 'waiting' });
    default: return shape('text', { x: x + 1, y: middle + 5, class: 'end' }, SIGNS[status]);
  }
}
