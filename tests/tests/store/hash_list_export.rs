//! The ASC MHL of a drive that an export filled, judged by the ASC's own tool in the tree that comes home from it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use shared::journal::replay;
use tests::argosy::{assert_verified, json, text};
use tests::ascmhl::{flip, judged, list_below, tool};
use tests::azurite::account_signature;
use tests::export_bench::ExportBench as Bench;
use tests::oracle;
use tests::source::noise;
use tests::stalled_line::StalledLine;

const MIB: u64 = 1 << 20;

/// Fills the store with blobs of every kind: some of several blocks, with a hash of the store and without; and a card
/// that has a history of its own.
fn fill(bench: &Bench) -> Result<()> {
    bench.sdk(&["fill"])?;
    bench.sdk(&["blocks", "film/blocks", "13000001"])?;
    bench.sdk(&["blocks", "film/told", "13000001"])?;
    bench.sdk(&["settings", "film/told"])?;
    for disk in ["film/sparse.vhd", "film/told.vhd"] {
        let length = (24 * MIB).to_string();
        let held = [(9 * MIB).to_string(), (3 * MIB).to_string()];
        bench.sdk(&["sparse", disk, &length, &held[0], &held[1]])?;
    }
    bench.sdk(&["settings", "film/told.vhd"])?;
    // The blob is another now; the snapshot is of several blocks, and the store has no hash of it.
    bench.sdk(&["snapshot", "film/blocks"])?;
    bench.sdk(&["blocks", "film/blocks", "9000001"])?;
    // Names that are those of files beside blobs, or like them.
    bench.put("film/app/[1].properties", 5)?;
    bench.put("film/app/[1]", 6)?;
    bench.put("film/app/WITH-1.manifest", 7)?;
    card(bench)
}

/// Puts a card with a history of its own.
fn card(bench: &Bench) -> Result<()> {
    let card = bench.path("card");
    fs::create_dir_all(card.join("CLIPS"))?;
    fs::write(card.join("CLIPS/take 1.mov"), noise(5_000_005, 1))?;
    let made = ["create", "-h", "xxh64", text(&card)];
    let made = tool(bench.python(), "ascmhl", &made)?;
    ensure!(made.0 == 0, "ascmhl cannot make a history: {}", made.1);
    let mut files = vec![card.join("CLIPS/take 1.mov")];
    for entry in fs::read_dir(card.join("ascmhl"))? {
        files.push(entry?.path());
    }
    for file in files {
        let below = file.strip_prefix(&card)?;
        bench.sdk(&["put", &format!("film/card/{}", text(below)), text(&file)])?;
    }
    Ok(())
}

fn whole_store(bench: &Bench) -> Result<PathBuf> {
    bench.list(&[
        ("BlobPathPrefix", "/film/"),
        ("BlobPathPrefix", "/con/"),
        ("BlobPath", "$root/logo.bmp"),
    ])
}

/// Compares what a preview reckons with the plan that the drive was filled by.
fn assert_previewed(bench: &Bench, list: &Path) -> Result<()> {
    let plan = fs::read_to_string(bench.path("journals/with-1.plan"))?;
    let head: Value = serde_json::from_str(plan.lines().next().context("an empty plan")?)?;
    let used = &head["drives"][0]["used_bytes"];
    let url = bench.azurite.url();
    let mut preview = bench.store("preview-export", &url);
    let size = (200 * MIB).to_string();
    preview.extend(["--blob-list", text(list), "--drive-size", &size]);
    preview.push("--snapshots");
    let (_, without) = json(&preview)?;
    preview.push("--mhl");
    let (code, with) = json(&preview)?;
    ensure!(code == 0, "{with}");
    assert_eq!(&with["drives"][0]["used_bytes"], used, "{with}");
    assert_ne!(&without["drives"][0]["used_bytes"], used, "{without}");
    Ok(())
}

fn password(said: &Value) -> Result<&str> {
    let password = said["drives"][0]["recovery_password"].as_str();
    password.context("no recovery password")
}

/// Returns what a list says of each file, sorted: the time at which it was made is no part of that.
fn hashes(list: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(list)?;
    let (_, hashes) = text.split_once("<hashes>").context("no hashes")?;
    Ok(hashes.split("<hash>").skip(1).map(str::to_owned).collect())
}

