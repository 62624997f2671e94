//! The command line of `quadrivium serve`.

use std::{net::SocketAddr, num::NonZero, path::PathBuf, time::Duration};

use clap::{
    Args, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use quadrivium_examples::styles::StyleName;

use crate::args::time;

const EXAMPLES: &str = "\
The first line on standard output is `listening on ADDR`. The first SIGINT or SIGTERM stops it:
it accepts no more, and connections end by themselves or are cancelled after --grace; a second
one cancels them at once.

Examples:
  quadrivium serve echo                         on a free port of this machine
  quadrivium serve echo --style green --listen 0.0.0.0:7007
  quadrivium serve http . --listen 127.0.0.1:8080
  quadrivium serve proxy --to localhost:8080 --listen 127.0.0.1:8081
  quadrivium serve http . --threads 2
  quadrivium serve echo --host may --threads 2
  quadrivium serve echo --max-connections 20000 --idle-timeout never

Exit code: 0 when it was stopped, 1 if it could not serve, 2 if the command line makes no sense.";

/// More than any machine has cores for.
const MOST_THREADS: usize = 1024;

/// Serves over TCP, in one of the four styles
#[derive(Args, Clone, Debug)]
#[command(
    after_help = EXAMPLES,
    arg_required_else_help = false,
    disable_help_subcommand = true,
    max_term_width = 100,
    subcommand_help_heading = "Programs",
    subcommand_value_name = "PROGRAM"
)]
pub struct Serve {
    #[command(subcommand)]
    pub program: ServerProgram,
    #[command(flatten)]
    pub options: Options,
}

#[derive(Clone, Debug, Subcommand)]
pub enum ServerProgram {
    /// Sends back what it gets
    Echo,
    /// Lets guests talk in rooms, line by line
    Chat,
    /// Sends the files below a folder, over HTTP/1.1
    Http {
        /// The folder; nothing outside of it is served
        root: PathBuf,
    },
    /// Connects each client to another server, and copies both ways
    Proxy {
        /// The other server: a name or an address, and a port
        #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
        to: String,
    },
}

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Who serves
    // Global values are known to the whole command, which has another `style`.
    #[arg(
        id = "server_style", long = "style", global = true, value_name = "STYLE",
        default_value_t = StyleName::Future, value_parser = style(),
    )]
    pub style: StyleName,

    /// Where it listens; port 0 is a free one
    #[arg(
        long, global = true, value_name = "ADDR", default_value = "127.0.0.1:0",
        value_parser = address,
    )]
    pub listen: SocketAddr,

    /// What drives it
    #[arg(long, global = true, value_name = "HOST", default_value_t, value_enum)]
    pub host: HostChoice,

    /// On so many threads, each with a loop of its own, between which connections are dealt out
    #[arg(
        long, global = true, value_name = "N", default_value = "1", value_parser = threads,
        allow_negative_numbers = true,
    )]
    pub threads: NonZero<usize>,

    /// So many connections at once, on all threads together; others wait
    #[arg(
        long, global = true, value_name = "N", default_value = "16384",
        value_parser = connections, allow_negative_numbers = true,
    )]
    pub max_connections: usize,

    /// Closes a connection on which no byte has moved for so long, or never
    #[arg(
        long, global = true, value_name = "TIME", default_value = "5m",
        value_parser = idle_timeout, allow_hyphen_values = true,
    )]
    pub idle_timeout: IdleTimeout,

    /// How long connections may go on after the stop
    #[arg(
        long, global = true, value_name = "TIME", default_value = "10s", value_parser = time,
        allow_hyphen_values = true,
    )]
    pub grace: Duration,
}

/// Who waits for the operating system, and gives the loops their turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HostChoice {
    /// Each loop by itself
    #[default]
    Loop,
    /// tokio: a runtime on each thread, with a loop inside
    Tokio,
    /// may: a worker for each thread, with a loop on it
    May,
}

/// None is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleTimeout(pub Option<Duration>);

fn style() -> impl TypedValueParser<Value = StyleName> {
    PossibleValuesParser::new(StyleName::ALL.map(StyleName::name))
        .map(|name| StyleName::named(&name).expect("it is one of these names"))
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "use an address like 127.0.0.1:8080, or 0.0.0.0:80 for all there are".into())
}

/// The name is looked up for each connection, so it need not exist yet.
fn host_and_port(text: &str) -> Result<String, String> {
    let is_one = text.rsplit_once(':').is_some_and(|(host, port)| {
        is_host(host) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    let remedy =
        || "use a host and a port, like localhost:8080, and an IPv6 address in brackets".into();
    if is_one { Ok(text.into()) } else { Err(remedy()) }
}

/// A name, or an address; one with colons stands in brackets.
fn is_host(text: &str) -> bool {
    let is_bracketed = text.starts_with('[') && text.ends_with(']');
    let is_fit = |c: char| !c.is_whitespace() && !"/@".contains(c) && (c != ':' || is_bracketed);
    !text.is_empty() && text.chars().all(is_fit)
}

fn connections(text: &str) -> Result<usize, String> {
    let found = text.parse().ok().filter(|number| *number > 0);
    found.ok_or_else(|| "use a whole number from 1 on".into())
}

fn threads(text: &str) -> Result<NonZero<usize>, String> {
    let found = text.parse().ok().filter(|number: &NonZero<usize>| number.get() <= MOST_THREADS);
    found.ok_or_else(|| format!("use a whole number from 1 to {MOST_THREADS}"))
}

fn idle_timeout(text: &str) -> Result<IdleTimeout, String> {
    if text == "never" {
        return Ok(IdleTimeout(None));
    }
    let found = time(text).ok().filter(|time| !time.is_zero());
    let found = found.ok_or_else(|| String::from("use a time like 30s or 5m, or never"))?;
    Ok(IdleTimeout(Some(found)))
}
