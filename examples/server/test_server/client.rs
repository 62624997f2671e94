//! [`Client`]: a client of a server under test.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

use socket2::SockRef;

use super::{A_WHILE, PATIENCE, SMALL};

/// A client that blocks, and gives up after [`PATIENCE`].
pub struct Client {
    pub stream: TcpStream,
}

impl Client {
    pub fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Checks that these bytes come next.
    #[track_caller]
    pub fn expect(&mut self, bytes: &[u8]) {
        let mut got = vec![0; bytes.len()];
        self.stream.read_exact(&mut got).unwrap();
        assert!(got == bytes, "{:?}", String::from_utf8_lossy(&got));
    }

    #[track_caller]
    pub fn expect_nothing_for_a_while(&mut self) {
        self.stream.set_read_timeout(Some(A_WHILE)).unwrap();
        let error = self.stream.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }

    /// Shuts down the writing side.
    pub fn end_writing(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Reads until the end, and returns everything that was read.
    pub fn read_to_end(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).unwrap();
        rest
    }

    /// Checks that the server closes or resets the connection. Discards the
    /// bytes that come before.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        loop {
            match self.stream.read(&mut [0; 1024]) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    let kind = error.kind();
                    return assert_eq!(kind, ErrorKind::ConnectionReset);
                }
            }
        }
    }

    /// Resets the connection: the server gets `ECONNRESET`.
    pub fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Makes the buffers of the kernel small on this side, too.
    pub fn with_small_buffers(self) -> Self {
        SockRef::from(&self.stream).set_send_buffer_size(SMALL).unwrap();
        SockRef::from(&self.stream).set_recv_buffer_size(SMALL).unwrap();
        self
    }

    /// Sends this again and again without reading, until no more bytes are
    /// taken. Returns how many bytes were taken, at most about `most`.
    pub fn send_until_blocked(&mut self, what: &[u8], most: usize) -> usize {
        let all = what.repeat(1 + (64 << 10) / what.len());
        self.stream.set_nonblocking(true).unwrap();
        let (mut taken, mut fruitless) = (0, 0);
        while taken < most && fruitless < 30 {
            match self.stream.write(&all[taken % what.len()..]) {
                Ok(n) => taken += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    fruitless += 1;
                    thread::sleep(A_WHILE / 10);
                }
                // The server has closed, so it takes no more bytes.
                Err(_) => break,
            }
        }
        self.stream.set_nonblocking(false).unwrap();
        taken
    }
}
