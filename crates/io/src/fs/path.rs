//! Functions that make a call with one path, or with two, on another thread.

use std::{io::Result, path::Path};

use quadrivium_core::inspect::LeafKind;

use crate::offload::{Offload, offload_checked};

#[track_caller]
pub(super) fn with_path<T: Send + 'static>(
    path: impl AsRef<Path>,
    work: impl FnOnce(&Path) -> Result<T> + Send + 'static,
) -> Offload<Result<T>> {
    let path = path.as_ref().to_owned();
    let work = offload_checked(move |started| {
        started?;
        work(&path)
    });
    work.of_kind(LeafKind::File)
}

#[track_caller]
pub(super) fn with_two_paths<T: Send + 'static>(
    one: impl AsRef<Path>,
    other: impl AsRef<Path>,
    work: impl FnOnce(&Path, &Path) -> Result<T> + Send + 'static,
) -> Offload<Result<T>> {
    let other = other.as_ref().to_owned();
    with_path(one, move |one| work(one, &other))
}
