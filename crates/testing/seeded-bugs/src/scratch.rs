//! [`Scratch`]: the copy of the workspace in which bugs are planted.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::bugs::Bug;

/// A copy of the workspace below its `target`. It is kept from one run to the next, so that
/// dependencies are built only once.
pub struct Scratch {
    root: PathBuf,
}

impl Scratch {
    /// Copies the workspace. A file that is the same is not written, so that it is not built again.
    /// A file in which an interrupted run has left a bug is not the same.
    pub fn new(workspace: &Path) -> io::Result<Self> {
        let root = workspace.join("target/seeded-bugs/workspace");
        fs::create_dir_all(&root)?;
        copy(workspace, &root)?;
        Ok(Self { root: root.canonicalize()? })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder in which the copy is built.
    pub fn target(&self) -> PathBuf {
        self.root.with_file_name("target")
    }

    /// Plants a bug, until the guard is dropped.
    pub fn plant(&self, bug: &Bug) -> Result<Planted, String> {
        let file = self.root.join(bug.file);
        let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
        fs::write(&file, bug.plant(&text)?).map_err(|error| error.to_string())?;
        Ok(Planted { file, text })
    }
}

/// Keeps a bug in the copy until it is dropped. Made by [`Scratch::plant`].
#[must_use = "the bug is taken out again when this is dropped"]
pub struct Planted {
    file: PathBuf,
    /// The text of the file without the bug.
    text: String,
}

impl Drop for Planted {
    fn drop(&mut self) {
        // If this failed, the next bug would be planted together with this one, so the run ends.
        fs::write(&self.file, &self.text).expect("a file that was written can be written again");
    }
}

/// Makes `to` the same as `from`, except for hidden files and `target`.
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
