//! [`TestServer`]: a server under test, on a thread and a loop of its own. Its
//! clients use blocking sockets. [`Program`]: the tests that every server must
//! pass.

use std::{
    io::{self, ErrorKind, Write},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    thread,
    time::Duration,
};

use quadrivium::{
    future::perform,
    green,
    net::{self, TcpListener},
    prelude::*,
    task::BoxTask,
};

use crate::{
    server::{Connection, Limits, Server},
    styles::StyleName,
};

mod client;

pub use client::Client;

/// No answer takes longer than this, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a test waits to see that no byte comes. On a busy machine a test
/// may miss a byte, but it never fails without reason.
pub const A_WHILE: Duration = Duration::from_millis(50);

/// The size of a small buffer of the kernel, in bytes. With a smaller one, the
/// kernel waits for its timers before it reports free space.
const SMALL: usize = 32 * 1024;

/// Returns limits that no test reaches.
pub fn unlimited() -> Limits {
    Limits {
        max_connections: usize::MAX,
        idle_timeout: None,
        grace: Duration::from_secs(3600),
    }
}

pub struct TestServer {
    pub address: SocketAddr,
    stop_sender: UnixStream,
    thread: thread::JoinHandle<usize>,
}

impl TestServer {
    /// Starts a server with these limits.
    pub fn new(
        limits: Limits,
        serve: impl FnOnce(Server) -> BoxTask<()> + Send + 'static,
    ) -> Self {
        Self::on(listener(), limits, serve)
    }

    /// Starts a server whose buffers in the kernel are small, so that each long
    /// write is done in parts.
    pub fn with_small_buffers(
        limits: Limits,
        serve: impl FnOnce(Server) -> BoxTask<()> + Send + 'static,
    ) -> Self {
        let listener = listener();
        // A connection has the buffer sizes of its listener.
        listener.set_send_buffer_size(SMALL).unwrap();
        listener.set_recv_buffer_size(SMALL).unwrap();
        Self::on(listener, limits, serve)
    }

    fn on(
        listener: TcpListener,
        limits: Limits,
        serve: impl FnOnce(Server) -> BoxTask<()> + Send + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (stop_sender, stop_receiver) = UnixStream::pair().unwrap();
        let run = move || {
            let mut event_loop = EventLoop::new().unwrap();
            let server = Server::new(listener, limits);
            let stop_receiver =
                net::UnixStream::from_std(stop_receiver).unwrap();
            let stopping = stop_on_request(stop_receiver, server.clone());
            drop(event_loop.spawn(stopping));
            let accepting = serve(server.clone());
            event_loop.block_on(server.run(accepting)).unwrap()
        };
        Self { address, stop_sender, thread: thread::spawn(run) }
    }

    pub fn connect(&self) -> Client {
        Client::new(TcpStream::connect(self.address).unwrap())
    }

    pub fn stop(&self) {
        (&self.stop_sender).write_all(b".").unwrap();
    }

    /// Stops the server and waits for its end. Returns how many connections had
    /// to be cancelled.
    pub fn stop_and_wait(self) -> usize {
        self.stop();
        self.wait()
    }

    /// Waits until the server has ended. Returns how many connections had to be
    /// cancelled.
    pub fn wait(self) -> usize {
        self.thread.join().expect("the server does not panic")
    }
}

fn listener() -> TcpListener {
    TcpListener::bind(([127, 0, 0, 1], 0)).unwrap()
}

fn stop_on_request(
    stop_receiver: net::UnixStream,
    server: Server,
) -> impl Task<Output = ()> {
    future(async move {
        while let Ok(1) = stop_receiver.read(&mut [0]).await {
            server.stop();
        }
    })
}

/// Returns a task in this style that panics once it has read something.
fn panic_after_read(
    style: StyleName,
    connection: Connection,
) -> BoxTask<io::Result<()>> {
    const MESSAGE: &str = "the test asked for this panic";
    match style {
        StyleName::Callback => Box::pin(callback(move |cb| {
            cb.perform(connection.read_or_stop_owned([0]), |_, _| {
                panic!("{MESSAGE}")
            });
        })),
        StyleName::Generator => Box::pin(generator(move |mut co| async move {
            let _ = co.perform(connection.read_or_stop(&mut [0])).await;
            panic!("{MESSAGE}")
        })),
        StyleName::Future => Box::pin(future(async move {
            let _ = connection.read_or_stop(&mut [0]).await;
            panic!("{MESSAGE}")
        })),
        StyleName::Green => Box::pin(green(move || {
            let _ = green::perform(connection.read_or_stop(&mut [0]));
            panic!("{MESSAGE}")
        })),
    }
}

/// Returns `n` bytes. No two neighbours are equal.
pub fn bytes(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i % 251) as u8).collect()
}

