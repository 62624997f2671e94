//! Operations on child processes that are dropped while they wait, and children that are dropped.

use std::{fs, path::Path, time::Duration};

use quadrivium::{
    event_loop::Turned,
    prelude::*,
    process::{Command, Stdio},
};

use super::{
    descriptors::{in_a_process, open_descriptors},
    processes::sh,
};
use crate::{
    Subject, TestLoop, body,
    sockets::{NewPath, real_loop},
    turns,
};

laws! { ($) child_cancels:
    /// A cancelled wait leaves the child running. It can be waited for again.
    a_cancelled_wait_leaves_the_child_running;
    /// A cancelled `output` lets the child continue, and closes its pipes.
    a_cancelled_output_leaves_the_child_running;
    /// With `kill_on_drop`, a cancelled `output` kills the child.
    a_cancelled_output_kills_the_child_if_asked;
    /// A child that is dropped continues, and leaves no zombie process when it has ended.
    a_dropped_child_is_reaped;
    /// With `kill_on_drop`, a child that is dropped is killed, and leaves no zombie process.
    a_dropped_child_is_killed_if_asked;
    /// After many children were waited for, dropped or cancelled, no descriptor is left open.
    no_descriptor_is_left_open on Descriptors;
}

fn process_exists(id: u32) -> bool {
    Path::new(&format!("/proc/{id}")).exists()
}

/// Waits until the process is gone, also as a zombie.
fn wait_until_gone(subject: Subject, event_loop: &mut TestLoop, id: u32) {
    while process_exists(id) {
        let waits = body().perform(sleep(Duration::from_millis(1)));
        event_loop.block_on(subject.task(waits)).unwrap();
    }
}

fn a_cancelled_wait_leaves_the_child_running(subject: Subject) {
    let mut event_loop = real_loop();
    let mut child = sh("read line; exit 7").stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let waits = child.wait();
    let waits = event_loop.start(subject.task(body().perform(waits)), 2);
    waits.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    assert_eq!(child.try_wait().unwrap(), None);
    drop(stdin);
    let wait = child.wait();
    let waits = body().perform_then(|| wait, |status| assert_eq!(status.unwrap().code(), Some(7)));
    event_loop.block_on(subject.task(waits)).unwrap();
}

/// Cancels the `output` of a child that would run for a minute, and returns the child's id.
fn cancels_an_output(subject: Subject, event_loop: &mut TestLoop, kill: bool) -> u32 {
    let path = NewPath::new();
    let name = path.0.display();
    let script = format!("echo $$ > {name}.new; mv {name}.new {name}; exec sleep 60");
    let output = sh(&script).kill_on_drop(kill).output();
    let waits = event_loop.spawn(subject.task(body().perform(output)));
    while !path.0.exists() {
        let waits = body().perform(sleep(Duration::from_millis(1)));
        event_loop.block_on(subject.task(waits)).unwrap();
    }
    waits.cancel();
    assert_eq!(turns(event_loop, 1), Turned::Empty);
    fs::read_to_string(&path.0).unwrap().trim().parse().unwrap()
}

fn a_cancelled_output_leaves_the_child_running(subject: Subject) {
    let mut event_loop = real_loop();
    let id = cancels_an_output(subject, &mut event_loop, false);
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    assert!(!status.contains("zombie"), "{status}");
    let kills = sh(&format!("kill -9 {id}")).status();
    let kills = body().perform_then(|| kills, |status| assert!(status.unwrap().success()));
    event_loop.block_on(subject.task(kills)).unwrap();
    wait_until_gone(subject, &mut event_loop, id);
}

fn a_cancelled_output_kills_the_child_if_asked(subject: Subject) {
    let mut event_loop = real_loop();
    let id = cancels_an_output(subject, &mut event_loop, true);
    wait_until_gone(subject, &mut event_loop, id);
}

fn a_dropped_child_is_reaped(subject: Subject) {
    let mut event_loop = real_loop();
    for script in ["exit 0", "sleep 0.005", "exec sleep 0.005"] {
        let child = sh(script).spawn().unwrap();
        let id = child.id();
        drop(child);
        wait_until_gone(subject, &mut event_loop, id);
    }
}

fn a_dropped_child_is_killed_if_asked(subject: Subject) {
    let mut event_loop = real_loop();
    let child = Command::new("sleep").arg("60").kill_on_drop(true).spawn().unwrap();
    let id = child.id();
    let holds = body().hold(child).perform(quadrivium::sync::Notify::new().notified());
    let holds = event_loop.start(subject.task(holds), 1);
    assert!(process_exists(id));
    holds.cancel();
    wait_until_gone(subject, &mut event_loop, id);
}

fn no_descriptor_is_left_open(subject: Subject) {
    in_a_process(|| {
        let before = open_descriptors();
        a_cancelled_wait_leaves_the_child_running(subject);
        a_cancelled_output_kills_the_child_if_asked(subject);
        a_dropped_child_is_killed_if_asked(subject);
        for _ in 0..5 {
            a_dropped_child_is_reaped(subject);
        }
        // The thread that reaps children closes its descriptors a little later.
        while open_descriptors() > before {
            std::thread::yield_now();
        }
    });
}
