//! tokio-postgres over our socket, with a real server. Tasks of all styles share one connection.

use std::{rc::Rc, time::Duration};

use futures::future::try_join_all;
use quadrivium::{
    EventLoop, JoinHandle,
    future::future,
    generator::generator,
    green::{green, perform},
    io::Polled,
    net::UnixStream,
    prelude::{callback, join, join_all, sleep, spawn},
    task::BoxTask,
};
use quadrivium_ecosystem::Postgres;
use tokio_postgres::{Client, Config, Error, NoTls, error::SqlState};

/// Connects to the server. The spawned task reads and writes for the client.
async fn connect(server: &Postgres) -> (Client, JoinHandle<Result<(), Error>>) {
    let stream = Polled::new(UnixStream::connect(server.socket()).await.unwrap());
    let mut config = Config::new();
    config.user("guide").dbname("postgres");
    let (client, connection) = config.connect_raw(stream, NoTls).await.unwrap();
    (client, spawn(future(connection)))
}

/// Runs a program that uses a client. Then the connection has to end well.
fn with_client(program: impl AsyncFnOnce(Client, &Postgres) + 'static) {
    let Some(server) = Postgres::start() else { return };
    let uses = future(async move {
        let (client, connection) = connect(&server).await;
        program(client, &server).await;
        connection.await.unwrap().unwrap();
    });
    EventLoop::new().unwrap().block_on(uses).unwrap();
}

#[test]
fn one_connection_carries_many_queries_at_once() {
    with_client(async |mut client, _| {
        client.batch_execute("CREATE TABLE words (n int PRIMARY KEY, word text)").await.unwrap();
        let insert = client.prepare("INSERT INTO words VALUES ($1, $2)").await.unwrap();
        let inserts = (0..100)
            .map(async |n: i32| client.execute(&insert, &[&n, &"word".repeat(n as usize)]).await);
        try_join_all(inserts).await.unwrap();

        let transaction = client.transaction().await.unwrap();
        assert_eq!(transaction.execute("DELETE FROM words WHERE n >= 10", &[]).await.unwrap(), 90);
        transaction.rollback().await.unwrap();

        let failed = client.execute(&insert, &[&3, &"there already"]).await.unwrap_err();
        assert_eq!(failed.code(), Some(&SqlState::UNIQUE_VIOLATION));
        let sum = "SELECT count(*), sum(length(word)) FROM words";
        let row = client.query_one(sum, &[]).await.unwrap();
        assert_eq!((row.get(0), row.get(1)), (100_i64, 4 * 99 * 100 / 2_i64));
    });
}

#[test]
fn tasks_of_all_styles_share_a_client() {
    with_client(async |client, _| {
        let client = Rc::new(client);
        let double = move |n: i32| {
            let client = Rc::clone(&client);
            future(async move {
                let row = client.query_one("SELECT 2 * $1::int", &[&n]).await.unwrap();
                row.get::<_, i32>(0)
            })
        };
        let [one, two, three, four] = [1, 2, 3, 4].map(double);
        let tasks: [BoxTask<i32>; 4] = [
            Box::pin(callback(move |cb| cb.perform(one, |cb, n| cb.done(n)))),
            Box::pin(generator(|mut co| async move { co.perform(two).await })),
            Box::pin(three),
            Box::pin(green(move || perform(four))),
        ];
        assert_eq!(join_all(tasks).await, [2, 4, 6, 8]);
    });
}

#[test]
fn a_query_is_cancelled_over_a_connection_of_its_own() {
    with_client(async |client, server| {
        let cancel = client.cancel_token();
        let cancels = future(async {
            sleep(Duration::from_millis(50)).await;
            let stream = Polled::new(UnixStream::connect(server.socket()).await.unwrap());
            cancel.cancel_query_raw(stream, NoTls).await.unwrap();
        });
        let sleeps = future(client.batch_execute("SELECT pg_sleep(600)"));
        let (slept, ()) = join(sleeps, cancels).await;
        assert_eq!(slept.unwrap_err().code(), Some(&SqlState::QUERY_CANCELED));
        assert!(client.simple_query("SELECT 1").await.is_ok(), "the connection is as before");
    });
}
