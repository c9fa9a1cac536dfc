//! `cargo xtask bench`: speed as ratios to named rivals, measured in one run, as a table, as JSON and in the README.

mod machine;
mod readme;
mod row;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

use crate::{shell, single_file};
use row::Row;

/// A measurement: a package's example, and about how many minutes it takes on a quiet machine, once it is built.
struct Part {
    package: &'static str,
    example: &'static str,
    minutes: &'static str,
}

const fn part(package: &'static str, example: &'static str, minutes: &'static str) -> Part {
    Part {
        package,
        example,
        minutes,
    }
}

/// All of them, what is quick first.
const PARTS: [Part; 13] = [
    part("lanes", "md5_speed", "0.2"),
    part("bitlocker_image", "cipher_speed", "0.3"),
    part("ntfs_image", "layout_memory", "1"),
    part("shared", "plan_memory", "0.5"),
    part("shared", "packing_speed", "0.5"),
    part("tests", "drive_speed", "15"),
    part("tests", "throttled_speed", "5"),
    part("tests", "memory_peak", "1"),
    part("tests", "unpack_speed", "4"),
    part("tests", "scan_speed", "7"),
    part("tests", "store_speed", "10"),
    part("tests", "page_speed", "0.5"),
    part("tests", "plan_speed", "2"),
];

const HELP: &str = "\
cargo xtask bench                all parts, on a quiet machine about 50 minutes once everything is built
cargo xtask bench PART ...       only these
cargo xtask bench --readme       writes the README's table from what was measured last, part by part
cargo xtask bench --list         names the parts
What was measured is kept in target/bench/results.json; a part that is run again takes the place of its old figures.";

/// Runs the parts named in `rest`, or all, and prints one table; or writes the README's.
///
/// # Errors
/// When a part cannot be built or fails; the others are run and kept all the same.
pub(crate) fn bench(rest: &[&str]) -> Result<()> {
    match rest {
        ["--readme"] => return readme::write(&results()?, &PARTS.map(|part| part.example)),
        ["--list"] => {
            for part in PARTS {
                println!("{:16} about {} minutes", part.example, part.minutes);
            }
            return Ok(());
        }
        _ => {}
    }
    if let Some(unknown) = rest
        .iter()
        .find(|name| PARTS.iter().all(|part| part.example != **name))
    {
        bail!("there is no part {unknown:?}\n{HELP}");
    }
    let mut failed = Vec::new();
    let mut results = results()?;
    let begun = Instant::now();
    for part in PARTS {
        if !rest.is_empty() && !rest.contains(&part.example) {
            continue;
        }
        eprintln!(
            "\n=== {}: {} (about {} minutes)",
            part.package, part.example, part.minutes
        );
        match run(&part) {
            Ok(found) => {
                results.insert(part.example.to_owned(), found);
                keep(&results)?;
            }
            Err(error) => {
                eprintln!("{}: {error:#}", part.example);
                failed.push(part.example);
            }
        }
    }
    println!(
        "\n{}",
        readme::table(&results, &PARTS.map(|part| part.example))
    );
    println!(
        "all of it took {} s; kept in {}",
        begun.elapsed().as_secs(),
        file().display()
    );
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Builds a part, then measures; returns what was found, and on what.
fn run(part: &Part) -> Result<Value> {
    // What is measured is the page, which is built for that; what asks it need not be quick.
    let page = match part.example {
        "page_speed" => Some(single_file::build_measuring()?),
        "plan_speed" => Some(single_file::build()?),
        _ => None,
    };
    let cargo = |verb: &str| {
        let mut cargo = shell::cargo();
        cargo.args([verb, "--quiet", "--package", part.package]);
        cargo.args(["--example", part.example]);
        match &page {
            Some(page) => cargo.env("ARGOSY_SITE", page.parent().unwrap_or(page)),
            None => cargo.arg("--release"),
        };
        cargo
    };
    shell::run(&mut cargo("build"))?;
    let mut measure = cargo("run");
    let machine = machine::machine();
    let begun = Instant::now();
    let rows = rows_of(&mut measure)?;
    Ok(json!({
        "machine": machine,
        "seconds": begun.elapsed().as_secs(),
        "rows": rows.iter().map(Row::object).collect::<Vec<_>>(),
    }))
}

/// Runs a command, shows what it says, and returns the rows in it.
fn rows_of(command: &mut Command) -> Result<Vec<Row>> {
    let line = shell::line(command);
    eprintln!("$ {line}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start: {line}"))?;
    let out = child.stdout.take().context("no output")?;
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for said in BufReader::new(out).lines() {
        let said = said?;
        match Row::parse(&said) {
            Some(row) => rows.push(row),
            None if Row::is_meant(&said) => wrong.push(said),
            None => println!("{said}"),
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "{status}: {line}");
    ensure!(wrong.is_empty(), "not measured: {wrong:?}");
    ensure!(
        !rows.is_empty(),
        "nothing was measured; what is missing stands above"
    );
    for row in &rows {
        println!("{}", row.line());
    }
    Ok(rows)
}

fn file() -> std::path::PathBuf {
    shell::target("bench").join("results.json")
}

/// Returns what was measured before.
fn results() -> Result<Map<String, Value>> {
    let Ok(text) = std::fs::read_to_string(file()) else {
        return Ok(Map::new());
    };
    serde_json::from_str(&text)
        .with_context(|| format!("{} is damaged; remove it", file().display()))
}

fn keep(results: &Map<String, Value>) -> Result<()> {
    std::fs::create_dir_all(shell::target("bench"))?;
    std::fs::write(file(), serde_json::to_string_pretty(results)?)?;
    Ok(())
}
