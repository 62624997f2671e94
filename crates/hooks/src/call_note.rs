//! [`CallNotes`]: the calls that a step has made, until its end.

use std::{cell::RefCell, time::Duration};

use crate::{
    hook::Hook,
    step::{self, Inspector},
    walk::Addresses,
    when::WaitsFor,
};

/// The number of calls that are kept for the end of a step.
const MOST: usize = 32;

/// A call in a step, as a hook notes it.
#[derive(Clone)]
pub(crate) struct CallNote {
    pub(crate) hook: &'static Hook,
    pub(crate) waits_for: WaitsFor,
    /// The time that it took, if that was measured.
    pub(crate) took: Option<Duration>,
    /// The system call was made without the C library.
    pub(crate) is_direct: bool,
    pub(crate) addresses: Addresses,
}

/// Which calls are noted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// Every call that can block.
    Any,
    /// The calls that took longer than this time.
    LongerThan(Duration),
}

/// Notes the calls of a step, without an allocation.
pub(crate) struct CallNotes {
    rule: Rule,
    /// At most [`MOST`], so that it never grows. A step with more calls has one fault many times.
    noted: RefCell<Vec<CallNote>>,
}

impl CallNotes {
    pub(crate) fn new(rule: Rule) -> Self {
        Self { rule, noted: RefCell::new(Vec::with_capacity(MOST)) }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.noted.borrow().is_empty()
    }

    /// Returns whether calls without the C library are noted, too. That is for tests: a signal for
    /// each of them makes a program slow.
    pub(crate) fn sees_direct_calls(&self) -> bool {
        matches!(self.rule, Rule::Any)
    }

    /// Returns the calls that were noted since the last time.
    pub(crate) fn take(&self) -> Vec<CallNote> {
        // The vector keeps its memory for the next step.
        self.noted.borrow_mut().drain(..).collect()
    }

    /// Notes a call, unless a signal handler makes it. The interrupted code is not the reason for
    /// that call.
    fn note(&self, hook: &'static Hook, waits_for: WaitsFor, took: Option<Duration>) {
        let is_direct = step::is_direct();
        let addresses = match is_direct {
            true => Addresses::of_interrupted_code(),
            false => Addresses::of_caller(),
        };
        if addresses.in_signal_handler {
            return;
        }
        let mut noted = self.noted.borrow_mut();
        if noted.len() < MOST {
            noted.push(CallNote { hook, waits_for, took, is_direct, addresses });
        }
    }
}

impl Inspector for CallNotes {
    fn before(&self, hook: &'static Hook, waits_for: Option<WaitsFor>) {
        if let (Rule::Any, Some(waits_for)) = (self.rule, waits_for) {
            self.note(hook, waits_for, None);
        }
    }

    fn after(&self, hook: &'static Hook, waits_for: WaitsFor, took: Duration) {
        if let Rule::LongerThan(limit) = self.rule
            && took > limit
        {
            self.note(hook, waits_for, Some(took));
        }
    }
}
