//! [`Running`]: a running server, and the folder that it serves.

use std::{fs, net::SocketAddr, path::Path, thread, time::Duration};

use tempfile::TempDir;

use super::client::{Answer, Client};
use crate::{
    http::{self, Http},
    server::{Limits, test_server::TestServer},
    styles::StyleName,
};

pub struct Running {
    pub address: SocketAddr,
    root: TempDir,
    /// `None` once the server has ended.
    server: Option<TestServer>,
}

/// Runs a test in every style, with a new server for each.
pub fn in_every_style(test: impl Fn(&mut Running)) {
    with_limits(|_, _| (), test);
}

/// Runs a test in every style, with other limits.
pub fn with_limits(
    limits: impl Fn(&mut Limits, &mut Http),
    test: impl Fn(&mut Running),
) {
    for style in StyleName::ALL {
        eprintln!("-- {style}");
        test(&mut Running::start(style, &limits));
    }
}

impl Running {
    fn start(
        style: StyleName,
        limits: impl Fn(&mut Limits, &mut Http),
    ) -> Self {
        let root = tempfile::tempdir().expect("the OS lets us make a folder");
        fs::write(root.path().join("hello.txt"), "hello")
            .expect("the folder is writable");
        let mut http = Http::new(root.path()).expect("the folder exists");
        let mut most = Limits::default();
        limits(&mut most, &mut http);
        let serve = move |server| http::serve(style, server, http);
        let server = TestServer::new(most, serve);
        Self { address: server.address, root, server: Some(server) }
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends one request on a connection of its own. Returns the answer, after
    /// which the connection is closed.
    pub fn get(&self, target: &str, fields: &str) -> Answer {
        let mut client = self.connect();
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
        fs::create_dir_all(path.parent().unwrap())
            .expect("the folder is writable");
        fs::write(path, bytes).expect("the folder is writable");
    }

    /// Writes a file of zeros, which takes no space on the disk.
    pub fn write_zeros(&self, name: &str, len: u64) -> fs::File {
        let file = fs::File::create(self.root().join(name));
        let file = file.expect("the folder is writable");
        file.set_len(len).expect("the folder is writable");
        file
    }

    /// Checks that the server still answers.
    pub fn assert_serves(&self) {
        assert_eq!(self.get("/hello.txt", "").text(), "hello");
    }

    /// Tells the server to stop.
    pub fn stop(&self) {
        self.server.as_ref().expect("the server has not ended").stop();
    }

    /// Waits until the stopped server has ended. Returns how many connections
    /// had to be cancelled.
    pub fn wait(&mut self) -> usize {
        self.server.take().expect("the server has not been waited for").wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(server) = self.server.take()
            && !thread::panicking()
        {
            server.stop_and_wait();
        }
    }
}

/// A time limit that a test can wait for.
pub const SHORT: Duration = Duration::from_millis(30);
