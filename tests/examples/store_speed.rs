//! Drives into a store and out of it: MB/s, GB per CPU second and peak memory of `argosy ingest` and `argosy export` beside
//! `rclone copy`, against the same Azurite in one run. Ingest deciphers the drive and compares every block with the manifest
//! before it is sent, export lays out, encrypts and writes a whole drive; rclone carries plain files.
//!
//! Then the same over a line on which everything arrives 20 ms late, each way, as it does from a region some way off. Then
//! both once more with twenty times the data, for what they take of memory. Azurite's own work, and the line's, is not
//! counted, but takes its share of the same processors.
//!
//! `cargo xtask bench store_speed` (a release build). Needs rclone, Azurite and 50 GB of disk.
#![expect(clippy::arithmetic_side_effects, reason = "a measurement")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tests::argosy::text;
use tests::azurite::{ACCOUNT, Azurite};
use tests::cost::{Cost, gigabytes, multiply, said_by};
use tests::line::Line;
use tests::oracle;
use tests::rows;
use tests::source::noise;

const CLIP_BYTES: usize = 64 << 20;
/// Clips of the source that speed is measured with: 1 GiB.
const CLIPS: usize = 16;
/// So often the data is there for memory, each file under further names.
const TIMES: usize = 20;
const SERIAL: &str = "BENCH0002";
/// Each way of the line.
const DELAY: Duration = Duration::from_millis(20);

/// What is measured with.
struct Bench {
    argosy: PathBuf,
    folder: tempfile::TempDir,
    /// The account's address.
    store: String,
    signature: PathBuf,
}

/// A folder, and the container of the same name that it goes into.
struct Load {
    name: &'static str,
    bytes: u64,
}

/// What one command took.
struct Taken {
    cost: Cost,
    peak_bytes: u64,
}

fn main() -> Result<()> {
    if !oracle::have(&["rclone"])? {
        return Ok(());
    }
    let Some(azurite) = Azurite::start()? else {
        return Ok(());
    };
    let argosy = tests::argosy::release()?;
    let folder = tempfile::tempdir_in(argosy.parent().context("no target folder")?)?;
    let once = Load {
        name: "once",
        bytes: write(&folder.path().join("once"))?,
    };
    let multiplied = |name, times| {
        let (from, to) = (folder.path().join(once.name), folder.path().join(name));
        let bytes = multiply(&from, &to, times)?;
        anyhow::Ok(Load { name, bytes })
    };
    let (far, often) = (multiplied("far", 1)?, multiplied("often", TIMES)?);
    let line = Line::late(azurite.port(), DELAY)?;
    let mut bench = Bench {
        signature: azurite.signature_file()?,
        argosy,
        store: azurite.url(),
        folder,
    };
    println!("| way | command | GB | MB/s | GB per CPU s | peak MiB |");
    println!("|---|---|---|---|---|---|");
    let (ours_in, ours_out) = bench.both_ways(&once, "an emulated store")?;
    bench.store = format!("http://127.0.0.1:{}/{ACCOUNT}", line.port());
    bench.both_ways(&far, "one behind a line of 40 ms")?;
    bench.store = azurite.url();
    flat("ingest", &ours_in, &bench.ingested(&often)?);
    flat("export", &ours_out, &bench.exported(&often)?);
    Ok(())
}

/// Prints the rows of one way.
fn compare(work: &str, ours: &Taken, theirs: &Taken) {
    let (wall, cpu) = (
        theirs.cost.seconds / ours.cost.seconds,
        theirs.cost.cpu_seconds / ours.cost.cpu_seconds,
    );
    rows::only(work, "times as fast as rclone copy of plain files", wall);
    rows::only(work, "times less CPU than rclone copy of plain files", cpu);
    let kibibytes = u32::try_from(ours.peak_bytes >> 10).map_or(f64::INFINITY, f64::from);
    rows::only(work, "MiB of memory at most", kibibytes / 1024.0);
}

/// Prints how memory grew with the data.
fn flat(verb: &str, once: &Taken, often: &Taken) {
    let times = gigabytes(often.peak_bytes) / gigabytes(once.peak_bytes);
    let work = format!("{verb} of {TIMES} GiB");
    rows::at_most(&work, "times the memory of 1 GiB", 1.1, times);
}

/// Writes the source; returns its bytes.
fn write(folder: &Path) -> Result<u64> {
    fs::create_dir(folder)?;
    for number in 0..CLIPS {
        let name = format!("clip {number:04}.mov");
        fs::write(folder.join(name), noise(CLIP_BYTES, number + 1))?;
    }
    Ok(u64::try_from(CLIPS * CLIP_BYTES)?)
}

