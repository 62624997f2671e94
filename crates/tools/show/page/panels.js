// Panels: the clock, the queues of the loop, the tasks with what they keep, and the texts.

/** More lines of the trace than this are not in the page at once. */
const MOST_LINES = 400;
/** More tasks than this are not in the list at once. */
const MOST_TASKS = 60;

/** What each style keeps while a task is suspended. */
const KEEPS = {
  callback: 'captures of the next callback',
  generator: 'state of the generator',
  future: 'state of the future',
  green: 'stack, and this many bytes in the loop',
};

function showNow(run, at, before, state) {
  byId('clock').textContent = duration(state.time);
  if (at < 0) {
    byId('what').replaceChildren('Nothing has happened yet.');
    byId('why').textContent = 'Press → or “next” for the first event.';
    return;
  }
  const event = run.event(at);
  byId('what').replaceChildren(chip(run, event.task, state.tasks[event.task].status), ' ', whatHappens(run, event));
  byId('why').textContent = reason(run, event, before);
}

function whatHappens(run, event) {
  switch (event.kind) {
    case 'n': return event.by === null ? 'is spawned' : `is spawned by ${taskName(run, event.by)}`;
    case 'r': return 'is resumed';
    case 's': return `suspends: it ${aim(run, { ...event, until: typeof event.waiting === 'number' ? event.waiting : null })}`;
    case 'w': return `is woken ${causeInWords(run, event.by)}`;
    case 'd': return 'is done';
    default: return `is ${eventWords(run, event)}`;
  }
}

function showLoop(run, state) {
  const queue = state.queue.map((index) => element('li', {}, chip(run, index)));
  byId('queue').replaceChildren(...listOf(queue, 'empty'));
  const deadlines = deadlinesOf(state).map((index) =>
    element('li', {}, element('span', { class: 'time' }, duration(state.tasks[index].until)), ' ', chip(run, index)));
  byId('deadlines').replaceChildren(...listOf(deadlines, 'none'));
  const waits = (task) => task && task.status === 'waiting' && task.waiting === 'ready';
  const sources = [...state.tasks.keys()].filter((index) => waits(state.tasks[index]));
  const descriptors = sources.map((index) =>
    element('li', {}, chip(run, index), ` ${aim(run, state.tasks[index])}`));
  byId('descriptors').replaceChildren(...listOf(descriptors, 'none'));
}

function showTasks(data, run, state, current) {
  const heads = ['task', 'what it does', ...data.styles.map((style) => `${style} keeps`)];
  const head = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)));
  const live = [...state.tasks.keys()].filter((index) => isLive(state.tasks[index]));
  const shown = live.length > MOST_TASKS ? live.filter((index) => index === current).concat(live.slice(0, MOST_TASKS)) : live;
  const rows = shown.map((index) => taskRow(data, run, state.tasks[index], index, index === current));
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
  const keeps = data.styles.map((style) => `${style}: ${KEEPS[style]}`).join(' · ');
  byId('tasks').replaceChildren(table, element('p', { class: 'note' }, `What is kept during a suspension. ${keeps}.`));
}

function taskRow(data, run, task, index, isCurrent) {
  const bytes = data.styles.map((_, style) => {
    const kept = task.place && task.status !== 'running' ? task.place.bytes[style] : null;
    return element('td', { class: 'bytes' }, kept === null || kept === undefined ? '–' : `${kept} B`);
  });
  return element('tr', { class: isCurrent ? 'current' : null },
    element('th', { scope: 'row' }, chip(run, index, task.status)),
    element('td', {}, stateWords(run, task)), ...bytes);
}

/** Shows the trace as text. Of a long trace it shows the lines around the current one. */
function showTrace(run, at) {
  const box = byId('trace');
  if (!box.open) return;
  const from = run.length <= MOST_LINES ? 0 : Math.max(0, Math.min(run.length - MOST_LINES, at - MOST_LINES / 2));
  const lines = [];
  for (let index = from; index < Math.min(run.length, from + MOST_LINES); index += 1) {
    lines.push(element('li', { 'aria-current': index === at ? 'step' : null }, traceLine(run, index)));
  }
  const list = box.querySelector('ol');
  list.start = from + 1;
  list.replaceChildren(...lines);
}

/** Shows what the program has printed before the next event. */
function showPrinted(run, at) {
  const texts = run.printed.filter(([index]) => index <= at).map(([, text]) => text);
  byId('printed').querySelector('pre').textContent = texts.join('') || 'nothing yet';
}

/** Shows whether the four traces are equal, and the first difference. */
function showVerdict(data, run, jump) {
  const verdict = byId('verdict');
  const box = byId('difference');
  box.hidden = run.difference === null;
  verdict.className = run.difference === null ? 'same' : 'different';
  if (run.difference === null) {
    verdict.textContent = `✓ one trace in ${data.styles.length} styles: all ${run.length} events are equal`;
    return;
  }
  const { at, lines } = run.difference;
  verdict.textContent = `✕ the traces differ from event ${at + 1} on`;
  const button = element('button', {}, 'show it');
  button.addEventListener('click', () => jump(Math.min(at, run.length - 1)));
  const items = data.styles.map((style, index) => [
    element('dt', {}, style), element('dd', {}, lines[index] ?? 'the trace has ended'),
  ]);
  box.replaceChildren(element('h2', {}, `The first difference is event ${at + 1}. `, button),
    element('dl', {}, ...items.flat()));
}
