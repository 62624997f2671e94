//! [`KeptTrace`]: the part of a run's trace that is kept (its last events or all), and a digest of
//! the whole.

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

/// The part of a run's trace that is kept. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct KeptTrace {
    kept: Rc<RefCell<KeptEvents>>,
}

#[derive(Debug)]
struct KeptEvents {
    events: VecDeque<Event>,
    most: usize,
    /// A digest of all events. Two runs with the same digest had the same trace.
    digest: DefaultHasher,
    /// The first task that panicked.
    panicked: Option<Event>,
}

/// The number of lines of the trace that a failure shows.
const SHOWN: usize = 20;

impl KeptTrace {
    /// Keeps all events.
    pub(crate) fn of_all() -> Self {
        Self::new(usize::MAX)
    }

    /// Keeps the last few events, so that a long run takes no more memory than a short one.
    pub(crate) fn of_last_events() -> Self {
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

    /// Returns a message that names the first task that panicked, if one did.
    pub(crate) fn panicked(&self) -> Option<String> {
        let kept = self.kept.borrow();
        let event = kept.panicked.as_ref()?;
        Some(format!(
            "after {event}: its message is printed above. If the program handles this panic, call \
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
