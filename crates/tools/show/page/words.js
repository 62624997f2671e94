// Words: what the page says about a run. `traceLine` is the line of `Recorder::lines`.

/** Returns a time as Rust's `{:?}` writes it: `1.5s`, `10ms`, `0ns`. */
function duration(ns) {
  const units = [[1e9, 's', 9], [1e6, 'ms', 6], [1e3, 'µs', 3]];
  const [size, unit, digits] = units.find(([least]) => ns >= least) ?? [1, 'ns', 0];
  const rest = String(ns % size).padStart(digits, '0').replace(/0+$/, '');
  return `${Math.floor(ns / size)}${rest === '' || digits === 0 ? '' : `.${rest}`}${unit}`;
}

/** Returns the name of a task, or its number if it has none. */
function taskName(run, index) {
  const task = run.tasks[index];
  return task.name ?? `task ${task.number}`;
}

function causeOfWake(run, by) {
  if (typeof by === 'number') return `by task ${run.tasks[by].number}`;
  const causes = {
    timer: 'by its deadline',
    reactor: 'by the reactor',
    outside: 'from outside',
    fault: 'for no reason',
  };
  return causes[by];
}

/** Returns an event as a line of text, as every style leaves it. */
function traceLine(run, at) {
  const event = run.event(at);
  const task = run.tasks[event.task];
  const name = task.name === null ? '' : ` "${task.name}"`;
  return `${duration(event.time)} task ${task.number}${name} ${eventWords(run, event)}`;
}

function eventWords(run, event) {
  switch (event.kind) {
    case 'n':
      return event.by === null ? 'spawned' : `spawned by task ${run.tasks[event.by].number}`;
    case 'r': return 'resumed';
    case 's': {
      if (event.waiting === 'turn') return 'suspended for a turn';
      if (event.waiting === 'ready') return 'suspended until ready';
      if (event.waiting === 'wake') return 'suspended until woken';
      return `suspended until ${duration(event.waiting)}`;
    }
    case 'w': return `woken ${causeOfWake(run, event.by)}`;
    case 'l': return `delayed by ${duration(event.delay)}`;
    case 'd': return 'done';
    case 'c': return 'cancelled';
    default: return 'panicked';
  }
}

/** Returns the name of an object: `channel 1`, with the line that made it. */
function objectName(run, index) {
  const { objects } = run.tables;
  const object = objects[index];
  if (object.kind === 'descriptor') return `descriptor ${object.nth}`;
  if (object.name !== null) return `${object.kind} "${object.name}"`;
  const same = objects.filter((other) => other.kind === object.kind && other.name === null);
  const number = same.length > 1 ? ` ${same.indexOf(object) + 1}` : '';
  return `the ${object.kind}${number} made at ${object.made_at}`;
}

/** What a task waits for in each leaf, in front of the name of the object. */
const AIMS = {
  recv: 'for a value from', send: 'for room in', lock: 'for', acquire: 'for a permit of',
  notified: 'for', read: 'to read from', write: 'to write to', accept: 'for a connection of',
  changed: 'for a new value of', closed: 'for the end of all receivers of', wait: 'for',
};

/** Returns what a task waits for, as the rest of a sentence. */
function aim(run, task) {
  const { place, waiting } = task;
  if (waiting === 'turn') return 'lets the other tasks run';
  const leaf = place && place.leaf !== null ? place.leaf : null;
  if (task.until !== null) return `waits in ${leaf ?? 'a leaf'} until ${duration(task.until)}`;
  if (place && place.task !== null) return `waits for the end of ${taskName(run, place.task)}`;
  const object = place && place.object !== null ? objectName(run, place.object) : null;
  if (object === null) return leaf === null ? 'waits for a wake' : `waits in ${leaf}`;
  return `waits in ${leaf} ${AIMS[leaf] ?? 'for'} ${object}`;
}

/** Returns what a task does in a state, as a sentence without its name. */
function stateWords(run, task) {
  if (task.status === 'running') return 'runs';
  if (task.status === 'waiting') return aim(run, task);
  if (task.status !== 'ready') return `is ${task.status}`;
  if (task.waiting === null) return 'is ready, and has not run yet';
  if (task.waiting === 'turn') return 'is ready again: it only lets the other tasks run';
  return `is ready: woken ${causeInWords(run, task.by)}`;
}

function causeInWords(run, by) {
  return typeof by === 'number' ? `by ${taskName(run, by)}` : causeOfWake(run, by);
}

/** Returns why an event happens now. `before` is the state before it. */
function reason(run, event, before) {
  const jump = event.time > before.time && event.kind === 'w' && before.queue.length === 0
    ? `No task was ready, so the clock has jumped from ${duration(before.time)} `
      + `to ${duration(event.time)}. `
    : '';
  return jump + reasonOf(run, event, before);
}

function reasonOf(run, event, before) {
  const task = before.tasks[event.task];
  switch (event.kind) {
    case 'n':
      return 'It goes to the end of the ready queue. A task is lazy: none of its code has run yet.';
    case 'r':
      return `${whyResumed(run, event, before)} ${whereResumed(run, task)}`;
    case 's':
      return whySuspended(event);
    case 'w':
      return 'A woken task does not run at once. It goes to the end of the ready queue.';
    case 'd':
      return 'It has returned its output. What it has kept is dropped.';
    case 'c':
      return 'Its destructors have run.';
    case 'l':
      return 'The schedule delays it before it becomes ready.';
    default:
      return 'The loop and the other tasks go on.';
  }
}

function whyResumed(run, event, before) {
  if (run.order === 'fifo') return 'The loop resumes the first task of the ready queue.';
  const ready = before.queue.length;
  return ready === 1
    ? 'It is the only ready task.'
    : `The simulation has chosen it from ${ready} ready tasks.`;
}

function whereResumed(run, task) {
  if (task.waiting === null) return 'It begins at the start of its body.';
  return `It goes on behind its ${task.place?.leaf ?? 'turn'}.`;
}

function whySuspended(event) {
  if (event.waiting === 'turn') {
    return 'It goes to the end of the ready queue, and the others run first.';
  }
  if (typeof event.waiting === 'number') {
    return 'The loop keeps its deadline, and runs other tasks meanwhile.';
  }
  if (event.waiting === 'ready') return 'The reactor wakes it when the descriptor is ready.';
  return 'It is in no queue of the loop. Another task or thread has to wake it.';
}
