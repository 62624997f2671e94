//! Large bodies and large outputs, in every style: a task may keep values of any size.

use std::{hint::black_box, mem::size_of_val};

use quadrivium::{
    callback::Callback,
    future,
    green::{self, StackError, perform},
    prelude::*,
    thread,
};
use quadrivium_conformance::new_loop;

const KIB: usize = 1024;

/// Returns bytes with a pattern, so that a wrong copy is found.
fn bytes<const N: usize>() -> [u8; N] {
    std::array::from_fn(|n| (n % 251) as u8)
}

#[track_caller]
fn assert_whole<const N: usize>(found: &[u8; N]) {
    let wrong = (0..N).find(|n| found[*n] != (*n % 251) as u8);
    assert_eq!(wrong, None, "of {N} bytes");
}

/// Runs a task on a loop and returns its output.
#[track_caller]
fn run<T: 'static>(task: impl Task<Output = T> + 'static) -> T {
    new_loop().block_on(task).unwrap()
}

/// Runs a body that captures this many bytes and needs them after a suspension, in every style.
fn assert_captures<const N: usize>() {
    let captured = bytes::<N>();
    run(callback(move |cb: &mut Callback<()>| {
        cb.perform(turn(), move |cb, ()| {
            assert_whole(&captured);
            cb.done(());
        });
    }));
    run(generator(move |mut co| async move {
        co.perform(turn()).await;
        assert_whole(&captured);
    }));
    run(future(async move {
        turn().await;
        assert_whole(&captured);
    }));
    run(green(move || {
        perform(turn());
        assert_whole(&captured);
    }));
}

#[test]
fn a_body_may_capture_any_number_of_bytes() {
    assert_captures::<0>();
    assert_captures::<KIB>();
    assert_captures::<{ KIB + 1 }>();
    assert_captures::<{ 64 * KIB }>();
}

/// Takes an output of this many bytes from a task of every style.
fn assert_returns<const N: usize>() {
    assert_whole(&run(callback(|cb: &mut Callback<[u8; N]>| {
        cb.perform(turn(), |cb, ()| cb.done(bytes()));
    })));
    assert_whole::<N>(&run(generator(|mut co| async move {
        co.perform(turn()).await;
        bytes()
    })));
    assert_whole::<N>(&run(future(async {
        turn().await;
        bytes()
    })));
    assert_whole::<N>(&run(green(|| {
        perform(turn());
        bytes()
    })));
}

#[test]
fn an_output_may_have_any_number_of_bytes() {
    assert_returns::<0>();
    assert_returns::<KIB>();
    assert_returns::<{ KIB + 1 }>();
    assert_returns::<{ 64 * KIB }>();
}

/// Captures and returns this many bytes in a green thread whose stack is large enough for the
/// copies that the body makes.
fn on_a_larger_stack<const N: usize>() -> Result<(), StackError> {
    let captured = bytes::<N>();
    let task = green::Builder::new().stack_size(16 * N).build(move || {
        perform(turn());
        captured
    })?;
    assert_whole(&run(task));
    Ok(())
}

#[test]
fn a_green_thread_may_capture_and_return_a_mebibyte() {
    // In a dev build, the test itself copies the value a dozen times.
    let large = std::thread::Builder::new().stack_size(64 << 20);
    let test = large.spawn(on_a_larger_stack::<{ 1024 * KIB }>).unwrap();
    test.join().unwrap().unwrap();
}

/// Returns a green thread that captures and returns this many bytes.
fn large_green<const N: usize>() -> impl Task<Output = [u8; N]> {
    let captured = bytes();
    green(move || {
        perform(turn());
        captured
    })
}

/// Performs such a green thread in every style.
fn assert_performs<const N: usize>() {
    run(callback(|cb: &mut Callback<()>| {
        cb.perform(large_green::<N>(), |cb, output| {
            assert_whole(&output);
            cb.done(());
        });
    }));
    run(generator(|mut co| async move {
        assert_whole(&co.perform(large_green::<N>()).await);
    }));
    run(future(async {
        assert_whole(&future::perform(large_green::<N>()).await);
    }));
    run(green(|| assert_whole(&perform(large_green::<N>()))));
}

#[test]
fn every_style_performs_a_large_green_thread() {
    assert_performs::<0>();
    assert_performs::<KIB>();
    assert_performs::<{ KIB + 1 }>();
    assert_performs::<{ 16 * KIB }>();
}

/// A future of at least two kibibytes.
async fn large_future() -> usize {
    let kept = black_box(bytes::<{ 2 * KIB }>());
    turn().await;
    assert_whole(&kept);
    42
}

#[test]
fn a_green_thread_may_perform_a_large_future() {
    let task = future(large_future());
    assert!(size_of_val(&task) > 2 * KIB);
    assert_eq!(run(green(move || perform(task))), 42);
}

#[test]
fn a_green_thread_that_is_joined_may_be_large() {
    let captured = bytes::<{ 2 * KIB }>();
    let large = green(move || {
        perform(turn());
        assert_whole(&captured);
        captured
    });
    let (output, ()) = run(join(large, turn()));
    assert_whole(&output);
}

#[test]
fn a_spawned_green_thread_may_be_large() {
    let captured = bytes::<{ 2 * KIB }>();
    let program = green(move || {
        let builder = thread::Builder::new().name("large".into());
        let built = builder.spawn(move || captured).expect("there is room for a stack");
        let spawned = thread::spawn(move || captured);
        assert_whole(&built.join().unwrap());
        assert_whole(&spawned.join().unwrap());
    });
    run(program);
}

/// A value without bytes that needs an aligned address.
#[derive(Clone, Copy)]
#[repr(align(65536))]
struct Aligned;

#[test]
fn a_green_thread_may_capture_a_value_with_a_larger_alignment_than_a_stack() {
    let aligned = Aligned;
    let output = run(green(move || {
        perform(turn());
        let address = std::ptr::from_ref(&aligned).addr();
        assert!(address.is_multiple_of(align_of::<Aligned>()), "{address:x}");
        size_of_val(&aligned)
    }));
    assert_eq!(output, 0);
}

/// A large value that counts its drops.
struct CountsDrops(std::rc::Rc<std::cell::Cell<usize>>, [u8; 2 * KIB]);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn the_captures_of_a_large_green_thread_are_dropped_once() {
    let drops = std::rc::Rc::new(std::cell::Cell::new(0));
    let large = || CountsDrops(drops.clone(), bytes());
    // It is dropped before the start, where it is suspended, at the end, and with the output.
    let captured = large();
    drop(green(move || drop(captured)));
    assert_eq!(drops.take(), 1);

    let captured = large();
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(green(move || {
        perform(turn());
        captured
    }));
    event_loop.turn().unwrap();
    handle.cancel();
    assert_eq!(drops.take(), 1);

    let captured = large();
    run(green(move || {
        let captured = captured;
        perform(turn());
        assert_whole(&captured.1);
    }));
    assert_eq!(drops.take(), 1);

    let captured = large();
    let output = run(green(move || captured));
    assert_eq!(drops.get(), 0);
    drop(output);
    assert_eq!(drops.take(), 1);
}

#[test]
fn a_large_green_thread_may_panic() {
    let captured = bytes::<{ 2 * KIB }>();
    let panics = green(move || {
        perform(turn());
        assert!(captured.is_empty(), "on purpose");
        captured
    });
    match new_loop().block_on(panics) {
        Err(RunError::Task(error)) => assert_eq!(error.panic_message(), Some("on purpose")),
        other => panic!("{:?}", other.map(drop)),
    }
}
