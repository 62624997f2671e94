//! [`KeptTrace`]: what is kept of a run's trace: the last lines or all, and a digest of the whole.

use std::{
    cell::RefCell,
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use quadrivium_event_loop::{
    Trace,
    trace::{Event, EventKind},
};

/// What is kept of a run's trace. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct KeptTrace {
    kept: Rc<RefCell<KeptEvents>>,
}

#[derive(Debug)]
struct KeptEvents {
    events: VecDeque<Event>,
    most: usize,
    /// Of all events: two runs with the same digest had the same trace.
    digest: DefaultHasher,
    /// The first task that panicked.
    panicked: Option<Event>,
}

/// Lines of the trace that a failure shows.
const SHOWN: usize = 20;

impl KeptTrace {
    pub(crate) fn of_all() -> Self {
        Self::new(usize::MAX)
    }

    /// Of the last few events, so that a long run takes no more memory than a short one.
    pub(crate) fn of_the_last() -> Self {
        Self::new(SHOWN)
    }

    fn new(most: usize) -> Self {
        let (events, digest) = (VecDeque::new(), DefaultHasher::new());
        Self { kept: Rc::new(RefCell::new(KeptEvents { events, most, digest, panicked: None })) }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.kept.borrow().events.iter().map(Event::to_string).collect()
    }

    pub(crate) fn digest(&self) -> u64 {
        self.kept.borrow().digest.finish()
    }

    /// Says which task panicked, if one did.
    pub(crate) fn panicked(&self) -> Option<String> {
        let kept = self.kept.borrow();
        let event = kept.panicked.as_ref()?;
        Some(format!(
            "after {event}: see its message above; if the program handles that, say so with \
             Simulation::tolerate_panics"
        ))
    }
}

impl Trace for KeptTrace {
    fn record(&mut self, event: &Event) {
        let mut kept = self.kept.borrow_mut();
        let kept = &mut *kept;
        event.hash(&mut kept.digest);
        if event.kind == EventKind::Panicked {
            kept.panicked.get_or_insert_with(|| event.clone());
        }
        if kept.events.len() == kept.most {
            kept.events.pop_front();
        }
        kept.events.push_back(event.clone());
    }
}
