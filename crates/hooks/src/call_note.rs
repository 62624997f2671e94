//! [`CallNotes`]: the calls that a step has made, until its end.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use quadrivium_core::host::{self, Label};

use crate::{
    call_report::CallReport,
    hook::Hook,
    step::{self, Inspector},
    walk::Addresses,
    when::WaitsFor,
};

/// The number of places with calls that are kept for the end of a step.
const MOST: usize = 32;

/// A call in a step, as a hook notes it. Calls from the same place share one note.
#[derive(Clone)]
pub(crate) struct CallNote {
    pub(crate) hook: &'static Hook,
    /// What the first of the calls waits for.
    pub(crate) waits_for: WaitsFor,
    /// The time that the calls took, if that was measured.
    pub(crate) took: Option<Duration>,
    pub(crate) times: u32,
    /// The system call was made without the C library.
    pub(crate) is_direct: bool,
    pub(crate) task: Option<Label>,
    pub(crate) addresses: Addresses,
}

impl CallNote {
    fn is_from_place_of(&self, other: &Self) -> bool {
        let parts = |it: &Self| (it.hook.symbol(), it.task.as_ref().map(|task| task.id));
        parts(self) == parts(other) && self.addresses.as_slice() == other.addresses.as_slice()
    }
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
    rule: Cell<Rule>,
    /// At most [`MOST`], so that it never grows.
    noted: RefCell<Vec<CallNote>>,
    /// The number of calls from further places.
    left_out: Cell<u32>,
}

impl CallNotes {
    pub(crate) fn new(rule: Rule) -> Self {
        let noted = RefCell::new(Vec::with_capacity(MOST));
        Self { rule: Cell::new(rule), noted, left_out: Cell::new(0) }
    }

    /// Notes the calls under another rule from now on.
    pub(crate) fn use_rule(&self, rule: Rule) {
        self.rule.set(rule);
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.noted.borrow().is_empty()
    }

    /// Returns whether calls without the C library are noted, too. That is for tests: a signal for
    /// each of them makes a program slow.
    pub(crate) fn sees_direct_calls(&self) -> bool {
        matches!(self.rule.get(), Rule::Any)
    }

    /// Returns reports of the calls that were noted since the last time. Their number may be zero,
    /// because calls of this library itself are not reported.
    pub(crate) fn take_reports(&self) -> Vec<CallReport> {
        // The vector keeps its memory for the next step.
        let noted = self.noted.borrow_mut().drain(..).collect();
        CallReport::resolve(noted, self.left_out.take())
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
        let task = host::label();
        let note = CallNote { hook, waits_for, took, times: 1, is_direct, task, addresses };
        let mut noted = self.noted.borrow_mut();
        if let Some(before) = noted.iter_mut().find(|it| it.is_from_place_of(&note)) {
            before.times = before.times.saturating_add(1);
            before.took = before.took.zip(took).map(|(sum, took)| sum.saturating_add(took));
        } else if noted.len() < MOST {
            noted.push(note);
        } else {
            self.left_out.update(|n| n.saturating_add(1));
        }
    }
}

impl Inspector for CallNotes {
    fn before(&self, hook: &'static Hook, waits_for: Option<WaitsFor>) {
        if let (Rule::Any, Some(waits_for)) = (self.rule.get(), waits_for) {
            self.note(hook, waits_for, None);
        }
    }

    fn after(&self, hook: &'static Hook, waits_for: WaitsFor, took: Duration) {
        if let Rule::LongerThan(limit) = self.rule.get()
            && took > limit
        {
            self.note(hook, waits_for, Some(took));
        }
    }
}
