//! `http` as callbacks.

use std::io;

use quadrivium::{fs::send_file, prelude::*, time::now};

use super::{
    BUFFER, CONTINUE, Http, Linger, all_sent,
    protocol::{Incoming, Request, WhatNext},
    record_read,
    server::{Connection, Server},
    site::{Answer, Rest},
};

pub fn serve(server: Server, http: Http) -> impl Task<Output = ()> {
    callback(move |cb| serve_next(cb, server, http))
}

fn serve_next(cb: &mut Callback<()>, server: Server, http: Http) {
    // 1. Accept a connection, until the server stops.
    cb.perform(server.next(), move |cb, connection| {
        let Some(connection) = connection else { return cb.done(()) };

        // 2. Serve it in a task of its own.
        server.spawn(connection, |connection| talk(connection, &http));

        serve_next(cb, server, http)
    })
}

/// The values that are passed from callback to callback.
struct Talk {
    connection: Connection,
    http: Http,
    incoming: Incoming,
    buffer: Vec<u8>,
}

type Talking = Callback<io::Result<()>>;

fn talk(
    connection: Connection,
    http: &Http,
) -> impl Task<Output = io::Result<()>> + use<> {
    let http = http.clone();
    let incoming = Incoming::new(http.request_time);
    let buffer = vec![0; BUFFER];
    callback(move |cb| {
        receive(cb, Talk { connection, http, incoming, buffer });
    })
}

fn receive(cb: &mut Talking, mut talk: Talk) {
    match talk.incoming.next(now()) {
        // 3. Wait for a request, until the server stops.
        WhatNext::WaitForRequest => {
            let read = talk.connection.read_or_stop_owned(talk.buffer);
            cb.perform(read, move |cb, (n, buffer)| {
                match n {
                    Ok(0) => return cb.done(Ok(())),
                    Ok(n) => talk.incoming.received(&buffer[..n]),
                    Err(error) => return cb.done(Err(error)),
                }
                receive(cb, Talk { buffer, ..talk })
            })
        }
        // 4. Wait for the rest of the request, for a limited time.
        WhatNext::WaitForMore(left) => {
            let more = talk.connection.read_owned(talk.buffer);
            cb.perform(timeout(left, more), move |cb, read| {
                let (read, buffer) = match read {
                    Ok((n, buffer)) => (Ok(n), buffer),
                    // The buffer was dropped with the read.
                    Err(elapsed) => (Err(elapsed), vec![0; BUFFER]),
                };
                match record_read(&mut talk.incoming, read, &buffer) {
                    Ok(()) => receive(cb, Talk { buffer, ..talk }),
                    Err(error) => cb.done(Err(error)),
                }
            })
        }
        // 5. Let the client send the body.
        WhatNext::SendContinue => {
            let written = talk.connection.write_all_owned(CONTINUE);
            cb.perform(written, move |cb, (written, _)| match written {
                Ok(()) => receive(cb, talk),
                Err(error) => cb.done(Err(error)),
            })
        }
        WhatNext::Answer(request) => answer(cb, talk, request),
    }
}

fn answer(cb: &mut Talking, talk: Talk, request: Request) {
    // 6. Find the answer.
    let answer = talk.http.answer(request, &talk.connection);
    cb.perform(answer, move |cb, answer| send(cb, talk, answer))
}

fn send(cb: &mut Talking, talk: Talk, answer: Answer) {
    // 7. Send the answer: the start from here, the rest by the kernel.
    let Answer { bytes, rest, keep_alive } = answer;
    let written = talk.connection.write_all_owned(bytes);
    cb.perform(written, move |cb, (written, _)| match (written, rest) {
        (Err(error), _) => cb.done(Err(error)),
        (Ok(()), Some(rest)) => send_rest(cb, talk, rest, keep_alive),
        (Ok(()), None) => go_on(cb, talk, keep_alive),
    })
}

fn send_rest(cb: &mut Talking, talk: Talk, rest: Rest, keep_alive: bool) {
    let Rest { file, part } = rest;
    let sending = send_file(&file, part.clone(), talk.connection.clone());
    cb.perform(sending, move |cb, sent| {
        match sent.and_then(|sent| all_sent(&part, sent)) {
            Ok(()) => go_on(cb, talk, keep_alive),
            Err(error) => cb.done(Err(error)),
        }
    })
}

fn go_on(cb: &mut Talking, talk: Talk, keep_alive: bool) {
    match keep_alive {
        true => receive(cb, talk),
        false => close(cb, talk),
    }
}

fn close(cb: &mut Talking, talk: Talk) {
    // 8. Close, once the client has had time to read everything.
    talk.connection.end_writing();
    let linger = Linger::new(now(), talk.http.linger_time);
    discard(cb, talk.connection, linger, talk.buffer)
}

fn discard(
    cb: &mut Talking,
    connection: Connection,
    mut linger: Linger,
    buffer: Vec<u8>,
) {
    let Some(left) = linger.time_left(now()) else { return cb.done(Ok(())) };
    let more = connection.read_owned(buffer);
    cb.perform(timeout(left, more), move |cb, read| {
        let Ok((n, buffer)) = read else { return cb.done(Ok(())) };
        linger.record(Ok(n));
        discard(cb, connection, linger, buffer)
    })
}
