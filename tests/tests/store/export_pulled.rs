//! Drives that are pulled while an export fills them: one comes back, one is replaced by a spare, and every blob is home once.

use std::fs;
use std::process::Child;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::argosy::{json, text};
use tests::came_back::sha256;
use tests::export_bench::ExportBench as Bench;
use tests::oracle;
use tests::pulled::PulledDrive;
use tests::source::noise;
use tests::stalled_line::StalledLine;

const MIB: u64 = 1 << 20;

/// Puts so many blobs of six mebibytes, and keeps what they are made of.
fn reels(bench: &Bench, count: usize) -> Result<()> {
    fs::create_dir(bench.path("source"))?;
    bench.sdk(&["container", "film"])?;
    for number in 0..count {
        let name = format!("reel {number}");
        let file = bench.path("source").join(&name);
        fs::write(&file, noise(6 << 20, number))?;
        bench.sdk(&["put", &format!("film/{name}"), text(&file)])?;
    }
    Ok(())
}

fn end(child: Child) -> Result<(i32, Value)> {
    let output = child.wait_with_output()?;
    let said = serde_json::from_slice(&output.stdout)?;
    Ok((output.status.code().unwrap_or(-1), said))
}

fn resume(bench: &Bench, line: &StalledLine, session: &str, more: &[&str]) -> Result<(i32, Value)> {
    let (url, journals) = (line.url(), bench.path("journals"));
    let mut arguments = bench.store("resume", &url);
    arguments.extend(["--session", session, "--journal-dir", text(&journals)]);
    arguments.extend(["--show-keys", "--copy-log"]);
    arguments.extend(more);
    json(&arguments)
}

/// Returns how many blobs all copy logs speak of; none of them may say that anything went wrong.
fn logged(said: &Value) -> Result<u64> {
    let logs = said["logs"].as_array().context("logs")?;
    let mut all = 0_u64;
    for log in logs.iter().filter_map(Value::as_str) {
        let log = fs::read_to_string(log)?;
        ensure!(
            log.contains("<Status>Succeeded</Status>") && !log.contains("ErroredEntity"),
            "{log}"
        );
        let (_, count) = log.split_once("<TotalFiles_Blobs>").context("a count")?;
        let (count, _) = count.split_once('<').context("its end")?;
        all = all.saturating_add(count.parse()?);
    }
    Ok(all)
}

/// Unpacks a drive and moves its blobs home; none may be there already. Returns how many it had.
fn bring_home(bench: &Bench, said: &Value, serial: &str) -> Result<usize> {
    let drives = said["drives"].as_array().context("drives")?;
    let drive = drives.iter().find(|drive| drive["serial"] == serial);
    let drive = drive.with_context(|| format!("no {serial}: {said}"))?;
    ensure!(drive["verdict"] == "verified", "{drive}");
    let password = drive["recovery_password"].as_str().context("a password")?;
    let listed = bench.unpacked(serial, password)?;
    let home = bench.path("home");
    fs::create_dir_all(&home)?;
    for (blob, listed) in &listed {
        let path = listed["path"].as_str().context("a path")?;
        let file = bench.path(&format!("{serial} unpacked")).join(path);
        let to = home.join(blob.strip_prefix("film/").context("a blob of film")?);
        ensure!(!to.exists(), "{blob} is on two drives");
        fs::rename(file, to)?;
    }
    Ok(listed.len())
}

fn is_all_home(bench: &Bench) -> Result<()> {
    let (source, home) = (bench.path("source"), bench.path("home"));
    oracle::run("diff", &["-r", text(&source), text(&home)]).map(drop)
}

#[test]
fn a_drive_that_is_pulled_in_the_middle_of_an_export_is_named_and_finished_when_it_is_back()
-> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    reels(&bench, 8)?;
    let Some(drive) = PulledDrive::over(&bench.drive("OUT-1", 72 * MIB)?)? else {
        return Ok(());
    };
    let line = StalledLine::new(&bench, "/film/", 8)?;
    let list = bench.list(&[("BlobPathPrefix", "/film/")])?;
    let running = line.export(&bench, &list, "pulled-1", &[drive.file()], &[])?;
    drive.pull()?;
    line.go_on();
    let (code, said) = end(running)?;
    ensure!(code == 4 && said["verdict"] == "failed", "{code}: {said}");
    let failed = &said["drives"][0];
    ensure!(failed["serial"] == "OUT-1", "{said}");
    // No blob is to blame, and none is left out for it.
    ensure!(failed["left_out_count"] == 0, "{said}");
    let why = failed["state"].as_str().context("a state")?;
    ensure!(
        why.contains("the drive failed") && why.contains("at offset"),
        "{why}"
    );
    ensure!(why.contains("Input/output error"), "{why}");

    let (code, said) = resume(&bench, &line, "pulled-1", &[])?;
    ensure!(code != 0 && said["verdict"] != "verified", "{code}: {said}");
    drive.plug()?;
    let (code, said) = resume(&bench, &line, "pulled-1", &[])?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    ensure!(logged(&said)? == 8, "{said}");
    ensure!(bring_home(&bench, &said, "OUT-1")? == 8, "{said}");
    is_all_home(&bench)
}

#[test]
fn a_spare_gets_the_blobs_of_the_export_drive_that_died_and_no_other_drive_is_touched() -> Result<()>
{
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    reels(&bench, 14)?;
    let whole = bench.drive("OUT-1", 72 * MIB)?;
    let Some(dies) = PulledDrive::over(&bench.drive("OUT-2", 72 * MIB)?)? else {
        return Ok(());
    };
    let line = StalledLine::new(&bench, "/film/", 10)?;
    let list = bench.list(&[("BlobPathPrefix", "/film/")])?;
    let running = line.export(&bench, &list, "spare-1", &[&whole, dies.file()], &[])?;
    dies.pull()?;
    line.go_on();
    let (code, said) = end(running)?;
    ensure!(code == 4 && said["verdict"] == "failed", "{code}: {said}");
    drop(dies);
    let before = sha256(&whole)?;
    let spare = bench.drive("SPARE", 80 * MIB)?;
    let (code, said) = resume(&bench, &line, "spare-1", &[])?;
    ensure!(code == 3, "a drive that is not here: {code}: {said}");
    let replace = format!("OUT-2={}", spare.display());
    let (code, said) = resume(&bench, &line, "spare-1", &["--replace", &replace])?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    ensure!(logged(&said)? == 14, "{said}");
    let (one, other) = (
        bring_home(&bench, &said, "OUT-1")?,
        bring_home(&bench, &said, "SPARE")?,
    );
    ensure!(
        one > 0 && other > 0 && one.saturating_add(other) == 14,
        "{one}, {other}"
    );
    ensure!(sha256(&whole)? == before, "the whole drive was written to");
    ensure!(
        !bench.not_exported("spare-1").exists(),
        "something is said to be on no drive"
    );
    is_all_home(&bench)
}
