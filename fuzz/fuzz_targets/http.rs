//! Whatever a client may send to the HTTP server, cut anywhere: the protocol says the same as for
//! the uncut bytes, and a connection of some style sends exactly that.

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

/// So many cuts at most.
const CUTS: usize = 8;

/// What is served: a few small files, each sent in one piece.
static ROOT: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let root = tempfile::tempdir().expect("there is a place for it");
    fs::write(root.path().join("a"), "0123456789").expect("it is ours");
    fs::create_dir(root.path().join("b")).expect("it is ours");
    fs::write(root.path().join("b/index.html"), "").expect("it is ours");
    fs::create_dir(root.path().join("c")).expect("it is ours");
    root
});

fuzz_target!(|input: &[u8]| {
    let Some((style, cuts, bytes)) = parts(input) else { return };
    let pieces: Vec<_> = cuts.windows(2).map(|it| &bytes[it[0]..it[1]]).collect();
    let expected = expected(ROOT.path(), &[bytes]);
    assert!(text(&expected) == text(&self::expected(ROOT.path(), &pieces)), "where it is cut");
    let pieces = pieces.into_iter().map(<[u8]>::to_vec).collect();
    let sent = sent(style, pieces).expect("loopback works");
    assert!(text(&sent) == text(&expected), "{}\n-- is not --\n{}", text(&sent), text(&expected));
});

/// A style, where the bytes are cut, in order, and the bytes.
fn parts(input: &[u8]) -> Option<(StyleName, Vec<usize>, &[u8])> {
    let (first, rest) = input.split_first()?;
    let (cuts, bytes) = rest.split_at_checked(2 * (*first as usize % CUTS))?;
    let at = |it: &[u8]| u16::from_le_bytes([it[0], it[1]]) as usize % (bytes.len() + 1);
    let mut cuts: Vec<_> = cuts.chunks(2).map(at).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort();
    Some((StyleName::ALL[*first as usize / CUTS % 4], cuts, bytes))
}

/// What is to be sent to a client that sends these pieces and then ends.
fn expected(root: &Path, pieces: &[&[u8]]) -> Vec<u8> {
    let site = Site::open(root).expect("it is a folder");
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
                let answer = site.answer(&request, date, Disk::Any).expect("it is on the disk");
                assert!(answer.is_whole() && answer.keep_alive == request.reply.keep_alive);
                sent.extend_from_slice(&answer.bytes);
                if !answer.keep_alive {
                    return sent;
                }
            }
        }
    }
}

/// What a server of this style sends to such a client.
fn sent(style: StyleName, pieces: Vec<Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut event_loop = EventLoop::new()?;
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    let address = listener.local_addr()?;
    let server = Server::new(listener, Limits::default());
    let accepting = http::serve(style, server.clone(), Http::new(ROOT.path())?);
    let serving = server.run(accepting);
    let client = future(async move {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (said, heard) = join(say(stream.clone(), pieces), hear(stream.clone())).await;
        // No port is left to wait for late packets.
        stream.set_linger(Some(Duration::ZERO))?;
        server.stop();
        // A server that has said its last need not hear all.
        drop(said);
        heard
    });
    let (sent, cancelled) = event_loop.block_on(join(client, serving)).expect("it ends");
    assert_eq!(cancelled, 0, "it ends by itself");
    sent
}

fn say(stream: TcpStream, pieces: Vec<Vec<u8>>) -> impl Task<Output = io::Result<()>> {
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

fn hear(stream: TcpStream) -> impl Task<Output = io::Result<Vec<u8>>> {
    future(async move {
        let (mut heard, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(heard),
                n => heard.extend_from_slice(&buffer[..n]),
            }
        }
    })
}

/// Without the dates, which are not the same twice.
fn text(sent: &[u8]) -> String {
    let text = String::from_utf8_lossy(sent);
    let lines = text.split_inclusive('\n').filter(|line| !line.starts_with("Date: "));
    lines.collect()
}
