//! `chat`: guests talk in rooms, and nobody waits for a slow one.
//!
//! New idea: tasks that share something. All guests are in one hall, which is
//! plain data: on one loop nothing else runs while a task touches it. Each has
//! a channel of his own, which says when he is too slow.
//!
//! A guest sends lines. The first one with a fit name (1 to 16 letters, digits,
//! - or _) that nobody else has, whatever its case, is his name. From then on
//!
//! | a line       | does                                                  |
//! |--------------|-------------------------------------------------------|
//! | `/join ROOM` | goes to this room, new or not; all begin in `lobby`   |
//! | `/who`       | lists who is there                                    |
//! | `/quit`      | leaves                                                |
//! | other text   | is said to all in the room, himself included          |
//!
//! All in a room, 100 guests at most, hear the same in the same order. What the
//! server itself says begins with `* `; what a guest says, with his name and a
//! colon. A line has 1024 bytes at most, with its end, or the guest is shown
//! the door. What is no UTF-8, and characters that would do something to a
//! terminal, become U+FFFD. A line that is not ended is not said.
//!
//! 300 lines may wait for a guest to read them. If one more comes, he is
//! dropped, with a last word if he reads it within a second; the others are
//! told, and wait for nobody.
//!
//! The server
//! 1. accepts a connection, until the stop,
//! 2. serves it in a task of its own, which
//! 3. hears the guest and tells him what is said, at once,
//! 4. and if he is too slow, has a last word,
//! 5. and closes, once the guest has got it all.
//!
//! Hearing
//! 6. does what each line asks for that is there, one a turn, so that nobody is
//!    told more at once than his queue can hold,
//! 7. and reads more, at most up to the length of a line.
//!
//! Telling
//! 8. writes what lines there are for the guest, until he has left.
//!
//! A close with something unread is a reset, which can destroy what was written
//! last. So after the last line for a guest, what he still sends is read and
//! thrown away, up to 1 MiB and for 2 s, until he closes.
//!
//! Here two guests talk in the lobby. `quadrivium serve chat` runs it for
//! others: `nc` is a client.

use std::{io, net::SocketAddr};

use quadrivium::{
    future::perform,
    net::{TcpListener, TcpStream},
    prelude::*,
};
use quadrivium_examples::{
    chat,
    server::{Limits, Server},
    styles::StyleName,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for style in StyleName::chosen() {
        let mut event_loop = EventLoop::new()?;
        let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        let address = listener.local_addr()?;
        let server = Server::new(listener, Limits::default());
        let serving = server.run(chat::serve(style, server.clone()));
        let guests = future(async move {
            let heard = perform(two_guests(address)).await;
            server.stop();
            heard
        });
        let (heard, _) = event_loop.block_on(join(guests, serving))?;
        println!("{style}: Alice hears");
        for line in String::from_utf8(heard?)?.lines() {
            println!("  {line}");
        }
    }
    Ok(())
}

/// What Alice hears until she leaves.
fn two_guests(at: SocketAddr) -> impl Task<Output = io::Result<Vec<u8>>> {
    future(async move {
        let (alice, bob) =
            (TcpStream::connect(at).await?, TcpStream::connect(at).await?);
        let mut heard = Vec::new();
        alice.write_all(b"Alice\n").await?;
        perform(hear_until(&alice, "Alice has come", &mut heard)).await?;
        bob.write_all(b"Bob\nHello, who is here?\n").await?;
        perform(hear_until(&alice, "who is here?", &mut heard)).await?;
        alice.write_all(b"Just you and me.\n/who\n/quit\n").await?;
        perform(hear_until(&alice, "until the end", &mut heard)).await?;
        Ok(heard)
    })
}

fn hear_until(
    stream: &TcpStream,
    text: &str,
    heard: &mut Vec<u8>,
) -> impl Task<Output = io::Result<()>> {
    future(async move {
        let mut buffer = [0; 1000];
        while !String::from_utf8_lossy(heard).contains(text) {
            match stream.read(&mut buffer).await? {
                0 => break,
                n => heard.extend_from_slice(&buffer[..n]),
            }
        }
        Ok(())
    })
}
