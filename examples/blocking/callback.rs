//! `blocking` with replacements, as callbacks.

use std::{io, net::SocketAddr};

use quadrivium::{net::TcpStream, prelude::*};

use crate::{ANSWER, MOMENT};

pub fn ask(address: SocketAddr) -> impl Task<Output = io::Result<String>> {
    callback(move |cb| {
        // 1. Wait.
        cb.perform(sleep(MOMENT), move |cb, ()| {
            // 2. Connect.
            cb.perform(TcpStream::connect(address), |cb, stream| {
                let stream = match stream {
                    Ok(stream) => stream,
                    Err(error) => return cb.done(Err(error)),
                };

                // 3. Read.
                let answer = vec![0; ANSWER.len()];
                cb.perform(
                    stream.read_exact_owned(answer),
                    |cb, (read, answer)| {
                        let text =
                            String::from_utf8_lossy(&answer).into_owned();
                        cb.done(read.map(|_| text))
                    },
                )
            })
        })
    })
}
