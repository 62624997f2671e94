//! The contenders, a file each.

mod limit_callback;
mod limit_future;
mod limit_generator;
mod limit_green;
mod may;
mod ours;
mod ours_on_may;
mod ours_send;
mod smol;
mod stacks;
mod tokio;

use crate::contender::Contender;

/// Returns all contenders, in the order of the tables' rows: limits, ours, peers.
pub(crate) fn all() -> Vec<Box<dyn Contender>> {
    vec![
        Box::new(limit_callback::LimitCallback),
        Box::new(limit_generator::LimitGenerator),
        Box::new(limit_future::LimitFuture),
        Box::new(limit_green::LimitGreen::default()),
        Box::new(ours::CallbackStyle),
        Box::new(ours::GeneratorStyle),
        Box::new(ours::FutureStyle),
        Box::new(ours::GreenStyle),
        Box::new(ours_send::SendCallbackStyle),
        Box::new(ours_send::SendGeneratorStyle),
        Box::new(ours_on_may::OnMay),
        Box::new(tokio::Tokio),
        Box::new(smol::Smol),
        Box::new(may::May),
    ]
}
