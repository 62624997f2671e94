//! Answers requests with the files of a folder. Each lookup is first tried with
//! the files that the kernel has in memory. If this is not enough, it is tried
//! again on a thread on which it may wait for the disk.

mod answer;
mod conditions;
mod disk;
mod file;
mod listing;
mod media_type;
mod path;
mod range;
mod root;

pub use answer::{Answer, Rest, shrunk};
pub use disk::Disk;
pub use root::Site;
