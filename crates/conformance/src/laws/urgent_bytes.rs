//! TCP streams in which the peer sends urgent bytes (`MSG_OOB`). The kernel keeps such a byte apart,
//! and every read stops at the place where it was, whatever lies behind.

use std::{
    future::poll_fn,
    io::{Read, Write},
    net, thread,
};

use quadrivium::{green::Blocking, io::Polled, net::TcpStream, prelude::*, task::BoxTask};
use socket2::SockRef;

use crate::{
    Subject, body,
    sockets::{bytes, ok, read, real_loop, std_tcp},
    turns,
};

laws! { ($) urgent_bytes:
    /// A read that has waited reads what lies before and behind an urgent byte, whichever operation
    /// it is.
    are_read_over;
    /// The same where the program has taken the urgent byte out by then.
    are_read_over_when_taken;
    /// Whenever urgent bytes come, every other byte is read, and none has to wait for a later one.
    at_any_time;
}

/// Writes bytes on both sides of an urgent one.
fn write_around_an_urgent_byte(mut stream: &net::TcpStream) {
    stream.write_all(b"ab").unwrap();
    assert_eq!(SockRef::from(stream).send_out_of_band(b"!").unwrap(), 1);
    stream.write_all(b"cd").unwrap();
}

type Reads = fn(TcpStream) -> BoxTask<Vec<u8>>;

/// Each reads four bytes.
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
                // A peek finds what the read behind it reads.
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

/// Has each operation wait, lets `meanwhile` do something about the stream when all the bytes are
/// there, and sees what is read.
fn reads_over_an_urgent_byte(subject: Subject, meanwhile: fn(&TcpStream)) {
    for operation in OPERATIONS {
        let (mut event_loop, (one, other)) = (real_loop(), std_tcp());
        let one = TcpStream::from_std(one).unwrap();
        let reads = one.clone();
        let reads = body().perform_then(move || operation(reads), |all| assert_eq!(all, b"abcd"));
        let reads = event_loop.spawn(subject.task(reads));
        turns(&mut event_loop, 2);
        assert!(!reads.is_finished(), "there is nothing yet");
        write_around_an_urgent_byte(&other);
        meanwhile(&one);
        event_loop.block_on(reads).unwrap().unwrap();
        // It is open to the end: that of a stream is always found.
        drop(other);
    }
}

fn are_read_over(subject: Subject) {
    reads_over_an_urgent_byte(subject, |_| {});
}

fn are_read_over_when_taken(subject: Subject) {
    reads_over_an_urgent_byte(subject, |stream| {
        let mut urgent = [std::mem::MaybeUninit::uninit()];
        assert_eq!(SockRef::from(stream).recv_out_of_band(&mut urgent).unwrap(), 1);
    });
}

/// A burst of bytes that is written in pieces, and has an urgent byte somewhere.
struct Burst {
    pieces: Vec<usize>,
    urgent_before: usize,
    /// The reader reads so many of them first.
    first: usize,
}

impl Burst {
    /// From numbers that look random.
    fn of(random: &mut u32) -> Self {
        let mut below = |n: usize| {
            // Numerical Recipes' generator; its upper bits are the good ones.
            *random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (*random >> 16) as usize % n
        };
        let pieces: Vec<_> = (0..=below(3)).map(|_| 1 + below(3)).collect();
        let urgent_before = below(pieces.len() + 1);
        Self { first: below(pieces.iter().sum::<usize>() + 1), urgent_before, pieces }
    }

    fn len(&self) -> usize {
        self.pieces.iter().sum()
    }

    fn write(&self, mut stream: &net::TcpStream) {
        let mut left = &bytes(self.len())[..];
        for (place, n) in self.pieces.iter().enumerate() {
            if place == self.urgent_before {
                SockRef::from(stream).send_out_of_band(b"!").unwrap();
            }
            stream.write_all(&left[..*n]).unwrap();
            left = &left[*n..];
        }
        if self.urgent_before == self.pieces.len() {
            SockRef::from(stream).send_out_of_band(b"!").unwrap();
        }
    }
}

fn at_any_time(subject: Subject) {
    let rounds = if subject.is_pair() { 30 } else { 300 };
    let (mut event_loop, (one, mut other)) = (real_loop(), std_tcp());
    // Every byte leaves in a packet of its own.
    other.set_nodelay(true).unwrap();
    let one = TcpStream::from_std(one).unwrap();
    let bursts = move || {
        let mut random = 1;
        (0..rounds).map(move |_| Burst::of(&mut random))
    };
    // Another thread, so that a burst comes in the middle of anything the reader does.
    let writes = thread::spawn(move || {
        for burst in bursts() {
            burst.write(&other);
            // The next comes when this one has been read, so nothing later can help.
            other.read_exact(&mut [0]).unwrap();
        }
    });
    let reads = bursts().fold(body(), |body, burst| {
        let [first, second, answers] = [(); 3].map(|()| one.clone());
        let (from, n) = (burst.first, burst.len());
        body.perform_then(
            move || first.read_exact_owned(vec![0; from]),
            move |(done, buffer)| {
                done.unwrap();
                assert_eq!(buffer, bytes(n)[..from]);
            },
        )
        .perform_then(
            move || second.read_exact_owned(vec![0; n - from]),
            move |(done, buffer)| {
                done.unwrap();
                assert_eq!(buffer, bytes(n)[from..]);
            },
        )
        .perform_then(move || answers.write_all_owned("."), ok)
    });
    event_loop.block_on(subject.task(reads)).unwrap();
    writes.join().unwrap();
}
