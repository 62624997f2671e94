// Panels: the clock, the queues of the loop, the tasks with what they keep, and the texts.

/** More lines of the trace than this are not in the page at once. */
const MOST_LINES = 400;
/** More tasks than this are not in the list at once. */
const MOST_TASKS = 60;

/** What each style keeps in the loop while a task is suspended. */
const KEEPS = {
  callback: 'a handle (the captures of the next callback are in an allocation)',
  generator: 'a handle (the state of the generator is in an allocation)',
  future: 'the state of the future',
  green: 'a handle (the variables are on the stack of the green thread)',
};

function showNow(run, at, before, state) {
  byId('clock').textContent = duration(state.time);
  if (at < 0) {
    byId('what').replaceChildren('Nothing has happened yet.');
    byId('why').textContent = 'Press → or “next” for the first event.';
    return;
  }
  const event = run.event(at);
  const name = chip(run, event.task, state.tasks[event.task].status);
  byId('what').replaceChildren(name, ' ', whatHappens(run, event, state));
  byId('why').textContent = reason(run, event, before);
}

function whatHappens(run, event, state) {
  switch (event.kind) {
    case 'n': return event.by === null ? 'is spawned' : `is spawned by ${taskName(run, event.by)}`;
    case 'r': return 'is resumed';
    case 's': return `suspends: it ${aim(run, state.tasks[event.task])}`;
    case 'w': return `is woken ${causeInWords(run, event.by)}`;
    case 'd': return 'is done';
    default: return `is ${eventWords(run, event)}`;
  }
}

function showLoop(run, state) {
  const queue = state.queue.map((index) => element('li', {}, chip(run, index)));
  byId('queue').replaceChildren(...listOf(queue, 'empty'));
  const deadlines = deadlinesOf(state).map((index) => {
    const time = element('span', { class: 'time' }, duration(state.tasks[index].until));
    return element('li', {}, time, ' ', chip(run, index));
  });
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
  const shown = live.filter((index, place) => place < MOST_TASKS || index === current);
  const rows = shown.map((index) => {
    return taskRow(data, run, state.tasks[index], index, index === current);
  });
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
  const keeps = data.styles.map((style) => `${style}: ${KEEPS[style]}`).join(' · ');
  const note = `The bytes that the loop keeps for a suspended task. ${keeps}.`;
  byId('tasks').replaceChildren(table, element('p', { class: 'note' }, note));
}

function taskRow(data, run, task, index, isCurrent) {
  const bytes = data.styles.map((name, style) => {
    const place = task.status === 'running' ? null : task.place;
    const kept = place ? place.bytes[style] ?? null : null;
    const words = kept === null ? '–' : `${kept} B`;
    return element('td', { class: 'bytes', 'data-style': name }, words);
  });
  return element('tr', { class: isCurrent ? 'current' : null },
    element('th', { scope: 'row' }, chip(run, index, task.status)),
    element('td', {}, stateWords(run, task)), ...bytes);
}

/** Shows the trace as text. Of a long trace it shows the lines around the current one. */
function showTrace(run, at) {
  const box = byId('trace');
  if (!box.open) return;
  const from = Math.max(0, Math.min(run.length - MOST_LINES, at - MOST_LINES / 2));
  const lines = [];
  for (let index = from; index < Math.min(run.length, from + MOST_LINES); index += 1) {
    const current = index === at ? 'step' : null;
    lines.push(element('li', { 'aria-current': current }, traceLine(run, index)));
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
    const styles = `${data.styles.length} styles`;
    verdict.textContent = `✓ one trace in ${styles}: all ${run.length} events are equal`;
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