/// Runs a command, prints its line and returns what it took.
fn told(way: &str, name: &str, load: &Load, mut command: Command) -> Result<Taken> {
    let mut peak_bytes = 0;
    let cost = Cost::of(|| {
        peak_bytes = tests::cost::peak_bytes(&mut command)?;
        Ok(())
    })?;
    let size = gigabytes(load.bytes);
    println!(
        "| {way} | {name} | {size:.1} | {:.0} | {:.2} | {} |",
        size * 1000.0 / cost.seconds,
        size / cost.cpu_seconds,
        peak_bytes >> 20
    );
    Ok(Taken { cost, peak_bytes })
}

impl Bench {
    /// Has rclone and Argosy bring a load into the store and out of it; returns what Argosy took.
    fn both_ways(&self, load: &Load, store: &str) -> Result<(Taken, Taken)> {
        let theirs = self.rclone(load.name, &format!(":azureblob:theirs-{}", load.name))?;
        let theirs = told("in", "rclone copy", load, theirs)?;
        let ours_in = self.ingested(load)?;
        compare(&format!("ingest into {store}"), &ours_in, &theirs);
        let home = self.rclone(&format!(":azureblob:{}", load.name), "home")?;
        let theirs = told("out", "rclone copy", load, home)?;
        fs::remove_dir_all(self.path("home"))?;
        let ours_out = self.exported(load)?;
        compare(&format!("export out of {store}"), &ours_out, &theirs);
        Ok((ours_in, ours_out))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.argosy);
        command.args(words);
        command
    }

    fn new_drive(&self, load: &Load) -> Result<PathBuf> {
        let image = self.path("drive.img");
        let size = (load.bytes + load.bytes / 16 + (128 << 20)).to_string();
        let mut new = self.command(&["new-drive", text(&image), "--size", &size]);
        said_by(new.args(["--serial", SERIAL]))?;
        Ok(image)
    }

    /// Takes a drive's image away, and the card beside it.
    fn remove(&self, image: &Path) -> Result<()> {
        for file in fs::read_dir(self.folder.path())? {
            let path = file?.path();
            if text(&path).starts_with(text(image)) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Fills a drive, and ingests it.
    fn ingested(&self, load: &Load) -> Result<Taken> {
        let image = self.new_drive(load)?;
        let journals = self.path(&format!("journals {}", load.name));
        let to = format!("{}/", load.name);
        let mut prepare = self.command(&["prepare", "--session", "bench", "--no-verify"]);
        prepare.args(["--to", &to, "--source", text(&self.path(load.name))]);
        prepare.args(["--journal-dir", text(&journals), "--drive", text(&image)]);
        said_by(&mut prepare)?;
        let journal = journals.join(format!("{SERIAL}.jrn"));
        let mut ingest = self.command(&["ingest", "--drive", text(&image)]);
        ingest.args(["--journal", text(&journal)]);
        ingest.args([
            "--log-dir",
            text(&self.path(&format!("logs {}", load.name))),
        ]);
        self.at_store(&mut ingest);
        let taken = told("in", "argosy ingest", load, ingest)?;
        self.remove(&image)?;
        Ok(taken)
    }

    /// Exports what was ingested.
    fn exported(&self, load: &Load) -> Result<Taken> {
        let image = self.new_drive(load)?;
        let list = self.path(&format!("list {}.xml", load.name));
        let prefix = format!(
            "<BlobList><BlobPathPrefix>/{}/</BlobPathPrefix></BlobList>",
            load.name
        );
        fs::write(&list, prefix)?;
        let journals = self.path(&format!("journals out {}", load.name));
        let session = format!("bench-{}", load.name);
        let mut export = self.command(&["export", "--session", &session, "--no-verify"]);
        export.args(["--journal-dir", text(&journals), "--blob-list", text(&list)]);
        self.at_store(&mut export);
        export.args(["--drive", text(&image)]);
        let taken = told("out", "argosy export", load, export)?;
        self.remove(&image)?;
        Ok(taken)
    }

    fn at_store(&self, command: &mut Command) {
        let signature = text(&self.signature);
        command.args(["--store", &self.store, "--sas-file", signature]);
    }

    fn rclone(&self, from: &str, to: &str) -> Result<Command> {
        let mut rclone = Command::new("rclone");
        let place = |name: &str| match name.starts_with(':') {
            true => name.to_owned(),
            false => text(&self.path(name)).to_owned(),
        };
        rclone.args(["copy", &place(from), &place(to), "--config", ""]);
        let signature = fs::read_to_string(&self.signature)?;
        let store = format!("{}?{}", self.store, signature.trim());
        rclone.env("RCLONE_AZUREBLOB_SAS_URL", store);
        Ok(rclone)
    }
}
