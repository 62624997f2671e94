//! `blocking` with replacements, as a generator.

use std::{io, net::SocketAddr};

use quadrivium::{net::TcpStream, prelude::*};

use crate::{ANSWER, MOMENT};

pub fn ask(address: SocketAddr) -> impl Task<Output = io::Result<String>> {
    generator(move |mut co| async move {
        // 1. Wait.
        co.perform(sleep(MOMENT)).await;

        // 2. Connect.
        let stream = co.perform(TcpStream::connect(address)).await?;

        // 3. Read.
        let mut answer = [0; ANSWER.len()];
        co.perform(stream.read_exact(&mut answer)).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    })
}
