//! Targets and the files that they name, and targets that name no file.

use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink, net::UnixListener},
    path::Path,
};

use rustix::fs::{Advice, CWD, FileType, Mode, fadvise, mknodat};

use super::fixture::in_every_style;

#[test]
fn files_of_any_size_come_whole() {
    in_every_style(|server| {
        let chunk = 64 * 1024;
        for len in (0..3)
            .chain(chunk - 400..chunk - 200)
            .step_by(7)
            .chain(chunk - 1..=chunk + 1)
            .chain([2 * chunk, 10 * chunk + 3])
        {
            let bytes: Vec<u8> = (0..len).map(|it| (it % 251) as u8).collect();
            server.write("file", &bytes);
            let answer = server.get("/file", "");
            assert_eq!(answer.status, 200);
            assert!(answer.body == bytes, "{len} bytes");
            assert_eq!(
                answer.field("content-type"),
                Some("application/octet-stream")
            );
        }
    });
}

#[test]
fn a_file_that_is_not_cached_is_read_from_the_disk() {
    in_every_style(|server| {
        let bytes: Vec<u8> = (0..1_000_000).map(|it| it as u8).collect();
        server.write("file", &bytes);
        let file = fs::File::open(server.root().join("file")).unwrap();
        file.sync_all().unwrap();
        // A file system in memory keeps the file there nevertheless.
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
        assert!(server.get("/file", "").body == bytes);
    });
}

#[test]
fn a_folder_is_answered_with_its_index_or_a_list() {
    in_every_style(|server| {
        server.write("with/index.html", "the index");
        server.write("without/<b> & 'c'.txt", "");
        server.write("without/folder/x", "");
        server.write("without/.hidden", "");
        symlink("folder", server.root().join("without/link")).unwrap();
        assert_eq!(server.get("/with/", "").text(), "the index");
        let answer = server.get("/without/", "");
        assert_eq!(
            answer.field("content-type"),
            Some("text/html; charset=utf-8")
        );
        let page = answer.text();
        assert!(page.contains(
            "<a href=\"%3Cb%3E%20%26%20%27c%27.txt\">\
             &lt;b&gt; &amp; &#39;c&#39;.txt</a>"
        ));
        assert!(page.contains("<a href=\"folder/\">folder/</a>"));
        assert!(page.contains("<a href=\"link\">link</a>"));
        assert!(!page.contains("hidden") && !page.contains("\"..\""));
        assert!(server.get("/", "").text().contains("<h1>/</h1>"));
        // With a slash at its end, the target does not name a file.
        assert_eq!(server.get("/hello.txt/", "").status, 404);
        assert_eq!(server.get("/none/", "").status, 404);
    });
}

#[test]
fn a_name_that_is_not_utf8_is_listed_and_found() {
    in_every_style(|server| {
        let name = std::ffi::OsStr::from_bytes(b"a\xff\n\"b");
        fs::write(server.root().join(name), "found").unwrap();
        let page = server.get("/", "");
        let page = page.text();
        assert!(page.contains("href=\"a%FF%0A%22b\""), "{page}");
        assert_eq!(server.get("/a%FF%0A%22b", "").text(), "found");
    });
}

#[test]
fn an_absolute_target_may_have_no_path() {
    in_every_style(|server| {
        let root = server.get("/", "");
        for target in ["http://other", "http://other?x", "HTTP://other:1?/a//b"]
        {
            let answer = server.get(target, "");
            assert_eq!(answer.status, 200, "{target}");
            assert_eq!(answer.text(), root.text(), "{target}");
        }
        let answer = server.get("http://other#x", "");
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("a target has no fragment"));
    });
}

#[test]
fn a_folder_without_a_slash_is_redirected() {
    in_every_style(|server| {
        server.write("a b/c/x", "");
        for (target, location) in [
            ("/a%20b", "/a%20b/"),
            ("/a%20b/c?q=1&r", "/a%20b/c/?q=1&r"),
            ("//a%20b//c", "/a%20b/c/"),
            ("http://example.org/a%20b", "/a%20b/"),
            ("http://example.org/a%20b?", "/a%20b/?"),
        ] {
            let answer = server.get(target, "");
            assert_eq!(answer.status, 301, "{target}");
            assert_eq!(answer.field("location"), Some(location));
        }
    });
}

