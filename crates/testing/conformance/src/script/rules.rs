//! Rules that every record must obey, whatever the script. They use no knowledge of styles or of
//! the loop.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use quadrivium::{
    event_loop::trace::{By, Event, EventKind, Waiting},
    host::TaskId,
};

use super::{PlayRecord, record::RecordedLine};

/// Checks a record against these rules:
///
/// - Time does not go back.
/// - A task is spawned once, by a task that runs.
/// - A task is resumed only when it is ready and its wake is not delayed any more, and one task at
///   a time.
/// - A task is woken by no deadline that is still to come, and by no task that does not run.
/// - A task is done only while it runs, and has no event after its end.
/// - No place of a script makes two notes.
/// - A task that was certainly part of a cycle of joins never ends by itself.
/// - When the run ends, every task that is left waits for a wake and is named in the deadlock.
///
/// If `in_order`, the task that was ready first is resumed first.
///
/// # Errors
///
/// The rule that is broken, and the line that breaks it.
pub fn check_rules(record: &PlayRecord, in_order: bool) -> Result<(), String> {
    let mut seen = Seen { in_order, ..Seen::default() };
    for (n, entry) in record.entries.iter().enumerate() {
        if n == record.ended_after {
            seen.end(&record.end)?;
        }
        let broken = match entry {
            RecordedLine::Event(event) => seen.event(event),
            RecordedLine::Note(line) => seen.note(line),
        };
        broken.map_err(|rule| format!("line {n}, {:?}: {rule}", entry.to_string()))?;
    }
    if record.ended_after == record.entries.len() {
        seen.end(&record.end)?;
    }
    let mut certain = record.reports.iter().filter(|report| report.is_certain);
    match certain.find(|report| record.goes_on(report)) {
        Some(report) => Err(format!("{report}, but one of them has ended by itself")),
        None => Ok(()),
    }
}

/// The state of a task, according to the events so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Ready, but not before this time if its wake was delayed.
    Ready(Duration),
    Running {
        woken: bool,
    },
    Suspended(Waiting),
    Ended,
}

#[derive(Default)]
struct Seen {
    in_order: bool,
    now: Duration,
    tasks: BTreeMap<TaskId, State>,
    /// The ready tasks, in the order in which they became ready.
    ready: Vec<TaskId>,
    running: Option<TaskId>,
    /// The task that was resumed last. Events caused by its destructors come after its step.
    resumed: Option<TaskId>,
    /// The places that have made a note.
    noted: BTreeSet<String>,
}

type Broken = Result<(), &'static str>;

fn require(holds: bool, rule: &'static str) -> Broken {
    if holds { Ok(()) } else { Err(rule) }
}

impl Seen {
    fn note(&mut self, line: &str) -> Broken {
        let place = line.split_once(": ").map_or(line, |(place, _)| place);
        require(self.noted.insert(place.to_string()), "the place has made a note before")
    }

    /// Checks how the run ended. If it was broken off, the events before show the reason.
    fn end(&self, end: &str) -> Result<(), String> {
        if end != "done" && !end.starts_with("deadlock") {
            return Ok(());
        }
        let live = self.tasks.iter().filter(|(_, state)| **state != State::Ended);
        let waits = |state: &State| *state == State::Suspended(Waiting::Wake);
        if let Some((task, state)) = live.clone().find(|(_, state)| !waits(state)) {
            return Err(format!("the run ends ({end}) while {task} is {state:?}"));
        }
        let live: Vec<_> = live.map(|(task, _)| task.to_string()).collect();
        let expected = match live.is_empty() {
            true => "done".to_string(),
            false => format!("deadlock of {}", live.join(", ")),
        };
        if end == expected {
            return Ok(());
        }
        Err(format!("the end is {end:?} where it must be {expected:?}"))
    }

