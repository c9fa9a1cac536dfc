//! `cargo xtask fuzz`: libFuzzer over every target of `tests/fuzz_targets`, one after the other.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};

use crate::shell;

/// Minutes for each target when nothing else is asked for.
const MINUTES: u64 = 30;
/// Inputs longer than this say nothing that shorter ones do not; the largest seed has 5 KB.
const INPUT_BYTES_MAX: u64 = 8192;
/// Longer inputs are not committed.
const KEPT_BYTES_MAX: u64 = 512;
/// New inputs of one target that are committed at once.
const KEPT_FILES_MAX: usize = 60;
/// One input may take this long before it counts as a finding.
const INPUT_SECONDS_MAX: u64 = 10;
const MEMORY_MB_MAX: u64 = 2048;

/// Runs the target named in `rest`, or all; `--minutes N` for each.
///
/// What is found lies in `fuzz/artifacts/TARGET`; new inputs that reach new code lie in `target/fuzz-corpus/TARGET`,
/// apart from the committed corpus. `--keep` then puts those of them that reach most into `fuzz/corpus`; with
/// `--minutes 0` it does only that.
///
/// # Errors
/// When a target finds something, or cannot be built.
pub(crate) fn fuzz(rest: &[&str]) -> Result<()> {
    let wish = Wish::of(rest)?;
    install()?;
    let mut found = Vec::new();
    for target in &wish.targets {
        eprintln!("\n=== fuzz: {target}, {} min", wish.minutes);
        // libFuzzer takes 0 for ever.
        if wish.minutes > 0 && shell::run(&mut run(target, wish.minutes)?).is_err() {
            found.push(target.clone());
        } else if wish.keep {
            keep(target)?;
        }
    }
    ensure!(
        found.is_empty(),
        "findings in fuzz/artifacts: {}",
        found.join(", ")
    );
    Ok(())
}

struct Wish {
    targets: Vec<String>,
    minutes: u64,
    keep: bool,
}

impl Wish {
    fn of(words: &[&str]) -> Result<Self> {
        let known = targets()?;
        let mut wish = Self {
            targets: Vec::new(),
            minutes: MINUTES,
            keep: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--keep" => wish.keep = true,
                "--minutes" => {
                    let number = words.next().and_then(|number| number.parse().ok());
                    wish.minutes = number.context("--minutes takes a whole number")?;
                }
                name if known.iter().any(|known| known == name) => wish.targets.push(name.into()),
                name => bail!("there is no target {name}; there are: {}", known.join(", ")),
            }
        }
        if wish.targets.is_empty() {
            wish.targets = known;
        }
        Ok(wish)
    }
}

/// Returns the names of all targets: each has a program.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(shell::root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        names.push(name.context("a program with a strange name")?.to_owned());
    }
    names.sort();
    Ok(names)
}

/// Installs cargo-fuzz when it is missing.
fn install() -> Result<()> {
    if shell::has("cargo-fuzz") {
        return Ok(());
    }
    shell::run(shell::cargo().args(["install", "--locked", "cargo-fuzz"]))
}

/// Returns the fuzzer, at work on a corpus of its own behind the committed one.
fn run(target: &str, minutes: u64) -> Result<Command> {
    let own = own_corpus(target);
    std::fs::create_dir_all(&own)?;
    let committed = shell::root().join("fuzz/corpus").join(target);
    let mut cargo = cargo_fuzz("run", target);
    cargo.arg(own).arg(committed).arg("--");
    let seconds = minutes.saturating_mul(60);
    for option in [
        format!("-max_total_time={seconds}"),
        format!("-max_len={INPUT_BYTES_MAX}"),
        // Seeds are of the right length from the start.
        "-len_control=0".to_owned(),
        format!("-timeout={INPUT_SECONDS_MAX}"),
        format!("-rss_limit_mb={MEMORY_MB_MAX}"),
        "-print_final_stats=1".to_owned(),
    ] {
        cargo.arg(option);
    }
    Ok(cargo)
}

/// Adds to the committed corpus what reaches code that it does not reach: the first that libFuzzer picks, which reach most.
fn keep(target: &str) -> Result<()> {
    let committed = shell::root().join("fuzz/corpus").join(target);
    let before = files(&committed)?;
    let mut cargo = cargo_fuzz("run", target);
    cargo.arg(&committed).arg(own_corpus(target)).arg("--");
    // Only code that is reached, not how often: a corpus that is committed stays small.
    cargo.args(["-set_cover_merge=1", "-use_counters=0"]);
    cargo.arg(format!("-max_len={KEPT_BYTES_MAX}"));
    shell::run(&mut cargo)?;
    let picked = files(&committed)?;
    let new = picked.iter().filter(|file| !before.contains(file));
    for (_, path) in new.skip(KEPT_FILES_MAX) {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// Returns the files of a folder, oldest first.
fn files(folder: &Path) -> Result<Vec<(SystemTime, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    Ok(files)
}

fn own_corpus(target: &str) -> PathBuf {
    shell::target("fuzz-corpus").join(target)
}

/// cargo-fuzz on the stable toolchain: RUSTC_BOOTSTRAP lets it have the flags that it needs. Without the address
/// sanitizer: the parsers hold no unsafe code, and it would cost half of the executions.
fn cargo_fuzz(what: &str, target: &str) -> Command {
    let mut cargo = shell::cargo();
    cargo
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", shell::target("fuzz"))
        .args([
            "fuzz",
            what,
            "--fuzz-dir",
            "fuzz",
            "--sanitizer",
            "none",
            target,
        ]);
    cargo
}
