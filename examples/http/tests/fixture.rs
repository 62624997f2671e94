//! [`Running`]: a server in a thread of its own, and the folder it serves.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use futures::channel::oneshot;
use quadrivium::{net::TcpListener, prelude::*};
use tempfile::TempDir;

use super::client::{Answer, Client};
use crate::{
    http::{self, Http},
    server::{Limits, Server},
    styles::Style,
};

pub struct Running {
    pub address: SocketAddr,
    root: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<usize>>,
}

/// Runs a test in every style, with a server for each.
pub fn in_every_style(test: impl Fn(&mut Running)) {
    with_limits(|_, _| (), test);
}

/// The same, with other limits.
pub fn with_limits(
    limits: impl Fn(&mut Limits, &mut Http) + Clone + Send + 'static,
    test: impl Fn(&mut Running),
) {
    for style in Style::ALL {
        eprintln!("-- {style}");
        test(&mut Running::start(style, limits.clone()));
    }
}

impl Running {
    fn start(
        style: Style,
        limits: impl FnOnce(&mut Limits, &mut Http) + Send + 'static,
    ) -> Self {
        let root = tempfile::tempdir().expect("there is a place for it");
        fs::write(root.path().join("hello.txt"), "hello").expect("it is ours");
        let path = root.path().to_path_buf();
        let (sender, addresses) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let mut http = Http::new(&path).expect("it is a folder");
            let mut most = Limits::default();
            limits(&mut most, &mut http);
            let listener = TcpListener::bind(([127, 0, 0, 1], 0).into());
            let listener = listener.expect("there is a port");
            sender.send(listener.local_addr().unwrap()).unwrap();
            let server = Server::new(listener, most);
            let run = server.run(http::serve(style, server.clone(), http));
            let end = future(async move {
                let _ = stopped.await;
                server.stop();
            });
            let mut event_loop = EventLoop::new().expect("it is allowed");
            event_loop.block_on(join(run, end)).expect("it ends").0
        });
        let address = addresses.recv().expect("it starts");
        Self { address, root, stop: Some(stop), thread: Some(thread) }
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// The answer to one request on a connection of its own, which is closed
    /// after it.
    pub fn get(&self, target: &str, fields: &str) -> Answer {
        let mut client = self.client();
        client.send(format!(
            "GET {target} HTTP/1.1\r\nHost: x\r\n\
             Connection: close\r\n{fields}\r\n"
        ));
        let answer = client.answer();
        assert!(client.is_closed());
        assert_eq!(answer.field("connection"), Some("close"));
        answer
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).expect("it is ours");
        fs::write(path, bytes).expect("it is ours");
    }

    /// A file of zeros, which takes no room on the disk.
    pub fn write_zeros(&self, name: &str, len: u64) -> fs::File {
        let file = fs::File::create(self.root().join(name));
        let file = file.expect("it is ours");
        file.set_len(len).expect("it is ours");
        file
    }

    /// Still serves.
    pub fn check(&self) {
        assert_eq!(self.get("/hello.txt", "").text(), "hello");
    }

    /// Tells the server to stop.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits for the end of a server that is stopped: how many connections had
    /// to be cancelled.
    pub fn end(&mut self) -> usize {
        let thread = self.thread.take().expect("it ends once");
        thread.join().expect("it does not panic")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking());
        }
    }
}

/// A time limit that a test can wait for.
pub const SHORT: Duration = Duration::from_millis(30);
