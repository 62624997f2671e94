//! Borrowed buffers: generators, futures and green threads keep a borrow across a suspension.
//! Callbacks cannot.

use std::io::{self, IoSlice, IoSliceMut};

use quadrivium::{
    net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixStream},
    prelude::*,
};

/// Runs a task beside another one that writes `hello` once the first one waits.
fn receives_hello<T: Task<Output = io::Result<()>> + 'static>(reads: impl FnOnce(TcpStream) -> T) {
    let mut event_loop = EventLoop::new().unwrap();
    let connected = event_loop.block_on(future(async {
        let listener = TcpListener::bind(([127, 0, 0, 1], 0))?;
        let one = TcpStream::connect(listener.local_addr()?).await?;
        Ok::<_, io::Error>((one, listener.accept().await?.0))
    }));
    let (one, other) = connected.unwrap().unwrap();
    let reads = event_loop.spawn(reads(one));
    event_loop.turn().unwrap();
    event_loop.block_on(other.write_all(b"hello")).unwrap().unwrap();
    event_loop.block_on(reads).unwrap().unwrap().unwrap();
}

#[test]
fn a_generator_borrows_a_buffer() {
    receives_hello(|stream| {
        generator(|mut co| async move {
            let (mut first, mut rest) = ([0; 1], [0; 9]);
            co.perform(stream.peek(&mut first)).await?;
            co.perform(stream.read_exact(&mut first)).await?;
            let n = co.perform(stream.read(&mut rest)).await?;
            assert_eq!((&first, &rest[..n]), (b"h", &b"ello"[..]));
            Ok(())
        })
    });
}

#[test]
fn a_future_borrows_a_buffer() {
    receives_hello(|stream| {
        future(async move {
            let (mut first, mut rest) = ([0; 1], [0; 9]);
            stream.peek(&mut first).await?;
            stream.read_exact(&mut first).await?;
            let n = stream.read(&mut rest).await?;
            assert_eq!((&first, &rest[..n]), (b"h", &b"ello"[..]));
            Ok(())
        })
    });
}

#[test]
fn a_green_thread_borrows_a_buffer() {
    use quadrivium::green::perform;
    receives_hello(|stream| {
        green(move || {
            let (mut first, mut rest) = ([0; 1], [0; 9]);
            perform(stream.peek(&mut first))?;
            perform(stream.read_exact(&mut first))?;
            let n = perform(stream.read(&mut rest))?;
            assert_eq!((&first, &rest[..n]), (b"h", &b"ello"[..]));
            Ok(())
        })
    });
}

#[test]
fn several_buffers_are_borrowed() {
    let (one, other) = UnixStream::pair().unwrap();
    let both = future(async move {
        one.write_vectored(&[IoSlice::new(b"one"), IoSlice::new(b"two")]).await?;
        let (mut first, mut second) = ([0; 2], [0; 9]);
        let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        let n = other.read_vectored(&mut buffers).await?;
        assert_eq!((n, &first, &second[..4]), (6, b"on", &b"etwo"[..]));
        other.write(b"!").await?;
        one.read(&mut first).await
    });
    assert_eq!(EventLoop::new().unwrap().block_on(both).unwrap().unwrap(), 1);
}

#[test]
fn datagrams_are_borrowed() {
    let both = future(async {
        let (one, other) = UnixDatagram::pair()?;
        let mut buffer = [0; 9];
        one.send(b"unix").await?;
        assert_eq!(other.recv(&mut buffer).await?, 4);
        let socket = UdpSocket::bind(([127, 0, 0, 1], 0))?;
        socket.send_to(b"udp", socket.local_addr()?).await?;
        assert_eq!(socket.peek_from(&mut buffer).await?, (3, socket.local_addr()?));
        assert_eq!(socket.recv_from(&mut buffer).await?.0, 3);
        Ok::<_, io::Error>(())
    });
    EventLoop::new().unwrap().block_on(both).unwrap().unwrap();
}

#[test]
fn sockets_and_their_operations_are_send() {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync>(_: &T) {}
    let (one, _other) = UnixStream::pair().unwrap();
    is_shared(&one);
    is_send(&one.read_owned(vec![0; 1]));
    is_send(&one.write_all(b""));
    is_send(&UnixStream::connect("/nowhere"));
}
