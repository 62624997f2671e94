//! Tasks of every style as futures for tokio and for smol.

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    rc::Rc,
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use quadrivium::{
    executor::{Guest, on_tokio},
    green::perform,
    net::{TcpListener, TcpStream, UnixStream},
    prelude::*,
    sync::{Notify, channel},
    task::BoxTask,
};

use crate::executors::{TestedExecutor, TokioCurrentThread, on_every_executor};

const MS: Duration = Duration::from_millis(1);

/// Makes a future for this executor out of a task.
#[track_caller]
fn guest_of<E: TestedExecutor, T: Task>(task: T) -> Guest<T, E::Executor> {
    Guest::new(task, E::executor())
}

on_every_executor! {
    a_value_of_every_style,
    deadlines_come_in_order,
    it_spawns_tasks_of_its_own,
    two_guests_talk_by_sockets,
    more_sockets_are_ready_than_one_poll_reports,
    a_wake_from_another_thread,
    a_panic_of_the_task_is_a_panic_of_the_future,
    a_drop_in_the_middle_drops_every_task,
    a_drop_before_the_start_drops_the_body,
    a_deadlock_is_a_panic,
    a_sleep_without_end_is_a_deadlock,
    leaves_without_a_host_give_way,
    a_task_that_is_always_ready_gives_way,
    a_hundred_guests_run_at_once,
    a_guest_inside_a_guest_is_a_clear_panic,
    futures_of_other_crates_run_inside,
}

/// The same body in every style. It sleeps, lets other tasks run once, and returns 42.
fn bodies() -> Vec<BoxTask<u32>> {
    let callback = callback(|cb| {
        cb.perform(sleep(MS), |cb, ()| cb.perform(turn(), |cb, ()| cb.done(42)));
    });
    let generator = generator(|mut co| async move {
        co.perform(sleep(MS)).await;
        co.perform(turn()).await;
        42
    });
    let future = future(async {
        sleep(MS).await;
        turn().await;
        42
    });
    let green = green(|| {
        perform(sleep(MS));
        perform(turn());
        42
    });
    vec![Box::pin(callback), Box::pin(generator), Box::pin(future), Box::pin(green)]
}

fn a_value_of_every_style<E: TestedExecutor>() {
    for body in bodies() {
        assert_eq!(E::block_on(async { guest_of::<E, _>(body).await }), 42);
    }
}

fn deadlines_come_in_order<E: TestedExecutor>() {
    let began = Instant::now();
    let order = E::block_on(async {
        guest_of::<E, _>(future(async {
            let order = Rc::new(Cell::new(String::new()));
            let append_after = |after: u32, word: &'static str| {
                let order = Rc::clone(&order);
                spawn(future(async move {
                    sleep(after * MS).await;
                    order.set(order.take() + word);
                }))
            };
            let tasks = [append_after(30, "c"), append_after(10, "a"), append_after(20, "b")];
            for task in tasks {
                task.await.unwrap();
            }
            order.take()
        }))
        .await
    });
    assert_eq!(order, "abc");
    assert!(began.elapsed() >= 30 * MS, "no deadline comes early");
}

fn it_spawns_tasks_of_its_own<E: TestedExecutor>() {
    let sum = E::block_on(async {
        guest_of::<E, _>(green(|| {
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
        }))
        .await
    });
    assert_eq!(sum, 5050);
}

/// Echoes until the end of the stream.
async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1000];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            n => stream.write_all(&buffer[..n]).await?,
        }
    }
}

fn listener() -> TcpListener {
    TcpListener::bind(([127, 0, 0, 1], 0)).unwrap()
}

fn two_guests_talk_by_sockets<E: TestedExecutor>() {
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let server = guest_of::<E, _>(green(move || {
        let (stream, _) = perform(listener.accept()).unwrap();
        perform(future(echo(stream))).unwrap();
    }));
    let client = guest_of::<E, _>(callback(move |cb| {
        cb.perform(TcpStream::connect(address), |cb, stream| {
            let stream = stream.unwrap();
            cb.perform(stream.write_all_owned(vec![7; 100_000]), move |cb, (wrote, bytes)| {
                wrote.unwrap();
                cb.perform(stream.read_exact_owned(bytes), |cb, (read, bytes)| {
                    read.unwrap();
                    cb.done(bytes);
                });
            });
        });
    }));
    let ((), echoed) = E::block_on(async { futures::join!(server, client) });
    assert_eq!(echoed, vec![7; 100_000]);
}

