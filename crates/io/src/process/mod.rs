//! Child processes, with the names of `std::process`.
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
mod lazy_child;
mod output;
mod child_descriptor;
mod status_lost;
mod reaper;

pub use std::process::{ExitStatus, Output};

pub use self::{
    child::{Child, ChildStderr, ChildStdin, ChildStdout},
    command::Command,
    status_lost::StatusLost,
    stdio::Stdio,
};
