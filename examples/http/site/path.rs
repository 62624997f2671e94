//! [`SitePath`]: the target of a request, as a path below the root.

use std::{ffi::OsString, os::unix::ffi::OsStringExt, path::PathBuf};

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode,
};

use super::super::protocol::{Refusal, Status};

/// A path below the root.
#[derive(Debug, PartialEq, Eq)]
pub struct SitePath {
    /// A relative path without `..`. It is empty for the root.
    pub path: PathBuf,
    /// The target ends with a slash.
    pub is_folder: bool,
    /// The target without its query, with one slash between two names and with
    /// escapes where they are needed.
    pub encoded: String,
    /// The text after the question mark.
    pub query: Option<String>,
}

/// The characters of a name that are escaped in a URL.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Escapes one name for a URL.
pub fn escape(name: &[u8]) -> String {
    percent_encode(name, ESCAPED).to_string()
}

/// Reads the target of a GET: `/path?query`, or the same with `http://host` in
/// front of it, as a client sends it to a proxy. After a host, an empty path
/// means `/` (RFC 3986, section 6.2.3).
///
/// # Errors
///
/// 400 if the target is malformed or ambiguous. 403 for dot segments, which
/// clients resolve themselves. 404 for hidden names.
pub fn parse_target(target: &str) -> Result<SitePath, Refusal> {
    let target = without_origin(target)?;
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_string())),
        None => (target, None),
    };
    if target.contains('#') {
        return Err(Refusal::bad("a target has no fragment"));
    }
    let path = if path.is_empty() { "/" } else { path };
    let mut read = SitePath {
        path: PathBuf::new(),
        is_folder: path.ends_with('/'),
        encoded: String::new(),
        query,
    };
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let name = name(segment)?;
        read.encoded.push('/');
        read.encoded.push_str(&escape(&name));
        read.path.push(OsString::from_vec(name));
    }
    if read.is_folder {
        read.encoded.push('/');
    }
    Ok(read)
}

/// Returns the target without `http://host`. The rest may be empty.
fn without_origin(target: &str) -> Result<&str, Refusal> {
    if target.starts_with('/') {
        return Ok(target);
    }
    let refusal = || Refusal::bad("a target begins with a slash");
    let (scheme, rest) = target.split_once("://").ok_or_else(refusal)?;
    if !["http", "https"].iter().any(|it| scheme.eq_ignore_ascii_case(it)) {
        return Err(refusal());
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    // User names and passwords are not allowed (RFC 9110, section 4.2.4).
    if host.is_empty() || host.contains('@') {
        return Err(Refusal::bad("`http://` must be followed by a host"));
    }
    Ok(path)
}

/// Returns the bytes of one name, without escapes.
fn name(segment: &str) -> Result<Vec<u8>, Refusal> {
    let mut parts = segment.split('%');
    parts.next();
    let is_escape = |part: &str| {
        part.len() >= 2
            && part.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit)
    };
    if !parts.all(is_escape) {
        return Err(Refusal::bad("a `%` must be followed by two hex digits"));
    }
    let name: Vec<u8> = percent_decode_str(segment).collect();
    if name.contains(&b'/') || name.contains(&0) {
        return Err(Refusal::bad("a name has an escaped slash or NUL"));
    }
    match name.as_slice() {
        b"." | b".." => {
            Err(Refusal::new(Status::Forbidden, "the path has `.` or `..`"))
        }
        name if is_hidden(name) => {
            Err(Refusal::new(Status::NotFound, "there is no such file"))
        }
        _ => Ok(name),
    }
}

/// Returns whether a name is neither listed nor served, such as `.git`.
pub fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(target: &str) -> u16 {
        parse_target(target)
            .map_or_else(|refusal| refusal.status.code(), |_| 200)
    }

    fn path(target: &str) -> String {
        let read = parse_target(target).expect("it is a target");
        read.path.into_os_string().into_string().expect("it is UTF-8")
    }

    #[test]
    fn a_target_names_a_path_below_the_root() {
        assert_eq!(path("/"), "");
        assert_eq!(path("/a/b.txt"), "a/b.txt");
        assert_eq!(path("/a%20b/%C3%A4?x=/../y"), "a b/ä");
        assert_eq!(path("/%41%2e%74"), "A.t");
        assert_eq!(path("http://example.org/a"), "a");
    }

    #[test]
    fn a_host_without_a_path_is_the_root() {
        for (target, query) in [
            ("HTTPS://example.org", None),
            ("http://example.org?", Some("")),
            ("http://example.org?x=/..//y", Some("x=/..//y")),
            ("http://example.org:80?x", Some("x")),
            ("http://[::1]:80", None),
        ] {
            let root = parse_target("/").expect("it is a target");
            let root = SitePath { query: query.map(str::to_string), ..root };
            assert_eq!(parse_target(target), Ok(root), "{target}");
        }
    }

    #[test]
    fn slashes_count_once() {
        let read = parse_target("//evil.example//a/").expect("it is a target");
        assert_eq!(read.path, PathBuf::from("evil.example/a"));
        assert_eq!(read.encoded, "/evil.example/a/");
        assert!(read.is_folder);
    }

    #[test]
    fn an_encoded_path_is_safe_in_a_head() {
        let read = parse_target("/a%0d%0aSet-Cookie:x/%22%3c")
            .expect("it is a target");
        assert_eq!(
            read.encoded,
            "/a%0D%0ASet%2DCookie%3Ax/%22%3C".replace("%2D", "-")
        );
    }

    #[test]
    fn dot_segments_are_refused_however_they_are_spelt() {
        for target in [
            "/..",
            "/../etc/passwd",
            "/a/../b",
            "/%2e%2e/",
            "/.%2E/x",
            "/%2e./x",
            "/a/.",
            "http://host/../x",
        ] {
            assert_eq!(status(target), 403, "{target}");
        }
        // These look like dot segments, but are names.
        assert_eq!(status("/a../b..c"), 200);
        assert_eq!(status("/%252e%252e/"), 200);
    }

    #[test]
    fn hidden_names_are_not_found() {
        assert_eq!(status("/.git/config"), 404);
        assert_eq!(status("/a/%2ehidden"), 404);
        assert_eq!(status("/..."), 404);
    }

    #[test]
    fn ambiguous_targets_are_refused() {
        for target in [
            "/%",
            "/%4",
            "/%zz",
            "/%4g/x",
            "/a%",
            "/%+1",
            "/a%2fb",
            "/a%2Fb",
            "/a%00",
            "/a#b",
            "*",
            "",
            "a/b",
            "example.org:80",
            "ftp://host/",
            "?x",
            "http://?x",
            "http://#f",
            "http://host#f",
            "http://host?x#f",
            "http://",
            "http:///a",
            "http://user@host/a",
            "://",
            "/a?b#c",
        ] {
            assert_eq!(status(target), 400, "{target}");
        }
    }
}