fn more_sockets_are_ready_than_one_poll_reports<E: TestedExecutor>() {
    // More descriptors than one poll reports.
    let pairs: Vec<_> = (0..700).map(|_| UnixStream::pair().unwrap()).collect();
    let (ours, theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let bytes = E::block_on(async {
        let reads = guest_of::<E, _>(future(async move {
            let reads = ours.into_iter().map(|stream| {
                spawn(future(async move { stream.read(&mut [0; 2]).await.unwrap() }))
            });
            let mut sum = 0;
            for read in reads.collect::<Vec<_>>() {
                sum += read.await.unwrap();
            }
            sum
        }));
        let writes = guest_of::<E, _>(future(async move {
            sleep(5 * MS).await;
            for stream in &theirs {
                stream.write_all(b"!").await.unwrap();
            }
        }));
        futures::join!(reads, writes).0
    });
    assert_eq!(bytes, 700);
}

fn a_wake_from_another_thread<E: TestedExecutor>() {
    let (sender, receiver) = futures::channel::oneshot::channel();
    let sends = thread::spawn(move || {
        thread::sleep(5 * MS);
        sender.send("hello").unwrap();
    });
    assert_eq!(E::block_on(async { guest_of::<E, _>(future(receiver)).await }), Ok("hello"));
    sends.join().unwrap();
}

fn a_panic_of_the_task_is_a_panic_of_the_future<E: TestedExecutor>() {
    let guest = guest_of::<E, _>(green(|| {
        perform(sleep(MS));
        panic!("as planned")
    }));
    let run = AssertUnwindSafe(|| E::block_on(guest));
    let payload = catch_unwind(run).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"as planned"));
}