    fn event(&mut self, event: &Event) -> Broken {
        require(event.at >= self.now, "time goes back")?;
        self.now = event.at;
        let task = event.task;
        let state = self.tasks.get(&task).copied();
        require(state != Some(State::Ended), "the task has ended")?;
        match event.kind {
            EventKind::Spawned(parent) => {
                require(state.is_none(), "the task exists")?;
                let is_known = parent.is_none() || parent == self.resumed;
                require(is_known, "the task that spawned it does not run")?;
                self.becomes_ready(task);
            }
            EventKind::Resumed => {
                let Some(State::Ready(from)) = state else { return Err("the task is not ready") };
                require(
                    from <= self.now,
                    "the wake is delayed: it is too early to resume the task",
                )?;
                require(self.running.is_none(), "another task runs")?;
                let is_first = self.ready.first() == Some(&task);
                require(is_first || !self.in_order, "another task was ready before")?;
                self.ready.retain(|ready| *ready != task);
                (self.running, self.resumed) = (Some(task), Some(task));
                self.tasks.insert(task, State::Running { woken: false });
            }
            EventKind::Suspended(waiting) => self.suspended(task, state, waiting)?,
            EventKind::Woken(by) => self.woken(task, state, by)?,
            EventKind::Delayed(delay) => {
                require(matches!(state, Some(State::Ready(_))), "the task is not woken")?;
                self.tasks.insert(task, State::Ready(self.now + delay));
            }
            EventKind::Done | EventKind::Panicked | EventKind::Cancelled => {
                self.ended(task, state, event.kind)?;
            }
        }
        Ok(())
    }

    fn becomes_ready(&mut self, task: TaskId) {
        self.tasks.insert(task, State::Ready(self.now));
        self.ready.push(task);
    }

    fn suspended(&mut self, task: TaskId, state: Option<State>, waiting: Waiting) -> Broken {
        let Some(State::Running { woken }) = state else { return Err("the task does not run") };
        self.running = None;
        match waiting {
            Waiting::Until(_) | Waiting::Ready | Waiting::Wake if !woken => {
                self.tasks.insert(task, State::Suspended(waiting));
            }
            Waiting::Turn | Waiting::Until(_) | Waiting::Ready | Waiting::Wake => {
                self.becomes_ready(task)
            }
        }
        Ok(())
    }

    fn woken(&mut self, task: TaskId, state: Option<State>, by: By) -> Broken {
        if let By::Task(by) = by {
            require(self.resumed == Some(by), "the task that wakes it does not run")?;
        }
        match (state, by) {
            (Some(State::Suspended(Waiting::Until(at))), By::Timer) => {
                require(at <= self.now, "the deadline has not come")?;
                self.becomes_ready(task);
            }
            (_, By::Timer) => return Err("the task waits for no deadline"),
            (Some(State::Suspended(_)), _) => self.becomes_ready(task),
            (Some(State::Running { .. }), _) => {
                self.tasks.insert(task, State::Running { woken: true });
            }
            (Some(State::Ready(_)), _) => return Err("the task is ready already"),
            (Some(State::Ended) | None, _) => return Err("there is no such task"),
        }
        Ok(())
    }

