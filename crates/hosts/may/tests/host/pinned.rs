//! Tasks of every style that are pinned to one worker.

use std::{
    cell::{Cell, RefCell},
    io::{self, BufWriter, Read, Write},
    os::unix::net::UnixStream as StdStream,
    rc::Rc,
    sync::mpsc,
    thread,
};

use quadrivium::{
    green::{Blocking, perform},
    host, may,
    net::{TcpListener, TcpStream, UnixStream},
    prelude::*,
    sync::{Notify, channel},
    task::BoxTask,
};

use super::{MS, SECOND, two_workers};

/// The same body in every style. It sleeps, lets other tasks run once, and returns 42.
fn body(style: usize) -> BoxTask<u32> {
    match style {
        0 => Box::pin(callback(|cb| {
            cb.perform(sleep(MS), |cb, ()| cb.perform(turn(), |cb, ()| cb.done(42)));
        })),
        1 => Box::pin(generator(|mut co| async move {
            co.perform(sleep(MS)).await;
            co.perform(turn()).await;
            42
        })),
        2 => Box::pin(future(async {
            sleep(MS).await;
            turn().await;
            42
        })),
        _ => Box::pin(green(|| {
            perform(sleep(MS));
            perform(turn());
            42
        })),
    }
}

#[test]
fn a_value_of_every_style_on_every_worker() {
    two_workers();
    let handles: Vec<_> = (0..16).map(|i| may::spawn_pinned(i % 2, move || body(i / 4))).collect();
    for handle in handles {
        assert_eq!(may::block_on(handle).unwrap().unwrap(), 42);
    }
}

#[test]
fn a_task_stays_on_its_thread_and_keeps_its_thread_locals() {
    two_workers();
    thread_local! {
        static MINE: Cell<u32> = const { Cell::new(0) };
    }
    let threads = [0, 1, 0, 1].map(|worker| {
        may::spawn_pinned(worker, || {
            green(|| {
                let thread = thread::current().id();
                for _ in 0..100 {
                    let before = MINE.get();
                    perform(sleep(MS / 20));
                    assert_eq!(thread::current().id(), thread);
                    assert!(MINE.get() >= before);
                    MINE.set(MINE.get() + 1);
                }
                thread
            })
        })
    });
    let threads = threads.map(|it| may::block_on(it).unwrap().unwrap());
    assert_eq!(threads[0], threads[2]);
    assert_eq!(threads[1], threads[3]);
    assert_ne!(threads[0], threads[1], "each worker is a thread of its own");
}

#[test]
fn a_task_may_spawn_tasks_and_make_channels() {
    two_workers();
    let sum = may::spawn_pinned(1, || {
        green(|| {
            let (sender, receiver) = channel::bounded(1);
            let sends = spawn(generator(|mut co| async move {
                for i in 1..=100 {
                    co.perform(sender.send(i)).await.unwrap();
                }
            }));
            let mut sum = 0;
            while let Ok(i) = perform(receiver.recv()) {
                sum += i;
            }
            perform(sends).unwrap();
            sum
        })
    });
    assert_eq!(may::block_on(sum).unwrap().unwrap(), 5050);
}

