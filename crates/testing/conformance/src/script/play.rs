//! Plays a script: makes a body and a task of it, and runs the loop to the end.

use std::{
    cell::RefCell, fmt::Debug, ops::ControlFlow, panic::resume_unwind, rc::Rc, time::Duration,
};

use quadrivium::{
    JoinHandle, RunError,
    event_loop::trace::Event,
    join, race, spawn,
    sync::{
        Notify,
        channel::{self, Receiver, Sender},
    },
    task::BoxTask,
    test::connection::{self, Connection},
    time::{block_for, sleep, timeout, turn},
};

use super::{
    Cast, Instruction, PlayRecord, ReportedCycle, Script,
    moving::{Thing, Things, ready},
    record::Recording,
};
use crate::{Body, HostLoop, body, catch_panic, map, new_loop, reports::Reports};

/// The capacities of the channels: one value, three values, or unbounded.
pub const CHANNELS: [Option<usize>; 3] = [Some(1), Some(3), None];

/// The capacity of the connection in bytes, in each direction.
const ROOM: usize = 8;

/// The limit of the number of events in a play. A script has no loops, so only a broken style
/// exceeds it.
const LIMIT: usize = 20_000;

/// How long tasks wait for each other before they are reported. It is longer than each sleep of a
/// script.
const SUSPECT_AFTER: Duration = Duration::from_millis(10);

/// The output of a script: the number of instructions it carried out, or the place where it failed.
type ScriptResult = Result<usize, String>;

/// Plays a script on a new loop, and returns the record. The loop has a virtual clock unless a law
/// is checked on another host.
pub fn play(script: &Script, cast: &Cast) -> PlayRecord {
    play_on(new_loop().of_the_host(), script, cast)
}

/// Like [`play`], on a given loop, such as one of a simulation. The trace of the loop is replaced.
pub fn play_on(event_loop: &mut dyn HostLoop, script: &Script, cast: &Cast) -> PlayRecord {
    let stage = SharedByScripts::new(cast);
    let (record, mut left) = (Rc::clone(&stage.record), LIMIT);
    event_loop.trace(Box::new(move |event: &Event| {
        left -= 1;
        if left == 0 {
            // Leaves the loop by a panic. Rejected: a stopper, since it could end a deadlock from
            // outside.
            resume_unwind(Box::new(format!("does not end: {LIMIT} events")));
        }
        record.borrow_mut().event(event);
    }));
    let reports = Reports::of(event_loop.event_loop());
    event_loop.event_loop().suspect_after(SUSPECT_AFTER);
    let main = stage.task(script, "main".to_string());
    drop(event_loop.event_loop().spawn(main));
    let end = catch_panic(|| event_loop.run()).map_or_else(|message| message, how_it_ended);
    stage.record.borrow_mut().run_ended();
    event_loop.trace(Box::new(keep_on_recording(&stage)));
    stage.cancel_all();
    // The next turn reports the cancels to the trace.
    let _ = event_loop.turn();
    event_loop.trace(Box::new(|_: &Event| ()));
    let reports = reports.take().iter().filter_map(ReportedCycle::of).collect();
    stage.record.take().end(end, reports)
}

fn keep_on_recording(stage: &SharedByScripts) -> impl FnMut(&Event) + 'static {
    let record = Rc::clone(&stage.record);
    move |event| record.borrow_mut().event(event)
}

fn how_it_ended(ran: Result<(), RunError>) -> String {
    match ran {
        Ok(()) => "done".to_string(),
        Err(RunError::Deadlock(deadlock)) => {
            let tasks: Vec<_> = deadlock.tasks.labels().map(|label| label.id.to_string()).collect();
            format!("deadlock of {}", tasks.join(", "))
        }
        Err(error) => error.to_string(),
    }
}

/// The state that the scripts of a play share.
#[derive(Clone)]
struct SharedByScripts {
    cast: Rc<Cast>,
    record: Rc<RefCell<Recording>>,
    handles: Rc<RefCell<Vec<Option<JoinHandle<ScriptResult>>>>>,
    channels: Rc<Vec<(Sender<String>, Receiver<String>)>>,
    notify: Notify,
    ends: Rc<[Connection; 2]>,
    things: Things,
}