#[test]
fn the_ascs_own_tool_finds_every_blob_of_an_export_that_came_home() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    fill(&bench)?;
    let (list, image) = (whole_store(&bench)?, bench.drive("WITH-1", 200 * MIB)?);
    let (code, said) = bench.export("with-1", &list, &[&image], &["--mhl", "--snapshots"])?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    assert_verified(&image, &bench.journal("WITH-1"))?;
    assert_previewed(&bench, &list)?;
    let listed = bench.unpacked("WITH-1", password(&said)?)?;
    let home = bench.path("WITH-1 unpacked");
    let (code, said) = judged(bench.python(), &home)?;
    ensure!(code == 0, "{said}");
    let (code, diff) = tool(bench.python(), "ascmhl", &["diff", text(&home)])?;
    ensure!(code == 0, "{diff}");
    // All that the manifest names was looked at, but for what the tool itself makes.
    for file in listed.values() {
        let path = file["path"].as_str().context("a path")?;
        let line = format!("of file {path}: OK");
        ensure!(
            said.contains(&line) || path.contains("/ascmhl/"),
            "{path} was not looked at: {said}"
        );
    }
    let snapshots = listed
        .keys()
        .filter(|blob| blob.starts_with("film/blocks "));
    ensure!(snapshots.count() == 1, "{:?}", listed.keys());
    let text_of_list = fs::read_to_string(list_below(&home)?)?;
    ensure!(
        text_of_list.contains("<process>transfer</process>"),
        "{text_of_list}"
    );
    for (blob, name) in [
        ("film/blocks", "film/blocks"),
        ("film/told", "film/told"),
        ("film/sparse.vhd", "film/sparse.vhd"),
        ("film/told.vhd", "film/told.vhd"),
        ("film/app/[1].properties", "[1] (2).properties"),
        ("con/NUL.txt", "NUL_.txt"),
    ] {
        let path = listed[blob]["path"].as_str().context("a path")?;
        ensure!(path.ends_with(name), "{blob} is {path}");
        let file = home.join(path);
        let before = fs::read(&file)?;
        flip(&file)?;
        let (code, said) = judged(bench.python(), &home)?;
        ensure!(
            code != 0 && said.contains("hash mismatch") && said.contains(path),
            "{blob}: {said}"
        );
        fs::write(&file, before)?;
    }
    fs::write(home.join("film/new"), "nobody's")?;
    ensure!(
        judged(bench.python(), &home)?.0 != 0,
        "a file that is in no list"
    );
    Ok(())
}

/// The drive comes home by the names of its blobs too; its list is kept with what is no blob.
fn received(bench: &Bench, image: &Path) -> Result<()> {
    let (keys, to) = (bench.path("keys.txt"), bench.path("received"));
    let key = fs::read_to_string(bench.path("key.txt"))?;
    fs::write(&keys, format!("WHOLE-1 {key}\n"))?;
    let receive = ["receive", "--drive", text(image), "--keys", text(&keys)];
    let (code, said) = json(&[&receive[..], &["--to", text(&to)]].concat())?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    list_below(&to.join(".argosy/WHOLE-1/drive"))?;
    ensure!(!to.join("ascmhl").exists(), "a list among the containers");
    Ok(())
}

/// Exports through a line until its reads stop, then interrupts that.
fn interrupted(bench: &Bench, line: &StalledLine, session: &str, image: &Path) -> Result<()> {
    let list = bench.path("list.xml");
    let child = line.export(bench, &list, session, &[image], &["--mhl"])?;
    oracle::run("kill", &["-INT", &child.id().to_string()])?;
    let output = child.wait_with_output()?;
    let said: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(said["verdict"] == "failed", "{said}");
    line.go_on();
    Ok(())
}

