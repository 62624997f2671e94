//! Our four styles on our event loop, a file each.

use quadrivium_bench_protocol::Contender;

#[macro_use]
mod programs;
#[macro_use]
mod contender;
mod on_loop;
mod callback;
mod generator;
mod future;
mod green;
mod send;
mod on_may;

/// Returns the styles, then their variants.
pub(super) fn all() -> Vec<Contender> {
    let mut styles = vec![
        callback::contender(),
        generator::contender(),
        // The styles share the leaf, so one of them measures it.
        Contender { timer_cancel: Some(on_loop::timer_cancel), ..future::contender() },
        green::contender(),
    ];
    styles.extend(send::all());
    styles.push(on_may::contender());
    styles
}
