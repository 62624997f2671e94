//! The command line of `quadrivium serve`.

use std::{net::SocketAddr, num::NonZero, path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};
use quadrivium_examples::styles::StyleName;

use crate::{args::parse_time, names::style_parser};

const EXAMPLES: &str = "\
The first line on standard output is `listening on ADDR`. SIGINT or SIGTERM stops the server: it \
accepts no more connections, and cancels those that have not ended after --grace. A second signal \
cancels them at once. SIGUSR1 prints what the tasks do, on standard error.

Examples:
  quadrivium serve echo                     on a free port of this machine
  quadrivium serve echo --style green --listen 0.0.0.0:7007
  quadrivium serve http . --listen 127.0.0.1:8080
  quadrivium serve proxy --to localhost:8080 --listen 127.0.0.1:8081
  quadrivium serve http . --threads 2
  quadrivium serve echo --host may --threads 2
  quadrivium serve http . --watchdog 100ms
  quadrivium serve echo --max-connections 20000 --idle-timeout never
  quadrivium serve echo --trace echo.pftrace

Exit code: 0 after a stop; 1 if it could not serve; 2 if the command line is refused.";

/// No machine has cores for more threads.
const MOST_THREADS: usize = 1024;

/// Serves over TCP, in one of the four styles
#[derive(Args, Clone, Debug)]
#[command(
    after_help = EXAMPLES,
    arg_required_else_help = false,
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
    /// Sends back all that it receives
    Echo,
    /// Passes lines between the guests of a room
    Chat,
    /// Sends the files of a folder and of the folders in it, over HTTP/1.1
    Http {
        /// The folder. No file outside of it is sent
        root: PathBuf,
    },
    /// Connects each client to another server, and copies bytes in both directions
    Proxy {
        /// The other server: a name or an address, and a port
        #[arg(long, value_name = "HOST:PORT", value_parser = parse_host_and_port)]
        to: String,
    },
}

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The style of the server
    // Global values are visible to the whole command, which has another `style`.
    #[arg(
        id = "server_style", long = "style", global = true, value_name = "STYLE",
        default_value_t = StyleName::Future, value_parser = style_parser(),
    )]
    pub style: StyleName,

    /// The address to listen on. Port 0 stands for a free port
    #[arg(
        long, global = true, value_name = "ADDR", default_value = "127.0.0.1:0",
        value_parser = parse_address,
    )]
    pub listen: SocketAddr,

    /// The host that drives the server
    #[arg(long, global = true, value_name = "HOST", default_value_t, value_enum)]
    pub host: HostChoice,

    /// Number of threads, each with a loop of its own. The kernel distributes connections over them
    #[arg(
        long, global = true, value_name = "N", default_value = "1", value_parser = parse_threads,
        allow_negative_numbers = true,
    )]
    pub threads: NonZero<usize>,

    /// Largest number of connections at the same time, on all threads together. Other clients wait
    #[arg(
        long, global = true, value_name = "N", default_value = "16384",
        value_parser = parse_connections, allow_negative_numbers = true,
    )]
    pub max_connections: usize,

    /// How long no byte may move on a connection before it is closed, or never
    #[arg(
        long, global = true, value_name = "TIME", default_value = "5m",
        value_parser = parse_idle_timeout, allow_hyphen_values = true,
    )]
    pub idle_timeout: IdleTimeout,

    /// Offers the tasks of the server to `quadrivium ps`
    #[arg(long, global = true)]
    pub inspect: bool,

    /// Writes what happens to the tasks into a new file, for the viewer of Perfetto (.pftrace) or
    /// Chrome (.json)
    // Global values are visible to the whole command, which has another `trace`.
    #[arg(id = "server_trace", long = "trace", global = true, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// How long connections may continue after the stop
    #[arg(
        long, global = true, value_name = "TIME", default_value = "10s", value_parser = parse_time,
        allow_hyphen_values = true,
    )]
    pub grace: Duration,

    /// Reports each task that occupies a thread of the server for longer, on standard error
    #[arg(
        long, global = true, value_name = "TIME", value_parser = parse_watchdog,
        allow_hyphen_values = true,
    )]
    pub watchdog: Option<Duration>,
}

/// The host: it waits for the operating system, and gives the loops their turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HostChoice {
    /// The event loop alone
    #[default]
    Loop,
    /// A runtime of tokio on each thread, with a loop inside it
    Tokio,
    /// A worker of may for each thread, with a loop on it
    May,
}

/// None means that connections are never closed for being idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleTimeout(pub Option<Duration>);

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "use an address like 127.0.0.1:8080, or 0.0.0.0:80 for all addresses".into())
}

/// The name is not looked up here. It is looked up for each connection, so it need not exist yet.
fn parse_host_and_port(text: &str) -> Result<String, String> {
    let is_valid = text.rsplit_once(':').is_some_and(|(host, port)| {
        is_host_name(host) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    let remedy =
        || "use a host and a port, like localhost:8080, and an IPv6 address in brackets".into();
    if is_valid { Ok(text.into()) } else { Err(remedy()) }
}

/// Returns whether this can be a name or an address. An address with colons must be in brackets.
fn is_host_name(text: &str) -> bool {
    let is_bracketed = text.starts_with('[') && text.ends_with(']');
    let is_allowed =
        |c: char| !c.is_whitespace() && !"/@".contains(c) && (c != ':' || is_bracketed);
    !text.is_empty() && text.chars().all(is_allowed)
}

fn parse_connections(text: &str) -> Result<usize, String> {
    let found = text.parse().ok().filter(|number| *number > 0);
    found.ok_or_else(|| "use a whole number, 1 or more".into())
}

fn parse_threads(text: &str) -> Result<NonZero<usize>, String> {
    let found = text.parse().ok().filter(|number: &NonZero<usize>| number.get() <= MOST_THREADS);
    found.ok_or_else(|| format!("use a whole number from 1 to {MOST_THREADS}"))
}

fn parse_watchdog(text: &str) -> Result<Duration, String> {
    let found = parse_time(text).ok().filter(|time| !time.is_zero());
    found.ok_or_else(|| "use a time like 100ms or 1s".into())
}

fn parse_idle_timeout(text: &str) -> Result<IdleTimeout, String> {
    if text == "never" {
        return Ok(IdleTimeout(None));
    }
    let found = parse_time(text).ok().filter(|time| !time.is_zero());
    let found = found.ok_or_else(|| String::from("use a time like 30s or 5m, or never"))?;
    Ok(IdleTimeout(Some(found)))
}
