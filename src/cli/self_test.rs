//! `scimulate self-test`: the proof that the checks can fail, on this machine and against the reference server alone.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::catalogue::{self, Folders};
use super::{Display, files, give_up, serve};
use crate::exit::Exit;
use crate::proof::expectation::expectations;
use crate::proof::matrix::Matrix;
use crate::proof::{Bench, Depth, Inventory, Proof, Scope, prove, told};
use crate::report::progress::Mode;

/// Arguments of `self-test`.
#[derive(Debug, Args)]
pub(super) struct SelfTestArgs {
    /// Only this fault (repeatable); see `scimulate list faults`
    #[arg(long, value_name = "ID")]
    fault: Vec<String>,
    /// Play the whole catalogue against each fault, not only the scenarios that must see it
    #[arg(long)]
    thorough: bool,
    /// Play so many random pairs and triples of faults too
    #[arg(long, default_value_t = 0, value_name = "N")]
    combinations: usize,
    /// Decides which combinations
    #[arg(long, default_value_t = 4711, value_name = "N")]
    seed: u64,
    /// What to write into --report-dir
    #[arg(long, value_enum, value_delimiter = ',', requires = "report_dir", value_name = "LIST")]
    format: Vec<Format>,
    /// Where to write
    #[arg(long, value_name = "DIR")]
    report_dir: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// self-test.json
    Json,
    /// kill-matrix.md and kill-matrix.txt
    Md,
}

/// Plays, tells what is missing, and ends with 1 when anything is.
pub(super) fn self_test(args: &SelfTestArgs, display: &Display) -> Exit {
    if let Err(exit) = serve::faults(&args.fault) {
        return exit;
    }
    let catalogue = match catalogue::load(&args.folders) {
        Ok(catalogue) => catalogue,
        Err(exit) => return exit,
    };
    let expectations = match expectations() {
        Ok(expectations) => expectations,
        Err(why) => return give_up(Exit::Bug, why),
    };
    let depth = if args.thorough { Depth::Thorough } else { Depth::Expected };
    let bench = Bench { inventory: Inventory::new(&catalogue), catalogue, depth };
    let scope = Scope { faults: args.fault.clone(), combinations: args.combinations, seed: args.seed };
    let counter = Counter::new(display);
    let proof = match prove(&bench, &expectations, &scope, |done, of, name| counter.count(done, of, name)) {
        Ok(proof) => proof,
        Err(why) => return give_up(Exit::Bug, why),
    };
    counter.end();
    tell(&proof, depth);
    if let Some(folder) = &args.report_dir {
        let written = write(folder, &args.format, &proof, || told::markdown(&proof, &bench, &expectations));
        if let Err(error) = written {
            return give_up(Exit::ReportNotWritten, format!("{}: {error}", folder.display()));
        }
    }
    if proof.missing.is_empty() { Exit::Passed } else { Exit::Failed }
}

/// How many rows that differ are told one by one.
const SHOWN: usize = 10;

fn tell(proof: &Proof, depth: Depth) {
    for missing in &proof.missing {
        anstream::println!("✗ {missing}");
    }
    if depth == Depth::Thorough
        && let Ok(before) = Matrix::embedded()
    {
        let differences = Matrix::of(&proof.examined).differences(&before);
        if !differences.is_empty() {
            anstream::println!("! fixtures/kill-matrix.txt is of an earlier state; {} rows differ:", differences.len());
        }
        for difference in differences.iter().take(SHOWN) {
            anstream::println!("    {difference}");
        }
    }
    anstream::println!("{}", proof.last_line());
}

fn write(folder: &Path, formats: &[Format], proof: &Proof, markdown: impl Fn() -> String) -> std::io::Result<()> {
    files::make(folder)?;
    let put = |name: &str, text: String| files::replace(&folder.join(name), |out| out.write_all(text.as_bytes()));
    if formats.contains(&Format::Json) || formats.is_empty() {
        put("self-test.json", format!("{:#}\n", told::json(proof)))?;
    }
    if formats.contains(&Format::Md) {
        put("kill-matrix.md", markdown())?;
        put("kill-matrix.txt", Matrix::of(&proof.examined).write())?;
    }
    Ok(())
}

/// Shows how far it is: a bar on a terminal, else a line at each tenth.
struct Counter {
    mode: Mode,
    bar: ProgressBar,
}

impl Counter {
    fn new(display: &Display) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let terminal = std::io::stderr().is_terminal();
        let mode = if display.quiet { Mode::None } else { display.progress.resolve(terminal, set("CI")) };
        let target = if mode == Mode::Bar { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let template = "{wide_msg}   {pos}/{len} trials  {elapsed}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { mode, bar }
    }

    fn count(&self, done: usize, of: usize, name: &str) {
        self.bar.set_length(of as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(name.to_owned());
        let tenth = |n: usize| n * 10 / of.max(1);
        if self.mode == Mode::Lines && tenth(done) != tenth(done.saturating_sub(1)) {
            anstream::println!("[{done:>3}/{of}] trials played");
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