#[test]
fn an_export_that_stopped_in_the_middle_of_a_blob_gets_the_same_list() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["container", "film"])?;
    for blob in ["film/a", "film/b"] {
        bench.sdk(&["blocks", blob, "120000001"])?;
    }
    bench.sdk(&["settings", "film/b"])?;
    let list = bench.list(&[("BlobPathPrefix", "/film/")])?;
    let image = bench.drive("WHOLE-1", 300 * MIB)?;
    let (code, said) = bench.export("whole-1", &list, &[&image], &["--mhl"])?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    bench.unpacked("WHOLE-1", password(&said)?)?;
    let whole = hashes(&list_below(&bench.path("WHOLE-1 unpacked"))?)?;
    ensure!(whole.len() == 2, "{whole:?}");
    received(&bench, &image)?;
    // The blobs lie one behind the other, a few mebibytes from the drive's beginning on.
    for (serial, blob, inside) in [
        ("TORN-1", "/film/a", 10 * MIB..110 * MIB),
        ("TORN-2", "/film/b", 130 * MIB..230 * MIB),
    ] {
        let image = bench.drive(serial, 300 * MIB)?;
        let session = serial.to_lowercase();
        let line = StalledLine::new(&bench, blob, 25)?;
        interrupted(&bench, &line, &session, &image)?;
        let said = resume(&bench, &line.url(), &session, &[])?;
        let journal = replay(&fs::read(bench.journal(serial))?)?;
        let resumed_at = &journal.resumed_at;
        ensure!(
            resumed_at.len() == 1 && resumed_at.iter().all(|at| inside.contains(at)),
            "gone on with at {resumed_at:?}"
        );
        bench.unpacked(serial, password(&said)?)?;
        let home = bench.path(&format!("{serial} unpacked"));
        ensure!(hashes(&list_below(&home)?)? == whole, "{serial}");
        let (code, said) = judged(bench.python(), &home)?;
        ensure!(code == 0, "{said}");
    }
    Ok(())
}

/// Goes on with an export until its drives are proven.
fn resume(bench: &Bench, url: &str, session: &str, more: &[&str]) -> Result<Value> {
    let journals = bench.path("journals");
    let mut arguments = bench.store("resume", url);
    arguments.extend(["--session", session, "--journal-dir", text(&journals)]);
    arguments.push("--show-keys");
    arguments.extend(more);
    let (code, said) = json(&arguments)?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    Ok(said)
}

#[test]
fn a_spare_of_an_export_gets_a_list_too() -> Result<()> {
    let Some(mut bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["container", "film"])?;
    bench.sdk(&["blocks", "film/a", "9000001"])?;
    let list = bench.list(&[("BlobPathPrefix", "/film/")])?;
    let whole = bench.signature.clone();
    bench.signature = bench.path("list only.txt");
    fs::write(&bench.signature, account_signature("l"))?;
    let dies = bench.drive("DIES-1", 72 * MIB)?;
    let (code, said) = bench.export("spare-1", &list, &[&dies], &["--mhl"])?;
    ensure!(code == 1 && said["verdict"] == "failed", "{code}: {said}");
    bench.signature = whole;
    let spare = bench.drive("SPARE-1", 80 * MIB)?;
    let replace = format!("DIES-1={}", spare.display());
    let url = bench.azurite.url();
    let said = resume(&bench, &url, "spare-1", &["--replace", &replace])?;
    bench.unpacked("SPARE-1", password(&said)?)?;
    let home = bench.path("SPARE-1 unpacked");
    ensure!(hashes(&list_below(&home)?)?.len() == 1, "no list");
    let (code, said) = judged(bench.python(), &home)?;
    ensure!(code == 0, "{said}");
    Ok(())
}

#[test]
fn a_container_that_is_called_as_the_folder_of_the_list_is_refused_before_anything_is_written()
-> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["container", "ascmhl"])?;
    bench.put("ascmhl/a", 5)?;
    let list = bench.list(&[("BlobPathPrefix", "/ascmhl/")])?;
    let image = bench.drive("NAME-1", 72 * MIB)?;
    let before = fs::read(&image)?;
    let (code, said) = bench.export("name-1", &list, &[&image], &["--mhl"])?;
    ensure!(code == 2, "{code}: {said}");
    assert_eq!(said["error"]["where"], "ascmhl/a", "{said}");
    ensure!(fs::read(&image)? == before, "the drive was written to");
    let (code, said) = bench.export("name-1", &list, &[&image], &[])?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    Ok(())
}
