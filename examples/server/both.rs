//! [`both`]: performs two tasks at once, until both have ended or one has
//! failed.

use std::{io, pin::Pin};

use quadrivium::task::{BoxTask, Context, Step, Task, Wait};

/// Performs both tasks to their ends. If one fails, the other one is dropped,
/// and the error is returned.
pub fn both(
    a: impl Task<Output = io::Result<()>> + 'static,
    b: impl Task<Output = io::Result<()>> + 'static,
) -> Both {
    Both { parts: [Some(Box::pin(a)), Some(Box::pin(b))] }
}

pub struct Both {
    /// The tasks that have not ended.
    parts: [Option<BoxTask<io::Result<()>>>; 2],
}

impl Task for Both {
    type Output = io::Result<()>;

    fn resume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Step<io::Result<()>> {
        let mut waits: Option<Wait> = None;
        for part in &mut self.parts {
            let Some(task) = part else { continue };
            match task.as_mut().resume(cx) {
                Step::Suspended(wait) => {
                    waits = Some(match waits {
                        None => wait,
                        Some(other) => wait.or(other),
                    });
                }
                Step::Done(Ok(())) => *part = None,
                Step::Done(Err(error)) => {
                    self.parts = [None, None];
                    return Step::Done(Err(error));
                }
            }
        }
        waits.map_or(Step::Done(Ok(())), Step::Suspended)
    }
}
