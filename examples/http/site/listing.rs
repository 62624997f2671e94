//! [`page`]: the page that stands for a folder without an `index.html`.

use std::{fmt::Write, fs::File};

use rustix::{
    fs::{Dir, FileType},
    io::Errno,
};

use super::path::{escape, is_hidden};

/// So many entries are read, so that a huge folder does not fill the memory.
const MOST: usize = 10_000;

/// Lists a folder; `title` is its path as in the URL.
pub fn page(title: &str, folder: &File) -> Result<String, Errno> {
    let mut entries = entries(folder)?;
    let is_all = entries.len() <= MOST;
    entries.truncate(MOST);
    entries.sort();
    let title = html(title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\">\
         <title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<ul>\n"
    );
    for Entry { name, is_folder } in entries {
        let slash = if is_folder { "/" } else { "" };
        let (link, text) = (escape(&name), String::from_utf8_lossy(&name));
        let text = html(&text);
        writeln!(page, "<li><a href=\"{link}{slash}\">{text}{slash}</a></li>")
            .expect("a String takes all");
    }
    page.push_str("</ul>\n");
    if !is_all {
        page.push_str("<p>There is more: only a part is listed.</p>\n");
    }
    page.push_str("</body>\n</html>\n");
    Ok(page)
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    name: Vec<u8>,
    /// Known to be one. (A link to a folder is not: it redirects.)
    is_folder: bool,
}

/// What is in a folder; of very much, one entry more than is listed.
fn entries(folder: &File) -> Result<Vec<Entry>, Errno> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        let is_folder = match entry.file_type() {
            FileType::Directory => true,
            FileType::RegularFile | FileType::Symlink | FileType::Unknown => {
                false
            }
            _ => continue,
        };
        if is_hidden(name) {
            continue;
        }
        entries.push(Entry { name: name.to_vec(), is_folder });
        if entries.len() > MOST {
            break;
        }
    }
    Ok(entries)
}

/// Text as it stands in a page.
fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
