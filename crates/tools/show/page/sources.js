// Sources: the four files beside each other, and the lines on which tasks stand.

const STEP = /^\s*\/\/ \d+\. /;
const WORDS = 'as async await else fn for if impl in let loop match move mut pub return use while';
const WORD = `\\b(?:${WORDS.replaceAll(' ', '|')})\\b`;
const TOKEN = new RegExp(`(//.*$)|("(?:[^"\\\\]|\\\\.)*")|${WORD}`, 'g');

/** The source columns. Each line of each file is an element. */
class Sources {
  constructor(data) {
    this.styles = data.styles;
    this.lines = data.styles.map(() => []);
    this.lit = [];
    this.box = byId('sources');
    const heads = data.styles.map((style) => element('h2', { 'data-style': style }, style));
    this.box.append(element('div', { class: 'row heads' }, ...heads));
    for (const row of data.rows) {
      const cells = row.map((lines, style) => this.cell(data, style, lines));
      this.box.append(element('div', { class: 'row' }, ...cells));
    }
    this.makeTabs();
  }

  cell(data, style, { start, end }) {
    const cell = element('div', { class: 'cell', 'data-style': this.styles[style] });
    for (let line = start; line < end; line += 1) {
      const made = sourceLine(data.sources[style][line], line + 1);
      this.lines[style][line + 1] = made;
      cell.append(made);
    }
    return cell;
  }

  /** On a narrow screen, the reader chooses the style that is visible. */
  makeTabs() {
    const show = (style) => {
      this.box.dataset.shown = style;
      for (const tab of byId('tabs').children) {
        tab.setAttribute('aria-pressed', String(tab.textContent === style));
      }
    };
    for (const style of this.styles) {
      const tab = element('button', {}, style);
      tab.addEventListener('click', () => show(style));
      byId('tabs').append(tab);
    }
    show(this.styles[2]);
  }

  /** Lights the lines on which the tasks stand. The line of the current task is marked. */
  show(run, state, current) {
    this.lit.forEach((line) => {
      line.classList.remove('lit', 'now');
      line.removeAttribute('aria-current');
      line.querySelector('.who')?.remove();
    });
    this.lit = [];
    state.tasks.forEach((task, index) => {
      if (isLive(task) && task.place) this.light(run, task, index, index === current);
    });
    this.bringIntoView();
  }

  light(run, task, index, isCurrent) {
    task.place.lines.forEach((number, style) => {
      const line = number === null ? undefined : this.lines[style][number];
      if (line === undefined) return;
      if (!line.classList.contains('lit')) this.lit.push(line);
      line.classList.add('lit');
      if (isCurrent) {
        line.classList.add('now');
        line.setAttribute('aria-current', 'step');
      }
      const who = line.querySelector('.who') ?? line.appendChild(element('span', { class: 'who' }));
      who.append(chip(run, index, task.status));
    });
  }

  bringIntoView() {
    const shown = this.lit.filter((line) => line.offsetParent !== null);
    const line = shown.find((it) => it.classList.contains('now'));
    if (line === undefined) return;
    const { box } = this;
    const heads = box.firstElementChild.offsetHeight;
    const top = line.offsetTop;
    const bottom = top + line.offsetHeight;
    const isVisible = top >= box.scrollTop + heads && bottom <= box.scrollTop + box.clientHeight;
    if (!isVisible) box.scrollTop = top - heads - (box.clientHeight - heads) / 2;
  }
}

/** Returns the element of a line. Half of the indentation is shown, because columns are narrow. */
function sourceLine(text, number) {
  const code = element('code');
  const indent = text.length - text.trimStart().length;
  code.style.setProperty('--indent', `${indent / 2}ch`);
  code.append(...coloured(text.trimStart()));
  const kind = STEP.test(text) ? 'line step' : 'line';
  return element('div', { class: kind, 'data-line': number },
    element('span', { class: 'number', 'aria-hidden': 'true' }, String(number)), code);
}

/** Returns the text in parts: comments, strings and keywords are elements. */
function coloured(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(TOKEN)) {
    parts.push(text.slice(from, found.index));
    const kind = found[1] ? 'comment' : found[2] ? 'string' : 'word';
    parts.push(element('span', { class: kind }, found[0]));
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== '');
}
