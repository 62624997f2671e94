//! The traits of `futures-io`, and combinators of `futures` over several sockets in one task.

use std::{
    future::{IntoFuture, poll_fn},
    task::Poll,
    time::Duration,
};

use futures::{AsyncReadExt, AsyncWriteExt, FutureExt, StreamExt, io, stream::FuturesUnordered};
use quadrivium::{
    EventLoop,
    event_loop::Turned,
    future,
    io::Polled,
    net::{TcpStream, UnixStream},
    prelude::{join, race, sleep, spawn, turn},
    task::Either,
};

use crate::{both, connected};

fn polled() -> (Polled<TcpStream>, Polled<TcpStream>) {
    let (one, other) = connected();
    (Polled::new(one), Polled::new(other))
}

#[test]
fn bytes_are_copied_from_one_socket_to_another() {
    let ((mut writer, from), (to, mut reader)) = (polled(), polled());
    let copies = future::future(async move {
        let mut to = to;
        let n = io::copy(from, &mut to).await.unwrap();
        to.close().await.unwrap();
        n
    });
    let bytes: Vec<_> = (0..500_000).map(|n| (n % 251) as u8).collect();
    let expected = bytes.clone();
    let ends = future::future(async move {
        let writes = async {
            writer.write_all(&bytes).await.unwrap();
            writer.close().await.unwrap();
        };
        let mut received = Vec::new();
        let (_, n) = futures::join!(writes, reader.read_to_end(&mut received));
        assert!(n.unwrap() == expected.len() && received == expected);
    });
    assert_eq!(both(copies, ends).0, 500_000);
}

#[test]
fn two_tasks_use_one_half_each() {
    let (one, other) = polled();
    let (mut reads, mut writes) = one.split();
    let echoes = future::future(async move {
        let (from, mut to) = other.split();
        io::copy(from, &mut to).await.unwrap();
        to.close().await.unwrap();
    });
    let writes = future::future(async move {
        let writer = spawn(future::future(async move {
            writes.write_all(&[7; 300_000]).await.unwrap();
            writes.close().await.unwrap();
        }));
        let mut received = Vec::new();
        reads.read_to_end(&mut received).await.unwrap();
        writer.await.unwrap();
        received.len()
    });
    assert_eq!(both(echoes, writes).1, 300_000);
}

#[test]
fn select_returns_the_first_of_two_sockets() {
    let ((mut first, mut first_writer), (mut second, mut second_writer)) = (polled(), polled());
    let reads = future::future(async move {
        let (mut a, mut b) = ([0; 1], [0; 1]);
        let mut received = Vec::new();
        for _ in 0..2 {
            futures::select! {
                n = first.read(&mut a).fuse() => received.push(("first", n.unwrap())),
                n = second.read(&mut b).fuse() => received.push(("second", n.unwrap())),
            }
        }
        received
    });
    let writes = future::future(async move {
        sleep(Duration::from_millis(1)).await;
        second_writer.write_all(b"!").await.unwrap();
        sleep(Duration::from_millis(20)).await;
        first_writer.write_all(b"!").await.unwrap();
        sleep(Duration::from_millis(1)).await;
    });
    assert_eq!(both(reads, writes).0, [("second", 1), ("first", 1)]);
}

#[test]
fn one_task_reads_from_many_sockets() {
    let (readers, writers): (Vec<_>, Vec<_>) = (0..20).map(|_| polled()).unzip();
    let reads = future::future(async move {
        let mut reading: FuturesUnordered<_> = readers
            .into_iter()
            .enumerate()
            .map(|(n, mut stream)| async move {
                let mut buffer = [0; 4];
                stream.read_exact(&mut buffer).await.unwrap();
                (n, buffer)
            })
            .collect();
        let mut received = Vec::new();
        while let Some((n, buffer)) = reading.next().await {
            assert_eq!(buffer, [n as u8; 4]);
            received.push(n);
        }
        received.sort();
        received
    });
    let writes = future::future(async move {
        for (n, mut stream) in writers.into_iter().enumerate().rev() {
            stream.write_all(&[n as u8; 2]).await.unwrap();
            turn().await;
            stream.write_all(&[n as u8; 2]).await.unwrap();
        }
    });
    assert_eq!(both(reads, writes).0, (0..20).collect::<Vec<_>>());
}

