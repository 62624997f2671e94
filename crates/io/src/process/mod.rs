//! Child processes: what `std::process` is to threads.
//!
//! ```
//! use quadrivium::{prelude::*, process::{Command, Stdio}};
//!
//! let program = future(async {
//!     let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
//!     let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
//!     stdin.write_all(b"there and back").await?;
//!     drop(stdin);
//!     let mut bytes = Vec::new();
//!     stdout.read_to_end(&mut bytes).await?;
//!     assert!(child.wait().await?.success());
//!     Ok::<_, std::io::Error>(bytes)
//! });
//! assert_eq!(EventLoop::new()?.block_on(program)??, b"there and back");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod command;
mod stdio;
mod child;
mod starts;
mod output;
mod ended;
mod lost;
mod orphans;

use crate::pipe::{PipeReader, PipeWriter};

pub use std::process::{ExitStatus, Output};

pub use self::{child::Child, command::Command, lost::StatusLost, stdio::Stdio};

/// What a child reads as its standard input. It reads the end when this is dropped.
pub type ChildStdin = PipeWriter;

/// What a child writes to its standard output.
pub type ChildStdout = PipeReader;

/// What a child writes to its standard error.
pub type ChildStderr = PipeReader;
