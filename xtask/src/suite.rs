//! `cargo xtask test`: every outside tool, every check, every test, and one line at the end that counts them.
#![expect(clippy::arithmetic_side_effects, reason = "counts of tests")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{check, dist, licences, shell, single_file, site, tools};

/// Lines of a failed test's own output that are told again at the end.
const TOLD_AGAIN: usize = 12;

/// What has passed and failed so far.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
    words: Words,
}

/// What failed tests said, under their names: a long log is often kept by its end alone.
#[derive(Default)]
struct Words {
    lines: Vec<String>,
    /// How many lines more of the test whose output is being read.
    room: usize,
}

impl Words {
    /// Takes a line of what `cargo test` prints.
    fn hear(&mut self, line: &str) {
        if line.starts_with("---- ") {
            self.room = TOLD_AGAIN;
        } else if line == "failures:" {
            self.room = 0;
        }
        if self.room > 0 {
            self.room -= 1;
            self.lines.push(line.to_owned());
        }
    }
}

/// Runs everything and prints `N passed, N failed` last.
pub(crate) fn test() -> ExitCode {
    let mut tally = Tally::default();
    let Some(oracles) = tally.step("outside tools", tools::install) else {
        return tally.close();
    };
    tally.step("format", check::format);
    tally.step("lints, native", check::lint_native);
    tally.step("lints, WebAssembly", check::lint_wasm);
    tally.step("licences of all dependencies", licences::check);
    tally.step("documentation", check::documentation);
    // The agent has it inside.
    if tally.step("page in one file", single_file::build).is_none() {
        return tally.close();
    }
    // First, because it is what runs in the virtual computer of the tests.
    tally.step("static binary in an empty root", dist::dist);
    tally.tests("tests, native", native(&oracles));
    tally.tests("tests, WebAssembly in Chromium", wasm());
    tally.close()
}

/// The simulator's schedules of a range of seeds, optimised; a million of them take hours.
pub(crate) fn nightly(seeds: &str) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args([
        "test",
        "--release",
        "--package",
        "simulator",
        "every_schedule",
    ]);
    cargo.args(["--", "--nocapture"]);
    cargo.env("ARGOSY_SCHEDULES", seeds);
    shell::run(&mut cargo)
}

/// Every crate's own tests and those that cross crates; a judge that is missing is a failure.
fn native(oracles: &Path) -> Command {
    let mut cargo = shell::cargo();
    // No examples, which are benchmarks and linted, and no doc tests, of which there are none.
    cargo.args(["test", "--workspace", "--lib", "--bins", "--tests"]);
    cargo.arg("--no-fail-fast");
    cargo
        .env("ARGOSY_REQUIRE_ORACLES", "1")
        .env("ARGOSY_ORACLES", oracles);
    // Cargo builds it before the first test, since the agent's own tests run it too.
    cargo.env("ARGOSY_BIN", shell::target("debug").join("argosy"));
    cargo.env("ARGOSY_SITE", shell::target("site"));
    cargo.env("ARGOSY_STATIC", shell::target("dist").join("argosy"));
    cargo.env("ARGOSY_VM", shell::target("vm"));
    // A failed assertion says what was wrong; hundreds of frames hide it.
    cargo.env("RUST_BACKTRACE", "0");
    cargo
}

/// The tests that must say the same in a browser, run in one by wasm-bindgen's own runner, from the same lock file.
fn wasm() -> Command {
    let mut cargo = shell::cargo();
    cargo.args([
        "test",
        "--package",
        "shared",
        "--package",
        "web",
        "--lib",
        "--no-fail-fast",
        "--target",
        site::WASM,
    ]);
    cargo.arg("--target-dir").arg(shell::target("web-build"));
    // Built with the native tests, since its own test runs it.
    let runner = shell::target("debug").join("wasm_runner");
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    cargo
        .env("CHROMEDRIVER", "/usr/bin/chromedriver")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    cargo
}

impl Tally {
    /// Runs one step that passes or fails as a whole.
    fn step<T>(&mut self, name: &str, step: impl FnOnce() -> Result<T>) -> Option<T> {
        eprintln!("\n=== {name}");
        let start = Instant::now();
        match step() {
            Ok(value) => {
                eprintln!("=== {name}: passed in {} s", start.elapsed().as_secs());
                self.passed += 1;
                Some(value)
            }
            Err(error) => {
                eprintln!("=== {name}: FAILED: {error:#}");
                self.fail(name.to_owned());
                None
            }
        }
    }

    fn fail(&mut self, what: String) {
        self.failed += 1;
        self.failures.push(what);
    }

    /// Runs `cargo test`, shows its output, and counts the tests in it.
    fn tests(&mut self, name: &str, mut cargo: Command) {
        eprintln!("\n=== {name}\n$ {}", shell::line(&cargo));
        let start = Instant::now();
        match self.count(&mut cargo) {
            Ok(true) => {}
            Ok(false) => self.fail(format!("{name} (see above)")),
            Err(error) => {
                eprintln!("{error:#}");
                self.fail(name.to_owned());
            }
        }
        eprintln!("=== {name}: {} s", start.elapsed().as_secs());
    }

    /// Returns whether the run was good as a whole: it ended with 0, or its failures are already counted one by one.
    fn count(&mut self, cargo: &mut Command) -> Result<bool> {
        let mut child = cargo
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start cargo")?;
        let output = child.stdout.take().context("no output of cargo")?;
        let before = (self.passed, self.failed);
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            self.words.hear(&line);
            if let Some(rest) = line.trim().strip_prefix("test result: ") {
                self.passed += counted(rest, "passed");
                self.failed += counted(rest, "failed");
            } else if let Some(test) = line
                .strip_prefix("test ")
                .and_then(|rest| rest.strip_suffix(" ... FAILED"))
            {
                self.failures.push(test.to_owned());
            }
        }
        let ended_well = child.wait()?.success();
        let ran_something = self.passed > before.0;
        Ok((ended_well && ran_something) || self.failed > before.1)
    }

    fn close(self) -> ExitCode {
        for line in &self.words.lines {
            println!("{line}");
        }
        for failure in &self.failures {
            println!("FAILED: {failure}");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Returns the number before `word` in `ok. 12 passed; 0 failed; …`.
fn counted(line: &str, word: &str) -> u64 {
    let words: Vec<_> = line
        .split([' ', ';'])
        .filter(|part| !part.is_empty())
        .collect();
    let pair = words.windows(2).find(|pair| pair.last() == Some(&word));
    pair.and_then(|pair| pair.first()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{TOLD_AGAIN, Words, counted};

    #[test]
    fn a_summary_of_cargo_test_is_counted() {
        let line =
            "FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 1 filtered out; finished in 0.01s";
        assert_eq!((counted(line, "passed"), counted(line, "failed")), (12, 3));
    }

    #[test]
    fn what_a_failed_test_says_first_is_told_again_and_the_names_are_not() {
        let mut words = Words::default();
        let long = "why\n".repeat(TOLD_AGAIN);
        let said = format!(
            "test a ... FAILED\n\nfailures:\n\n---- a stdout ----\n{long}---- b stdout ----\nshort\n\nfailures:\n    a\n    b\n"
        );
        said.lines().for_each(|line| words.hear(line));
        assert_eq!(words.lines[..2], ["---- a stdout ----", "why"]);
        assert_eq!(
            words.lines[TOLD_AGAIN..],
            ["---- b stdout ----", "short", ""]
        );
    }
}
