//! [`Scratch`]: the copy of the workspace in which bugs are planted.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::bugs::Bug;

/// A copy of the workspace below its `target`, kept from one run to the next: so other people's
/// crates are built once.
pub struct Scratch {
    root: PathBuf,
}

impl Scratch {
    /// Copies the workspace. A file that is the same is left alone, so that it is not built again;
    /// one that an interrupted run left a bug in is not the same.
    pub fn new(workspace: &Path) -> io::Result<Self> {
        let root = workspace.join("target/seeded-bugs/workspace");
        fs::create_dir_all(&root)?;
        copy(workspace, &root)?;
        Ok(Self { root: root.canonicalize()? })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where it is built.
    pub fn target(&self) -> PathBuf {
        self.root.with_file_name("target")
    }

    /// Puts a bug in, until the guard is dropped.
    pub fn plant(&self, bug: &Bug) -> Result<Planted, String> {
        let file = self.root.join(bug.file);
        let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
        fs::write(&file, bug.plant(&text)?).map_err(|error| error.to_string())?;
        Ok(Planted { file, text })
    }
}

/// The span in which a bug is in the copy. Made by [`Scratch::plant`].
#[must_use = "the bug is taken out again when this is dropped"]
pub struct Planted {
    file: PathBuf,
    /// What stood there before.
    text: String,
}

impl Drop for Planted {
    fn drop(&mut self) {
        // If it fails, the next bug would be planted beside this one: better to stop.
        fs::write(&self.file, &self.text).expect("a file that was written can be written again");
    }
}

/// Makes `to` the same as `from`, but for what is hidden or was built.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let names = names(from)?;
    for gone in names_of_all(to)?.difference(&names) {
        remove(&to.join(gone))?;
    }
    for name in names {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            fs::create_dir_all(&to)?;
            copy(&from, &to)?;
        } else if fs::read(&to).ok() != Some(fs::read(&from)?) {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

fn names(folder: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = names_of_all(folder)?;
    names.retain(|name| name != "target" && !name.starts_with('.'));
    Ok(names)
}

fn names_of_all(folder: &Path) -> io::Result<BTreeSet<String>> {
    let name = |entry: io::Result<fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    fs::read_dir(folder)?.map(name).collect()
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
