//! The functions of `asio.cpp`, as a contender.

use std::{
    cell::Cell,
    ffi::c_void,
    ptr,
    sync::Arc,
    task::{Wake, Waker},
    time::Duration,
};

use quadrivium_bench_protocol::{
    Bench, Contender, ContenderOrder, Gate, Percentiles, Sample, Sleeper, memory,
};

unsafe extern "C" {
    safe fn asio_version() -> u64;
    fn asio_turn(n: u64, times: u64, each_ns: *mut u64) -> u64;
    safe fn asio_spawn(n: u64, times: u64) -> u64;
    safe fn asio_round_trip(capacity: u64, times: u64) -> u64;
    safe fn asio_stream(capacity: u64, times: u64) -> u64;
    safe fn asio_bare(times: u64) -> u64;
    safe fn asio_timeout(times: u64) -> u64;
    fn asio_timer_cancel(micros: *const u64, n: u64, times: u64) -> u64;
    fn asio_timers(
        sleepers: *const *mut c_void,
        n: u64,
        falls_asleep: unsafe extern "C" fn(*mut c_void) -> u64,
        wakes_up: unsafe extern "C" fn(*mut c_void),
    );
    safe fn asio_memory(n: u64, count_suspended: extern "C" fn());
    safe fn asio_new() -> *mut c_void;
    fn asio_delete(io: *mut c_void);
    fn asio_post(
        io: *mut c_void,
        callback: unsafe extern "C" fn(*const c_void),
        context: *const c_void,
    );
    fn asio_run_until_stopped(io: *mut c_void);
    fn asio_stop(io: *mut c_void);
}

pub(crate) fn contender() -> Contender {
    let version = asio_version();
    let [major, minor, patch] = [version / 100_000, version / 100 % 1_000, version % 100];
    Contender {
        special: Some(turn),
        special_benches: vec![Bench::Turn, Bench::Latency],
        spawn: Some(|n, times| Duration::from_nanos(asio_spawn(n as u64, times))),
        round_trip: Some(|n, times| Duration::from_nanos(asio_round_trip(n as u64, times))),
        stream: Some(|n, times| Duration::from_nanos(asio_stream(n as u64, times))),
        bare: Some(|times| Duration::from_nanos(asio_bare(times))),
        timeout: Some(|times| Duration::from_nanos(asio_timeout(times))),
        timer_cancel: Some(timer_cancel),
        timers: Some(timers),
        memory: Some(|n| asio_memory(n as u64, count_suspended)),
        wake: Some(wake),
        ..Contender::new(crate::NAME, format!("{major}.{minor}.{patch}"))
    }
}

/// The counters are in C++: a call of a function in Rust at each turn would be measured, too.
fn turn(order: &ContenderOrder) -> Result<Sample, String> {
    let (n, times) = (order.n as u64, order.times);
    let mut each_ns = match order.bench {
        Bench::Latency => vec![0; usize::try_from(times).map_err(|error| error.to_string())?],
        _ => Vec::new(),
    };
    let each = if each_ns.is_empty() { ptr::null_mut() } else { each_ns.as_mut_ptr() };
    // SAFETY: `each` is null or has room for `times` numbers.
    let elapsed_ns = unsafe { asio_turn(n, times, each) };
    let latency = Percentiles::of(&mut each_ns);
    Ok(Sample { elapsed_ns, operations: n * times, latency, ..Sample::default() })
}

fn timer_cancel(durations: &[Duration], times: u64) -> Duration {
    let micros: Vec<u64> = durations.iter().map(micros).collect();
    // SAFETY: it reads that many numbers.
    Duration::from_nanos(unsafe { asio_timer_cancel(micros.as_ptr(), micros.len() as u64, times) })
}

fn micros(duration: &Duration) -> u64 {
    duration.as_micros() as u64
}

fn timers(mut sleepers: Vec<Sleeper>) {
    unsafe extern "C" fn falls_asleep(sleeper: *mut c_void) -> u64 {
        // SAFETY: it is one of the pointers below, and nothing else uses the sleeper now.
        micros(&unsafe { &mut *sleeper.cast::<Sleeper>() }.falls_asleep())
    }
    unsafe extern "C" fn wakes_up(sleeper: *mut c_void) {
        // SAFETY: as above.
        unsafe { &mut *sleeper.cast::<Sleeper>() }.wakes_up();
    }
    let pointers: Vec<*mut c_void> =
        sleepers.iter_mut().map(|sleeper| ptr::from_mut(sleeper).cast()).collect();
    let n = pointers.len() as u64;
    // SAFETY: it uses each pointer on this thread only, and none after it returns.
    unsafe { asio_timers(pointers.as_ptr(), n, falls_asleep, wakes_up) };
}

extern "C" fn count_suspended() {
    memory::count_suspended();
}

/// A wake posts a callback, and the callback answers.
fn wake(gate: Arc<Gate>) {
    let io = asio_new();
    let answers = Answers { gate: gate.clone(), seen: Cell::new(0), io };
    let post = Arc::new(Post { io, answers: &raw const answers });
    gate.served_here();
    gate.register(&Waker::from(post.clone()));
    // The gate may have been raised before.
    post.wake_by_ref();
    // SAFETY: `post` and the gate keep `io`. Only this call runs callbacks, and the answers outlive
    // it.
    unsafe { asio_run_until_stopped(io) };
}

struct Answers {
    gate: Arc<Gate>,
    seen: Cell<u64>,
    io: *mut c_void,
}

/// Answers the gate, or stops the loop when the gate is closed.
///
/// # Safety
///
/// It points to the answers, and their `io` exists, too.
unsafe extern "C" fn answer(answers: *const c_void) {
    // SAFETY: as the caller promises.
    let Answers { gate, seen, io } = unsafe { &*answers.cast() };
    match gate.raised_since(seen.get()) {
        // SAFETY: as the caller promises.
        Some(u64::MAX) => unsafe { asio_stop(*io) },
        Some(raised) => {
            seen.set(raised);
            gate.answer(raised);
        }
        None => {}
    }
}

struct Post {
    io: *mut c_void,
    answers: *const Answers,
}

// SAFETY: an `io_context` may be used by all threads. Only callbacks use the answers, and they all
// run on the thread that made them.
unsafe impl Send for Post {}
// SAFETY: as above.
unsafe impl Sync for Post {}

impl Wake for Post {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // SAFETY: `io` exists as long as this, and callbacks run only while the answers exist.
        unsafe { asio_post(self.io, answer, self.answers.cast()) };
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        // SAFETY: nothing else uses `io` any more. Callbacks that did not run are dropped unrun.
        unsafe { asio_delete(self.io) };
    }
}
