//! The peer Asio: callbacks in C++, which this program calls. So the same code measures all
//! contenders. Allocations are not counted, because C++ has an allocator of its own.

#[cfg(has_asio)]
mod callbacks;

use std::process::ExitCode;

use quadrivium_bench_protocol::Contender;

const NAME: &str = "Asio callbacks";

fn main() -> ExitCode {
    quadrivium_bench_protocol::main(&[contender()])
}

#[cfg(has_asio)]
fn contender() -> Contender {
    callbacks::contender()
}

/// Answers every order with the cause, so that the tables show it.
#[cfg(not(has_asio))]
fn contender() -> Contender {
    use quadrivium_bench_protocol::Bench;

    Contender {
        special: Some(|_| {
            Err("there was no C++ compiler or no <asio.hpp>: apt-get install g++ libasio-dev"
                .into())
        }),
        special_benches: vec![
            Bench::Turn,
            Bench::Latency,
            Bench::Spawn,
            Bench::RoundTrip,
            Bench::Stream,
            Bench::Timers,
            Bench::TimerCancel,
            Bench::Bare,
            Bench::Timeout,
            Bench::Memory,
            Bench::Wake,
            Bench::WakeStorm,
        ],
        ..Contender::new(NAME, "not built")
    }
}
