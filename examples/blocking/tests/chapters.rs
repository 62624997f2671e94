//! The chapter "When it hangs" shows what this program prints.

use std::{fs, path::Path, process::Command};

/// Returns a text with `_` for each measured time, such as `40.1 ms`.
fn without_times(text: &str) -> String {
    let is_time = |word: &str| {
        word.contains('.')
            && word.chars().all(|it| it.is_ascii_digit() || it == '.')
    };
    let line = |line: &str| {
        let words: Vec<_> = line
            .split(' ')
            .map(|word| if is_time(word) { "_" } else { word })
            .collect();
        words.join(" ") + "\n"
    };
    text.lines().map(line).collect()
}

#[test]
fn the_chapter_shows_the_output() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .parent()
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_blocking"))
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let printed = printed.replace(&format!("{}/", root.display()), "");
    let chapter = fs::read_to_string(root.join("docs/hangs.md")).unwrap();
    let shown = format!("```text\n{}```\n", without_times(&printed));
    assert!(
        without_times(&chapter).contains(&shown),
        "docs/hangs.md should have:\n{printed}"
    );
}