#[test]
fn sockets() {
    two_workers();
    let listener = TcpListener::bind(([127, 0, 0, 1], 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let server = may::spawn_pinned(0, move || {
        green(move || -> io::Result<()> {
            let mut connections = Vec::new();
            for _ in 0..20 {
                let (stream, _) = perform(listener.accept())?;
                connections.push(spawn(green(move || -> io::Result<()> {
                    let mut buffer = [0; 1000];
                    loop {
                        match perform(stream.read(&mut buffer))? {
                            0 => return Ok(()),
                            n => perform(stream.write_all(&buffer[..n]))?,
                        }
                    }
                })));
            }
            // Connections that are left would end with the server.
            connections.into_iter().try_for_each(|it| perform(it).unwrap())
        })
    });
    let clients: Vec<_> = (0..20)
        .map(|_| {
            may::spawn_pinned(1, move || {
                future(async move {
                    let stream = TcpStream::connect(address).await?;
                    for _ in 0..10 {
                        stream.write_all(&[7; 3000]).await?;
                        stream.read_exact(&mut [0; 3000]).await?;
                    }
                    Ok::<_, io::Error>(())
                })
            })
        })
        .collect();
    for client in clients {
        may::block_on(client).unwrap().unwrap().unwrap();
    }
    may::block_on(server).unwrap().unwrap().unwrap();
}

/// Sends the thread on which it is dropped.
struct SendThread(mpsc::Sender<thread::ThreadId>, thread::ThreadId);

impl Drop for SendThread {
    fn drop(&mut self) {
        assert_eq!(thread::current().id(), self.1);
        self.0.send(self.1).unwrap();
    }
}

#[test]
fn a_cancel_drops_the_task_on_its_thread() {
    two_workers();
    let (sender, dropped) = mpsc::channel();
    let (started, has_started) = mpsc::channel();
    let handle = may::spawn_pinned(0, move || {
        let reporter = |sender| SendThread(sender, thread::current().id());
        let (one, other) = (Rc::new(reporter(sender.clone())), reporter(sender));
        green(move || {
            let _one = Rc::clone(&one);
            drop(spawn(future(async move {
                let _other = other;
                sleep(3600 * SECOND).await;
            })));
            started.send(thread::current().id()).unwrap();
            perform(sleep(3600 * SECOND));
        })
    });
    let thread = has_started.recv().unwrap();
    handle.cancel();
    assert!(matches!(may::block_on(handle).unwrap(), Err(JoinError::Cancelled)));
    assert_eq!([dropped.recv(), dropped.recv()], [Ok(thread), Ok(thread)]);
}

#[test]
fn a_panic_is_the_error_of_the_handle() {
    two_workers();
    let in_the_task = may::spawn_pinned(0, || {
        green(|| {
            perform(sleep(MS));
            panic!("as planned")
        })
    });
    let in_the_making = may::spawn_pinned(0, || -> BoxTask<()> { panic!("not even made") });
    let message_of = |handle: quadrivium::event_loop::RemoteHandle<()>| {
        let error = may::block_on(handle).unwrap().unwrap_err();
        error.panic_message().map(String::from)
    };
    assert_eq!(message_of(in_the_task).as_deref(), Some("as planned"));
    assert_eq!(message_of(in_the_making).as_deref(), Some("not even made"));
}

#[test]
fn a_panic_in_a_destructor_of_the_closure_is_the_error_of_the_handle() {
    two_workers();
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a destructor")
        }
    }
    let panics = Panics;
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let blocks =
        may::spawn_pinned(1, move || future(async move { may_go_on.recv().unwrap_or_default() }));
    let never = may::spawn_pinned(1, move || {
        let _panics = panics;
        turn()
    });
    never.cancel();
    drop(go_on);
    let error = may::block_on(never).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("in a destructor"));
    may::block_on(blocks).unwrap().unwrap();
}

#[test]
fn a_task_that_can_never_go_on_ends_when_its_handle_is_dropped() {
    two_workers();
    let (sender, dropped) = mpsc::channel();
    let waits = may::spawn_pinned(1, move || {
        let reporter = SendThread(sender, thread::current().id());
        green(move || {
            let _reporter = reporter;
            perform(Notify::new().notified());
        })
    });
    // The task waits as long as it can be cancelled.
    may::block_on(sleep(5 * MS)).unwrap();
    assert!(dropped.try_recv().is_err() && !waits.is_finished());
    drop(waits);
    dropped.recv().unwrap();
}

