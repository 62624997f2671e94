//! [`Running`]: a running server, and the folder that it serves.

use std::{fs, net::SocketAddr, path::Path, thread, time::Duration};

use tempfile::TempDir;

use super::client::{Answer, Client};
use crate::{
    http::{self, Http},
    server::{Limits, rig::Rig},
    styles::StyleName,
};

pub struct Running {
    pub address: SocketAddr,
    root: TempDir,
    /// `None` once the server has ended.
    rig: Option<Rig>,
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
        let root = tempfile::tempdir().expect("there is a place for it");
        fs::write(root.path().join("hello.txt"), "hello").expect("it is ours");
        let mut http = Http::new(root.path()).expect("it is a folder");
        let mut most = Limits::default();
        limits(&mut most, &mut http);
        let serve = move |server| http::serve(style, server, http);
        let rig = Rig::new(most, serve);
        Self { address: rig.address, root, rig: Some(rig) }
    }

    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends one request on a connection of its own. Returns the answer, after
    /// which the connection is closed.
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

    /// Writes a file of zeros, which takes no space on the disk.
    pub fn write_zeros(&self, name: &str, len: u64) -> fs::File {
        let file = fs::File::create(self.root().join(name));
        let file = file.expect("it is ours");
        file.set_len(len).expect("it is ours");
        file
    }

    /// Checks that the server still answers.
    pub fn check(&self) {
        assert_eq!(self.get("/hello.txt", "").text(), "hello");
    }

    /// Tells the server to stop.
    pub fn stop(&self) {
        self.rig.as_ref().expect("it has not ended").stop();
    }

    /// Waits until the stopped server has ended. Returns how many connections
    /// had to be cancelled.
    pub fn end(&mut self) -> usize {
        self.rig.take().expect("it ends once").ended()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(rig) = self.rig.take()
            && !thread::panicking()
        {
            rig.end();
        }
    }
}

/// A time limit that a test can wait for.
pub const SHORT: Duration = Duration::from_millis(30);
