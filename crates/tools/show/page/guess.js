// Guess: the reader predicts which task the loop resumes next.

class Guess {
  constructor(jump) {
    this.jump = jump;
    this.box = byId('question');
    this.right = 0;
    this.asked = 0;
  }

  /** Returns whether a question is open. */
  get isOpen() {
    return !this.box.hidden;
  }

  close() {
    this.box.hidden = true;
    document.body.classList.remove('asking');
  }

  /** Asks about the next resume after this event. */
  ask(run, at, state) {
    const answer = run.find(at + 1, (event) => event.kind === 'r');
    this.box.hidden = false;
    if (answer === null) {
      this.box.replaceChildren(element('p', {}, 'No task is resumed any more.'));
      return;
    }
    document.body.classList.add('asking');
    const live = [...state.tasks.keys()].filter((index) => isLive(state.tasks[index]));
    const buttons = live.slice(0, 12).map((index) => {
      const button = element('button', {}, chip(run, index));
      button.addEventListener('click', () => this.tell(run, answer, index));
      return button;
    });
    this.box.replaceChildren(
      element('p', {}, 'Which task does the loop resume next? The ready queue is hidden.'),
      element('p', { class: 'answers' }, ...buttons));
    buttons[0]?.focus();
  }

  tell(run, answer, guessed) {
    const { task } = run.event(answer);
    this.asked += 1;
    this.right += guessed === task ? 1 : 0;
    const before = run.stateAfter(answer - 1);
    document.body.classList.remove('asking');
    this.jump(answer);
    this.box.hidden = false;
    const verdict = guessed === task ? '✓ Yes: ' : `✕ Not ${taskName(run, guessed)}, but `;
    const again = element('button', {}, 'what comes next?');
    again.addEventListener('click', () => this.ask(run, answer, run.stateAfter(answer)));
    this.box.replaceChildren(
      element('p', {}, verdict, chip(run, task), '. ', whyNext(run, before, guessed, task),
        ` ${this.right} of ${this.asked} answers were right.`),
      element('p', {}, again));
    again.focus();
  }
}

/** Returns why a task is resumed next, and why the guessed one is not. */
function whyNext(run, before, guessed, task) {
  const other = before.tasks[guessed];
  if (guessed !== task && other && other.status === 'waiting') {
    return `${taskName(run, guessed)} ${aim(run, other)}, so it is not ready.`;
  }
  if (run.order !== 'fifo' && before.queue.length > 1) {
    return `The simulation chose it from ${before.queue.length} ready tasks.`;
  }
  return before.queue.length === 1
    ? 'It is the only ready task.'
    : 'It is the first in the ready queue.';
}
