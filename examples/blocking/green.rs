//! `blocking` with replacements, as a green thread.

use std::{io, net::SocketAddr};

use quadrivium::{green::perform, net::TcpStream, prelude::*};

use crate::{ANSWER, MOMENT};

pub fn ask(address: SocketAddr) -> impl Task<Output = io::Result<String>> {
    green(move || {
        // 1. Wait.
        perform(sleep(MOMENT));

        // 2. Connect.
        let stream = perform(TcpStream::connect(address))?;

        // 3. Read.
        let mut answer = [0; ANSWER.len()];
        perform(stream.read_exact(&mut answer))?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    })
}
