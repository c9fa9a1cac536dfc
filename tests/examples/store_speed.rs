//! Drives into a store and out of it: MB/s, GB per CPU second and peak memory of `argosy ingest` and `argosy export` beside
//! `rclone copy`, against the same Azurite in one run. Ingest deciphers the drive and compares every block with the manifest
//! before it is sent, export lays out, encrypts and writes a whole drive; rclone carries plain files.
//!
//! `cargo xtask bench store_speed`, or `cargo run --release -p tests --example store_speed -- 20` for 20 GiB: peak memory
//! should not grow with it. Azurite's own work is not counted, but takes its share of the same processors.
#![expect(clippy::arithmetic_side_effects, reason = "a measurement")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tests::argosy::text;
use tests::azurite::{ACCOUNT, Azurite, KEY};
use tests::cost::{Cost, gigabytes, peak_bytes, said_by};
use tests::oracle;
use tests::rows;
use tests::source::noise;

const CLIP_BYTES: usize = 64 << 20;
const SERIAL: &str = "BENCH0002";

/// What is measured with.
struct Bench {
    argosy: PathBuf,
    folder: tempfile::TempDir,
    azurite: Azurite,
    signature: PathBuf,
    bytes: u64,
}

fn main() -> Result<()> {
    let gibibytes = std::env::args().nth(1).map_or(Ok(1), |text| text.parse())?;
    if !oracle::have(&["rclone"])? {
        return Ok(());
    }
    let Some(azurite) = Azurite::start()? else {
        return Ok(());
    };
    let argosy = tests::argosy::release()?;
    let folder = tempfile::tempdir_in(argosy.parent().context("no target folder")?)?;
    let bench = Bench {
        signature: azurite.signature_file()?,
        bytes: write(&folder.path().join("source"), gibibytes)?,
        argosy,
        folder,
        azurite,
    };
    println!("{gibibytes} GiB in files of 64 MiB");
    println!("| way | command | MB/s | GB per CPU s | peak MiB |");
    println!("|---|---|---|---|---|");
    bench.prepare()?;
    let theirs = bench.told(
        "in",
        "rclone copy",
        &mut bench.rclone("source", ":azureblob:theirs"),
    )?;
    let ours = bench.told("in", "argosy ingest", &mut bench.ingest())?;
    compare("ingest into an emulated store", ours, theirs);
    let theirs = bench.told(
        "out",
        "rclone copy",
        &mut bench.rclone(":azureblob:ours", "home"),
    )?;
    fs::remove_dir_all(bench.path("home"))?;
    let ours = bench.told("out", "argosy export", &mut bench.export()?)?;
    compare("export out of an emulated store", ours, theirs);
    Ok(())
}

/// Prints the rows of one way.
fn compare(work: &str, ours: Cost, theirs: Cost) {
    let (wall, cpu) = (
        theirs.seconds / ours.seconds,
        theirs.cpu_seconds / ours.cpu_seconds,
    );
    rows::only(work, "times as fast as rclone copy of plain files", wall);
    rows::only(work, "times less CPU than rclone copy of plain files", cpu);
}

/// Writes so many GiB of files; returns their bytes.
fn write(folder: &Path, gibibytes: usize) -> Result<u64> {
    fs::create_dir(folder)?;
    let clips = gibibytes * 16;
    for number in 0..clips {
        let name = format!("clip {number:04}.mov");
        fs::write(folder.join(name), noise(CLIP_BYTES, number + 1))?;
    }
    Ok(u64::try_from(clips * CLIP_BYTES)?)
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

    fn new_drive(&self, image: &Path) -> Result<()> {
        let size = (self.bytes + self.bytes / 16 + (128 << 20)).to_string();
        let new = [
            "new-drive",
            text(image),
            "--size",
            &size,
            "--serial",
            SERIAL,
        ];
        said_by(&mut self.command(&new)).map(drop)
    }

    /// Fills the drive that is ingested.
    fn prepare(&self) -> Result<()> {
        let (image, source, journals) = (
            self.path("in.img"),
            self.path("source"),
            self.path("journals"),
        );
        self.new_drive(&image)?;
        let prepare = [
            "prepare",
            "--session",
            "bench",
            "--to",
            "ours/",
            "--no-verify",
        ];
        let mut prepare = self.command(&prepare);
        prepare.args(["--journal-dir", text(&journals), "--source", text(&source)]);
        said_by(prepare.args(["--drive", text(&image)])).map(drop)
    }

    fn ingest(&self) -> Command {
        let journal = self.path("journals").join(format!("{SERIAL}.jrn"));
        let (image, logs) = (self.path("in.img"), self.path("logs"));
        let mut ingest = self.command(&["ingest", "--drive", text(&image)]);
        ingest.args(["--journal", text(&journal), "--log-dir", text(&logs)]);
        ingest.args([
            "--store",
            &self.azurite.url(),
            "--sas-file",
            text(&self.signature),
        ]);
        ingest
    }

    fn export(&self) -> Result<Command> {
        let (image, list) = (self.path("out.img"), self.path("list.xml"));
        self.new_drive(&image)?;
        fs::write(
            &list,
            "<BlobList><BlobPathPrefix>/ours/</BlobPathPrefix></BlobList>",
        )?;
        let journals = self.path("journals out");
        let mut export = self.command(&["export", "--session", "bench-out", "--no-verify"]);
        export.args(["--journal-dir", text(&journals), "--blob-list", text(&list)]);
        export.args([
            "--store",
            &self.azurite.url(),
            "--sas-file",
            text(&self.signature),
        ]);
        export.args(["--drive", text(&image)]);
        Ok(export)
    }

    fn rclone(&self, from: &str, to: &str) -> Command {
        let mut rclone = Command::new("rclone");
        let place = |name: &str| match name.starts_with(':') {
            true => name.to_owned(),
            false => text(&self.path(name)).to_owned(),
        };
        rclone.args(["copy", &place(from), &place(to), "--config", ""]);
        rclone.env("RCLONE_AZUREBLOB_ACCOUNT", ACCOUNT);
        rclone.env("RCLONE_AZUREBLOB_KEY", KEY);
        rclone.env("RCLONE_AZUREBLOB_ENDPOINT", self.azurite.url());
        rclone
    }

    /// Runs a command, prints its line and returns what it took.
    fn told(&self, way: &str, name: &str, command: &mut Command) -> Result<Cost> {
        let mut peak = 0;
        let cost = Cost::of(|| {
            peak = peak_bytes(command)?;
            Ok(())
        })?;
        let size = gigabytes(self.bytes);
        println!(
            "| {way} | {name} | {:.0} | {:.2} | {} |",
            size * 1000.0 / cost.seconds,
            size / cost.cpu_seconds,
            peak >> 20
        );
        Ok(cost)
    }
}
