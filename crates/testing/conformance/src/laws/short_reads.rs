//! Reads that return fewer bytes than their buffer holds. The bytes behind them must be read, too.
//! The kernel keeps an urgent byte (`MSG_OOB`) apart, and every read stops at the place where the
//! byte was, even if more bytes follow.

use std::{
    future::poll_fn,
    io::{ErrorKind, Read, Write},
    mem::MaybeUninit,
    net, thread,
    time::Duration,
};

use quadrivium::{green::Blocking, io::Polled, net::TcpStream, prelude::*, task::BoxTask};
use socket2::SockRef;

use crate::{
    Subject, TestLoop, body,
    sockets::{bytes, listener, read, real_loop, std_tcp},
};

laws! { ($) short_reads:
    /// Bytes before and behind an urgent byte are read by every kind of read that had to wait.
    continue_behind_an_urgent_byte;
    /// Bytes before and behind an urgent byte are read even if the program has already taken the
    /// urgent byte out.
    continue_behind_an_urgent_byte_that_was_taken;
    /// Whenever urgent bytes come, every other byte is read, and none has to wait for a later byte.
    continue_behind_urgent_bytes_at_any_time;
    /// If the end of a stream arrives together with the last bytes, it is read after them.
    are_followed_by_the_end;
    /// If a reset arrives together with the last bytes, the read fails with it after them or in
    /// their place.
    are_followed_by_a_reset;
}

/// Writes bytes on both sides of an urgent one.
fn write_around_an_urgent_byte(mut stream: &net::TcpStream) {
    stream.write_all(b"ab").unwrap();
    assert_eq!(SockRef::from(stream).send_out_of_band(b"!").unwrap(), 1);
    stream.write_all(b"cd").unwrap();
}

type Reads = fn(TcpStream) -> BoxTask<Vec<u8>>;

/// The operations. Each reads four bytes.
const OPERATIONS: [Reads; 6] = [
    |stream| {
        Box::pin(future(async move {
            let mut buffer = vec![0; 4];
            stream.read_exact(&mut buffer).await.unwrap();
            buffer
        }))
    },
    |stream| {
        Box::pin(future(async move {
            let (before, behind) = (stream.read_owned(vec![0; 9]), stream.read_owned(vec![0; 9]));
            [read(before.await), read(behind.await)].concat()
        }))
    },
    |stream| {
        Box::pin(future(async move {
            let (mut all, mut buffers) = (Vec::new(), [[0; 1]; 9]);
            while all.len() < 4 {
                let (n, filled) = stream.read_vectored_owned(buffers).await;
                buffers = filled;
                all.extend_from_slice(&buffers.concat()[..n.unwrap()]);
            }
            all
        }))
    },
    |stream| {
        Box::pin(future(async move {
            let (mut all, mut buffer) = (Vec::new(), vec![0; 9]);
            while all.len() < 4 {
                // A peek returns the same bytes as the read after it.
                let n;
                (n, buffer) = stream.peek_owned(buffer).await;
                assert_eq!(stream.read(&mut buffer).await.unwrap(), n.unwrap());
                all.extend(buffer.iter().take_while(|byte| **byte != 0));
                buffer.fill(0);
            }
            all
        }))
    },
    |stream| {
        Box::pin(future(async move {
            let (mut stream, mut all, mut buffer) = (Polled::new(stream), Vec::new(), [0; 9]);
            while all.len() < 4 {
                let n = poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await.unwrap();
                all.extend_from_slice(&buffer[..n]);
            }
            all
        }))
    },
    |stream| {
        Box::pin(green(move || {
            let mut buffer = vec![0; 4];
            Blocking::new(stream).read_exact(&mut buffer).unwrap();
            buffer
        }))
    },
];

/// Connections to a peer that blocks: one that the loop connected, one that it accepted, and one
/// that was made outside. The loop assumes different things about their readiness.
fn connections(event_loop: &mut TestLoop) -> [(TcpStream, net::TcpStream); 3] {
    let (listener, address) = listener();
    let accepts = net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let connect = TcpStream::connect(accepts.local_addr().unwrap());
    let connected = event_loop.block_on(connect).unwrap().unwrap();
    let connects = net::TcpStream::connect(address).unwrap();
    let accepted = event_loop.block_on(listener.accept()).unwrap().unwrap().0;
    let (adopted, peer) = std_tcp();
    [
        (connected, accepts.accept().unwrap().0),
        (accepted, connects),
        (TcpStream::from_std(adopted).unwrap(), peer),
    ]
}

/// Lets each operation wait, and writes the bytes. Then calls `meanwhile`, and checks the bytes
/// that are read.
fn reads_over_an_urgent_byte(subject: Subject, meanwhile: fn(&TcpStream)) {
    let mut event_loop = real_loop();
    for operation in OPERATIONS {
        for (one, other) in connections(&mut event_loop) {
            let reads = one.clone();
            let reads =
                body().perform_then(move || operation(reads), |all| assert_eq!(all, b"abcd"));
            let reads = event_loop.start(subject.task(reads), 2);
            assert!(!reads.is_finished(), "the read must wait: no byte has arrived");
            write_around_an_urgent_byte(&other);
            meanwhile(&one);
            event_loop.block_on(reads).unwrap().unwrap();
            // Dropped only now, since the end of a stream is always noticed.
            drop(other);
        }
    }
}

