//! A page that shows a program in four styles, step by step.
//!
//! The page is one HTML file that needs no network. It contains the sources, and the traces of runs
//! that were made for it.
//!
//! ```no_run
//! use quadrivium_examples::programs::Program;
//!
//! let pipeline = Program::named("pipeline").expect("it is in the list");
//! std::fs::write("pipeline.html", quadrivium_show::ProgramPage::new(pipeline).html()?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In reading order:
//!
//! - `record` runs a program in one style, and keeps what happens. `printed` keeps what it prints.
//! - `order` names the order of a run: first in first out, a seed, or choices.
//! - `comparison` puts the four traces of an order together. `encoding` makes JSON of them.
//! - `source` divides the four sources into parts that correspond to each other.
//! - `document` makes the page. Its script and its style sheet are in `page/`.

#![forbid(unsafe_code)]

mod record;
mod printed;
mod order;
mod comparison;
mod encoding;
mod source;
mod document;

pub use comparison::{Comparison, Difference};
pub use document::{ProgramPage, SCHEMA};
pub use order::{MOST_ORDERS, RunOrder};
pub use record::{Record, record};
