//! [`address`]: converts a path or an abstract name to the address of a Unix socket.

use std::{
    io,
    os::unix::{ffi::OsStrExt, net::SocketAddr},
    path::Path,
};

/// Returns the address of a Unix socket. All operations that take a path call this function, so all
/// accept the same paths.
///
/// A path without a NUL byte names a file. On Linux a path that begins with a NUL byte is an
/// abstract name. No file belongs to it, and the name is free again when its socket is closed. Any
/// other NUL byte is an `InvalidInput` error, because the kernel would use only the part before it
/// as the path.
pub(super) fn address(path: &Path) -> io::Result<SocketAddr> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let [0, name @ ..] = path.as_os_str().as_bytes() {
        #[cfg(target_os = "android")]
        use std::os::android::net::SocketAddrExt;
        #[cfg(target_os = "linux")]
        use std::os::linux::net::SocketAddrExt;

        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_distinguished_from_abstract_names() {
        let file = address(Path::new("/tmp/a")).unwrap();
        assert_eq!(file.as_pathname(), Some(Path::new("/tmp/a")));
        for bad in ["/tmp/a\0", "/tmp/a\0.d/b", "a\0b"] {
            let error = address(Path::new(bad)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{bad:?}: {error}");
        }
        let too_long = "a".repeat(200);
        for bad in [too_long.clone(), format!("\0{too_long}")] {
            let error = address(Path::new(&bad)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
        }
        let abstract_name = address(Path::new("\0name"));
        match cfg!(any(target_os = "linux", target_os = "android")) {
            true => assert_eq!(abstract_name.unwrap().as_pathname(), None),
            false => assert!(abstract_name.is_err()),
        }
    }
}
