//! `quadrivium show`: writes the page of a program in four styles.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::PathBuf,
};

use clap::Args;
use quadrivium_examples::programs::Program;
use quadrivium_show::{ProgramPage, RunOrder};

#[derive(Args, Clone, Debug)]
pub struct Show {
    /// The program. Without one, the command lists the programs
    #[arg(value_name = "PROGRAM")]
    program: Option<String>,

    /// The file that is written; `-` is standard output [default: PROGRAM.html]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// The order that the page shows first: a seed, or choices such as 0.1.2 [default: first in,
    /// first out]
    #[arg(long, value_name = "ORDER", value_parser = parse_order)]
    order: Option<RunOrder>,
}

/// Writes the page, or lists the programs.
///
/// # Errors
///
/// One line, with the cause and a remedy.
pub fn show(options: &Show) -> Result<(), String> {
    let Some(name) = &options.program else { return print(&list()) };
    let Some(program) = Program::named(name) else {
        let names = Program::ALL.map(|it| it.name).join(", ");
        return Err(format!("{name:?} cannot be shown: use {names}"));
    };
    let mut page = ProgramPage::new(program);
    if let Some(order) = &options.order {
        page = page.showing(order.clone());
    }
    write(options, program, &page.html()?)
}

fn write(options: &Show, program: Program, html: &str) -> Result<(), String> {
    let out = options.out.clone().unwrap_or_else(|| format!("{}.html", program.name).into());
    if out.as_os_str() == "-" {
        return print(html);
    }
    let shown = out.display();
    fs::write(&out, html)
        .map_err(|error| format!("cannot write {shown}: {error}: use another --out"))?;
    print(&format!("{shown}\n"))
}

/// Returns the programs that can be shown, a line each.
fn list() -> String {
    let line = |program: Program| {
        let about = program.text.main.lines().next().unwrap_or_default();
        let about = about.trim_start_matches("//! ");
        let about = about.split_once(": ").map_or(about, |(_, about)| about);
        format!("{:12} {about}\n", program.name)
    };
    Program::ALL.map(line).concat()
}

/// Parses a seed, or choices with dots between them.
fn parse_order(text: &str) -> Result<RunOrder, String> {
    RunOrder::parse(text).ok_or_else(|| "use a seed such as 17, or choices such as 0.1.2".into())
}

fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(|error| format!("cannot write to standard output: {error}")),
    }
}
