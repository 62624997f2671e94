//! [`RunProgress`]: how far the runs on the real clock are, on standard error. It is a bar in a
//! terminal, and a line from time to time elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    thread,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use quadrivium::{
    EventLoop,
    signal::{Signal, Signals, raise},
};

/// Shorter waits need no bar.
const LONG: Duration = Duration::from_secs(2);

/// Shorter waits need no line, and lines are at least this far apart.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// A long wait prints no more lines than this.
const MOST_LINES: u32 = 100;

/// How much of the expected time has passed.
pub struct RunProgress {
    display: Display,
    expected: Duration,
    ended: usize,
    runs: usize,
}

enum Display {
    Bar(ProgressBar),
    Lines(LineClock),
    Nothing,
}

/// Decides when a line is due, by the time since the runs began.
struct LineClock {
    next: Duration,
    interval: Duration,
}

impl RunProgress {
    pub fn new(expected: Duration, runs: usize) -> RunProgress {
        let display = match io::stderr().is_terminal() {
            true if expected > LONG => Display::Bar(bar()),
            false if expected > LINE_INTERVAL => Display::Lines(LineClock::new(expected)),
            _ => Display::Nothing,
        };
        RunProgress { display, expected, ended: 0, runs }
    }

    pub fn run_ended(&mut self) {
        self.ended += 1;
        if let (Display::Bar(bar), true) = (&self.display, self.ended == self.runs) {
            bar.finish_and_clear();
        }
    }

    /// Shows the progress after this much time. A run may take longer than expected.
    pub fn show(&mut self, passed: Duration) {
        let message = self.message(passed);
        match &mut self.display {
            Display::Bar(bar) => {
                let part = passed.as_secs_f64() / self.expected.as_secs_f64().max(0.001);
                bar.set_position((part * 1000.0).min(1000.0) as u64);
                bar.set_message(message);
            }
            Display::Lines(clock) => {
                if clock.is_due(passed) {
                    // If standard error is closed, the line has no reader.
                    let _ = writeln!(io::stderr(), "{message}");
                }
            }
            Display::Nothing => {}
        }
    }

    fn message(&self, passed: Duration) -> String {
        let (passed, expected) = (whole_seconds(passed), whole_seconds(self.expected));
        let (ended, runs) = (self.ended, self.runs);
        format!("{passed} of {expected}, {ended} of {runs} runs ended")
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(1000);
    let style = ProgressStyle::with_template("{wide_bar} {msg}").expect("the template is one");
    bar.set_style(style.progress_chars("█▌·"));
    if !bar.is_hidden() {
        clear_when_interrupted(bar.clone());
    }
    bar
}

impl LineClock {
    fn new(expected: Duration) -> LineClock {
        LineClock { next: Duration::ZERO, interval: LINE_INTERVAL.max(expected / MOST_LINES) }
    }

    /// Returns whether a line is due after this much time. The next line is an interval later.
    fn is_due(&mut self, passed: Duration) -> bool {
        let is_due = passed >= self.next;
        if is_due {
            self.next = passed + self.interval;
        }
        is_due
    }
}

/// Clears the bar when SIGINT or SIGTERM arrives, and lets the signal end the command. A shell then
/// sees the usual exit code, such as 130 for Ctrl-C. If the operating system refuses the thread or
/// its event loop, the bar stays on the screen.
fn clear_when_interrupted(bar: ProgressBar) {
    let Ok(signals) = Signals::new([Signal::Interrupt, Signal::Terminate]) else { return };
    let wait_for_signal = move || {
        let Ok(mut event_loop) = EventLoop::new() else { return };
        let Ok(Ok(signal)) = event_loop.block_on(signals.next()) else { return };
        bar.finish_and_clear();
        // Without a listener the signal has its default effect again.
        drop((event_loop, signals));
        let _ = raise(signal);
    };
    let _ = thread::Builder::new().name("signals".into()).spawn(wait_for_signal);
}

fn whole_seconds(time: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(time.as_secs_f64().round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the seconds at which lines are printed, if a run that lasts this long is shown ten
    /// times a second.
    fn line_times(run: Duration) -> Vec<f64> {
        let mut clock = LineClock::new(run);
        let shown = (0..).map(|tenth| Duration::from_millis(100) * tenth);
        let times = shown.take_while(|passed| *passed <= run).filter(|it| clock.is_due(*it));
        times.map(|time| time.as_secs_f64()).collect()
    }

    #[test]
    fn a_line_is_printed_at_the_start_and_every_five_seconds() {
        assert_eq!(line_times(Duration::from_secs(12)), [0.0, 5.0, 10.0]);
    }

    #[test]
    fn a_run_of_hours_prints_a_hundred_lines() {
        let times = line_times(Duration::from_secs(12 * 3600));
        assert_eq!(times.len(), 101);
        assert_eq!(times[1], 432.0);
    }

    #[test]
    fn a_line_names_the_time_and_the_runs_that_have_ended() {
        let mut progress =
            RunProgress { display: Display::Nothing, expected: LONG, ended: 0, runs: 3 };
        progress.run_ended();
        assert_eq!(progress.message(Duration::from_millis(1_400)), "1s of 2s, 1 of 3 runs ended");
    }
}
