//! Clients that are not part of this project: curl and wrk.

use std::{env, fs, process::Command};

use super::fixture::in_every_style;

/// Returns whether this program is installed. If tests must not be skipped,
/// panics instead of returning `false`.
fn is_installed(program: &str) -> bool {
    let is_installed = Command::new(program).arg("--version").output().is_ok();
    let must = env::var_os("QUADRIVIUM_MUST_NOT_SKIP").is_some();
    assert!(is_installed || !must, "{program} is missing: install it");
    if !is_installed {
        println!("skipped: {program} is missing; remedy: install it");
    }
    is_installed
}

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "60"])
        .args(arguments)
        .output()
        .expect("the program is installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).expect("it is text")
}

#[test]
fn curl_is_served() {
    if !is_installed("curl") {
        return;
    }
    in_every_style(|server| {
        let url = |name: &str| format!("http://{}/{name}", server.address);
        let hello = url("hello.txt");
        assert_eq!(curl(&[&hello]), "hello");
        assert_eq!(curl(&["--http1.0", &hello]), "hello");
        assert_eq!(curl(&["--range", "1-3", &hello]), "ell");
        assert!(curl(&["--head", &hello]).contains("Content-Length: 5\r\n"));
        // Two files over one connection.
        let connects = ["--write-out", " %{num_connects} "];
        let both = curl(&[&connects[..], &[&hello, &hello]].concat());
        assert_eq!(both, "hello 1 hello 0 ");
        // Downloads the missing part of a file.
        let out = tempfile::tempdir().expect("the OS lets us make a folder");
        let file = out.path().join("file");
        let file = file.to_str().expect("it is UTF-8");
        fs::write(file, "he").expect("the folder is writable");
        let code = ["--write-out", "%{http_code}", "--continue-at", "-"];
        assert_eq!(curl(&[&code[..], &["-o", file, &hello]].concat()), "206");
        assert_eq!(fs::read_to_string(file).expect("the file exists"), "hello");
        // Downloads a file only if it is new.
        let code = ["--write-out", "%{http_code}", "--time-cond", "-1 day ago"];
        server.write("folder/index.html", "index");
        let folder = url("folder");
        assert_eq!(curl(&["--location", &folder]), "index");
        let since =
            curl(&[&code[..2], &["--time-cond", file, &hello]].concat());
        assert!(["304", "hello200"].contains(&since.as_str()), "{since}");
        // Sends a body that is refused, after `Expect: 100-continue`.
        let body = "x".repeat(100_000);
        let code = ["--write-out", "%{http_code}", "-o", "/dev/null"];
        let post = [&code[..], &["--data-binary", &body, &hello]].concat();
        assert_eq!(curl(&post), "405");
        // `--path-as-is` sends the dots of the address to the server.
        let up = url("../../etc/passwd");
        let up = [&code[..], &["--path-as-is", &up]].concat();
        assert_eq!(curl(&up), "403");
    });
}

#[test]
fn two_hundred_connections_of_wrk_are_served_without_an_error() {
    if !is_installed("wrk") {
        return;
    }
    in_every_style(|server| {
        let output = Command::new("wrk")
            .args(["-c", "200", "-t", "1", "-d", "2"])
            .arg(format!("http://{}/hello.txt", server.address))
            .output()
            .expect("the program is installed");
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{report}");
        assert!(!report.contains("Socket errors"), "{report}");
        assert!(!report.contains("Non-2xx"), "{report}");
        assert!(!report.contains(" 0 requests in"), "{report}");
        server.assert_serves();
    });
}
