//! The peers that run futures on one thread and need nothing but a Linux kernel.

mod arty;
mod async_runtime;
mod combinators;
mod compio;
mod local_pool;
mod monoio;
mod smol;
mod tokio;
mod tokio_sync;
mod unordered;

use std::process::ExitCode;

use quadrivium_bench_protocol::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> ExitCode {
    quadrivium_bench_protocol::main(&[
        tokio::contender(),
        tokio::without_io(),
        smol::contender(),
        unordered::contender(),
        local_pool::contender(),
        monoio::contender(),
        compio::contender(),
        arty::contender(),
        async_runtime::contender(),
        unordered::join_all(),
    ])
}
