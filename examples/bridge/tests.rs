//! Tests of the bridge. Tests that measure time use tokio's paused clock.

use std::{
    cell::Cell,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use super::*;

/// Runs a future on tokio's paused clock, which jumps when all tasks wait.
/// Returns the output, and how long it took on that clock.
fn paused<F: Future>(future: F) -> (F::Output, Duration) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let began = time::Instant::now();
        (future.await, began.elapsed())
    })
}

#[test]
fn a_trait_whose_methods_wait() {
    let (sum, took) = paused(invoice(["tea", "milk"]));
    assert_eq!(sum, 7);
    // The library asks for one price after the other.
    assert!((2 * SLEEP..2 * SLEEP + SLEEP / 10).contains(&took), "{took:?}");
}

#[test]
fn ten_thousand_calls_take_as_long_as_one() {
    let calls = (0..CALLS).map(|_| invoice(["tea"]));
    let (sums, took) = paused(futures::future::join_all(calls));
    assert_eq!(sums, vec![3; CALLS as usize]);
    assert!((SLEEP..SLEEP + SLEEP / 10).contains(&took), "{took:?}");
}

#[test]
fn an_iterator_that_waits() {
    let (sender, receiver) = mpsc::channel(1);
    let send = async move {
        for number in [3, 5, 4] {
            sender.send(number).await.unwrap();
        }
    };
    let ((found, ()), _) =
        paused(async { futures::join!(largest(receiver), send) });
    assert_eq!(found, Some(5));
}

#[test]
fn a_reader_that_waits() {
    let (mut writer, reader) = tokio::io::duplex(3);
    let write = async move {
        use tokio::io::AsyncWriteExt;
        writer.write_all(b"one\ntwo\nthree\n").await.unwrap();
    };
    let ((lines, ()), _) =
        paused(async { futures::join!(count_lines(reader), write) });
    assert_eq!(lines.unwrap(), 3);
}

#[test]
fn callbacks_that_wait() {
    assert_eq!(paused(translate("a b c")).0, ["A", "B", "C"]);
}

#[test]
fn a_call_that_is_cancelled_runs_its_destructors() {
    struct Guard(Rc<Cell<bool>>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let dropped = Rc::new(Cell::new(false));
    let guard = Guard(Rc::clone(&dropped));
    let call = on_tokio(green(move || {
        let _guard = guard;
        libraries::invoice(&["tea"], &Service)
    }));
    let (timed_out, _) = paused(async { time::timeout(SLEEP / 2, call).await });
    assert!(timed_out.is_err());
    assert!(dropped.get());
}

#[test]
fn a_panic_of_the_library_reaches_the_caller() {
    let call = on_tokio(green(|| {
        libraries::parse("one two", &mut |word| {
            perform(future(time::sleep(SLEEP)));
            assert_ne!(word.0, "two", "as planned");
        });
    }));
    let run = AssertUnwindSafe(|| paused(call));
    let payload = catch_unwind(run).unwrap_err();
    assert!(payload.downcast_ref::<String>().unwrap().contains("as planned"));
}

#[test]
fn futures_of_tokio_run_on_an_event_loop() {
    // tokio's timers and sockets need a runtime, here one on another thread.
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    let program = green(|| {
        perform(future(time::sleep(Duration::from_millis(5))));
        let spawned = tokio::spawn(async { 6 * 7 });
        perform(future(spawned)).unwrap()
    });
    assert_eq!(EventLoop::new().unwrap().block_on(program).unwrap(), 42);
}
