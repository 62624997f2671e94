//! [`RunProgress`]: a bar on standard error while the real clock is waited for.

use std::{thread, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use quadrivium::{
    EventLoop,
    signal::{Signal, Signals, raise},
};

/// Shorter waits need no bar.
const LONG: Duration = Duration::from_secs(2);

/// How much of the expected time has passed. Hidden if standard error is no terminal.
pub struct RunProgress {
    bar: ProgressBar,
    expected: Duration,
    ended: usize,
    runs: usize,
}

impl RunProgress {
    pub fn new(expected: Duration, runs: usize) -> RunProgress {
        let bar = if expected > LONG { ProgressBar::new(1000) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{wide_bar} {msg}").expect("the template is one");
        bar.set_style(style.progress_chars("█▌·"));
        if !bar.is_hidden() {
            clear_when_interrupted(bar.clone());
        }
        RunProgress { bar, expected, ended: 0, runs }
    }

    pub fn run_ended(&mut self) {
        self.ended += 1;
        if self.ended == self.runs {
            self.bar.finish_and_clear();
        }
    }

    /// Shows how far it is after so much time. It may take longer than expected.
    pub fn show(&self, passed: Duration) {
        let part = passed.as_secs_f64() / self.expected.as_secs_f64().max(0.001);
        self.bar.set_position((part * 1000.0).min(1000.0) as u64);
        let (passed, expected) = (whole(passed), whole(self.expected));
        let (ended, runs) = (self.ended, self.runs);
        self.bar.set_message(format!("{passed} of {expected}, {ended} of {runs} runs ended"));
    }
}

/// Takes the bar off the screen when a signal ends the command, which then ends as without us: the
/// shell sees 130 for Ctrl-C. Without a thread or a loop for it the bar stays there, as it did
/// before.
fn clear_when_interrupted(bar: ProgressBar) {
    let Ok(signals) = Signals::new([Signal::Interrupt, Signal::Terminate]) else { return };
    let waits = move || {
        let Ok(mut event_loop) = EventLoop::new() else { return };
        let Ok(Ok(signal)) = event_loop.block_on(signals.next()) else { return };
        bar.finish_and_clear();
        // Nobody listens any more, so it does what it does by default.
        drop((event_loop, signals));
        let _ = raise(signal);
    };
    let _ = thread::Builder::new().name("signals".into()).spawn(waits);
}

fn whole(time: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(time.as_secs_f64().round() as u64))
}