/// Counts its drops.
struct CountDrop(Rc<Cell<u32>>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

fn a_drop_in_the_middle_drops_every_task<E: TestedExecutor>() {
    let dropped = Rc::new(Cell::new(0));
    let (one, other) = (CountDrop(Rc::clone(&dropped)), CountDrop(Rc::clone(&dropped)));
    let guest = guest_of::<E, _>(green(move || {
        let _one = one;
        drop(spawn(future(async move {
            let _other = other;
            sleep(1000 * MS).await;
        })));
        perform(sleep(1000 * MS));
    }));
    E::block_on(async {
        let mut guest = Box::pin(guest);
        poll_fn(|cx| {
            assert!(guest.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(guest);
    });
    assert_eq!(dropped.get(), 2);
}

fn a_drop_before_the_start_drops_the_body<E: TestedExecutor>() {
    let dropped = Rc::new(Cell::new(0));
    let bomb = CountDrop(Rc::clone(&dropped));
    let guest = guest_of::<E, _>(green(move || drop(bomb)));
    E::block_on(async { drop(guest) });
    assert_eq!(dropped.get(), 1);
}

fn a_deadlock_is_a_panic<E: TestedExecutor>() {
    let guest = guest_of::<E, _>(green(|| perform(Notify::new().notified())));
    let run = AssertUnwindSafe(|| E::block_on(guest));
    let payload = catch_unwind(run).unwrap_err();
    let text = payload.downcast_ref::<String>().expect("the panic has a message");
    assert!(text.starts_with("deadlock: "), "{text}");
    assert!(
        text.contains("guests/tasks.rs"),
        "the message has the line on which the guest was made: {text}"
    );
}

fn a_sleep_without_end_is_a_deadlock<E: TestedExecutor>() {
    for never in [Duration::MAX, Duration::from_secs(u64::MAX / 4), Duration::from_secs(1 << 40)] {
        let guest = guest_of::<E, _>(sleep(never));
        let payload = catch_unwind(AssertUnwindSafe(|| E::block_on(guest))).unwrap_err();
        let text = payload.downcast_ref::<String>().expect("the panic has a message");
        assert!(text.contains("a sleep that is too long to end"), "{text}");
        let limited = E::block_on(guest_of::<E, _>(timeout(MS, sleep(never))));
        assert!(limited.is_err(), "{never:?}");
    }
}

/// The executor itself awaits the leaves, so no host of ours marks the begin of a step.
fn leaves_without_a_host_give_way<E: TestedExecutor>() {
    const MANY: usize = 1_000;
    let channels = [channel::unbounded(), channel::unbounded()];
    for (sender, _) in &channels {
        (0..MANY).for_each(|n| sender.try_send(n).unwrap());
    }
    let [(_, one), (_, other)] = &channels;
    let received = Cell::new(0);
    let receives = async {
        // First from one channel, then from whichever channel is ready first.
        for n in 0..MANY / 2 {
            assert_eq!(one.recv().await, Ok(n));
            received.set(received.get() + 1);
        }
        for _ in 0..MANY / 2 {
            drop(
                futures::future::select(one.recv().into_future(), other.recv().into_future()).await,
            );
            received.set(received.get() + 1);
        }
    };
    let takes_turns = async {
        let mut before = 0;
        while received.get() < MANY {
            let step = received.get() - before;
            assert!(step <= 64, "{step} operations in one step");
            before = received.get();
            futures::pending!();
        }
    };
    E::block_on(async { futures::join!(receives, takes_turns) });
    // The values that were not received are still there, in order.
    let left = |receiver: &channel::Receiver<usize>| {
        std::iter::from_fn(|| receiver.try_recv().ok()).collect::<Vec<_>>()
    };
    let left = [left(one), left(other)];
    assert_eq!(left[0].len() + left[1].len(), MANY);
    assert!(left.into_iter().all(|left| left.iter().copied().eq(MANY - left.len()..MANY)));
}

fn a_task_that_is_always_ready_gives_way<E: TestedExecutor>() {
    let turns = Rc::new(Cell::new(0));
    let counts = Rc::clone(&turns);
    let busy = guest_of::<E, _>(future(async move {
        loop {
            turn().await;
            counts.set(counts.get() + 1);
        }
    }));
    E::block_on(async {
        let mut busy = pin!(busy);
        // `poll` returns, again and again.
        for _ in 0..10 {
            poll_fn(|cx| {
                assert!(busy.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
    });
    assert!(turns.get() >= 10);
}

fn a_hundred_guests_run_at_once<E: TestedExecutor>() {
    let all = E::block_on(async {
        let sleeps = |i: u32| {
            guest_of::<E, _>(green(move || {
                perform(sleep((100 + i % 7) * MS));
                i
            }))
        };
        futures::future::join_all((0..100).map(sleeps)).await
    });
    assert_eq!(all, (0..100).collect::<Vec<_>>());
}

fn a_guest_inside_a_guest_is_a_clear_panic<E: TestedExecutor>() {
    let guest = guest_of::<E, _>(future(async { guest_of::<E, _>(turn()).await }));
    let run = AssertUnwindSafe(|| E::block_on(guest));
    let payload = catch_unwind(run).unwrap_err();
    let text = payload.downcast_ref::<String>().expect("the panic has a message");
    assert!(text.contains("perform the other task instead"), "{text}");
}

fn futures_of_other_crates_run_inside<E: TestedExecutor>() {
    let (mut sender, mut receiver) = futures::channel::mpsc::channel(0);
    let sends = thread::spawn(move || {
        use futures::SinkExt;
        futures::executor::block_on(async {
            for i in 0..100 {
                sender.send(i).await.unwrap();
            }
        });
    });
    let sum: u32 = E::block_on(async {
        guest_of::<E, _>(green(move || {
            use futures::StreamExt;
            let mut sum = 0;
            while let Some(i) = perform(future(receiver.next())) {
                sum += i;
            }
            sum
        }))
        .await
    });
    sends.join().unwrap();
    assert_eq!(sum, 4950);
}

/// A green thread that waits for tokio's timer on tokio's paused clock. Our own sleeps use the same
/// clock.
#[test]
fn sleeps_follow_the_paused_clock_of_tokio() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    let took = runtime.block_on(async {
        let began = tokio::time::Instant::now();
        on_tokio(green(|| {
            perform(sleep(Duration::from_secs(3600)));
            perform(future(tokio::time::sleep(Duration::from_secs(3600))));
        }))
        .await;
        began.elapsed()
    });
    assert!((7200..7201).contains(&took.as_secs()), "{took:?}");
}

/// tokio's sockets, performed by a green thread.
#[test]
fn sockets_of_tokio_work_inside() {
    let echoed = TokioCurrentThread::block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut read, mut write) = stream.split();
            tokio::io::copy(&mut read, &mut write).await.unwrap();
        });
        let client = on_tokio(green(move || {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let stream = perform(future(tokio::net::TcpStream::connect(address))).unwrap();
            perform(future(async move {
                let mut stream = stream;
                stream.write_all(b"hello").await.unwrap();
                let mut answer = [0; 5];
                stream.read_exact(&mut answer).await.unwrap();
                answer
            }))
        }));
        let echoed = client.await;
        server.await.unwrap();
        echoed
    });
    assert_eq!(&echoed, b"hello");
}
