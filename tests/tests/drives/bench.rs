//! `argosy bench` and what commands say of their own speed, by the real binary: drives are only read unless somebody
//! confirmed that they may be written, and a drive that the kernel holds to a speed is what a job is limited by.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::argosy::{argosy, binary, json, new_drive, text};
use tests::filled::{Target, prepare};
use tests::source::noise;
use tests::throttle::{Slow, Throttle};

/// Makes a source of two long files and some short ones.
fn write_source(folder: &Path) -> Result<()> {
    fs::create_dir(folder)?;
    for number in 1..3 {
        fs::write(
            folder.join(format!("clip {number}.mov")),
            noise(24 << 20, number),
        )?;
    }
    for number in 10..60 {
        fs::write(
            folder.join(format!("frame {number}.dpx")),
            noise(20_000, number),
        )?;
    }
    Ok(())
}

#[test]
fn a_bench_only_reads_and_says_which_part_is_the_limit() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (drive, source) = (
        folder.path().join("drive.img"),
        folder.path().join("source"),
    );
    write_source(&source)?;
    let content = noise(100 << 20, 77);
    fs::write(&drive, &content)?;
    let options = ["--source", text(&source), "--minutes", "0.1"];
    let arguments = [&["bench", "--drive", text(&drive)], &options[..]].concat();
    let (code, said) = json(&arguments)?;
    ensure!(code == 0, "{said}");
    ensure!(fs::read(&drive)? == content, "the drive was written to");
    let stretches = said["drive"]["read"]["stretches"]
        .as_array()
        .context("no stretches")?;
    ensure!(
        stretches.len() == 12 && said["drive"]["written"].is_null(),
        "{said}"
    );
    ensure!(
        said["source"]["long"]["files"] == 2 && said["source"]["short"]["files"] == 50,
        "{said}"
    );
    let rate = |name: &str| said[name].as_u64().filter(|rate| *rate > 0);
    let (source, computer) = (
        rate("source_bytes_per_second"),
        rate("computer_bytes_per_second"),
    );
    ensure!(source.is_some() && computer.is_some(), "{said}");
    let limit = said["limited_by"].as_str().context("no limit")?;
    ensure!(["source", "computer", "drive"].contains(&limit), "{said}");
    let words = said["words"].as_str().context("no words")?;
    let name = format!("the {limit} is the limit");
    ensure!(
        words.starts_with("This drive reads ") && words.contains(&name),
        "{words}"
    );
    Ok(())
}

#[test]
fn a_bench_writes_only_to_what_was_confirmed_and_leaves_a_blank_image_blank() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (full, blank) = (
        folder.path().join("full.img"),
        folder.path().join("blank.img"),
    );
    let content = noise(64 << 20, 5);
    fs::write(&full, &content)?;
    let bench = |drive: &Path, more: &[&str]| {
        let arguments = [
            "bench",
            "--minutes",
            "0.05",
            "--write",
            "--drive",
            text(drive),
        ];
        json(&[&arguments[..], more].concat())
    };
    let (code, said) = bench(&full, &[])?;
    ensure!(code == 3, "{code}: {said}");
    let (code, said) = bench(&full, &["--erase", "another"])?;
    ensure!(code == 3, "{code}: {said}");
    ensure!(
        fs::read(&full)? == content,
        "a drive that nobody confirmed was written to"
    );
    let (code, said) = bench(&full, &["--erase", "full"])?;
    ensure!(
        code == 0 && said["drive"]["written"]["stretches"].is_array(),
        "{said}"
    );
    ensure!(fs::read(&full)? != content, "nothing was written");
    new_drive(&blank, "100MB", "BLANK-1", &[])?;
    let (code, said) = bench(&blank, &[])?;
    ensure!(
        code == 0 && said["drive"]["written"]["stretches"].is_array(),
        "{said}"
    );
    ensure!(
        fs::read(&blank)?.iter().all(|byte| *byte == 0),
        "something stayed on it"
    );
    Ok(())
}

#[test]
fn a_drive_inside_of_the_source_is_not_benched_with_writes() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let drive = folder.path().join("drive.img");
    fs::File::create(&drive)?.set_len(64 << 20)?;
    fs::write(folder.path().join("file.txt"), "content")?;
    let options = ["--minutes", "0.05", "--write", "--drive", text(&drive)];
    let source = ["--source", text(folder.path())];
    let output = argosy(&[&["bench"], &options[..], &source[..]].concat())?;
    ensure!(output.status.code() == Some(3), "{output:?}");
    Ok(())
}

#[test]
fn a_job_onto_a_slow_drive_says_that_the_drive_is_the_limit() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("source");
    write_source(&source)?;
    let journals = folder.path().join("journals");
    let targets = [Target::fresh(
        &folder.path().join("SLOW0001.img"),
        200_000_000,
    )?];
    if !targets[0].path().starts_with("/dev") {
        eprintln!("skipped: a loop device needs root");
        return Ok(());
    }
    let Some(slow) = Throttle::new(&[targets[0].path()], Slow::Writes, 20_000_000)? else {
        eprintln!("skipped: this kernel does not throttle devices for us");
        return Ok(());
    };
    let command: Command = prepare(&binary()?, &journals, &source, &targets);
    let output = slow.around(&command).output()?;
    ensure!(output.status.success(), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout)?;
    let writing = &said["drives"][0]["writing"];
    ensure!(writing["limited_by"] == "drive", "{said}");
    let rate = writing["limit_bytes_per_second"]
        .as_u64()
        .context("no rate")?;
    ensure!((10_000_000..30_000_000).contains(&rate), "{writing}");
    let read_back = &said["drives"][0]["verifying"];
    ensure!(read_back["bytes"].as_u64() > Some(48 << 20), "{read_back}");
    Ok(())
}
