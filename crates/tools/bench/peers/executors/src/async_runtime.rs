//! `async-runtime`: its local domain, which adds a mailbox and an account of tasks to smol's local
//! executor. Its other executor needs tasks that are `Send` and has threads of its own, so it does
//! not compare.
//!
//! It has neither timers nor a channel. Its documentation combines it with smol's.

use async_runtime::{LocalDomain, Task};
use quadrivium_bench_protocol::Contender;
use quadrivium_peers_common::{self as common, Executor};

struct AsyncRuntime;

pub(crate) fn contender() -> Contender {
    common::contender::<AsyncRuntime>("async-runtime", "async-runtime")
}

thread_local! {
    static DOMAIN: LocalDomain = LocalDomain::new();
}

impl Executor for AsyncRuntime {
    type Handle<T: 'static> = Task<T>;

    fn run<T: 'static>(body: impl Future<Output = T> + 'static) -> T {
        DOMAIN.with(|domain| async_io::block_on(domain.run(body)))
    }

    fn spawn<T: 'static>(body: impl Future<Output = T> + 'static) -> Task<T> {
        DOMAIN.with(|domain| domain.spawn_local(body).expect("the domain is open"))
    }

    fn output<T: 'static>(joined: T) -> T {
        joined
    }
}