/// The place of an instruction. `main.2.0` is the first instruction of the script in the third
/// instruction of `main`.
#[derive(Clone)]
struct ScriptPlace {
    stage: SharedByScripts,
    path: String,
}

impl SharedByScripts {
    fn new(cast: &Cast) -> Self {
        let channels = CHANNELS.map(|capacity| match capacity {
            Some(capacity) => channel::bounded(capacity),
            None => channel::unbounded(),
        });
        Self {
            cast: Rc::new(cast.clone()),
            record: Rc::default(),
            handles: Rc::default(),
            channels: Rc::new(channels.into()),
            notify: Notify::new(),
            ends: Rc::new(connection::with_capacity(ROOM).into()),
            things: Things::new(),
        }
    }

    /// Cancels the tasks that wait forever and whose handles are left.
    fn cancel_all(&self) {
        let handles = self.handles.take();
        handles.iter().flatten().for_each(JoinHandle::cancel);
        drop(self.things.take_all());
    }

    /// Returns a task that plays this script.
    fn task(&self, script: &Script, path: String) -> BoxTask<ScriptResult> {
        let failed = Rc::new(RefCell::new(None));
        let mut body = body();
        for (n, instruction) in script.instructions.iter().enumerate() {
            let place = ScriptPlace { stage: self.clone(), path: format!("{path}.{n}") };
            body = place.carry_out(body, instruction, &failed);
        }
        let n = script.instructions.len();
        let body = body.output(move || failed.take().map_or(Ok(n), Err));
        self.cast.member(script.part).task(body)
    }
}

/// The place where a script has failed, if it has.
type Failed = Rc<RefCell<Option<String>>>;

impl ScriptPlace {
    fn note(&self, what: impl Debug) {
        self.stage.record.borrow_mut().note(format!("{}: {what:?}", self.path));
    }

    /// Returns a function that notes the output of an instruction.
    fn noting_output<T: Debug>(self) -> impl FnOnce(T) {
        move |output| self.note(output)
    }

    /// Returns a task that plays the script in this instruction.
    fn task(&self, script: &Script, which: &str) -> BoxTask<ScriptResult> {
        self.stage.task(script, format!("{}{which}", self.path))
    }

