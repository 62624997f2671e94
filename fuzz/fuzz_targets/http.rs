//! Any bytes that a client may send to the HTTP server, cut into any pieces. The protocol must
//! answer as for the uncut bytes, and a server in one of the styles must send exactly this answer.

#![no_main]

use std::{
    fs, io,
    net::Shutdown,
    path::Path,
    sync::LazyLock,
    time::{Duration, Instant, SystemTime},
};

use libfuzzer_sys::fuzz_target;
use quadrivium::{
    future::perform,
    net::{TcpListener, TcpStream},
    prelude::*,
};
use quadrivium_examples::{
    http::{
        self, Http,
        protocol::{Incoming, Refusal, WhatNext},
        site::{Disk, Site},
    },
    server::{Limits, Server},
    styles::StyleName,
};

/// The number of cuts is smaller than this.
const CUTS: usize = 8;

/// The folder that is served: a few small files, each of which is sent in one piece.
static ROOT: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let root = tempfile::tempdir().expect("there is room for a folder");
    fs::write(root.path().join("a"), "0123456789").expect("the folder is writable");
    fs::create_dir(root.path().join("b")).expect("the folder is writable");
    fs::write(root.path().join("b/index.html"), "").expect("the folder is writable");
    fs::create_dir(root.path().join("c")).expect("the folder is writable");
    root
});

fuzz_target!(|input: &[u8]| {
    let Some((style, cuts, bytes)) = parts(input) else { return };
    let pieces: Vec<_> = cuts.windows(2).map(|it| &bytes[it[0]..it[1]]).collect();
    let expected = expected(ROOT.path(), &[bytes]);
    assert!(
        text(&expected) == text(&self::expected(ROOT.path(), &pieces)),
        "the answer depends on the cuts"
    );
    let pieces = pieces.into_iter().map(<[u8]>::to_vec).collect();
    let sent = sent(style, pieces).expect("loopback works");
    assert!(text(&sent) == text(&expected), "{}\n-- is not --\n{}", text(&sent), text(&expected));
});

/// Reads the input as a style, the places of the cuts in order, and the bytes.
fn parts(input: &[u8]) -> Option<(StyleName, Vec<usize>, &[u8])> {
    let (first, rest) = input.split_first()?;
    let (cuts, bytes) = rest.split_at_checked(2 * (*first as usize % CUTS))?;
    let at = |it: &[u8]| u16::from_le_bytes([it[0], it[1]]) as usize % (bytes.len() + 1);
    let mut cuts: Vec<_> = cuts.chunks(2).map(at).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort();
    Some((StyleName::ALL[*first as usize / CUTS % 4], cuts, bytes))
}

/// Returns the bytes that a client must receive that sends these pieces and then ends.
fn expected(root: &Path, pieces: &[&[u8]]) -> Vec<u8> {
    let site = Site::open(root).expect("the root is a folder");
    let (now, date) = (Instant::now(), SystemTime::now());
    let mut incoming = Incoming::new(Duration::from_secs(20));
    let mut pieces = pieces.iter();
    let mut sent = Vec::new();
    loop {
        match incoming.next(now) {
            wait @ (WhatNext::WaitForRequest | WhatNext::WaitForMore(_)) => match pieces.next() {
                Some(piece) => incoming.received(piece),
                None if wait == WhatNext::WaitForRequest => return sent,
                None => incoming.give_up(Refusal::bad("the request ends in the middle")),
            },
            WhatNext::SendContinue => sent.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n"),
            WhatNext::Answer(request) => {
                let answer = site.answer(&request, date, Disk::Any).expect("the disk can be read");
                assert!(answer.is_whole() && answer.keep_alive == request.reply.keep_alive);
                sent.extend_from_slice(&answer.bytes);
                if !answer.keep_alive {
                    return sent;
                }
            }
        }
    }
}

/// Returns the bytes that a server in this style sends to such a client.
fn sent(style: StyleName, pieces: Vec<Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut event_loop = EventLoop::new()?;
    let listener = TcpListener::bind(([127, 0, 0, 1], 0))?;
    let address = listener.local_addr()?;
    let server = Server::new(listener, Limits::default());
    let accepting = http::serve(style, server.clone(), Http::new(ROOT.path())?);
    let serving = server.run(accepting);
    let client = future(async move {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (written, received) = join(send(stream.clone(), pieces), receive(stream.clone())).await;
        // A reset, so that no port stays in use to wait for late packets.
        stream.set_linger(Some(Duration::ZERO))?;
        server.stop();
        // A server that has sent its last answer need not read all pieces, so an error of the
        // writer is no failure.
        drop(written);
        received
    });
    let (sent, cancelled) = event_loop.block_on(join(client, serving)).expect("the server ends");
    assert_eq!(cancelled, 0, "the server ends by itself");
    sent
}

fn send(stream: TcpStream, pieces: Vec<Vec<u8>>) -> impl Task<Output = io::Result<()>> {
    future(async move {
        for piece in pieces {
            stream.write_all(&piece).await?;
            // The server may read in between.
            perform(turn()).await;
            perform(turn()).await;
        }
        stream.shutdown(Shutdown::Write)
    })
}

fn receive(stream: TcpStream) -> impl Task<Output = io::Result<Vec<u8>>> {
    future(async move {
        let (mut received, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(received),
                n => received.extend_from_slice(&buffer[..n]),
            }
        }
    })
}

/// Returns the text without the dates, which differ from run to run.
fn text(sent: &[u8]) -> String {
    let text = String::from_utf8_lossy(sent);
    let lines = text.split_inclusive('\n').filter(|line| !line.starts_with("Date: "));
    lines.collect()
}
