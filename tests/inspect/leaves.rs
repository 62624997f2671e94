//! Each leaf of the library notes what it is, and a line of the program that made it. No line is in
//! one of our own crates.

use std::{
    panic::Location,
    sync::mpsc,
    time::{Duration, Instant},
};

use quadrivium::{
    dns,
    event_loop::trace::{Event, Suspension},
    fs,
    green::perform,
    inspect::{LeafKind, Style, TaskId, TaskState},
    io::{BufReader, Interest, copy, copy_both, pipe, ready},
    net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixStream},
    prelude::*,
    scope::Scope,
    signal::{Signal, Signals},
    sync::{
        Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, channel, oneshot, watch,
    },
    thread::offload,
    time::{every, sleep_until, timeout_at},
};

use crate::prepared::{Fifo, full_listener, sleeping, tcp_pair, unix_listener};

const LONG: Duration = Duration::from_secs(3_600);

/// Makes a test of each leaf. It is performed in each style, after some preparation.
macro_rules! leaves {
    ($( $name:ident: $kind:ident, { $($prepare:tt)* } $leaf:expr; )*) => { $(
        #[test]
        fn $name() {
            {
                $($prepare)*
                check(Style::Callback, LeafKind::$kind, callback(move |cb| {
                    cb.perform($leaf, |cb, _| cb.done(()))
                }));
            }
            {
                $($prepare)*
                check(Style::Generator, LeafKind::$kind, generator(move |mut co| async move {
                    let _output = co.perform($leaf).await;
                }));
            }
            {
                $($prepare)*
                check(Style::Future, LeafKind::$kind, future(async move {
                    let _output = $leaf.await;
                }));
            }
            {
                $($prepare)*
                check(Style::Green, LeafKind::$kind, green(move || {
                    let _output = perform($leaf);
                }));
            }
        }
    )* };
}

/// Runs the task until it waits, and checks what the loop knows.
#[track_caller]
fn check(style: Style, kind: LeafKind, task: impl Task<Output = ()> + 'static) {
    check_wait(style, kind, wait_of(task).expect("the task waits"));
}

/// Like `check`, for a leaf that may be done before its task suspends. Then it is tried again.
#[track_caller]
fn check_quick<T>(style: Style, kind: LeafKind, make_task: impl Fn() -> T)
where
    T: Task<Output = ()> + 'static,
{
    let wait = (0..1_000).find_map(|_| wait_of(make_task()));
    check_wait(style, kind, wait.expect("one of the tasks waits"));
}

#[track_caller]
fn check_wait(style: Style, kind: LeafKind, (shown, leaf, line): (Style, LeafKind, Line)) {
    assert_eq!(shown, style);
    assert_eq!(leaf, kind, "{style}");
    let line = line.unwrap_or_else(|| panic!("{kind} in the style {style} has no line"));
    assert_eq!(line.file(), file!(), "{style}: {line}");
}

type Line = Option<&'static Location<'static>>;

/// Returns the style of a task, and the leaf for which it waits first, if it waits.
fn wait_of(task: impl Task<Output = ()> + 'static) -> Option<(Style, LeafKind, Line)> {
    let mut event_loop = EventLoop::new().unwrap();
    let (sender, receiver) = mpsc::channel();
    event_loop.trace(move |event: &Event| {
        if let Some(Suspension { leaf: Some(leaf), line, .. }) = event.suspension {
            _ = sender.send((event.style, leaf, line));
        }
    });
    drop(event_loop.spawn(task));
    // A task may give way before it waits.
    for _ in 0..100 {
        event_loop.turn().unwrap();
        let Ok(traced) = receiver.try_recv() else { continue };
        // A quick answer, such as a name that was found, may have woken the task already.
        if let Some(task) = event_loop.tasks().get(TaskId(1))
            && let TaskState::Waiting(wait) = &task.state
        {
            assert_eq!((task.style, wait.kind, wait.line), traced);
        }
        return Some(traced);
    }
    None
}

