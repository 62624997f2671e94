//! Probes: files and folders, pipes and standard input.

use std::{
    fs::{self, File},
    io::{self, IoSlice, IoSliceMut, Read, Write},
    os::unix::fs::{FileExt, symlink},
};

use super::{Folder, Probing, StdProbe, locks::while_taken};
use crate::system;

/// Makes a file and opens it for reading and writing.
fn open(folder: &Folder) -> io::Result<File> {
    File::options().read(true).write(true).open(folder.file("file")?)
}

/// Makes a call while another thread has a file locked.
fn while_locked(probing: &Probing, call: fn(&File) -> io::Result<()>) -> io::Result<()> {
    let folder = Folder::new()?;
    let (file, other) = (open(&folder)?, File::open(folder.join("file"))?);
    let mut returned = Ok(());
    while_taken(probing, || other.lock().map(|()| other), || returned = call(&file))?;
    returned
}

pub(super) const PROBES: &[StdProbe] = &[
    ("std::fs::File::open", |probing| {
        let folder = Folder::new()?;
        let path = folder.file("file")?;
        probing.call(|| File::open(&path)).map(drop)
    }),
    ("std::fs::File::create", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("file");
        probing.call(|| File::create(&path)).map(drop)
    }),
    ("std::fs::File::read", |probing| {
        let folder = Folder::new()?;
        let mut file = open(&folder)?;
        probing.call(|| file.read(&mut [0])).map(drop)
    }),
    ("std::fs::File::read_vectored", |probing| {
        let folder = Folder::new()?;
        let mut file = open(&folder)?;
        probing.call(|| file.read_vectored(&mut [IoSliceMut::new(&mut [0])])).map(drop)
    }),
    ("std::fs::File::read_at", |probing| {
        let folder = Folder::new()?;
        let file = open(&folder)?;
        probing.call(|| file.read_at(&mut [0], 1)).map(drop)
    }),
    ("std::fs::File::write", |probing| {
        let folder = Folder::new()?;
        let mut file = open(&folder)?;
        probing.call(|| file.write(b"x")).map(drop)
    }),
    ("std::fs::File::write_vectored", |probing| {
        let folder = Folder::new()?;
        let mut file = open(&folder)?;
        probing.call(|| file.write_vectored(&[IoSlice::new(b"x")])).map(drop)
    }),
    ("std::fs::File::write_at", |probing| {
        let folder = Folder::new()?;
        let file = open(&folder)?;
        probing.call(|| file.write_at(b"x", 1)).map(drop)
    }),
    ("std::fs::File::metadata", |probing| {
        let folder = Folder::new()?;
        let file = open(&folder)?;
        probing.call(|| file.metadata()).map(drop)
    }),
    ("std::fs::File::set_len", |probing| {
        let folder = Folder::new()?;
        let file = open(&folder)?;
        probing.call(|| file.set_len(1))
    }),
    ("std::fs::File::sync_all", |probing| {
        let folder = Folder::new()?;
        let file = open(&folder)?;
        probing.call(|| file.sync_all())
    }),
    ("std::fs::File::sync_data", |probing| {
        let folder = Folder::new()?;
        let file = open(&folder)?;
        probing.call(|| file.sync_data())
    }),
    ("std::fs::File::lock", |probing| while_locked(probing, |file| file.lock())),
    ("std::fs::File::lock_shared", |probing| while_locked(probing, |file| file.lock_shared())),
    ("std::fs::read", |probing| {
        let folder = Folder::new()?;
        let path = folder.file("file")?;
        probing.call(|| fs::read(&path)).map(drop)
    }),
    ("std::fs::read_to_string", |probing| {
        let folder = Folder::new()?;
        let path = folder.file("file")?;
        probing.call(|| fs::read_to_string(&path)).map(drop)
    }),
    ("std::fs::write", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("file");
        probing.call(|| fs::write(&path, "x"))
    }),
    ("std::fs::copy", |probing| {
        let folder = Folder::new()?;
        let (from, to) = (folder.file("file")?, folder.join("copy"));
        probing.call(|| fs::copy(&from, &to)).map(drop)
    }),
    ("std::fs::metadata", |probing| {
        let folder = Folder::new()?;
        probing.call(|| fs::metadata(&folder.path)).map(drop)
    }),
    ("std::fs::exists", |probing| {
        let folder = Folder::new()?;
        probing.call(|| fs::exists(&folder.path)).map(drop)
    }),
    ("std::fs::symlink_metadata", |probing| {
        let folder = Folder::new()?;
        probing.call(|| fs::symlink_metadata(&folder.path)).map(drop)
    }),
    ("std::fs::set_permissions", |probing| {
        let folder = Folder::new()?;
        let path = folder.file("file")?;
        let permissions = fs::metadata(&path)?.permissions();
        probing.call(|| fs::set_permissions(&path, permissions))
    }),
    ("std::fs::read_link", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("link");
        symlink("file", &path)?;
        probing.call(|| fs::read_link(&path)).map(drop)
    }),
    ("std::fs::hard_link", |probing| {
        let folder = Folder::new()?;
        let (from, to) = (folder.file("file")?, folder.join("link"));
        probing.call(|| fs::hard_link(&from, &to))
    }),
    ("std::os::unix::fs::symlink", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("link");
        probing.call(|| symlink("file", &path))
    }),
    ("std::fs::canonicalize", |probing| {
        let folder = Folder::new()?;
        probing.call(|| fs::canonicalize(&folder.path)).map(drop)
    }),
    ("std::fs::rename", |probing| {
        let folder = Folder::new()?;
        let (from, to) = (folder.file("file")?, folder.join("other"));
        probing.call(|| fs::rename(&from, &to))
    }),
    ("std::fs::remove_file", |probing| {
        let folder = Folder::new()?;
        let path = folder.file("file")?;
        probing.call(|| fs::remove_file(&path))
    }),
    ("std::fs::create_dir", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("inside");
        probing.call(|| fs::create_dir(&path))
    }),
    ("std::fs::create_dir_all", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("inside");
        probing.call(|| fs::create_dir_all(&path))
    }),
    ("std::fs::remove_dir", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("inside");
        fs::create_dir(&path)?;
        probing.call(|| fs::remove_dir(&path))
    }),
    ("std::fs::remove_dir_all", |probing| {
        let folder = Folder::new()?;
        let path = folder.join("inside");
        fs::create_dir(&path)?;
        fs::write(path.join("file"), "x")?;
        probing.call(|| fs::remove_dir_all(&path))
    }),
    ("std::fs::read_dir", |probing| {
        let folder = Folder::new()?;
        probing.call(|| fs::read_dir(&folder.path)).map(drop)
    }),
    ("std::fs::ReadDir::next", |probing| {
        let folder = Folder::new()?;
        folder.file("file")?;
        let mut entries = fs::read_dir(&folder.path)?;
        probing.call(|| entries.next()).transpose().map(drop)
    }),
    ("std::io::PipeReader::read", |probing| {
        let (mut reader, mut writer) = io::pipe()?;
        writer.write_all(b"x")?;
        probing.call(|| reader.read(&mut [0])).map(drop)
    }),
    ("std::io::PipeWriter::write", |probing| {
        let (_reader, mut writer) = io::pipe()?;
        probing.call(|| writer.write(b"x")).map(drop)
    }),
    ("std::io::Stdin::read_line", |probing| {
        let nothing = File::open("/dev/null")?;
        system::with_standard_input(&nothing, || {
            probing.call(|| io::stdin().read_line(&mut String::new())).map(drop)
        })
    }),
];