    fn carry_out(self, body: Body, instruction: &Instruction, failed: &Failed) -> Body {
        let ms = |ms: &u8| Duration::from_millis(u64::from(*ms));
        let stage = self.stage.clone();
        match instruction {
            Instruction::Turn => body.perform_then(turn, self.noting_output()),
            Instruction::Sleep(n) => {
                let time = ms(n);
                body.perform_then(move || sleep(time), self.noting_output())
            }
            Instruction::Work(n) => {
                let time = ms(n);
                body.perform_then(move || block_for(time), self.noting_output())
            }
            Instruction::Hold => body.hold_new(move || Held(self)),
            Instruction::Spawn(script) => {
                let task = self.task(script, "s");
                body.run(move || {
                    let handle = spawn(task);
                    stage.handles.borrow_mut().push(Some(handle));
                })
            }
            Instruction::Join(n) => self.join(body, *n),
            Instruction::Cancel(n) => {
                let n = *n;
                body.run(move || stage.cancel(n))
            }
            Instruction::Detach(n) => {
                let n = *n;
                body.run(move || drop(stage.take_handle(n)))
            }
            Instruction::Send(n) => {
                let n = usize::from(*n) % CHANNELS.len();
                let value = self.path.clone();
                body.perform_then(move || stage.channels[n].0.send(value), self.noting_output())
            }
            Instruction::Recv(n) => {
                let n = usize::from(*n) % CHANNELS.len();
                body.perform_then(move || stage.channels[n].1.recv(), self.noting_output())
            }
            Instruction::Wait => {
                body.perform_then(move || stage.notify.notified(), self.noting_output())
            }
            Instruction::NotifyOne => body.run(move || stage.notify.notify_one()),
            Instruction::NotifyAll => body.run(move || stage.notify.notify_all()),
            Instruction::Write(n) => {
                let (n, bytes) = (usize::from(*n) % 2, self.path.clone());
                body.perform_then(move || stage.ends[n].write(bytes), self.noting_output())
            }
            Instruction::Read(n) => {
                let n = usize::from(*n) % 2;
                body.perform_then(move || stage.ends[n].read(ROOM), self.noting_output())
            }
            Instruction::CloseWrite(n) => {
                let n = usize::from(*n) % 2;
                body.run(move || stage.ends[n].close_write())
            }
            Instruction::Lock(n) => self.take_thing(body, *n, Things::lock),
            Instruction::Acquire(n) => self.take_thing(body, *n, Things::acquire),
            Instruction::Finish(n) => self.take_thing(body, *n, Things::finish),
            Instruction::Take => self.take_thing(body, 0, |things, _| things.receive()),
            Instruction::Begin(n) => {
                let n = *n;
                let begin = move || {
                    let leaf = stage.things.to_begin(n, |which| stage.take_handle(which));
                    stage.things.begin(leaf)
                };
                body.perform_then(begin, self.noting_output())
            }
            Instruction::Release(n) => {
                let n = *n;
                body.run(move || drop(stage.things.take(n)))
            }
            Instruction::Give(n) => {
                let n = *n;
                body.perform_then(move || stage.things.give(n), self.noting_output())
            }
            Instruction::Perform(script) => {
                let task = self.task(script, "");
                self.or_fail(body, task, failed)
            }
            Instruction::Both(a, b) => {
                let (a, b) = (self.task(a, "a"), self.task(b, "b"));
                body.perform_then(move || join(a, b), self.noting_output())
            }
            Instruction::Race(a, b) => {
                let (a, b) = (self.task(a, "a"), self.task(b, "b"));
                body.perform_then(move || race(a, b), self.noting_output())
            }
            Instruction::Timeout(n, script) => {
                let (time, task) = (ms(n), self.task(script, ""));
                body.perform_then(move || timeout(time, task), self.noting_output())
            }
            Instruction::Fail => {
                let path = self.path.clone();
                self.or_fail(body, ready(Err(path)), failed)
            }
            // Not `panic!`, which would print a message for each of thousands of scripts.
            Instruction::Panic => body.run(|| resume_unwind(Box::new("a script panicked"))),
        }
    }
}

impl ScriptPlace {
    /// Performs this task, and ends the script if it fails.
    fn or_fail(self, body: Body, task: BoxTask<ScriptResult>, failed: &Failed) -> Body {
        let failed = Rc::clone(failed);
        body.try_perform(
            || task,
            move |outcome| {
                self.note(&outcome);
                match outcome {
                    Ok(_) => ControlFlow::Continue(()),
                    Err(place) => {
                        failed.replace(Some(place));
                        ControlFlow::Break(())
                    }
                }
            },
        )
    }

    /// Performs a task whose output may be a thing, and puts that on the list.
    fn take_thing(
        self,
        body: Body,
        n: u8,
        task: fn(&Things, u8) -> BoxTask<Option<Thing>>,
    ) -> Body {
        let things = self.stage.things.clone();
        let kept = things.clone();
        body.perform_then(
            move || task(&things, n),
            move |thing| self.note(kept.put(thing, "has it")),
        )
    }

    fn join(self, body: Body, n: u8) -> Body {
        let stage = self.stage.clone();
        let make = move || match stage.take_handle(n) {
            Some(handle) => map(handle, |joined| format!("{joined:?}")),
            None => ready("no task to join".to_string()),
        };
        body.perform_then(make, self.noting_output())
    }
}

impl SharedByScripts {
    /// Takes a handle off the list. Its place stays empty, so that the others keep their numbers.
    fn take_handle(&self, n: u8) -> Option<JoinHandle<ScriptResult>> {
        let mut handles = self.handles.borrow_mut();
        let n = usize::from(n).checked_rem(handles.len())?;
        handles[n].take()
    }

    /// Cancels a task without taking its handle. Its destructors run while nothing is borrowed.
    fn cancel(&self, n: u8) {
        let Some(handle) = self.take_handle(n) else { return };
        handle.cancel();
        let mut handles = self.handles.borrow_mut();
        let n = usize::from(n) % handles.len();
        handles[n] = Some(handle);
    }
}

/// Adds a note when it is dropped.
struct Held(ScriptPlace);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}
