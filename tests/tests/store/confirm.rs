//! Is everything in storage? A verdict that never says more than was compared, over Microsoft's emulator and what its own SDK
//! puts there.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::argosy::{argosy, text};
use tests::import_bench::Bench;
use tests::source::noise;

const MIB: usize = 1 << 20;
const ROW: &str = "@,film/in/,,overwrite,None,None";

fn confirm(bench: &Bench, serials: &[&str], more: &[&str]) -> Result<(i32, Value)> {
    let journals: Vec<PathBuf> = serials.iter().map(|serial| bench.journal(serial)).collect();
    let mut words = vec!["confirm", "--journal"];
    words.extend(journals.iter().map(|journal| text(journal)));
    words.extend(more);
    bench.of_store(&words)
}

fn codes(report: &Value) -> Result<Vec<(String, String)>> {
    let findings = report["findings"].as_array().context("findings")?;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut codes: Vec<_> = findings
        .iter()
        .map(|finding| (word(&finding["code"]), word(&finding["blob"])))
        .collect();
    codes.sort();
    Ok(codes)
}

fn pairs(codes: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(code, blob): &(&str, &str)| ((*code).to_owned(), (*blob).to_owned());
    codes.iter().map(pair).collect()
}

/// Fills two drives with files of one block and of several, and a page blob.
fn two_drives(bench: &Bench, more: &[&str]) -> Result<()> {
    bench.write("a & b.txt", b"one block")?;
    bench.write("empty", b"")?;
    bench.write("long.bin", &noise(30 * MIB + 5, 1))?;
    bench.write("other.bin", &noise(30 * MIB, 2))?;
    bench.write("disk.vhd", &noise(5 * MIB, 3))?;
    bench.prepare_with(&["WD-1", "WD-2"], "72MB", &[ROW], more)
}

#[test]
fn a_verdict_says_no_more_than_was_compared() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    two_drives(&bench, &[])?;
    let both = ["WD-1", "WD-2"];
    let (code, report) = confirm(&bench, &both, &["--before-shipping"])?;
    assert_eq!((code, &report["verdict"]), (0, &json!("free")), "{report}");
    let (code, report) = confirm(&bench, &both, &[])?;
    assert_eq!(
        (code, &report["verdict"], &report["missing"]),
        (1, &json!("incomplete"), &json!(5)),
        "{report}"
    );
    let mut logs = Vec::new();
    for serial in both {
        let (code, report) = bench.ingest(serial, &[])?;
        assert_eq!(code, 0, "{report}");
        let written = report["logs"].as_array().context("logs")?.clone();
        logs.extend(written.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    // Blocks were compared on their way, and no MD5 of the whole is anywhere.
    let (code, report) = confirm(&bench, &both, &[])?;
    assert_eq!(
        (
            code,
            &report["verdict"],
            &report["missing"],
            &report["different"]
        ),
        (1, &json!("unproven"), &json!(0), &json!(0)),
        "{report}"
    );
    let sentence = report["sentence"].as_str().context("a sentence")?;
    assert!(sentence.contains("by name and size") && !sentence.contains("nothing here"));
    let classic: Vec<&str> = logs
        .iter()
        .filter(|log| log.ends_with("verbose.xml"))
        .map(String::as_str)
        .collect();
    let (code, report) = confirm(&bench, &both, &[&["--copy-log"], &classic[..]].concat())?;
    assert_eq!(
        (code, &report["verdict"], &report["files"]),
        (0, &json!("confirmed"), &json!(5)),
        "{report}"
    );
    let sentence = report["sentence"].as_str().context("a sentence")?;
    assert!(
        sentence.starts_with("All 5 files are in Azure") && sentence.contains("the only copy"),
        "{sentence}"
    );
    // Today's logs have a CRC-64 of each, which only the originals can be compared with.
    let current: Vec<&str> = logs
        .iter()
        .filter(|log| log.contains("VerboseLog"))
        .map(String::as_str)
        .collect();
    let with_logs = [&["--copy-log"], &current[..]].concat();
    let (code, report) = confirm(&bench, &both, &with_logs)?;
    assert_eq!(
        (code, &report["verdict"]),
        (1, &json!("unproven")),
        "{report}"
    );
    let source = bench.path("source");
    let (code, report) = confirm(
        &bench,
        &both,
        &[&with_logs[..], &["--dir", text(&source)]].concat(),
    )?;
    assert_eq!(
        (code, &report["verdict"]),
        (0, &json!("confirmed")),
        "{report}"
    );
    // One drive of two: nothing is said of the other.
    let (_, report) = confirm(&bench, &["WD-1"], &["--read-back"])?;
    let sentence = report["sentence"].as_str().context("a sentence")?;
    assert!(
        report["other_drives"] == json!(1) && !sentence.contains("the only copy"),
        "{report}"
    );
    Ok(())
}

#[test]
fn what_is_gone_longer_or_of_other_content_is_named() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    two_drives(&bench, &["--content-md5"])?;
    let both = ["WD-1", "WD-2"];
    for serial in both {
        assert_eq!(bench.ingest(serial, &[])?.0, 0);
    }
    let (code, report) = confirm(&bench, &both, &[])?;
    assert_eq!(
        (code, &report["verdict"], &report["by_md5"]),
        (0, &json!("confirmed"), &json!(5)),
        "{report}"
    );
    let (code, report) = confirm(&bench, &both, &["--before-shipping"])?;
    assert_eq!(
        (code, &report["verdict"], &report["taken"]),
        (1, &json!("taken"), &json!(5)),
        "{report}"
    );
    let first = &report["findings"][0];
    assert!(
        first["modified"]
            .as_str()
            .is_some_and(|time| time.ends_with("GMT")),
        "{first}"
    );
    let long = "x".repeat(30 * MIB / 1024);
    bench.put_over(&[
        ("film/in/a & b.txt", "two block"),
        ("film/in/empty", "not empty"),
        ("film/in/long.bin", &long),
        ("film/in/disk.vhd", "gone:"),
        ("film/in/nobody's", "asked for"),
    ])?;
    let csv = bench.path("report.csv");
    let (code, report) = confirm(&bench, &both, &["--report", text(&csv)])?;
    assert_eq!(
        (code, &report["verdict"]),
        (1, &json!("incomplete")),
        "{report}"
    );
    assert_eq!(
        codes(&report)?,
        pairs(&[
            ("md5", "film/in/a & b.txt"),
            ("missing", "film/in/disk.vhd"),
            ("size", "film/in/empty"),
            ("size", "film/in/long.bin"),
        ])
    );
    assert_eq!(fs::read_to_string(&csv)?.lines().count(), 5);
    Ok(())
}

