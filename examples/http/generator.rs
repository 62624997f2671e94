//! `http` as generators.

use std::io;

use quadrivium::{fs::send_file, prelude::*, time::now};

use super::{
    BUFFER, CONTINUE, Http, Linger, all_sent,
    protocol::{Incoming, WhatNext},
    record_read,
    server::{Connection, Server},
    site::Rest,
};

pub fn serve(server: Server, http: Http) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        // 1. Accept a connection, until the server stops.
        while let Some(connection) = co.perform(server.next()).await {
            // 2. Serve it in a task of its own.
            server.spawn(connection, |connection| talk(connection, &http));
        }
    })
}

fn talk(
    connection: Connection,
    http: &Http,
) -> impl Task<Output = io::Result<()>> + use<> {
    let http = http.clone();
    generator(move |mut co| async move {
        let mut incoming = Incoming::new(http.request_time);
        let mut buffer = vec![0; BUFFER];
        loop {
            let request = match incoming.next(now()) {
                // 3. Wait for a request, until the server stops.
                WhatNext::WaitForRequest => {
                    let read = connection.read_or_stop(&mut buffer);
                    let n = co.perform(read).await?;
                    if n == 0 {
                        return Ok(());
                    }
                    incoming.received(&buffer[..n]);
                    continue;
                }
                // 4. Wait for the rest of the request, for a limited time.
                WhatNext::WaitForMore(left) => {
                    let more = connection.read(&mut buffer);
                    let read = co.perform(timeout(left, more)).await;
                    record_read(&mut incoming, read, &buffer)?;
                    continue;
                }
                // 5. Let the client send the body.
                WhatNext::SendContinue => {
                    co.perform(connection.write_all(CONTINUE)).await?;
                    continue;
                }
                WhatNext::Answer(request) => request,
            };

            // 6. Find the answer.
            let answer = http.answer(request, &connection);
            let answer = co.perform(answer).await;

            // 7. Send the answer: the start from here, the rest by the kernel.
            co.perform(connection.write_all(&answer.bytes)).await?;
            if let Some(Rest { file, part }) = answer.rest {
                let sending =
                    send_file(&file, part.clone(), connection.clone());
                let sent = co.perform(sending).await?;
                all_sent(&part, sent)?;
            }
            if !answer.keep_alive {
                break;
            }
        }

        // 8. Close, once the client has had time to read everything.
        connection.end_writing();
        let mut linger = Linger::new(now(), http.linger_time);
        while let Some(left) = linger.time_left(now()) {
            let more = connection.read(&mut buffer);
            linger.record(co.perform(timeout(left, more)).await);
        }
        Ok(())
    })
}
