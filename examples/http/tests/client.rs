//! [`Client`]: sends any bytes, and checks the form of the answers.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

pub struct Client {
    pub stream: TcpStream,
    unread: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("the connection is open");
        // With a limit, a server that does not answer fails the test.
        let most = Some(Duration::from_secs(60));
        stream.set_read_timeout(most).expect("the connection is open");
        stream.set_write_timeout(most).expect("the connection is open");
        Self { stream, unread: Vec::new() }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).expect("the connection is open");
        self
    }

    /// Sends as many of these bytes as the server takes.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    pub fn end_writing(&mut self) -> &mut Self {
        self.stream.shutdown(Shutdown::Write).expect("the connection is open");
        self
    }

    /// Reads the next answer to a request that is no HEAD.
    pub fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        let has_body = !matches!(answer.status, 100 | 304);
        let length = match answer.field("content-length") {
            Some(length) => length.parse().expect("it is a number"),
            None => 0,
        };
        assert_eq!(has_body, answer.field("content-length").is_some());
        while self.unread.len() < length {
            assert!(self.read_more(), "the body is too short");
        }
        answer.body = self.unread.drain(..length).collect();
        answer
    }

    /// Reads the next head.
    pub fn head(&mut self) -> Answer {
        let end = loop {
            if let Some(end) =
                self.unread.windows(4).position(|it| it == b"\r\n\r\n")
            {
                break end + 4;
            }
            assert!(self.read_more(), "it ended: {:?}", self.unread);
        };
        let head = self.unread.drain(..end).collect();
        let head = String::from_utf8(head).expect("it is ASCII");
        let code = head
            .strip_prefix("HTTP/1.1 ")
            .expect("an answer begins with its version");
        let status = code[..3].parse().expect("it is a number");
        Answer { status, head, body: Vec::new() }
    }

    /// Reads some more bytes. Returns `false` at the end.
    pub fn read_more(&mut self) -> bool {
        let mut buffer = [0; 64 * 1024];
        let n = self
            .stream
            .read(&mut buffer)
            .expect("the server answers or closes");
        self.unread.extend_from_slice(&buffer[..n]);
        n > 0
    }

    /// Reads until the server closes or resets the connection.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let mut buffer = [0; 64 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => self.unread.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    break;
                }
                Err(error) => panic!("the connection is not closed: {error}"),
            }
        }
        std::mem::take(&mut self.unread)
    }

    /// Returns whether the server has closed without a reset, and has sent
    /// nothing more.
    pub fn is_closed(&mut self) -> bool {
        self.unread.is_empty() && !self.read_more()
    }
}

impl Answer {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("it is text")
    }
}
