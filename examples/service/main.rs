//! `service`: a web server of another crate, a synchronous library that calls
//! back into a database, a periodic job, a child process, and a stop.
//!
//! New idea: a scope. It waits for its tasks, cancels them and reports. With an
//! address, Ctrl-C stops the program. Without one, it visits itself and stops.

mod outside;

use std::{env, error::Error, io, io::ErrorKind, time::Duration};

use hyper::{Request, Response, server::conn::http1, service::service_fn};
use quadrivium::{
    future::perform, green, hyper::Io, io::BufReader, net::TcpListener,
    net::TcpStream, prelude::*, process::Child, process::ChildStdout,
    process::Command, process::Stdio, scope::*, signal::Signals, sync::Mutex,
    time::every,
};

type AnyError = Box<dyn Error>;
type Family = ScopeHandle<(), AnyError>;

/// A child process that answers a line with a line, one question at a time.
type Database = Mutex<(Child, BufReader<ChildStdout>)>;

fn main() -> Result<(), AnyError> {
    let address = env::args().nth(1);
    let stopped = EventLoop::new()?.block_on(future(run(address)))?;
    stopped.map(|stopped| println!("{stopped}"))
}

/// Runs until a stop. Returns why and how everything ended.
async fn run(to: Option<String>) -> Result<ScopeError<AnyError>, AnyError> {
    let listener = TcpListener::bind(to.as_deref().unwrap_or("127.0.0.1:0"))?;
    let scope = Scope::new();
    Signals::to_stop()?.cancel(&scope);
    if to.is_none() {
        let visiting = future(outside::visit(listener.local_addr()?));
        scope.child().shielded(Duration::MAX).spawn_background(visiting);
        scope.deadline_in(Duration::from_millis(500));
    }
    scope.child().spawn_background(future(count(scope.handle())));
    let accepting = future(accept(listener, scope.handle()));
    scope.child().named("accepting").spawn(accepting);
    Ok(scope.join().await.expect_err("it runs until it is stopped"))
}

/// A stop ends this at once, and each connection within 200 ms.
async fn accept(listener: TcpListener, scope: Family) -> Result<(), AnyError> {
    let database = start_database()?;
    loop {
        let (stream, peer) = listener.accept().await?;
        let child = scope.child().named("connection");
        let child = child.on_failure(move |error| eprintln!("{peer}: {error}"));
        let child = child.shielded(Duration::from_millis(200));
        child.spawn(future(talk(stream, database.clone())));
    }
}

/// Serves one request with hyper. The library runs in a green thread.
async fn talk(stream: TcpStream, database: Database) -> Result<(), AnyError> {
    let service = service_fn(|request: Request<_>| {
        let (url, database) = (request.uri().clone(), database.clone());
        let ask = move |name: &str| green::perform(ask(&database, name));
        let page = green(move || outside::render(&url.path()[1..], ask));
        async { perform(page).await.map(Response::new) }
    });
    let mut http = http1::Builder::new();
    let http = http.keep_alive(false);
    Ok(http.serve_connection(Io::new(stream), service).await?)
}

fn start_database() -> io::Result<Database> {
    let script = "while read n; do [ $n = lost ] || echo \"$n of here\"; done";
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn()?;
    let answers = BufReader::new(child.stdout.take().expect("it is piped"));
    Ok(Mutex::new((child, answers)))
}

fn ask(to: &Database, name: &str) -> impl Task<Output = io::Result<String>> {
    future(async move {
        let process = to.lock().await;
        let questions = process.0.stdin.as_ref().expect("it is piped");
        questions.write_all(format!("{name}\n").as_bytes()).await?;
        process.1.next_line().await?.ok_or(ErrorKind::UnexpectedEof.into())
    })
}

/// Prints each 100 ms how many tasks there are.
async fn count(scope: Family) -> Result<(), AnyError> {
    let ticks = every(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        println!("{} tasks", scope.len());
    }
}

#[cfg(test)]
mod tests;
