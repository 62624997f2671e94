//! [`try_join`]: performs two tasks at once, until both have ended or one has
//! failed.

use std::{io, pin::Pin};

use quadrivium::task::{BoxTask, Context, Step, Task, Wait};

/// Performs both tasks to their ends. If one fails, the other one is dropped,
/// and the error is returned.
pub fn try_join(
    a: impl Task<Output = io::Result<()>> + 'static,
    b: impl Task<Output = io::Result<()>> + 'static,
) -> BothCopies {
    BothCopies { tasks: [Some(Box::pin(a)), Some(Box::pin(b))] }
}

pub struct BothCopies {
    /// The tasks that have not ended.
    tasks: [Option<BoxTask<io::Result<()>>>; 2],
}

impl Task for BothCopies {
    type Output = io::Result<()>;

    fn resume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Step<io::Result<()>> {
        let mut waits: Option<Wait> = None;
        for slot in &mut self.tasks {
            let Some(task) = slot else { continue };
            match task.as_mut().resume(cx) {
                Step::Suspended(wait) => {
                    waits = Some(match waits {
                        None => wait,
                        Some(others) => wait.or(others),
                    });
                }
                Step::Done(Ok(())) => *slot = None,
                Step::Done(Err(error)) => {
                    self.tasks = [None, None];
                    return Step::Done(Err(error));
                }
            }
        }
        waits.map_or(Step::Done(Ok(())), Step::Suspended)
    }
}