#[test]
fn nothing_outside_of_the_root_is_served() {
    in_every_style(|server| {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let root = server.root();
        let secret = outside.path().join("secret");
        let up = Path::new("..").join(outside.path().file_name().unwrap());
        symlink(&secret, root.join("absolute")).unwrap();
        symlink(up.join("secret"), root.join("relative")).unwrap();
        symlink(outside.path(), root.join("folder")).unwrap();
        symlink("/proc/self/environ", root.join("proc")).unwrap();
        symlink("/", root.join("index.html")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        server.write("inside/file", "inside");
        symlink("inside/../inside/file", root.join("link")).unwrap();
        let up = up.display();
        for (target, status) in [
            ("/absolute".to_string(), 403),
            ("/relative".to_string(), 403),
            ("/folder/secret".to_string(), 403),
            ("/folder/".to_string(), 403),
            ("/folder".to_string(), 403),
            ("/proc".to_string(), 403),
            ("/".to_string(), 403),
            ("/loop".to_string(), 404),
            (format!("/{up}/secret"), 403),
            (format!("/inside/../{up}/secret"), 403),
            ("/%2e%2e/".to_string(), 403),
            ("/..%2f".to_string(), 400),
            ("/..%5c..%5c".to_string(), 404),
            ("/%c0%ae%c0%ae/".to_string(), 404),
            ("/%252e%252e%252f".to_string(), 404),
            (secret.display().to_string(), 404),
            (format!("/{}", secret.display()), 404),
        ] {
            let answer = server.get(&target, "");
            assert_eq!(answer.status, status, "{target}");
            assert!(!answer.text().contains("secret"));
            let names = answer.text().contains(root.to_str().unwrap());
            assert!(!names, "an error names no path of this machine");
        }
        assert_eq!(server.get("/link", "").text(), "inside");
    });
}

#[test]
fn fifos_and_sockets_are_refused_without_waiting() {
    in_every_style(|server| {
        let root = server.root();
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, root.join("fifo"), FileType::Fifo, mode, 0).unwrap();
        let _listener = UnixListener::bind(root.join("socket")).unwrap();
        // This write to the fifo waits until the fifo is opened for reading.
        let fifo = root.join("fifo");
        let writing = std::thread::spawn(move || fs::write(fifo, "text"));
        for target in ["/fifo", "/socket"].repeat(10) {
            assert_eq!(server.get(target, "").status, 403, "{target}");
        }
        assert!(!writing.is_finished(), "the server read from the fifo");
        let read = fs::read_to_string(root.join("fifo"));
        assert_eq!(read.unwrap(), "text");
        writing.join().unwrap().unwrap();
        // The fifo and the socket are not listed, either.
        let page = server.get("/", "");
        assert!(page.text().contains("hello.txt"));
        assert!(!page.text().contains("fifo"));
        assert!(!page.text().contains("socket"));
    });
}

#[test]
fn a_file_that_may_not_be_read_is_forbidden() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        println!("skipped: root may read everything; run it as another user");
        return;
    }
    in_every_style(|server| {
        server.write("locked", "");
        let none = fs::Permissions::from_mode(0o0);
        fs::set_permissions(server.root().join("locked"), none).unwrap();
        assert_eq!(server.get("/locked", "").status, 403);
    });
}

#[test]
fn a_folder_of_very_many_files_is_listed_in_part() {
    in_every_style(|server| {
        let folder = server.root().join("many");
        fs::create_dir(&folder).unwrap();
        let file = fs::File::create(folder.join("0")).unwrap();
        drop(file);
        // Names whose entries are the longest, since each `'` is escaped.
        let name = "'".repeat(250);
        for number in 0..100 {
            let link = folder.join(format!("{name}{number}"));
            fs::hard_link(folder.join("0"), link).unwrap();
        }
        let page = server.get("/many/", "");
        assert!((20..40).contains(&page.text().matches("<li>").count()));
        assert!(page.text().contains("only a part"));
        assert!(page.text().len() < 64 * 1024);
    });
}
