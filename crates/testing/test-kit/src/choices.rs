//! [`Choices`]: the source of every decision of a run, which is a seed or a path through all
//! decisions.

use std::{fmt, time::Duration};

use oorandom::Rand32;

use crate::path::{self, Path};

/// The one source of all decisions of a run.
#[derive(Debug)]
pub(crate) enum Choices {
    /// PCG-XSH-RR with 64 bits of state. A seed must mean the same in later versions, so it is not
    /// the generator of a crate that may change its own. Beside it are the choices that were made.
    Seed(u64, Rand32, Vec<u32>),
    Path(Path),
}

/// Names the run in messages: by its seed or its choices.
impl fmt::Display for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(seed, ..) => write!(f, "seed {seed}"),
            Self::Path(path) => write!(f, "choices {}", path.planned()),
        }
    }
}

/// A probability: how many of 2³² equally likely draws are a yes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Probability(u64);

impl Probability {
    pub(crate) fn new(probability: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&probability),
            "a probability is from 0 (never) to 1 (always), not {probability}"
        );
        Self((probability * 2f64.powi(32)) as u64)
    }
}

impl Choices {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self::Seed(seed, Rand32::new(seed), Vec::new())
    }

    /// Chooses one of `n` alternatives and returns its index.
    pub(crate) fn choose(&mut self, n: usize) -> usize {
        match self {
            _ if n < 2 => 0,
            Self::Seed(_, rand, made) => {
                let n = u32::try_from(n).expect("a choice among fewer than 2^32");
                let chosen = rand.rand_range(0..n);
                made.push(chosen);
                chosen as usize
            }
            Self::Path(path) => path.choose(n),
        }
    }

    /// Returns whether something with this probability happens. On a path it never does, because a
    /// probability means nothing where every alternative is tried.
    pub(crate) fn happens(&mut self, probability: Probability) -> bool {
        match self {
            _ if probability.0 == 0 => false,
            Self::Seed(_, rand, _) => u64::from(rand.rand_u32()) < probability.0,
            Self::Path(_) => false,
        }
    }

    /// Returns a duration of at most `most`.
    pub(crate) fn up_to(&mut self, most: Duration) -> Duration {
        match self {
            Self::Seed(_, rand, _) => {
                let nanos = most.as_nanos() * u128::from(rand.rand_u32()) / u128::from(u32::MAX);
                Duration::from_nanos_u128(nanos)
            }
            Self::Path(_) => Duration::ZERO,
        }
    }

    /// Returns the choices that were made so far, as [`Path::parse`] reads them.
    pub(crate) fn made(&self) -> String {
        match self {
            Self::Seed(_, _, made) => path::text(made.iter().map(|chosen| *chosen as usize)),
            Self::Path(path) => path.to_string(),
        }
    }

    /// Returns the path that this was made of.
    pub(crate) fn into_path(self) -> Path {
        match self {
            Self::Path(path) => path,
            Self::Seed(..) => unreachable!("every order is tried on a path"),
        }
    }
}
