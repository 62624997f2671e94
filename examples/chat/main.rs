//! `chat`: guests talk in rooms, and no guest has to wait for a slow one.
//!
//! New idea: tasks that share state. The rooms and their guests are plain data
//! without a lock, because a loop runs one task at a time. Each guest has a
//! queue of lines to read. If the queue is full, the guest is too slow.
//!
//! A guest sends lines. The first line with a valid name becomes the name of
//! the guest. A valid name has 1 to 16 letters, digits, - or _, and no other
//! guest has it. Names that differ only in upper and lower case are equal.
//! After that,
//!
//! | a line       | does this                                             |
//! |--------------|-------------------------------------------------------|
//! | `/join ROOM` | moves the guest to this room, and makes it if it is   |
//! |              | new; every guest begins in the room `lobby`           |
//! | `/who`       | lists the guests in the room                          |
//! | `/quit`      | ends the connection                                   |
//! | other text   | is sent to all guests in the room, the sender too     |
//!
//! A room has 100 guests at most. All of them get the same lines in the same
//! order. A line from the server begins with `* `, and a line from a guest with
//! the name of the guest and a colon. A line has 1024 bytes at most, its end
//! included. If it is longer, the guest is disconnected. Bytes that are not
//! UTF-8, and characters that control a terminal, are replaced by U+FFFD. A
//! last line without an end is not sent.
//!
//! 300 lines may wait for a guest to read them. If one more comes, the guest is
//! too slow. The other guests in the room are informed, and go on at once. The
//! slow guest gets a last line, if there is room for it within a second.
//!
//! The server
//! 1. accepts a connection, until the server stops,
//! 2. serves it in a task of its own, which
//! 3. receives and delivers lines, until the guest leaves or is too slow,
//! 4. sends a last line to a guest that is too slow,
//! 5. closes, once the guest has had time to read everything.
//!
//! Two tasks do step 3. The receiving task
//! 6. does what each whole line asks for, and lets others run after each, so
//!    that one guest cannot fill the queues of the others,
//! 7. reads more bytes, at most up to the length of a line.
//!
//! The delivering task
//! 8. writes the lines that wait for the guest, until the guest has left.
//!
//! A close while bytes are unread is a reset, which can destroy the bytes that
//! were written last. So after the last line for a guest, the server reads and
//! discards the bytes that the guest still sends. It does so until the guest
//! closes, for 1 MiB and 2 s at most.
//!
//! In this program, two guests talk in the lobby. `quadrivium serve chat`
//! serves guests from elsewhere: `nc` is a client.

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
        let listener = TcpListener::bind(([127, 0, 0, 1], 0))?;
        let address = listener.local_addr()?;
        let server = Server::new(listener, Limits::default());
        let serving = server.run(chat::serve(style, server.clone()));
        let guests = future(async move {
            let received = perform(two_guests(address)).await;
            server.stop();
            received
        });
        let (received, _) = event_loop.block_on(join(guests, serving))?;
        println!("{style}: Alice receives");
        for line in String::from_utf8(received?)?.lines() {
            println!("  {line}");
        }
    }
    Ok(())
}

/// Returns the lines that Alice gets until she leaves.
fn two_guests(at: SocketAddr) -> impl Task<Output = io::Result<Vec<u8>>> {
    future(async move {
        let (alice, bob) =
            (TcpStream::connect(at).await?, TcpStream::connect(at).await?);
        let mut received = Vec::new();
        alice.write_all(b"Alice\n").await?;
        perform(read_until(&alice, "Alice has come", &mut received)).await?;
        bob.write_all(b"Bob\nHello, who is here?\n").await?;
        perform(read_until(&alice, "who is here?", &mut received)).await?;
        alice.write_all(b"Just you and me.\n/who\n/quit\n").await?;
        perform(read_until(&alice, "until the end", &mut received)).await?;
        Ok(received)
    })
}

fn read_until(
    stream: &TcpStream,
    text: &str,
    received: &mut Vec<u8>,
) -> impl Task<Output = io::Result<()>> {
    future(async move {
        let mut buffer = [0; 1000];
        while !String::from_utf8_lossy(received).contains(text) {
            match stream.read(&mut buffer).await? {
                0 => break,
                n => received.extend_from_slice(&buffer[..n]),
            }
        }
        Ok(())
    })
}
