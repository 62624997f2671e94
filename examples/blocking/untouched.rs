//! `blocking` with the calls of the standard library, in a green thread.

use std::{
    io::{self, Read},
    net::{SocketAddr, TcpStream},
    thread,
};

use quadrivium::prelude::*;

use crate::{ANSWER, MOMENT};

pub fn ask(address: SocketAddr) -> impl Task<Output = io::Result<String>> {
    green(move || {
        // 1. Wait.
        thread::sleep(MOMENT);

        // 2. Connect.
        let mut stream = TcpStream::connect(address)?;

        // 3. Read.
        let mut answer = [0; ANSWER.len()];
        stream.read_exact(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    })
}