    fn ended(&mut self, task: TaskId, state: Option<State>, kind: EventKind) -> Broken {
        let state = state.ok_or("there is no such task")?;
        let runs = matches!(state, State::Running { .. });
        require(runs || kind != EventKind::Done, "the task does not run")?;
        require(!runs || kind != EventKind::Cancelled, "the task has not suspended")?;
        self.tasks.insert(task, State::Ended);
        self.ready.retain(|ready| *ready != task);
        if self.running == Some(task) {
            self.running = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        script::{Cast, Instruction::*, ReportedCycle, Script, play},
        styles::Future,
    };

    const MS: Duration = Duration::from_millis(1);

    /// A record with many kinds of events: `main` waits forever, and a child sleeps, sends and is
    /// done.
    fn record() -> PlayRecord {
        let child = Script::new([Sleep(5), Send(0), Turn]);
        play(&Script::new([Spawn(child), Turn, Recv(0), Wait]), &Cast::all(&Future))
    }

    /// Changes the event that is shown as this line.
    fn change(record: &mut PlayRecord, line: &str, change: impl FnOnce(&mut Event)) {
        let mut event = event(record, line);
        change(&mut event);
        let n = position(record, line);
        record.entries[n] = RecordedLine::Event(event);
    }

    fn event(record: &PlayRecord, line: &str) -> Event {
        match &record.entries[position(record, line)] {
            RecordedLine::Event(event) => event.clone(),
            RecordedLine::Note(_) => panic!("{line:?} is no event"),
        }
    }

    /// Inserts an event of this kind after the given line.
    fn put(record: &mut PlayRecord, line: &str, task: TaskId, kind: EventKind) {
        let event = Event { task, kind, ..event(record, line) };
        record.entries.insert(position(record, line) + 1, RecordedLine::Event(event));
    }

    fn position(record: &PlayRecord, line: &str) -> usize {
        let lines = record.lines();
        lines.iter().position(|shown| shown == line).unwrap_or_else(|| panic!("{lines:#?}"))
    }

    /// Checks that a record breaks this rule after `spoil` has changed it.
    #[track_caller]
    fn breaks(rule: &str, spoil: impl FnOnce(&mut PlayRecord)) {
        let mut record = record();
        assert_eq!(check_rules(&record, true), Ok(()), "{:#?}", record.lines());
        spoil(&mut record);
        let error = check_rules(&record, true).expect_err("the record breaks a rule");
        assert!(error.contains(rule), "{error}");
    }

    #[test]
    fn times_that_are_wrong_are_seen() {
        breaks("time goes back", |it| change(it, "0ns task 1 spawned", |it| it.at += MS));
        let early = |it: &mut PlayRecord| {
            change(it, "5ms task 2 woken by its deadline", |it| it.at -= MS);
        };
        breaks("the deadline has not come", early);
        breaks("it is too early to resume the task", |it| {
            put(it, "5ms task 2 woken by its deadline", TaskId(2), EventKind::Delayed(MS));
        });
    }

    #[test]
    fn steps_that_are_wrong_are_seen() {
        let twice = |it: &mut PlayRecord, line: &str| {
            let n = position(it, line);
            it.entries.insert(n, it.entries[n].clone());
        };
        breaks("the task is not ready", |it| twice(it, "5ms task 2 resumed"));
        breaks("the task exists", |it| twice(it, "0ns task 2 spawned by task 1"));
        breaks("the task has ended", |it| twice(it, "5ms task 2 done"));
        breaks("the place has made a note before", |it| twice(it, "    main.0s.0: ()"));
        breaks("another task was ready before", |it| {
            put(it, "0ns task 1 suspended for a turn", TaskId(1), EventKind::Resumed);
        });
        breaks("the task does not run", |it| {
            put(it, "5ms task 2 woken by its deadline", TaskId(2), EventKind::Done);
        });
        breaks("the task has not suspended", |it| {
            put(it, "0ns task 1 resumed", TaskId(1), EventKind::Cancelled);
        });
    }

    #[test]
    fn a_certain_report_of_a_task_that_ends_is_seen() {
        let reported = |is_certain| ReportedCycle { is_certain, tasks: vec![TaskId(1), TaskId(2)] };
        breaks("one of them has ended by itself", |it| it.reports.push(reported(true)));
        let mut record = record();
        record.reports.push(reported(false));
        assert_eq!(check_rules(&record, true), Ok(()));
    }

    #[test]
    fn strangers_are_seen() {
        let nobody = TaskId(9);
        breaks("the task that spawned it does not run", |it| {
            change(it, "0ns task 2 spawned by task 1", |it| {
                it.kind = EventKind::Spawned(Some(nobody));
            });
        });
        breaks("the task that wakes it does not run", |it| {
            change(it, "5ms task 1 woken by task 2", |it| {
                it.kind = EventKind::Woken(By::Task(nobody));
            });
        });
        breaks("there is no such task", |it| {
            put(it, "0ns task 1 spawned", nobody, EventKind::Cancelled);
        });
    }

    #[test]
    fn an_end_that_is_wrong_is_seen() {
        breaks("where it must be \"deadlock of task 1\"", |it| it.end = "done".to_string());
        breaks("the run ends (deadlock of task 1) while task 2 is Ready", |it| {
            it.ended_after = position(it, "5ms task 2 resumed");
        });
    }
}
