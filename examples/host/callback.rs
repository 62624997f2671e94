//! `host` as callbacks.

use std::io;

use quadrivium::{net::UnixStream, prelude::*, sync::oneshot};

use super::{WHILE, WORD, pair};

pub fn program() -> impl Task<Output = io::Result<Vec<u8>>> {
    callback(|cb| {
        // 1. Spawn a task that sends a word after a while.
        let (sender, receiver) = oneshot::channel();
        drop(spawn(send_late(sender)));

        // 2. Spawn a task that echoes what comes through a socket.
        let (near, far) = pair();
        let echo = spawn(echo(far));

        // 3. Wait for the word.
        cb.perform(receiver, |cb, word| {
            let word = word.expect("it is sent");

            // 4. Send it through the socket, and read what comes back.
            cb.perform(near.write_all_owned(word), move |cb, (written, _)| {
                if let Err(error) = written {
                    return cb.done(Err(error));
                }
                let hearing = near.read_exact_owned(vec![0; word.len()]);
                cb.perform(hearing, move |cb, (read, heard)| {
                    // 5. Cancel the echo.
                    echo.cancel();
                    cb.done(read.map(|()| heard))
                })
            })
        })
    })
}

fn send_late(sender: oneshot::Sender<&'static [u8]>) -> impl Task<Output = ()> {
    callback(|cb| {
        cb.perform(sleep(WHILE), |cb, ()| {
            sender.send(WORD).expect("the program waits for it");
            cb.done(())
        })
    })
}

fn echo(stream: UnixStream) -> impl Task<Output = io::Result<()>> {
    callback(|cb| echo_next(cb, stream, vec![0; WORD.len()]))
}

fn echo_next(
    cb: &mut Callback<io::Result<()>>,
    stream: UnixStream,
    buffer: Vec<u8>,
) {
    cb.perform(stream.read_exact_owned(buffer), |cb, (read, buffer)| {
        if let Err(error) = read {
            return cb.done(Err(error));
        }
        let writing = stream.write_all_owned(buffer);
        cb.perform(writing, |cb, (written, buffer)| match written {
            Ok(()) => echo_next(cb, stream, buffer),
            Err(error) => cb.done(Err(error)),
        })
    })
}
