//! Checks that every law declares the features it needs of a style. All laws run for a style
//! without any feature, and a law that uses one without declaring it fails.
//!
//! The features of hosts are checked in the same way in `tests/hosts`, on the host `smol`, which
//! has none.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::Mutex,
    task::Waker,
};

use quadrivium::{
    Task, host,
    task::{BoxTask, Context, Step},
};

use crate::{
    Body, Feature, Style, Subject, Value, Virtual, check_on, current_law, laws, styles::Future,
};

/// The future style, without the features that a style may lack.
struct Featureless;

impl Style for Featureless {
    fn name(&self) -> &'static str {
        "featureless"
    }

    fn task(&self, body: Body<Value>) -> BoxTask<Value> {
        Box::pin(FeaturelessTask { task: Some(Future.task(body)) })
    }

    fn supports(&self, feature: Feature) -> bool {
        match feature {
            Feature::ByHand | Feature::QuietCancel | Feature::DropAtThreadEnd => false,
        }
    }
}

/// Records a resume by hand. Unwinds when it is dropped, like a green thread.
struct FeaturelessTask {
    task: Option<BoxTask<Value>>,
}

/// The laws that resume by hand without declaring it. A law may catch the panic that reports it.
static BY_HAND: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

impl Task for FeaturelessTask {
    type Output = Value;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Value> {
        // Loops have wakers of their own, and are the host of the thread while they resume.
        if host::current().is_none() || cx.waker().will_wake(Waker::noop()) {
            BY_HAND.lock().expect("no code panics while it is locked").insert(current_law::law());
            panic!("{} resumes by hand: it must declare `needs ByHand`", current_law::law());
        }
        let step = self.task.as_mut().expect("it is resumed until it is done").as_mut().resume(cx);
        if matches!(step, Step::Done(_)) {
            self.task = None;
        }
        step
    }
}

impl Drop for FeaturelessTask {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            let unwinds = catch_unwind(AssertUnwindSafe(move || {
                // A second panic in here ends the process. Such a law must declare
                // `needs QuietCancel`.
                let _dropped_by_unwinding = task;
                resume_unwind(Box::new(()))
            }));
            drop::<Result<(), _>>(unwinds);
        }
    }
}

#[test]
fn a_law_declares_the_features_that_it_uses() {
    let test = concat!(module_path!(), "::a_law_declares_the_features_that_it_uses");
    let tally = catch_unwind(|| check_on(&Virtual, Subject::of(&Featureless), laws(), test));
    let by_hand = BY_HAND.lock().expect("no code panics while it is locked");
    assert!(by_hand.is_empty(), "these laws must declare `needs ByHand`: {by_hand:?}");
    let tally = tally.expect("each law that is not skipped holds");
    let with_needs = laws().filter(|law| !law.needs.is_empty()).count();
    assert_eq!(tally.skipped, with_needs, "only laws that declare a need may be skipped");
}