leaves! {
    sleeps: Sleep, {} sleep(LONG);
    sleeps_until: Sleep, {} sleep_until(Instant::now() + LONG);
    timeouts: Recv, { let (_sender, receiver) = channel::unbounded::<()>(); }
        timeout(LONG, receiver.recv());
    timeouts_at: Recv, { let (_sender, receiver) = channel::unbounded::<()>(); }
        timeout_at(Instant::now() + LONG, receiver.recv());
    ticks: Tick, {} every(LONG).tick();

    joins: Join, {} spawn(sleep(LONG));
    joins_of_parts: JoinAll, {} join_all([sleep(LONG), sleep(LONG)]);
    fallible_joins_of_parts: TryJoinAll, {}
        try_join_all([future(async { sleep(LONG).await; Ok::<(), ()>(()) })]);
    races_of_parts: RaceAll, {} race_all([sleep(LONG), sleep(LONG)]);
    selects: Select, {} select([sleep(LONG), sleep(LONG)]);

    joins_of_scopes: JoinScope, {} {
        let scope = Scope::<(), ()>::new();
        scope.spawn(future(async { sleep(LONG).await; Ok(()) }));
        scope.join()
    };
    values_of_scopes: Next, {
        let scope = Scope::<(), ()>::new();
        let handle = scope.handle();
    } {
        handle.spawn(future(async { sleep(LONG).await; Ok(()) }));
        handle.next()
    };
    cancels_of_scopes: Cancelled, {
        let scope = Scope::<(), ()>::new();
        let handle = scope.handle();
    } handle.cancelled();

    receives: Recv, { let (_sender, receiver) = channel::unbounded::<()>(); } receiver.recv();
    sends: Send, { let (sender, _receiver) = channel::bounded(1); sender.try_send(()).unwrap(); }
        sender.send(());
    receives_once: Recv, { let (_sender, receiver) = oneshot::channel::<()>(); } receiver;
    receives_of_broadcasts: Recv, { let (_sender, receiver) = broadcast::channel::<()>(1); }
        receiver.recv();
    changes: Changed, { let (_sender, receiver) = watch::channel(()); } receiver.changed();
    closes: Closed, { let (sender, _receiver) = watch::channel(()); } sender.closed();
    locks: Lock, { let lock = Mutex::new(()); let _guard = lock.try_lock().unwrap(); } lock.lock();
    read_locks: ReadLock, { let lock = RwLock::new(()); let _guard = lock.try_write().unwrap(); }
        lock.read();
    write_locks: WriteLock, { let lock = RwLock::new(()); let _guard = lock.try_read().unwrap(); }
        lock.write();
    makes_a_value: Init, { let cell = OnceCell::new(); } {
        join(cell.get_or_init(sleep(LONG)), cell.get_or_init(sleep(LONG)))
    };
    acquires: Acquire, { let permits = Semaphore::new(0); } permits.acquire();
    acquires_of_many: Acquire, { let permits = Semaphore::new(1); } permits.acquire_many(2);
    notifications: Notified, { let notify = Notify::new(); } notify.notified();
    barriers: Wait, { let barrier = Barrier::new(2); } barrier.wait();

    reads: Read, { let (one, _other) = UnixStream::pair().unwrap(); } one.read_owned([0]);
    exact_reads: Read, { let (one, _other) = UnixStream::pair().unwrap(); }
        one.read_exact_owned([0]);
    reads_to_the_end: Read, { let (one, _other) = UnixStream::pair().unwrap(); }
        one.read_to_end_owned(Vec::new());
    vectored_reads: Read, { let (one, _other) = UnixStream::pair().unwrap(); }
        one.read_vectored_owned([[0], [0]]);
    writes: Write, { let (one, _other) = UnixStream::pair().unwrap(); }
        one.write_all_owned(vec![0; 10_000_000]);
    peeks: Read, { let (one, _other) = tcp_pair(); } one.peek_owned([0]);
    reads_of_pipes: Read, { let (reader, _writer) = pipe().unwrap(); } reader.read_owned([0]);
    reads_of_lines: Read, { let (one, _other) = UnixStream::pair().unwrap(); }
        BufReader::new(one).next_line();
    copies: Read, {
        let ((one, _), (other, _)) = (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
        let (from, _kept) = UnixStream::pair().unwrap();
        drop((one, other));
        let (to, _also_kept) = UnixStream::pair().unwrap();
    } copy(from, to);
    copies_of_both: Read, {
        let (one, _kept) = UnixStream::pair().unwrap();
        let (other, _also_kept) = UnixStream::pair().unwrap();
    } copy_both(one, other);
    accepts: Accept, { let listener = TcpListener::bind(([127, 0, 0, 1], 0)).unwrap(); }
        listener.accept();
    accepts_on_unix: Accept, { let listener = unix_listener(); } listener.accept();
    connects: Connect, { let (_listener, address, _others) = full_listener(); }
        TcpStream::connect(address);
    connects_to_a_name: Connect, { let (_listener, address, _others) = full_listener(); }
        TcpStream::connect(vec![address]);
    receives_of_datagrams: Read, { let socket = UdpSocket::bind(([127, 0, 0, 1], 0)).unwrap(); }
        socket.recv_from_owned([0]);
    receives_of_unix_datagrams: Read, { let (one, _other) = UnixDatagram::pair().unwrap(); }
        one.recv_owned([0]);
    readiness: Read, { let (one, _other) = UnixStream::pair().unwrap(); }
        ready(&one, Interest::Readable);

    signals: Signal, { let signals = Signals::new([Signal::User2]).unwrap(); } signals.next();
    children: Child, { let mut child = sleeping().spawn().unwrap(); } child.wait();
    statuses: Child, {} sleeping().status();
    outputs: Child, {} sleeping().output();

    offloads: Offload, { let (_stop, stopped) = mpsc::channel::<()>(); }
        offload(move || _ = stopped.recv());
    files: File, { let fifo = Fifo::new(); let path = fifo.path().to_owned(); }
        fs::File::open(&path);
    paths: File, { let fifo = Fifo::new(); let path = fifo.path().to_owned(); } fs::read(&path);
}

/// Makes a test of each leaf that may be done before its task suspends.
macro_rules! quick_leaves {
    ($( $name:ident: $kind:ident, {} $leaf:expr; )*) => { $(
        #[test]
        fn $name() {
            check_quick(Style::Callback, LeafKind::$kind, || callback(|cb| {
                cb.perform($leaf, |cb, _| cb.done(()))
            }));
            check_quick(Style::Generator, LeafKind::$kind, || generator(|mut co| async move {
                let _output = co.perform($leaf).await;
            }));
            check_quick(Style::Future, LeafKind::$kind, || future(async {
                let _output = $leaf.await;
            }));
            check_quick(Style::Green, LeafKind::$kind, || green(|| {
                let _output = perform($leaf);
            }));
        }
    )* }
}

quick_leaves! {
    lookups: Lookup, {} dns::lookup("localhost:1");
    lookups_of_a_connect: Lookup, {} TcpStream::connect("localhost:1");
}

/// The parts of a combinator of another crate have no waker of their own in the library.
#[test]
fn a_future_of_another_crate_is_woken_from_outside() {
    let waits = wait_of(future(std::future::pending()));
    assert_eq!(waits, Some((Style::Future, LeafKind::Outside, None)));
}

#[test]
fn each_kind_of_leaf_is_tested() {
    let tests = include_str!("leaves.rs");
    for kind in LeafKind::ALL.iter().filter(|kind| **kind != LeafKind::Outside) {
        assert!(tests.contains(&format!(": {kind:?}, {{")), "{kind:?} is missing above");
    }
}
