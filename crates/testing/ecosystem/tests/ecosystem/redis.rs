//! The crate redis over our socket, with a real server. Its asynchronous connection runs as a
//! future, and its synchronous commands on a green thread.

use std::io::Write;

use quadrivium::{
    EventLoop,
    future::future,
    green::{Blocking, green, perform},
    io::Polled,
    net::UnixStream,
    prelude::{join_all, spawn},
};
use quadrivium_ecosystem::Redis;
use redis::{
    AsyncCommands, AsyncConnectionConfig, Commands, ConnectionLike, Parser, RedisConnectionInfo,
    RedisError, RedisResult, Value, aio::MultiplexedConnection,
};

use crate::on_this_thread::OnThisThread;

/// Connects to the server. The timeouts of the crate need the runtime of tokio, so they are off:
/// `timeout` of ours limits any command.
async fn connect(server: &Redis) -> MultiplexedConnection {
    let stream = Polled::new(UnixStream::connect(server.socket()).await.unwrap());
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let (connection, drives) = MultiplexedConnection::new_with_config(
        &RedisConnectionInfo::default(),
        OnThisThread::new(stream),
        config,
    )
    .await
    .unwrap();
    drop(spawn(future(drives)));
    connection
}

#[test]
fn one_connection_carries_many_commands_at_once() {
    let Some(server) = Redis::start() else { return };
    let program = future(async move {
        let connection = connect(&server).await;
        let counts = (0..100).map(|n| {
            let mut connection = connection.clone();
            future(async move {
                let () = connection.set(n, "x".repeat(1000 * n)).await.unwrap();
                connection.strlen::<_, usize>(n).await.unwrap()
            })
        });
        join_all(counts).await
    });
    let counts = EventLoop::new().unwrap().block_on(program).unwrap();
    assert_eq!(counts, (0..100).map(|n| 1000 * n).collect::<Vec<_>>());
}

/// A synchronous connection, which suspends its green thread.
struct OnGreenThread {
    stream: Blocking<UnixStream>,
    parser: Parser,
}

impl ConnectionLike for OnGreenThread {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        self.stream.write_all(command)?;
        self.parser.parse_value(&self.stream)
    }

    fn req_packed_commands(
        &mut self,
        commands: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.stream.write_all(commands)?;
        let answers: Result<Vec<_>, RedisError> =
            (0..offset + count).map(|_| self.parser.parse_value(&self.stream)).collect();
        answers.map(|mut answers| answers.split_off(offset))
    }

    fn get_db(&self) -> i64 {
        0
    }

    fn check_connection(&mut self) -> bool {
        redis::cmd("PING").exec(self).is_ok()
    }

    fn is_open(&self) -> bool {
        true
    }
}

#[test]
fn synchronous_commands_suspend_their_green_thread() {
    let Some(server) = Redis::start() else { return };
    let mut event_loop = EventLoop::new().unwrap();
    let client = |n: usize| {
        let socket = server.socket();
        green(move || -> RedisResult<(usize, Vec<String>)> {
            let stream = Blocking::new(perform(UnixStream::connect(socket))?);
            let mut redis = OnGreenThread { stream, parser: Parser::new() };
            let () = redis.set(n, "first")?;
            let _length: usize = redis.append(n, " and second")?;
            let (words, all): (String, Vec<usize>) = redis::pipe()
                .atomic()
                .get(n)
                .rpush("list", n)
                .ignore()
                .cmd("EVAL")
                .arg("return {1, 2, 3}")
                .arg(0)
                .query(&mut redis)?;
            let wrong: RedisResult<usize> = redis.llen(n);
            assert_eq!(wrong.unwrap_err().code(), Some("WRONGTYPE"));
            // Waits until another client pushes to its list, so no client may block the thread.
            let () = redis.rpush(format!("queue {}", (n + 1) % 20), n)?;
            let popped: (String, usize) = redis.blpop(format!("queue {n}"), 10.0)?;
            assert_eq!(popped.1, (n + 19) % 20);
            Ok((all.len(), words.split(' ').map(str::to_owned).collect()))
        })
    };
    let clients: Vec<_> = (0..20).map(client).collect();
    for answer in event_loop.block_on(join_all(clients)).unwrap() {
        let (length, words) = answer.unwrap();
        assert_eq!((length, words.join("-")), (3, "first-and-second".to_owned()));
    }
}
