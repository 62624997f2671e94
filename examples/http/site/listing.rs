//! [`page`]: the list of the entries of a folder that has no `index.html`.

use std::{collections::BTreeMap, fs::File};

use rustix::{
    fs::{Dir, FileType},
    io::Errno,
};

use super::path::{escape, is_hidden};

/// The largest size of the list, in bytes. Each client that asks for the page
/// has a copy in memory until it has read it, so the page must stay small.
const MOST: usize = 60 * 1024;

/// Returns the page that lists a folder. `title` is its path as in the URL.
pub fn page(title: &str, folder: &File) -> Result<String, Errno> {
    let (entries, is_all) = entries(folder)?;
    let title = html(title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\">\
         <title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<ul>\n"
    );
    page.extend(entries.into_values());
    page.push_str("</ul>\n");
    if !is_all {
        page.push_str("<p>There is more: only a part is listed.</p>\n");
    }
    page.push_str("</body>\n</html>\n");
    Ok(page)
}

/// Returns the entries of a folder by their names, each as a line of the page.
/// Also returns whether these are all entries.
fn entries(folder: &File) -> Result<(BTreeMap<Vec<u8>, String>, bool), Errno> {
    let (mut entries, mut bytes) = (BTreeMap::new(), 0);
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        let slash = match entry.file_type() {
            FileType::Directory => "/",
            // A link to a folder redirects.
            FileType::RegularFile | FileType::Symlink | FileType::Unknown => "",
            _ => continue,
        };
        if is_hidden(name) {
            continue;
        }
        let line = line(name, slash);
        bytes += line.len();
        if bytes > MOST {
            return Ok((entries, false));
        }
        entries.insert(name.to_vec(), line);
    }
    Ok((entries, true))
}

fn line(name: &[u8], slash: &str) -> String {
    let (link, text) = (escape(name), html(&String::from_utf8_lossy(name)));
    format!("<li><a href=\"{link}{slash}\">{text}{slash}</a></li>\n")
}

/// Escapes a text for an HTML page.
fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