#[test]
fn content_that_only_reading_shows_is_read_back_and_a_lost_plan_is_made_up_for_by_the_manifest()
-> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let content = noise(9 * MIB, 1);
    bench.write("long.bin", &content)?;
    bench.prepare(&["WD-3"], "72MB", &[ROW])?;
    assert_eq!(bench.ingest("WD-3", &[])?.0, 0);
    let (code, report) = confirm(&bench, &["WD-3"], &["--read-back"])?;
    assert_eq!(
        (code, &report["verdict"], &report["by_reading"]),
        (0, &json!("confirmed"), &json!(1)),
        "{report}"
    );
    // A page blob of the same length, with nothing in it: no list tells that it is another.
    bench.put_over(&[("film/in/long.bin", "gone:")])?;
    bench.put(&[("film/in/long.bin", &format!("page:{}", 9 * MIB))])?;
    let (code, report) = confirm(&bench, &["WD-3"], &[])?;
    assert_eq!(
        (code, &report["verdict"]),
        (1, &json!("unproven")),
        "{report}"
    );
    let (code, report) = confirm(&bench, &["WD-3"], &["--read-back"])?;
    assert_eq!(code, 1, "{report}");
    assert_eq!(codes(&report)?, pairs(&[("content", "film/in/long.bin")]));
    // Without its plan a journal proves nothing; with the manifest that was on the drive it does.
    let plan = bench.path("journals").join("reel-1.plan");
    fs::rename(&plan, bench.path("plan"))?;
    let (code, report) = confirm(&bench, &["WD-3"], &[])?;
    assert_eq!(code, 2, "{report}");
    let home = bench.path("home");
    let key = fs::read_to_string(bench.journal("WD-3"))?;
    let key = key.lines().find_map(|line| {
        line.trim()
            .strip_prefix("<BitLockerKey>")?
            .strip_suffix("</BitLockerKey>")
    });
    let key_file = bench.path("key.txt");
    fs::write(&key_file, key.context("a key")?)?;
    let image = bench.image("WD-3");
    let said = argosy(&[
        "unpack",
        "--drive",
        text(&image),
        "--key-file",
        text(&key_file),
        "--to",
        text(&home),
    ])?;
    ensure!(said.status.success(), "{said:?}");
    let manifest = home.join("WD-3.DriveManifest.xml");
    let (code, report) = confirm(
        &bench,
        &["WD-3"],
        &["--manifest", text(&manifest), "--read-back"],
    )?;
    assert_eq!(code, 1, "{report}");
    assert_eq!(codes(&report)?, pairs(&[("content", "film/in/long.bin")]));
    // Another manifest is none.
    fs::write(
        &manifest,
        fs::read_to_string(&manifest)?.replace("long", "lone"),
    )?;
    let (code, _) = confirm(&bench, &["WD-3"], &["--manifest", text(&manifest)])?;
    assert_eq!(code, 2);
    Ok(())
}

#[test]
fn files_that_were_added_to_a_drive_are_asked_for_too() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a.txt", b"first")?;
    bench.prepare(&["WD-4"], "72MB", &[ROW])?;
    fs::create_dir(bench.path("more"))?;
    fs::write(bench.path("more").join("b.txt"), b"second")?;
    let (journals, more, image) = (
        bench.path("journals"),
        bench.path("more"),
        bench.image("WD-4"),
    );
    let added = argosy(&[
        "prepare",
        "--add",
        "--session",
        "reel-2",
        "--journal-dir",
        text(&journals),
        "--source",
        text(&more),
        "--to",
        "film/more/",
        "--drive",
        text(&image),
    ])?;
    ensure!(added.status.success(), "{added:?}");
    let (code, report) = confirm(&bench, &["WD-4"], &[])?;
    assert_eq!((code, &report["files"]), (1, &json!(2)), "{report}");
    assert_eq!(
        codes(&report)?,
        pairs(&[("missing", "film/in/a.txt"), ("missing", "film/more/b.txt")])
    );
    Ok(())
}
