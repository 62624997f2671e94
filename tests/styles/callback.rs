//! A body as callbacks.

use quadrivium::prelude::*;

use super::{Body, Next};

pub fn task<T: 'static>(body: Body<T>) -> impl Task<Output = T> {
    callback(|cb| go_on(cb, body))
}

fn go_on<T: 'static>(cb: &mut Callback<T>, mut body: Body<T>) {
    match body.go_on() {
        Next::Perform(task) => cb.perform(task, |cb, then| {
            then();
            go_on(cb, body)
        }),
        Next::End(output) => cb.done(output),
    }
}
