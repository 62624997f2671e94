//! The help, the completions, the manual pages, and the errors of bad arguments.

use crate::{output, printed};

#[test]
fn bad_arguments_are_refused_in_one_line() {
    for (args, named, remedy) in [
        ("--boards 0", "'0'", "use a whole number from 1 to 1000000"),
        ("--boards -1", "'-1'", "use a whole number"),
        ("--boards 1e3", "'1e3'", "use a whole number"),
        ("--moves 99999999999999999999", "'99999999999999999999'", "use a whole number"),
        ("--master soon", "'soon'", "use a time like 5s"),
        ("--opponent -3s", "'-3s'", "use a time like 5s"),
        ("--master 100y", "100years", "use shorter times"),
        ("--seed x", "'x'", "use a whole number from 0 to 18446744073709551615"),
        ("--seed -1", "'-1'", "use a whole number from 0 to 18446744073709551615"),
        ("--style gren", "'gren'", "'green'"),
        ("--clock wall", "'wall'", "use virtual, real"),
        ("--scale 10", "--scale 10", "add --clock real"),
        ("--clock real --scale 0", "'0'", "use a factor"),
        ("--clock real --scale NaN", "'NaN'", "use a factor"),
        ("--bords 3", "'--bords'", "'--boards'"),
        (
            "chess",
            "'chess'",
            "use exhibition, serve, ps, tree, show, trace, blocking, completions, man",
        ),
        ("--boards", "'--boards <N>'", "see --help"),
        ("--style", "'--style <STYLE>'", "use callback, generator"),
        ("--boards 2 --boards 3", "'--boards <N>'", "see --help"),
        ("--json=yes", "'yes'", "see --help"),
        ("-x", "'-x'", "see --help"),
        ("--json serve echo", "'serve'", "see --help"),
        ("exhibition chess", "'chess'", "see --help"),
        (
            "help chess",
            "'chess'",
            "use exhibition, serve, ps, tree, show, trace, blocking, completions, man",
        ),
        ("completions", "<SHELL>", "see --help"),
        ("completions tcsh", "'tcsh'", "use bash, elvish, fish, powershell, zsh"),
        (
            "man chess",
            "'chess'",
            "use exhibition, serve, ps, tree, show, trace, blocking, completions, man",
        ),
        ("man exhibition chess", "'chess'", "leave it out"),
        ("exhibition --moves 0", "'0'", "use a whole number"),
        ("--boards 1000000 --moves 1000", "--moves 1000", "use fewer"),
        // A table without a number is not a result.
        (
            "--boards 1000000 --style processes",
            "1,000,000 OS processes",
            "use --boards 1000 or fewer",
        ),
        (
            "--boards 2000 --style threads,processes",
            "2,000 OS threads",
            "use --boards 1000 or fewer",
        ),
    ] {
        let output = output(args);
        assert_eq!(output.status.code(), Some(2), "{args}: {output:?}");
        assert!(output.stdout.is_empty(), "{args}: {output:?}");
        let line = String::from_utf8(output.stderr).expect("it prints UTF-8");
        assert!(line.starts_with("error: ") && line.ends_with('\n'), "{args}: {line}");
        assert_eq!(line.lines().count(), 1, "{args}: {line}");
        assert!(line.contains(named) && line.contains(remedy), "{args}: {line}");
        assert!(!line.contains(":;") && !line.contains("::"), "{args}: {line}");
    }
}

#[test]
fn help_lists_every_option() {
    for args in ["--help", "exhibition --help", "-h", "exhibition -h", "help", "help exhibition"] {
        let help = printed(args);
        for option in ["boards", "moves", "master", "opponent", "seed", "style", "clock", "scale"] {
            assert!(help.contains(&format!("--{option} <")), "{args}: {help}");
        }
        for word in ["--json", "Examples:", "Exit code:", "processes"] {
            assert!(help.contains(word), "{args}: {help}");
        }
        assert!(!help.contains("play-comparison"), "an internal argument is hidden: {help}");
    }
}

#[test]
fn every_command_has_help() {
    for (args, part) in [
        ("help serve", "Usage: quadrivium serve"),
        ("serve help", "Usage: quadrivium serve"),
        ("serve --help", "Usage: quadrivium serve"),
        ("help serve http", "Usage: quadrivium serve http"),
        ("serve help http", "Usage: quadrivium serve http"),
        ("help completions", "<(quadrivium completions bash)"),
        ("help man", "quadrivium man serve >"),
    ] {
        let help = printed(args);
        assert!(help.contains(part), "{args}: {help}");
    }
}

#[test]
fn completions_name_every_option() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed(&format!("completions {shell}"));
        for word in ["boards", "exhibition", "proxy", "idle-timeout"] {
            assert!(script.contains(word), "{shell}: {script}");
        }
        assert!(!script.contains("play-comparison"), "{shell}: {script}");
    }
}

#[test]
fn each_command_has_a_manual_page() {
    for (args, title) in [
        ("man", "quadrivium"),
        ("man serve", "quadrivium-serve"),
        ("man serve http", "quadrivium-serve-http"),
    ] {
        let page = printed(args);
        assert!(page.contains(&format!(".TH {title} 1")), "{args}: {page}");
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS"] {
            assert!(page.contains(section), "{args}: {page}");
        }
    }
}
