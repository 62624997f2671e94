//! Our sockets, in tasks that move from thread to thread.

use std::io;

use quadrivium::{
    may,
    net::{TcpListener, TcpStream, UnixStream},
    prelude::*,
};

use super::{MS, two_workers};

/// Echoes until the end of the stream.
async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 1000];
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

#[test]
fn many_connections_at_once() {
    two_workers();
    const CLIENTS: usize = 100;
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let server = may::spawn(future(async move {
        for _ in 0..CLIENTS {
            let (stream, _) = listener.accept().await?;
            drop(may::spawn(future(echo(stream))));
        }
        Ok::<_, io::Error>(())
    }));
    let client = move |i: usize| {
        future(async move {
            let stream = TcpStream::connect(address).await?;
            let sent = vec![i as u8; 20_000];
            let (wrote, mut received) = (stream.write_all(&sent), vec![0; sent.len()]);
            let (wrote, read) = join(wrote, stream.read_exact(&mut received)).await;
            wrote.and(read)?;
            Ok::<_, io::Error>(received == sent)
        })
    };
    let clients: Vec<_> = (0..CLIENTS).map(|i| may::spawn(client(i))).collect();
    for client in clients {
        assert!(may::block_on(client).unwrap().unwrap().unwrap());
    }
    may::block_on(server).unwrap().unwrap().unwrap();
}

#[test]
fn a_name_is_looked_up_and_connected_to() {
    two_workers();
    let listener = listener();
    let port = listener.local_addr().unwrap().port();
    let client = may::spawn(future(async move {
        TcpStream::connect(("localhost", port)).await?.write_all(b"hello").await
    }));
    let received = may::block_on(future(async move {
        let (stream, _) = listener.accept().await?;
        stream.read_to_end_owned(Vec::new()).await.1.pipe(Ok::<_, io::Error>)
    }));
    assert_eq!(received.unwrap().unwrap(), b"hello");
    may::block_on(client).unwrap().unwrap().unwrap();
}

trait Pipe: Sized {
    fn pipe<T>(self, then: impl FnOnce(Self) -> T) -> T {
        then(self)
    }
}

impl<T> Pipe for T {}

#[test]
fn a_socket_goes_from_a_loop_to_may_and_back() {
    two_workers();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut event_loop = EventLoop::new().unwrap();
    // The socket is waited for on this loop first, so it is registered with this loop.
    let waits = timeout(MS, ours.read_owned(vec![0; 10]));
    assert!(event_loop.block_on(waits).unwrap().is_err());
    let there = ours.clone();
    let received = may::spawn(future(async move { there.read_exact_owned(vec![0; 2]).await.1 }));
    event_loop.block_on(theirs.write_all(b"12")).unwrap().unwrap();
    assert_eq!(may::block_on(received).unwrap().unwrap(), b"12");
    event_loop.block_on(theirs.write_all(b"34")).unwrap().unwrap();
    let received = event_loop.block_on(ours.read_exact_owned(vec![0; 2])).unwrap();
    assert_eq!(received.1, b"34");
}

#[test]
fn tasks_that_are_always_ready_do_not_starve_sockets() {
    two_workers();
    let busy: Vec<_> = (0..8)
        .map(|_| {
            may::spawn(future(async {
                loop {
                    turn().await;
                }
            }))
        })
        .collect();
    let (one, other) = UnixStream::pair().unwrap();
    let reads = may::spawn(future(async move { one.read_exact_owned(vec![0; 5]).await.1 }));
    let _ = may::spawn(future(async move {
        sleep(MS).await;
        other.write_all(b"hello").await
    }));
    assert_eq!(may::block_on(reads).unwrap().unwrap(), b"hello");
    busy.iter().for_each(|handle| handle.cancel());
}
