//! ureq, a synchronous HTTP client, on green threads: its connector and its resolver are leaves.

use std::{
    io::{self, ErrorKind, Read, Write},
    pin::pin,
    task::Waker,
    time::Duration,
};

use quadrivium::{
    EventLoop, dns,
    future::future,
    green::{Blocking, green, perform},
    net::TcpStream,
    prelude::join_all,
    task::{Context, Step, Task},
    time::now,
};
use send_wrapper::SendWrapper;
use ureq::{
    Agent, Error, Timeout,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport},
    },
};

use crate::{http, listener};

/// Looks names up on another thread, while the green thread is suspended.
#[derive(Debug)]
struct GreenResolver;

impl Resolver for GreenResolver {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().ok_or(Error::HostNotFound)?;
        let found = perform(dns::lookup((host, uri.port_u16().unwrap_or(80))))?;
        let mut addresses = self.empty();
        found.into_iter().take(16).for_each(|address| addresses.push(address));
        Ok(addresses)
    }
}

/// Connects with our socket.
#[derive(Debug)]
struct GreenConnector;

impl Connector for GreenConnector {
    type Out = GreenTransport;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<GreenTransport>, Error> {
        let stream = Blocking::new(perform(TcpStream::connect(&details.addrs[..]))?);
        let (input, output) =
            (details.config.input_buffer_size(), details.config.output_buffer_size());
        let buffers = LazyBuffers::new(input, output);
        Ok(Some(GreenTransport { stream: SendWrapper::new(stream), buffers }))
    }
}

/// A connection. The agent is `Send`, but green threads of one loop share one thread.
#[derive(Debug)]
struct GreenTransport {
    stream: SendWrapper<Blocking<TcpStream>>,
    buffers: LazyBuffers,
}

/// Names the limit that has passed.
fn named(error: io::Error, limit: Timeout) -> Error {
    match error.kind() {
        ErrorKind::TimedOut => Error::Timeout(limit),
        _ => error.into(),
    }
}

impl Transport for GreenTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, limit: NextTimeout) -> Result<(), Error> {
        let limit = limit.for_write();
        self.stream.set_write_timeout(limit.not_zero().map(|time| *time));
        let written = self.stream.write_all(&self.buffers.output()[..amount]);
        written.map_err(|error| named(error, limit.reason))
    }

    fn await_input(&mut self, limit: NextTimeout) -> Result<bool, Error> {
        let limit = limit.for_read();
        self.stream.set_read_timeout(limit.not_zero().map(|time| *time));
        let read = self.stream.read(self.buffers.input_append_buf());
        let n = read.map_err(|error| named(error, limit.reason))?;
        self.buffers.input_appended(n);
        Ok(n > 0)
    }

    fn is_open(&mut self) -> bool {
        // An idle connection has nothing to read, not even its end. ureq has locked its pool here,
        // so the green thread must not suspend: it resumes the peek by hand, and only once.
        let step =
            pin!(self.stream.get_ref().peek(&mut [0])).resume(&mut Context::new(Waker::noop()));
        matches!(step, Step::Suspended(_))
    }
}

fn agent(limit: Option<Duration>) -> Agent {
    let config = Agent::config_builder().timeout_global(limit).build();
    Agent::with_parts(config, GreenConnector, GreenResolver)
}

#[test]
fn many_requests_wait_at_once_on_one_thread() {
    let (listener, address) = listener();
    let mut event_loop = EventLoop::new().unwrap();
    let _server = event_loop.spawn(future(http::serve(listener)));
    let agent = agent(None);
    let client = |n: usize| {
        let agent = agent.clone();
        green(move || -> Result<String, Error> {
            let url = format!("http://{address}");
            let body = vec![b'x'; 10_000 * n];
            let posted = agent.post(&url).send(&body[..])?.body_mut().read_to_vec()?;
            assert!(posted == body);
            // Each of these requests takes a second in the server.
            agent.get(format!("{url}/slow")).call()?.body_mut().read_to_string()
        })
    };
    let begin = event_loop.now();
    let answers = event_loop.block_on(join_all((0..20).map(client))).unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == "HTTP/1.1 /slow"));
    assert!(event_loop.now() - begin < Duration::from_secs(10), "they wait one after another");
}

#[test]
fn a_limit_ends_a_request_that_is_not_answered() {
    // On the virtual clock, the hour passes when nothing else can happen.
    let (_silent, address) = listener();
    let asks = green(move || {
        let begin = now();
        let answer = agent(Some(Duration::from_secs(3600))).get(format!("http://{address}")).call();
        (answer.unwrap_err(), now() - begin)
    });
    let (error, took) = EventLoop::with_virtual_clock().unwrap().block_on(asks).unwrap();
    assert!(matches!(error, Error::Timeout(Timeout::Global)), "{error}");
    assert!(took > Duration::from_secs(3500), "{took:?}");
}
