//! The hosts that servers run on: event loops of their own, tokio, or may's workers. The servers
//! are the same on each.

use std::{num::NonZero, thread};

use quadrivium::{event_loop::Cluster, executor, host::refused, may};

use super::{MakeServer, failed, no_loop};

/// Called with each server, which is made on the thread where it runs. Returns an error when the
/// host refuses the thread.
type PlaceServer<'a> = &'a mut dyn FnMut(usize, MakeServer) -> Result<(), String>;

/// Runs each server on one of the loops of a cluster, a thread each.
pub fn on_a_cluster(
    threads: NonZero<usize>,
    start: impl FnOnce(PlaceServer<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let cluster = Cluster::new(threads).map_err(no_loop)?;
    start(&mut |index, make| {
        drop(cluster.spawner(index).spawn(make));
        Ok(())
    })?;
    cluster.finish().map_err(failed)
}

/// Runs each server in a runtime of tokio, on a thread of its own.
pub fn on_tokio(start: impl FnOnce(PlaceServer<'_>) -> Result<(), String>) -> Result<(), String> {
    let mut threads = Vec::new();
    start(&mut |_, make| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(no_loop)?;
        let serve = move || runtime.block_on(executor::on_tokio(make()));
        let thread = thread::Builder::new().spawn(serve);
        threads.push(thread.map_err(|error| refused("a thread for a server", &error).to_string())?);
        Ok(())
    })?;
    // A thread that has panicked has printed the reason.
    threads.into_iter().try_for_each(|it| it.join().map_err(|_| "a server has failed".into()))
}

/// Runs each server on one of the workers of may.
pub fn on_may(
    workers: NonZero<usize>,
    start: impl FnOnce(PlaceServer<'_>) -> Result<(), String>,
) -> Result<(), String> {
    may::Config::new().workers(workers).start().map_err(|error| error.to_string())?;
    let mut handles = Vec::new();
    start(&mut |index, make| {
        handles.push(may::spawn_pinned(index, make));
        Ok(())
    })?;
    let wait_for = |handle| may::block_on(handle).and_then(|joined| joined);
    let failed = |error| format!("a server has failed: {error}");
    handles.into_iter().try_for_each(|handle| wait_for(handle).map_err(failed))
}
