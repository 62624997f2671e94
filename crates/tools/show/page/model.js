'use strict';
// The model: the runs in the page's data, and the state of every task after each event.
// `encoding.rs` writes the data, and says what the letters of the events mean.

const SCHEMA = 1;
/** The state is kept after each event whose index is a multiple of this. */
const KEPT = 500;

/** Returns the page's data. */
function readData() {
  const data = JSON.parse(document.getElementById('data').textContent);
  if (data.schema !== SCHEMA) {
    throw new Error(`the data have version ${data.schema}, and this script reads ${SCHEMA}`);
  }
  return data;
}

/** The state of the loop before the first event. */
function emptyState() {
  return { time: 0, tasks: [], queue: [] };
}

function copyOf(state) {
  const tasks = state.tasks.map((task) => (task ? { ...task } : task));
  return { time: state.time, tasks, queue: state.queue.slice() };
}

/** One order of the program: the events that all styles share. */
class Run {
  constructor(data, raw) {
    this.order = raw.order;
    this.choices = raw.choices;
    this.difference = raw.difference;
    this.tables = data.tables;
    this.tasks = raw.tasks.map(([number, name]) => ({ number, name }));
    this.raw = raw.events;
    this.printed = raw.printed.map(([at, text]) => [at, data.tables.texts[text]]);
    this.length = raw.events.length;
    this.times = new Float64Array(this.length);
    let time = 0;
    raw.events.forEach(([after], at) => {
      time += after;
      this.times[at] = time;
    });
    this.kept = [emptyState()];
    const state = emptyState();
    for (let at = 0; at < this.length; at += 1) {
      this.apply(state, at);
      if ((at + 1) % KEPT === 0) this.kept.push(copyOf(state));
    }
  }

  /** Returns an event: its time, its task, the letter of its kind, and what belongs to it. */
  event(at) {
    const [, task, kind, first, second] = this.raw[at];
    const event = { at, time: this.times[at], task, kind };
    if (kind === 'n') event.by = first ?? null;
    if (kind === 'w') event.by = first;
    if (kind === 'l') event.delay = first;
    if (kind === 's') {
      event.waiting = first;
      event.place = second === null ? null : this.tables.places[second];
    }
    return event;
  }

  /** Returns the state after this event. Before the first event, `at` is negative. */
  stateAfter(at) {
    if (at < 0) return emptyState();
    const kept = Math.floor((at + 1) / KEPT);
    const state = copyOf(this.kept[kept]);
    for (let next = kept * KEPT; next <= at; next += 1) this.apply(state, next);
    return state;
  }

  /** Changes the state as this event does. */
  apply(state, at) {
    const event = this.event(at);
    const { task: index, kind } = event;
    state.time = event.time;
    if (kind === 'n') {
      state.tasks[index] = { status: 'ready', place: null, waiting: null, until: null, since: at };
      state.queue.push(index);
      return;
    }
    const task = state.tasks[index];
    task.since = at;
    if (kind === 'r') {
      leaveQueue(state, index);
      task.status = 'running';
      task.wokenEarly = false;
    } else if (kind === 's') {
      suspend(state, index, event);
    } else if (kind === 'w') {
      task.by = event.by;
      if (task.status === 'running') task.wokenEarly = true;
      else if (task.status !== 'ready') becomeReady(state, index);
    } else if (kind === 'l') {
      task.until = event.time + event.delay;
    } else {
      leaveQueue(state, index);
      task.status = { d: 'done', c: 'cancelled', p: 'panicked' }[kind];
    }
  }

  /** Returns the index of the next event, from `at` on, for which `is` holds. */
  find(at, is) {
    for (let next = at; next < this.length; next += 1) {
      if (is(this.event(next))) return next;
    }
    return null;
  }
}

function leaveQueue(state, index) {
  const place = state.queue.indexOf(index);
  if (place >= 0) state.queue.splice(place, 1);
}

function becomeReady(state, index) {
  state.tasks[index].status = 'ready';
  state.queue.push(index);
}

function suspend(state, index, event) {
  const task = state.tasks[index];
  task.place = event.place;
  task.waiting = event.waiting;
  task.until = typeof event.waiting === 'number' ? event.waiting : null;
  task.by = null;
  task.status = 'waiting';
  if (event.waiting === 'turn' || task.wokenEarly) becomeReady(state, index);
}

/** Returns whether the task exists and has not ended. */
function isLive(task) {
  return task !== undefined && ['ready', 'running', 'waiting'].includes(task.status);
}

/** Returns the tasks that wait for a deadline, the first deadline first. */
function deadlinesOf(state) {
  const waits = (index) => {
    const task = state.tasks[index];
    return task && task.status === 'waiting' && task.until !== null;
  };
  const tasks = [...state.tasks.keys()].filter(waits);
  const key = (index) => state.tasks[index];
  return tasks.sort((a, b) => key(a).until - key(b).until || key(a).since - key(b).since);
}
