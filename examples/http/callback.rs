//! `http` as callbacks.

use std::io;

use quadrivium::{prelude::*, time::now};

use super::{
    BUFFER, CONTINUE, Http, Linger, next_chunk,
    protocol::{Incoming, Request, WhatNext},
    record_read,
    server::{Connection, Server},
    site::Answer,
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

fn send(cb: &mut Talking, talk: Talk, mut answer: Answer) {
    // 7. Send the answer, chunk by chunk.
    let bytes = std::mem::take(&mut answer.bytes);
    let written = talk.connection.write_all_owned(bytes);
    cb.perform(written, move |cb, (written, bytes)| {
        if let Err(error) = written {
            return cb.done(Err(error));
        }
        answer.bytes = bytes;
        match (answer.is_whole(), answer.keep_alive) {
            (true, true) => receive(cb, talk),
            (true, false) => close(cb, talk),
            (false, _) => send_next(cb, talk, answer),
        }
    })
}

fn send_next(cb: &mut Talking, talk: Talk, answer: Answer) {
    cb.perform(next_chunk(answer), move |cb, answer| match answer {
        Ok(answer) => send(cb, talk, answer),
        Err(error) => cb.done(Err(error)),
    })
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
