//! The folder `docs` of this workspace.

use std::path::{Path, PathBuf};

/// Returns the path of a page or a chart.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs").join(name)
}
