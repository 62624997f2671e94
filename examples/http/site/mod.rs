//! A folder whose files are answers. What is asked for is tried first with what
//! the kernel has in memory, and if that is not enough, again where waiting for
//! the disk holds up nobody.

mod answer;
mod conditions;
mod disk;
mod file;
mod listing;
mod media_type;
mod path;
mod range;
mod root;

pub use answer::Answer;
pub use disk::Disk;
pub use root::Site;
