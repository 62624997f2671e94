//! Snapshots as JSON documents.

use std::{rc::Rc, time::Duration};

use quadrivium::{
    future::perform,
    inspect::{Tasks, TasksJson},
    prelude::*,
    sync::{Mutex, Semaphore, channel},
};
use serde_json::{Value, json};

/// Parses the document of a snapshot.
fn document(tasks: &Tasks) -> Value {
    let text = tasks.json().to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Removes the lines of code, which differ with each change of this file. Returns whether they are
/// all in this file.
fn remove_lines(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            let mut are_here = true;
            for name in ["line", "spawned_at", "made_at"] {
                if let Some(line) = fields.remove(name).filter(|line| !line.is_null()) {
                    are_here &= line["file"] == file!();
                    are_here &= line["line"].as_u64() > Some(0) && line["column"].is_u64();
                }
            }
            fields.values_mut().fold(are_here, |all, value| all & remove_lines(value))
        }
        Value::Array(values) => values.iter_mut().fold(true, |all, it| all & remove_lines(it)),
        _ => true,
    }
}

/// Two tasks lock two mutexes in opposite order, and a third one receives with a timeout.
fn philosophers() -> EventLoop {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    event_loop.watch();
    let forks = [Mutex::new(()).named("the \"left\" one"), Mutex::new(())];
    let forks = Rc::new(forks);
    for first in [0, 1] {
        let forks = Rc::clone(&forks);
        drop(event_loop.spawn(future(async move {
            let _first = forks[first].lock().await;
            perform(turn()).await;
            drop(forks[1 - first].lock().await);
        })));
    }
    let (sender, receiver) = channel::bounded::<u8>(1);
    let waits = async move { timeout(Duration::from_secs(7), receiver.recv()).await };
    drop(event_loop.spawn_named("tab\there", future(waits)));
    for _ in 0..3 {
        event_loop.turn().unwrap();
    }
    std::mem::forget(sender);
    event_loop
}

#[test]
fn a_document_has_all_that_is_known() {
    let mut document = document(&philosophers().tasks());
    assert!(remove_lines(&mut document), "{document}");
    let watched = |steps: u64, since: u64| {
        json!({
            "since_ns": since, "steps": steps, "longest_step_ns": 0, "parent": null,
            "since_its_spawn": true,
        })
    };
    let philosopher = |id: u64, object: u64, text: &str| {
        json!({
            "id": id, "name": null, "style": "future", "state": "waiting",
            "wait": {
                "leaf": "lock", "text": text, "object": object, "deadline_ns": null,
                "one_of_several": false,
            },
            "watched": watched(2, 0),
        })
    };
    let expected = json!({
        "version": TasksJson::VERSION,
        "tasks": [
            philosopher(1, 0, "lock of mutex 1, taken by task 2"),
            philosopher(2, 1, "lock of mutex \"the \\\"left\\\" one\", taken by task 1"),
            {
                "id": 3, "name": "tab\there", "style": "future", "state": "waiting",
                "wait": {
                    "leaf": "recv", "text": "recv of channel 1, or a deadline in 7s",
                    "object": 2, "deadline_ns": 7_000_000_000_u64, "one_of_several": true,
                },
                "watched": watched(1, 0),
            },
        ],
        "objects": [
            {
                "kind": "mutex", "number": 1, "name": null, "taken": [{ "by": 2 }],
                "stalled_by": null,
            },
            {
                "kind": "mutex", "number": 2, "name": "the \"left\" one", "taken": [{ "by": 1 }],
                "stalled_by": null,
            },
            {
                "kind": "channel", "number": 1, "name": null, "taken": [], "stalled_by": null,
                "senders": { "count": 1, "last_used_by": null },
                "receivers": { "count": 2, "last_used_by": null },
            },
        ],
        "cycles": [[1, 2]],
    });
    assert_eq!(document, expected, "{document:#}");
}

#[test]
fn tasks_that_are_not_of_the_loop_have_words() {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let semaphore = Rc::new(Semaphore::new(2));
    let (mine, theirs) = (Rc::clone(&semaphore), Rc::clone(&semaphore));
    let kept = event_loop.spawn(future(async move { mine.acquire().await }));
    let _outside = semaphore.try_acquire();
    drop(event_loop.spawn(future(async move { drop(theirs.acquire().await) })));
    event_loop.turn().unwrap();
    let document = document(&event_loop.tasks());
    let taken = document["objects"][0]["taken"].as_array().unwrap();
    let mut by: Vec<_> = taken.iter().map(|taken| taken["by"].as_str().unwrap()).collect();
    by.sort_unstable();
    assert_eq!(by, ["ended", "no task"], "{document:#}");
    drop(kept);
}

#[test]
fn a_ready_task_waits_for_nothing() {
    let event_loop = EventLoop::with_virtual_clock().unwrap();
    drop(event_loop.spawn(turn()));
    let document = document(&event_loop.tasks());
    assert_eq!(document["tasks"][0]["state"], "ready");
    assert_eq!(document["tasks"][0]["wait"], Value::Null);
}

#[test]
fn an_empty_loop_has_an_empty_document() {
    let empty = r#"{"version":1,"tasks":[],"objects":[],"cycles":[]}"#;
    assert_eq!(EventLoop::new().unwrap().tasks().json().to_string(), empty);
}
