//! Drives into a store and out of it: MB/s, GB per CPU second and peak memory of `argosy ingest` and `argosy export` beside
//! `rclone copy`, against the same Azurite in one run. Ingest deciphers the drive and compares every block with the manifest
//! before it is sent, export lays out, encrypts and writes a whole drive; rclone carries plain files.
//!
//! Then both once more with twenty times the data, for what they take of memory. Azurite's own work is not counted, but
//! takes its share of the same processors.
//!
//! `cargo xtask bench store_speed` (a release build). Needs rclone, Azurite and 50 GB of disk.
#![expect(clippy::arithmetic_side_effects, reason = "a measurement")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tests::argosy::text;
use tests::azurite::Azurite;
use tests::cost::{Cost, gigabytes, multiply, said_by};
use tests::oracle;
use tests::rows;
use tests::source::noise;

const CLIP_BYTES: usize = 64 << 20;
/// Clips of the source that speed is measured with: 1 GiB.
const CLIPS: usize = 16;
/// So often the data is there for memory, each file under further names.
const TIMES: usize = 20;
const SERIAL: &str = "BENCH0002";

/// What is measured with.
struct Bench {
    argosy: PathBuf,
    folder: tempfile::TempDir,
    azurite: Azurite,
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
    let often = Load {
        name: "often",
        bytes: multiply(
            &folder.path().join(once.name),
            &folder.path().join("often"),
            TIMES,
        )?,
    };
    let bench = Bench {
        signature: azurite.signature_file()?,
        argosy,
        folder,
        azurite,
    };
    println!("| way | command | GB | MB/s | GB per CPU s | peak MiB |");
    println!("|---|---|---|---|---|---|");
    let theirs = bench.rclone(once.name, ":azureblob:theirs")?;
    let theirs = told("in", "rclone copy", &once, theirs)?;
    let ours = bench.ingested(&once)?;
    compare("ingest into an emulated store", &ours, &theirs);
    let home = bench.rclone(":azureblob:once", "home")?;
    let theirs = told("out", "rclone copy", &once, home)?;
    fs::remove_dir_all(bench.path("home"))?;
    let ours_out = bench.exported(&once)?;
    compare("export out of an emulated store", &ours_out, &theirs);
    flat("ingest", &ours, &bench.ingested(&often)?);
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
    rows::only(
        work,
        "MiB of memory at most",
        gigabytes(ours.peak_bytes) * 1e9 / 1_048_576.0,
    );
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
        let list = self.path("list.xml");
        let prefix = format!(
            "<BlobList><BlobPathPrefix>/{}/</BlobPathPrefix></BlobList>",
            load.name
        );
        fs::write(&list, prefix)?;
        let journals = self.path(&format!("journals out {}", load.name));
        let mut export = self.command(&["export", "--session", "bench-out", "--no-verify"]);
        export.args(["--journal-dir", text(&journals), "--blob-list", text(&list)]);
        self.at_store(&mut export);
        export.args(["--drive", text(&image)]);
        let taken = told("out", "argosy export", load, export)?;
        self.remove(&image)?;
        Ok(taken)
    }

    fn at_store(&self, command: &mut Command) {
        let signature = text(&self.signature);
        command.args(["--store", &self.azurite.url(), "--sas-file", signature]);
    }

    fn rclone(&self, from: &str, to: &str) -> Result<Command> {
        let mut rclone = Command::new("rclone");
        let place = |name: &str| match name.starts_with(':') {
            true => name.to_owned(),
            false => text(&self.path(name)).to_owned(),
        };
        rclone.args(["copy", &place(from), &place(to), "--config", ""]);
        let signature = fs::read_to_string(&self.signature)?;
        let store = format!("{}?{}", self.azurite.url(), signature.trim());
        rclone.env("RCLONE_AZUREBLOB_SAS_URL", store);
        Ok(rclone)
    }
}
