//! [`Reports`]: the reports of a loop, for laws.

use std::sync::{Arc, Mutex};

use quadrivium::{EventLoop, event_loop::Report};

/// The reports that a loop has made so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reports(Arc<Mutex<Vec<Report>>>);

impl Reports {
    /// Collects the reports of this loop from now on.
    pub(crate) fn of(event_loop: &EventLoop) -> Self {
        let reports = Self::default();
        let kept = reports.clone();
        event_loop.reporter(move |report| kept.0.lock().unwrap().push(report.clone()));
        reports
    }

    /// Returns the reports since the last call.
    pub(crate) fn take(&self) -> Vec<Report> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Returns how many reports there are since the last `take`.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Returns for each report since the last call: what kind it is, and the names of its tasks.
    pub(crate) fn take_names(&self) -> Vec<String> {
        self.take().iter().map(names).collect()
    }
}

/// Returns what kind of report this is, and the names of its tasks.
fn names(report: &Report) -> String {
    let name = |label: &quadrivium::host::Label| label.name.as_deref().unwrap_or("-").to_string();
    let (kind, names) = match report {
        Report::JoinCycle(tasks) => ("joins", tasks.labels().map(name).collect()),
        Report::SuspectedCycle { tasks, .. } => ("suspected", tasks.labels().map(name).collect()),
        Report::UnreadPanic { task, message } => {
            ("panic", vec![name(task), message.as_deref().unwrap_or("-").to_string()])
        }
        other => panic!("no law expects this report: {other}"),
    };
    format!("{kind}: {}", names.join(", "))
}