#[test]
fn a_socket_that_is_not_polled_again_still_wakes() {
    // The socket is polled once. Then the task is polled for a timer. Only the socket can cause the
    // third poll, so its waker must still be registered.
    let (mut reader, mut writer) = polled();
    let task = future::future(async move {
        let mut buffer = [0; 1];
        let mut reading = Box::pin(reader.read(&mut buffer));
        let mut timer = Box::pin(sleep(Duration::from_millis(1)).into_future());
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            match polls {
                1 => assert!(
                    reading.poll_unpin(cx).is_pending() && timer.poll_unpin(cx).is_pending()
                ),
                2 => assert!(timer.poll_unpin(cx).is_ready()),
                _ => return Poll::Ready(()),
            }
            Poll::Pending
        })
        .await;
        reading.await.unwrap()
    });
    let writes = future::future(async move {
        sleep(Duration::from_millis(10)).await;
        writer.write_all(b"!").await.unwrap();
        writer
    });
    assert_eq!(both(task, writes).0, 1);
}

#[test]
fn a_task_that_waits_for_a_polled_socket_alone_is_no_deadlock() {
    let (reader, writer) = connected();
    let mut reader = Polled::new(reader);
    let waits = future::future(async move {
        let mut buffer = [0; 1];
        let mut reading = Box::pin(reader.read(&mut buffer));
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            match polls {
                1 => assert!(reading.poll_unpin(cx).is_pending()),
                // A spurious poll, which does not poll the socket.
                2 => {}
                _ => return Poll::Ready(()),
            }
            if polls == 1 {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await
    });
    let mut event_loop = EventLoop::new().unwrap();
    let waits = event_loop.spawn(waits);
    (0..3).for_each(|_| _ = event_loop.turn().unwrap());
    // From now on only another thread can wake the task, and only through the socket.
    let writes = std::thread::spawn(move || {
        std::io::Write::write_all(&mut &writer.into_std().unwrap(), b"!").unwrap();
    });
    event_loop.run().unwrap();
    assert!(waits.is_finished());
    writes.join().unwrap();
}

#[test]
fn a_polled_socket_that_is_dropped_leaves_nothing_behind() {
    let mut event_loop = EventLoop::new().unwrap();
    let (one, other) = UnixStream::pair().unwrap();
    let waits = event_loop
        .spawn(future::future(async move { Polled::new(one).read(&mut [0; 1]).await.unwrap() }));
    event_loop.turn().unwrap();
    waits.cancel();
    assert_eq!(event_loop.turn().unwrap(), Turned::Empty);
    let reads = event_loop.block_on(other.read_owned([0; 1])).unwrap();
    assert_eq!(reads.0.unwrap(), 0, "the other end is closed");
}

#[test]
fn a_polled_socket_races_with_a_leaf() {
    let (one, mut other) = polled();
    let leaf = one.get_ref().clone();
    let reads = future::future(async move {
        let mut one = one;
        one.read(&mut [0; 9]).await.unwrap()
    });
    let races = join(
        race(reads, sleep(Duration::from_secs(60))),
        future::future(async move { other.write_all(b"hello").await.unwrap() }),
    );
    let (first, ()) = EventLoop::new().unwrap().block_on(races).unwrap();
    assert_eq!(first, Either::Left(5));
    drop(leaf);
}

#[test]
fn a_stream_of_a_generator_works_as_a_stream_of_futures() {
    let items = quadrivium::generator::stream(|mut co| async move {
        for n in 1..=3 {
            co.perform(sleep(Duration::from_secs(1))).await;
            co.yield_item(n).await;
        }
    });
    let sum = future::future(items.map(|n| n * n).fold(0, async |sum, n| sum + n));
    assert_eq!(EventLoop::with_virtual_clock().unwrap().block_on(sum).unwrap(), 14);
}

#[test]
fn streams_of_generators_are_merged() {
    let every = |seconds| {
        quadrivium::generator::stream(move |mut co| async move {
            for n in 1..=3 {
                co.perform(sleep(Duration::from_secs(seconds))).await;
                co.yield_item(n * seconds).await;
            }
        })
    };
    let merged = futures::stream::select_all([every(3), every(5)]);
    let times = future::future(merged.collect::<Vec<_>>());
    let times = EventLoop::with_virtual_clock().unwrap().block_on(times).unwrap();
    assert_eq!(times, [3, 5, 6, 9, 10, 15]);
}

#[test]
fn our_next_works_after_a_dropped_next_of_futures() {
    let mut items = quadrivium::generator::stream(|mut co| async move {
        co.perform(turn()).await;
        co.yield_item(1).await;
    });
    let reads = future::future(async move {
        assert_eq!(StreamExt::next(&mut Box::pin(&mut items)).now_or_never(), None);
        items.next().await
    });
    assert_eq!(EventLoop::new().unwrap().block_on(reads).unwrap(), Some(1));
}