fn continue_behind_an_urgent_byte(subject: Subject) {
    reads_over_an_urgent_byte(subject, |_| {});
}

fn continue_behind_an_urgent_byte_that_was_taken(subject: Subject) {
    reads_over_an_urgent_byte(subject, |stream| {
        let mut urgent = [MaybeUninit::uninit()];
        assert_eq!(SockRef::from(stream).recv_out_of_band(&mut urgent).unwrap(), 1);
    });
}

/// Bytes that are written in pieces, perhaps with an urgent byte between them.
struct Burst {
    pieces: Vec<usize>,
    /// The urgent byte is sent before the piece with this index, or after the last piece.
    urgent: Option<usize>,
    /// The number of bytes that the reader reads first.
    first: usize,
}

impl Burst {
    /// Makes a burst from pseudo-random numbers.
    fn of(random: &mut u32) -> Self {
        let mut below = |n: usize| {
            // The generator of Numerical Recipes. Its upper bits are the good ones.
            *random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (*random >> 16) as usize % n
        };
        let pieces: Vec<_> = (0..=below(3)).map(|_| 1 + below(3)).collect();
        let urgent = Some(below(pieces.len() + 1)).filter(|_| below(2) == 0);
        Self { first: below(pieces.iter().sum::<usize>() + 1), urgent, pieces }
    }

    fn len(&self) -> usize {
        self.pieces.iter().sum()
    }

    fn write(&self, mut stream: &net::TcpStream) {
        let mut left = &bytes(self.len())[..];
        for place in 0..=self.pieces.len() {
            if self.urgent == Some(place) {
                SockRef::from(stream).send_out_of_band(b"!").unwrap();
            }
            let (piece, behind) = left.split_at(self.pieces.get(place).copied().unwrap_or(0));
            stream.write_all(piece).unwrap();
            left = behind;
        }
    }
}

fn continue_behind_urgent_bytes_at_any_time(subject: Subject) {
    // Only the first urgent byte of a connection matters, so the test makes many connections.
    let rounds = if subject.is_pair() { 3 } else { 30 };
    let mut event_loop = real_loop();
    for seed in 0..rounds {
        for (one, other) in connections(&mut event_loop) {
            bursts_arrive(subject, &mut event_loop, one, other, seed);
        }
    }
}

fn bursts_arrive(
    subject: Subject,
    event_loop: &mut TestLoop,
    one: TcpStream,
    mut other: net::TcpStream,
    seed: u32,
) {
    // Every piece is sent in a packet of its own.
    other.set_nodelay(true).unwrap();
    let bursts = move || {
        let mut random = seed;
        (0..6).map(move |_| Burst::of(&mut random))
    };
    // A thread of its own, so that bursts arrive at any point of the reader's work.
    let writes = thread::spawn(move || {
        for burst in bursts() {
            burst.write(&other);
            // The next burst comes after this one has been read, so no later byte can wake the
            // reader.
            other.read_exact(&mut [0]).unwrap();
        }
    });
    let reads = bursts().fold(body(), |body, burst| {
        let [first, second, answers] = [(); 3].map(|()| one.clone());
        let (from, n) = (burst.first, burst.len());
        body.perform_read_exact(move || first.read_exact_owned(vec![0; from]), &bytes(n)[..from])
            .perform_read_exact(
                move || second.read_exact_owned(vec![0; n - from]),
                &bytes(n)[from..],
            )
            .perform_ok(move || answers.write_all_owned("."))
    });
    event_loop.block_on(subject.task(reads)).unwrap();
    writes.join().unwrap();
}

fn are_followed_by_the_end(subject: Subject) {
    let mut event_loop = real_loop();
    for (one, mut other) in connections(&mut event_loop) {
        let [last, end] = [(); 2].map(|()| one.clone());
        let reads = body()
            .perform_read(move || last.read_owned(vec![0; 9]), b"abc")
            .perform_eq(move || end.read_owned([0; 9]), 0);
        let reads = event_loop.start(subject.task(reads), 2);
        // The bytes and the end come in one event.
        other.write_all(b"abc").unwrap();
        drop(other);
        event_loop.block_on(reads).unwrap().unwrap();
    }
}

fn are_followed_by_a_reset(subject: Subject) {
    let mut event_loop = real_loop();
    for (one, mut other) in connections(&mut event_loop) {
        let reads =
            body().perform_err(move || one.read_exact_owned([0; 9]), ErrorKind::ConnectionReset);
        let reads = event_loop.start(subject.task(reads), 2);
        other.write_all(b"abc").unwrap();
        SockRef::from(&other).set_linger(Some(Duration::ZERO)).unwrap();
        drop(other);
        event_loop.block_on(reads).unwrap().unwrap();
    }
}
