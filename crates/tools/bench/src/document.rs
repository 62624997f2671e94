//! [`Document`]: everything that a run found out. `--json` prints it, and `--from` reads it again.

use serde::{Deserialize, Serialize};

use crate::{
    bars,
    computer::Computer,
    measure::Care,
    measurement::{Measurement, Sizes},
    numbers::Numbers,
    verdict::BarVerdict,
};

/// The result of a run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Document {
    /// The machine.
    pub machine: Computer,
    /// How carefully it was measured.
    pub care: Care,
    /// Whether only the sizes of bars were measured.
    pub is_quick: bool,
    /// The sizes that the user has chosen, if any.
    pub chosen_sizes: Vec<usize>,
    /// The contenders with which all others are compared.
    pub against: Vec<String>,
    /// Why peers are missing, if some are.
    pub absent: String,
    /// What was measured.
    pub measurements: Vec<Measurement>,
    /// The samples.
    pub numbers: Numbers,
}

impl Document {
    pub(crate) fn sizes(&self) -> Sizes {
        Sizes { is_quick: self.is_quick, chosen: self.chosen_sizes.clone() }
    }

    /// Returns the bars of what was measured, with their figures.
    pub(crate) fn verdicts(&self) -> Vec<BarVerdict> {
        bars::all()
            .iter()
            .filter(|bar| self.measurements.contains(&bar.measurement))
            .map(|bar| bar.verdict(&self.numbers, &self.absent))
            .collect()
    }

    /// Returns the machine and the versions of the peers, as sentences.
    pub(crate) fn conditions(&self) -> String {
        let peers = self.numbers.profiles.iter();
        let peers = peers.filter(|profile| profile.group == crate::profile::Group::Peer);
        let peers: Vec<_> =
            peers.map(|profile| format!("{} {}", profile.name, profile.version)).collect();
        let mut text = format!("Measured on: {}.", self.machine);
        if !peers.is_empty() {
            text.push_str(&format!(" Peers: {}.", peers.join("; ")));
        }
        if !self.absent.is_empty() {
            text.push_str(&format!(" Absent peers: {}.", self.absent));
        }
        text
    }
}
