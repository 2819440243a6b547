//! What the user types: one file per verb.

mod catalogue;
mod cleanup;
mod consent;
mod diff;
mod display;
mod dry_run;
mod explain;
mod files;
mod known;
mod last_failed;
mod list;
mod report;
mod run;
mod self_test;
mod serve;
mod shell;
mod signal;
mod target;

use std::io::Write as _;
use std::panic::{self, PanicHookInfo};
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::exit::Exit;
use crate::report::progress::Mode;

/// Plays Okta's part against a SCIM 2.0 endpoint, judges every answer and says what to change.
#[derive(Debug, Parser)]
#[command(name = "scimulate", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    display: Display,
    #[command(subcommand)]
    verb: Verb,
}

const AFTER_HELP: &str = "\
Exit codes: 0 passed · 1 gate failed or run not completed · 2 wrong command line · 3 the target cannot be tested ·
4 a scenario, fixture, known-failures or report file is invalid · 5 nothing selected · 6 a report could not be written ·
70 a bug in scimulate · 130 interrupted";

/// How to talk; the same for every verb.
#[derive(Clone, Debug, Args)]
struct Display {
    /// How to show progress: a bar on a terminal, else a line per scenario
    #[arg(long, value_enum, default_value_t, global = true)]
    progress: Mode,
    /// Colour: on a terminal unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t, global = true)]
    color: ColorMode,
    /// Plain ASCII instead of ✓ and ✗
    #[arg(long, global = true)]
    ascii: bool,
    /// Only the result, no lines while playing
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Every finding in full
    #[arg(short, long, global = true, alias = "all")]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ColorMode {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Play Okta's part against an endpoint and judge its answers
    #[command(after_help = AFTER_HELP)]
    Run(Box<run::RunArgs>),
    /// Start the built-in reference server on this machine
    Serve(serve::ServeArgs),
    /// Prove that the checks can fail: play against the reference server, healthy and with each fault
    SelfTest(self_test::SelfTestArgs),
    /// Make a saved report anew in any format, or tell it here
    Report(report::ReportArgs),
    /// Compare the reports of two runs: what broke, what was mended; ends with 1 when something broke
    Diff(diff::DiffArgs),
    /// Remove what a killed run left on its target
    Cleanup(cleanup::CleanupArgs),
    /// List scenarios, checks, faults, variants or capabilities
    List(list::ListArgs),
    /// Tell what a check, scenario, fault, variant, capability or exit code means, and why Okta cares
    Explain(explain::ExplainArgs),
    /// Print a script that completes verbs and options in your shell
    Completions(shell::CompletionsArgs),
    /// Print the manual page, or write one per verb
    Man(shell::ManArgs),
}

/// Runs the program on the process's arguments. Never panics out: a bug becomes exit code 70 with a request to report it.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for, everything else is a wrong command line.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Passed };
            let _ = error.print();
            return exit;
        }
    };
    panic::set_hook(Box::new(|bug| eprintln!("{}", told(bug))));
    let outcome = panic::catch_unwind(move || verb(cli));
    let _ = std::io::stdout().flush();
    outcome.unwrap_or_else(|_| {
        eprintln!(
            "scimulate {}: this is a bug in the tool and not in your server. Please report it with the lines above; they \
             hold no credential. If a journal is left, `scimulate cleanup` finishes what the run could not.",
            env!("CARGO_PKG_VERSION")
        );
        Exit::Bug
    })
}

/// Where a bug stopped the program, and why when the words are the program's own: others may quote what a server sent.
fn told(bug: &PanicHookInfo<'_>) -> String {
    let place = bug.location().map_or_else(String::new, |place| format!(" at {place}"));
    let why = bug.payload().downcast_ref::<&str>().map_or_else(String::new, |why| format!(": {why}"));
    format!("scimulate stopped{place}{why}")
}

fn verb(cli: Cli) -> Exit {
    match cli.verb {
        Verb::List(args) => list::list(&args),
        Verb::Explain(args) => explain::explain(&args),
        Verb::Completions(args) => shell::completions(&args),
        Verb::Man(args) => shell::man(&args),
        Verb::Run(args) => block_on(run::run(*args, cli.display)),
        Verb::SelfTest(args) => self_test::self_test(&args, &cli.display),
        Verb::Report(args) => report::report(&args, &cli.display),
        Verb::Diff(args) => diff::diff(&args, &cli.display),
        Verb::Serve(args) => block_on(serve::serve(args)),
        Verb::Cleanup(args) => block_on(cleanup::cleanup(args)),
    }
}

fn block_on(work: impl Future<Output = Exit>) -> Exit {
    match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => {
            let exit = runtime.block_on(work);
            runtime.shutdown_timeout(Duration::from_millis(200));
            exit
        }
        Err(error) => {
            eprintln!("scimulate: the runtime could not be started: {error}");
            Exit::Bug
        }
    }
}

/// Says on stderr why the program ends, and gives the code it ends with.
fn give_up(exit: Exit, message: impl std::fmt::Display) -> Exit {
    anstream::eprintln!("scimulate: {message}");
    exit
}

/// No run lasts longer; beyond it clocks would overflow.
const LONGEST: Duration = Duration::from_secs(720 * 3600);

/// A duration as people write it: 500ms, 5s, 10m.
fn duration(text: &str) -> Result<Duration, String> {
    let hint = "write it as 500ms, 5s or 10m";
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| hint.to_owned())?;
    let duration = Duration::try_from(parsed).map_err(|_| format!("it must not be negative; {hint}"))?;
    if duration > LONGEST { Err("720h at most".to_owned()) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("0ms"), Ok(Duration::ZERO));
        assert!(duration("5").is_err());
        assert!(duration("-5s").is_err());
        assert!(duration("soon").is_err());
        assert!(duration("9223372036854775807s").is_err());
    }
}