#[test]
fn a_task_that_is_always_ready_starves_no_other() {
    two_workers();
    let busy = [0, 1].map(|worker| {
        may::spawn_pinned(worker, || {
            future(async {
                loop {
                    turn().await;
                }
            })
        })
    });
    for worker in [0, 1] {
        let other = may::spawn_pinned(worker, || sleep(2 * MS));
        may::block_on(other).unwrap().unwrap();
    }
    may::block_on(sleep(MS)).unwrap();
    busy.iter().for_each(|handle| handle.cancel());
}

#[test]
fn a_thousand_tasks_run_on_each_worker() {
    two_workers();
    let handles: Vec<_> = (0..2000)
        .map(|i| {
            may::spawn_pinned(i % 2, move || {
                let kept = Rc::new(RefCell::new(i));
                future(async move {
                    sleep(MS * (i % 7) as u32).await;
                    *kept.borrow()
                })
            })
        })
        .collect();
    let sum: usize = handles.into_iter().map(|it| may::block_on(it).unwrap().unwrap()).sum();
    assert_eq!(sum, 1999 * 1000);
}

/// A coroutine for each task would need a stack of may's, with two mappings, and a process has at
/// most 65,530 mappings.
#[test]
fn more_tasks_are_woken_at_once_than_there_can_be_coroutines() {
    two_workers();
    const TASKS: usize = 40_000;
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let blocks =
        may::spawn_pinned(0, move || future(async move { may_go_on.recv().unwrap_or_default() }));
    let handles: Vec<_> =
        (0..TASKS).map(|i| may::spawn_pinned(0, move || future(async move { i }))).collect();
    drop(go_on);
    may::block_on(blocks).unwrap().unwrap();
    let sum: usize = handles.into_iter().map(|it| may::block_on(it).unwrap().unwrap()).sum();
    assert_eq!(sum, TASKS * (TASKS - 1) / 2);
}

#[test]
fn a_destructor_in_a_cancel_can_write_its_buffer() {
    two_workers();
    let ((one, mut other), (sender, is_suspended)) = (StdStream::pair().unwrap(), mpsc::channel());
    let handle = may::spawn_pinned(0, || {
        green(move || {
            let stream = UnixStream::from_std(one).unwrap();
            let mut writer = BufWriter::new(Blocking::new(stream));
            writer.write_all(b"end").unwrap();
            sender.send(()).unwrap();
            perform(sleep(3600 * SECOND));
        })
    });
    is_suspended.recv().unwrap();
    handle.cancel();
    let mut text = String::new();
    other.read_to_string(&mut text).unwrap();
    assert_eq!(text, "end");
}

/// When it is dropped, it sends whether it has a host, and whether the host takes a task that it
/// spawns.
struct SendHost(mpsc::Sender<Option<bool>>);

impl Drop for SendHost {
    fn drop(&mut self) {
        let is_taken = host::current().map(|_| !spawn(turn()).is_finished());
        self.0.send(is_taken).unwrap();
    }
}

#[test]
fn destructors_have_the_host_of_their_task() {
    two_workers();
    let ((report, reported), (sender, is_suspended)) = (mpsc::channel(), mpsc::channel());
    let held = report.clone();
    let handle = may::spawn_pinned(0, || {
        future(async move {
            let _held = SendHost(held);
            sender.send(()).unwrap();
            Notify::new().notified().await;
        })
    });
    is_suspended.recv().unwrap();
    handle.cancel();
    assert_eq!(reported.recv().unwrap(), Some(true));
    // The output of a task whose handle is gone. The task's loop has ended by then.
    drop(may::spawn_pinned(0, || future(async move { SendHost(report) })));
    assert_eq!(reported.recv().unwrap(), Some(false));
}

#[test]
fn a_green_thread_may_be_large() {
    two_workers();
    let captured = [7; 2 * 1024];
    let pinned = may::spawn_pinned(0, move || {
        green(move || {
            perform(turn());
            captured
        })
    });
    assert_eq!(may::block_on(pinned).unwrap().unwrap(), [7; 2 * 1024]);
}