/// A server program, and its part in the tests that every server has to pass in
/// every style.
#[derive(Clone, Copy)]
pub struct Program {
    pub serve: fn(StyleName, Server) -> BoxTask<()>,
    /// Bytes that a client sends. The server reads all of them.
    pub script: &'static [u8],
    /// Sends something and reads the reply: the client is being served.
    pub exchange: fn(&mut Client),
}

impl Program {
    fn start(self, style: StyleName, limits: Limits) -> TestServer {
        TestServer::new(limits, move |server| (self.serve)(style, server))
    }

    fn connect_served(self, server: &TestServer) -> Client {
        let mut client = server.connect();
        (self.exchange)(&mut client);
        client
    }

    /// A reset after any byte ends one connection, and makes room for another.
    pub fn survives_resets(self) {
        for style in StyleName::ALL {
            let limits = Limits { max_connections: 1, ..unlimited() };
            let server = self.start(style, limits);
            for n in 0..=self.script.len() {
                let mut client = server.connect();
                client.send(&self.script[..n]);
                client.reset();
            }
            drop(self.connect_served(&server));
            assert_eq!(server.stop_and_wait(), 0, "{style}");
        }
    }

    /// A client that disconnects while the server writes to it (EPIPE or a
    /// reset) ends one connection.
    pub fn survives_clients_that_disconnect(self) {
        for style in StyleName::ALL {
            let limits = Limits { max_connections: 1, ..unlimited() };
            let server = self.start(style, limits);
            for n in [1, self.script.len(), 100 * self.script.len()] {
                let mut client = server.connect();
                // The server may close before it has read everything.
                let script = self.script.iter().cycle().take(n);
                let _ = client
                    .stream
                    .write_all(&script.copied().collect::<Vec<_>>());
            }
            drop(self.connect_served(&server));
            assert_eq!(server.stop_and_wait(), 0, "{style}");
        }
    }

    /// At the limit of connections, a client waits until another one leaves.
    pub fn limits_connections(self) {
        for style in StyleName::ALL {
            let limits = Limits { max_connections: 2, ..unlimited() };
            let server = self.start(style, limits);
            let (first, second) =
                (self.connect_served(&server), self.connect_served(&server));
            let mut third = server.connect();
            third.expect_nothing_for_a_while();
            drop(first);
            (self.exchange)(&mut third);
            drop((second, third));
            assert_eq!(server.stop_and_wait(), 0, "{style}");
        }
    }

    /// A client that sends nothing is disconnected after the idle timeout.
    pub fn closes_idle_connections(self) {
        for style in StyleName::ALL {
            let idle_timeout = Some(A_WHILE);
            let server =
                self.start(style, Limits { idle_timeout, ..unlimited() });
            server.connect().expect_closed();
            assert_eq!(server.stop_and_wait(), 0, "{style}");
        }
    }

    /// A panic ends one connection, and makes room for another.
    pub fn survives_panics(self) {
        const PANICS: usize = 3;
        for style in StyleName::ALL {
            let limits = Limits { max_connections: 2, ..unlimited() };
            // The first connections get a task that panics, the later ones the
            // program.
            let server = TestServer::new(limits, move |server| {
                Box::pin(future(async move {
                    for _ in 0..PANICS {
                        let connection = perform(server.next()).await;
                        let connection = connection.expect("not stopped");
                        let body = |it| panic_after_read(style, it);
                        server.spawn(connection, body);
                    }
                    perform((self.serve)(style, server)).await;
                }))
            });
            let mut unharmed = server.connect();
            for _ in 1..PANICS {
                let mut client = server.connect();
                client.send(b"!");
                client.expect_closed();
            }
            unharmed.expect_nothing_for_a_while();
            let beside = self.connect_served(&server);
            unharmed.send(b"!");
            unharmed.expect_closed();
            // There is room for two connections again.
            drop((self.connect_served(&server), beside));
            assert_eq!(server.stop_and_wait(), 0, "{style}");
        }
    }

    /// The stop closes connections that wait, and no client can connect then.
    pub fn stops_on_request(self) {
        for style in StyleName::ALL {
            let server = self.start(style, unlimited());
            let address = server.address;
            let mut client = self.connect_served(&server);
            server.stop();
            client.expect_closed();
            drop(client);
            assert_eq!(server.wait(), 0, "{style}");
            let error = TcpStream::connect(address).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{style}");
        }
    }

    /// A connection that cannot end is cancelled: after the grace period, or at
    /// the second stop.
    pub fn cancels_connections_that_do_not_end(self) {
        for style in StyleName::ALL {
            for grace in [Duration::ZERO, Duration::from_secs(3600)] {
                let server = self.start(style, Limits { grace, ..unlimited() });
                let mut client = self.connect_served(&server);
                client.send_until_blocked(self.script, 1 << 30);
                server.stop();
                if !grace.is_zero() {
                    server.stop();
                }
                assert_eq!(server.wait(), 1, "{style}");
            }
        }
    }
}
