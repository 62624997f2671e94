// Elements: helpers that make parts of the page. No text becomes markup.

const SVG = 'http://www.w3.org/2000/svg';
/** The number of colours for tasks. More tasks share them. */
const COLOURS = 8;
const SIGNS = {
  running: '▶', ready: '●', waiting: '❚❚', done: '✓', cancelled: '✕', panicked: '!',
};

const byId = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function shape(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

const colour = (index) => `var(--task-${index % COLOURS})`;

/** Returns the name of a task in its colour, with the sign of its status. */
function chip(run, index, status) {
  const sign = status === undefined ? null : element('i', { 'aria-hidden': 'true' }, SIGNS[status]);
  const attributes = { class: 'chip', style: `--task: ${colour(index)}`, 'data-task': index };
  return element('b', attributes, sign, taskName(run, index));
}

/** Returns a list of items, or a note if there are none. */
function listOf(items, note) {
  return items.length > 0 ? items : [element('li', { class: 'none' }, note)];
}
