//! `argosy scan` beside `du -sb`, `fd` and `rclone size` over a million files (1,000 folders of 1,000), in one run: files
//! a second, the ratio to du, and argosy's memory. Warm, and as root cold as well (the kernel's caches are dropped before
//! each command).
//!
//! `cargo xtask bench scan_speed` (a release build). `ARGOSY_BENCH_FILES` is another number of files.
#![expect(clippy::arithmetic_side_effects, reason = "a measurement")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tests::argosy::text;
use tests::cost::peak_bytes;
use tests::rows;

const ROUNDS_WARM: usize = 5;
const ROUNDS_COLD: usize = 3;
const FILES: u32 = 1_000_000;
const FILES_A_FOLDER: u32 = 1_000;

/// A command that walks a tree, by its name in the table.
struct Rival {
    name: &'static str,
    words: Vec<String>,
    seconds: Vec<f64>,
}

fn main() -> Result<()> {
    let argosy = tests::argosy::release()?;
    let release = argosy.parent().context("no target folder")?;
    let files = match std::env::var("ARGOSY_BENCH_FILES") {
        Ok(text) => text.parse().context("ARGOSY_BENCH_FILES is no number")?,
        Err(_) => FILES,
    };
    let folder = tempfile::tempdir_in(release)?;
    make(folder.path(), files)?;
    let tree = text(folder.path());
    println!("{files} files; medians of interleaved rounds\n");
    println!("| | command | files/s | beside du |");
    println!("|---|---|---|---|");
    let warm = rivals(text(&argosy), tree);
    compare("warm", warm, files, ROUNDS_WARM, &|| Ok(()))?;
    if fs::write(DROP_CACHES, "3").is_ok() {
        let cold = rivals(text(&argosy), tree);
        compare("cold", cold, files, ROUNDS_COLD, &drop_caches)?;
    } else {
        println!("\ncold: skipped, dropping the caches needs root");
    }
    let peak = peak_bytes(Command::new(&argosy).args(["scan", tree, "--json"]))?;
    println!(
        "\nargosy scan at its peak: {:.0} MB, {} bytes a file",
        f64::from(u32::try_from(peak / 1000)?) / 1000.0,
        peak / u64::from(files)
    );
    Ok(())
}

/// Returns the commands that are there; what is not is named.
fn rivals(argosy: &str, tree: &str) -> Vec<Rival> {
    let all: [(&'static str, &[&str]); 4] = [
        ("argosy scan", &[argosy, "scan", tree, "--json"]),
        ("du -sb", &["du", "-sb", tree]),
        (
            "fd -u -t f -S +0b -j2",
            &["fdfind", "-u", "-t", "f", "-S", "+0b", "-j2", ".", tree],
        ),
        ("rclone size", &["rclone", "size", tree]),
    ];
    let mut found = Vec::new();
    for (name, words) in all {
        let there = Command::new(words[0])
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if there.is_ok() {
            found.push(Rival {
                name,
                words: words.iter().map(|&word| word.to_owned()).collect(),
                seconds: Vec::new(),
            });
        } else {
            println!("not there, left out: {name}");
        }
    }
    found
}

/// Runs each command once a round, after one that is not counted, and prints medians.
fn compare(
    how: &str,
    mut rivals: Vec<Rival>,
    files: u32,
    rounds: usize,
    before: &dyn Fn() -> Result<()>,
) -> Result<()> {
    for round in 0..=rounds {
        for rival in &mut rivals {
            before()?;
            let seconds = rival.run()?;
            if round > 0 {
                rival.seconds.push(seconds);
            }
        }
    }
    let median = |rival: &Rival| {
        let mut seconds = rival.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let of = |name: &str| {
        let rival = rivals.iter().find(|rival| rival.name == name);
        rival.map_or(f64::NAN, median)
    };
    let du = of("du -sb");
    for rival in &rivals {
        let seconds = median(rival);
        println!(
            "| {how} | {} | {:.0} | {:.2} |",
            rival.name,
            f64::from(files) / seconds,
            du / seconds
        );
    }
    let work = format!("scan of {files} files, {how}");
    rows::at_least(
        &work,
        "times as fast as du -sb",
        1.5,
        du / of("argosy scan"),
    );
    rows::only(
        &work,
        "files a second",
        f64::from(files) / of("argosy scan"),
    );
    Ok(())
}

impl Rival {
    fn run(&self) -> Result<f64> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).stdout(Stdio::null());
        let start = Instant::now();
        let output = command.stderr(Stdio::piped()).output()?;
        let seconds = start.elapsed().as_secs_f64();
        ensure!(
            output.status.success(),
            "{}: {}: {}",
            self.name,
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(seconds)
    }
}

fn make(root: &Path, files: u32) -> Result<()> {
    for number in 0..files {
        let folder = root.join(format!("folder {:04}", number / FILES_A_FOLDER));
        if number % FILES_A_FOLDER == 0 {
            fs::create_dir(&folder)?;
        }
        let length = usize::try_from(number % 7)?;
        fs::write(
            folder.join(format!("frame {number:08}.dpx")),
            &b"1234567"[..length],
        )?;
    }
    // Names that are still on their way to the disk would be written while somebody is measured.
    ensure!(Command::new("sync").status()?.success(), "sync failed");
    Ok(())
}

const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

fn drop_caches() -> Result<()> {
    fs::write(DROP_CACHES, "3").context("cannot drop the caches")
}
