//! `tracing`: a span that a task has entered is not around the lines of other tasks, in every
//! style.

use std::{
    io::{self, Write},
    rc::Rc,
    sync::{Arc, Mutex},
};

use quadrivium::{
    green::perform, prelude::*, sync::Notify, task::BoxTask, tracing::across_suspensions,
};
use tracing::{Level, debug_span, info, info_span, span::EnteredSpan};
use tracing_subscriber::{filter::LevelFilter, fmt, prelude::*};

/// The lines that a subscriber has written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap().lines().map(|line| line.trim().to_string()).collect()
    }
}

/// Runs `something` with a subscriber that prints the spans and the message of each event.
fn traced(something: impl FnOnce(&Lines)) {
    let lines = Lines::default();
    let writer = lines.clone();
    let printed = fmt::layer()
        .with_writer(move || writer.clone())
        .without_time()
        .with_target(false)
        .with_level(false)
        .with_ansi(false)
        .with_filter(LevelFilter::from_level(Level::INFO));
    let subscriber = tracing_subscriber::registry().with(printed).with(across_suspensions());
    tracing::subscriber::with_default(subscriber, || something(&lines));
}

/// Writes a line, in the span `outer` and a span with this name, before and after it lets the other
/// tasks run.
type Spanned = fn(&'static str) -> BoxTask<()>;

/// Enters the spans. Each guard is dropped when its task leaves the span.
fn enter(name: &'static str) -> (EnteredSpan, EnteredSpan) {
    let outer = info_span!("outer").entered();
    (info_span!("inner", name).entered(), outer)
}

const STYLES: [(&str, Spanned); 4] = [
    ("callback", |name| {
        Box::pin(callback(move |cb| {
            let entered = enter(name);
            info!("before");
            cb.perform(turn(), move |cb, ()| {
                info!("after");
                drop(entered);
                info!("left");
                cb.done(())
            })
        }))
    }),
    ("generator", |name| {
        Box::pin(generator(async move |mut co| {
            let entered = enter(name);
            info!("before");
            co.perform(turn()).await;
            info!("after");
            drop(entered);
            info!("left");
        }))
    }),
    ("future", |name| {
        Box::pin(future(async move {
            let entered = enter(name);
            info!("before");
            quadrivium::future::perform(turn()).await;
            info!("after");
            drop(entered);
            info!("left");
        }))
    }),
    ("green", |name| {
        Box::pin(green(move || {
            let entered = enter(name);
            info!("before");
            perform(turn());
            info!("after");
            drop(entered);
            info!("left");
        }))
    }),
];

#[test]
fn a_span_is_around_the_lines_of_its_own_task_only() {
    for (one, first) in STYLES {
        for (other, second) in STYLES {
            traced(|lines| {
                let mut event_loop = EventLoop::with_virtual_clock().unwrap();
                let handles = [event_loop.spawn(first("a")), event_loop.spawn(second("b"))];
                event_loop.run().unwrap();
                drop(handles);
                let expected = [
                    r#"outer:inner{name="a"}: before"#,
                    r#"outer:inner{name="b"}: before"#,
                    r#"outer:inner{name="a"}: after"#,
                    "left",
                    r#"outer:inner{name="b"}: after"#,
                    "left",
                ];
                assert_eq!(lines.take(), expected, "{one} and {other}");
            });
        }
    }
}

#[test]
fn a_span_around_the_loop_is_around_all_tasks() {
    for (style, spanned) in STYLES {
        traced(|lines| {
            let mut event_loop = EventLoop::with_virtual_clock().unwrap();
            info_span!("main").in_scope(|| event_loop.block_on(spanned("a")).unwrap());
            info!("end");
            let expected = [
                r#"main:outer:inner{name="a"}: before"#,
                r#"main:outer:inner{name="a"}: after"#,
                "main: left",
                "end",
            ];
            assert_eq!(lines.take(), expected, "{style}");
        });
    }
}

/// Writes a line when it is dropped.
struct Writes;

impl Drop for Writes {
    fn drop(&mut self) {
        info!("destructor");
    }
}

#[test]
fn destructors_run_in_the_spans_of_their_task() {
    traced(|lines| {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let suspended = event_loop.spawn(green(|| {
            let _entered = info_span!("suspended").entered();
            let _writes = Writes;
            perform(Notify::new().notified());
        }));
        event_loop.turn().unwrap();
        let cancels = green(move || {
            let _entered = info_span!("cancels").entered();
            suspended.cancel();
            info!("cancelled");
        });
        event_loop.block_on(cancels).unwrap();
        info!("end");
        assert_eq!(lines.take(), ["suspended: destructor", "cancels: cancelled", "end"]);
    });
}

#[test]
fn a_panic_leaves_the_spans_of_its_task() {
    for (style, spanned) in STYLES {
        traced(|lines| {
            let mut event_loop = EventLoop::with_virtual_clock().unwrap();
            let panics = green(|| {
                let _entered = info_span!("panics").entered();
                perform(turn());
                std::panic::resume_unwind(Box::new("as planned"));
            });
            let panics = event_loop.spawn(panics);
            let other = event_loop.spawn(spanned("b"));
            event_loop.run().unwrap();
            let expected =
                [r#"outer:inner{name="b"}: before"#, r#"outer:inner{name="b"}: after"#, "left"];
            assert_eq!(lines.take(), expected, "{style}");
            drop((panics, other));
        });
    }
}

#[test]
fn a_leaked_guard_does_not_reach_other_tasks() {
    traced(|lines| {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let leaks = event_loop.spawn(green(|| {
            std::mem::forget(info_span!("leaked").entered());
            perform(turn());
            info!("leaks");
        }));
        let other = event_loop.spawn(green(|| {
            perform(turn());
            info!("other");
        }));
        event_loop.run().unwrap();
        assert_eq!(lines.take(), ["leaked: leaks", "other"]);
        drop((leaks, other));
    });
}

#[test]
fn a_span_that_is_filtered_out_stays_away() {
    traced(|lines| {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let body = green(|| {
            let _entered = debug_span!("detail").entered();
            perform(turn());
            info!("line");
        });
        event_loop.block_on(body).unwrap();
        assert_eq!(lines.take(), ["line"]);
    });
}

#[test]
fn a_task_that_is_woken_by_another_one_does_not_get_its_spans() {
    traced(|lines| {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let notify = Rc::new(Notify::new());
        let waits = Rc::clone(&notify);
        let waits = event_loop.spawn(green(move || {
            perform(waits.notified());
            info!("woken");
        }));
        let wakes = event_loop.spawn(green(move || {
            let _entered = info_span!("wakes").entered();
            notify.notify_one();
            perform(turn());
            info!("goes on");
        }));
        event_loop.run().unwrap();
        assert_eq!(lines.take(), ["woken", "wakes: goes on"]);
        drop((waits, wakes));
    });
}
