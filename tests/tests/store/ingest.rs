//! Drives that Argosy filled, sent into Microsoft's emulator of Blob storage, which the service's own SDK then reads.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::copy_log::{DispositionStatus, DriveStatus, PartStatus};
use shared::copy_log::{read_classic, read_current};
use tests::argosy::text;
use tests::import_bench::Bench;
use tests::oracle;
use tests::source::{noise, sha256};

const MIB: usize = 1 << 20;

#[test]
fn two_drives_arrive_as_they_were_and_a_second_run_sends_nothing() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let mut wanted = BTreeMap::new();
    for (name, content) in [
        ("tree/two  blanks & 50% #1+.txt", noise(3000, 1)),
        ("tree/Überblick/🎬 撮影.mov", noise(9 * MIB + 5, 2)),
        ("tree/empty", Vec::new()),
        ("tree/hello.txt", b"Hello World".to_vec()),
        ("tree/zeros", vec![0; 1024]),
        ("tree/long a.bin", noise(30 * MIB, 3)),
        ("tree/long b.bin", noise(30 * MIB, 4)),
        (
            "tree/disk.vhd",
            [noise(5 * MIB, 5), vec![0; 2 * MIB + 512]].concat(),
        ),
    ] {
        let name_there = name.replacen("tree/", "film/in/", 1);
        wanted.insert(name_there, (bench.write(name, &content)?, content.len()));
    }
    let logo = bench.write("logo.bmp", b"a logo")?;
    wanted.insert("$root/logo.bmp".to_owned(), (logo, 6));
    let tagged = bench.write("tagged/a.mp4", b"tagged")?;
    wanted.insert("tags/a.mp4".to_owned(), (tagged, 6));
    fs::write(
        bench.path("m.xml"),
        "<Metadata><Project>alpha &amp; beta</Project><Owner>lab7</Owner></Metadata>",
    )?;
    fs::write(
        bench.path("p.xml"),
        "<Properties><Content-Type>video/mp4</Content-Type><Cache-Control>no-store</Cache-Control>\
         <Content-MD5>BwcHBwcHBwcHBwcHBwcHBw==</Content-MD5></Properties>",
    )?;
    let tagged_row = format!(
        "@tagged/,tags/,BlockBlob,rename,{},{}",
        bench.path("m.xml").display(),
        bench.path("p.xml").display()
    );
    bench.prepare(
        &["WD-1", "WD-2"],
        "72MB",
        &[
            "@tree/,film/in/,,rename,None,None",
            "@logo.bmp,$root/logo.bmp,BlockBlob,rename,None,None",
            &tagged_row,
        ],
    )?;
    let mut reports = Vec::new();
    for serial in ["WD-1", "WD-2"] {
        let (code, report) = bench.ingest(serial, &[])?;
        assert_eq!(
            (code, &report["verdict"]),
            (0, &json!("completed")),
            "{report}"
        );
        reports.push(report);
    }
    let seen = bench.seen()?;
    let names: Vec<_> = seen.as_object().context("blobs")?.keys().cloned().collect();
    assert_eq!(names, wanted.keys().cloned().collect::<Vec<_>>());
    for (name, (sum, bytes)) in &wanted {
        let blob = &seen[name.as_str()];
        assert_eq!(
            (&blob["sha256"], &blob["bytes"]),
            (&json!(sum), &json!(bytes)),
            "{name}"
        );
    }
    let disk = &seen["film/in/disk.vhd"];
    assert!(
        disk["kind"]
            .as_str()
            .is_some_and(|kind| kind.to_lowercase().starts_with("page")),
        "{disk}"
    );
    // As the manifest has them, zeros too.
    let pages = json!([[0, 4 * MIB - 1], [4 * MIB, 7 * MIB + 511]]);
    assert_eq!(disk["pages"], pages);
    let clip = &seen["film/in/Überblick/🎬 撮影.mov"];
    let four = 4 * MIB;
    assert_eq!(
        clip["blocks"],
        json!([
            ["AAAAAA==", four],
            ["AQAAAA==", four],
            ["AgAAAA==", MIB + 5]
        ])
    );
    let tags = &seen["tags/a.mp4"];
    assert_eq!(
        tags["metadata"],
        json!({"project": "alpha & beta", "owner": "lab7"})
    );
    assert_eq!(
        [
            &tags["content_type"],
            &tags["cache_control"],
            &tags["content_md5"]
        ],
        [
            &json!("video/mp4"),
            &json!("no-store"),
            &json!("BwcHBwcHBwcHBwcHBwcHBw==")
        ]
    );
    check_logs_of_what_arrived(&bench, &reports)?;
    for serial in ["WD-1", "WD-2"] {
        let (code, report) = bench.ingest(serial, &[])?;
        assert_eq!(
            (code, &report["finished_before"]),
            (0, &report["blobs"]),
            "{report}"
        );
    }
    assert_eq!(bench.seen()?, seen, "a second run changed something");
    Ok(())
}

/// Classic logs are XML and have every blob; today's have the checksums of the public samples.
fn check_logs_of_what_arrived(bench: &Bench, reports: &[Value]) -> Result<()> {
    let mut sums = HashMap::new();
    for (report, serial) in reports.iter().zip(["WD-1", "WD-2"]) {
        let classic = bench.log(report, "verbose.xml")?;
        fs::write(bench.path("classic.xml"), &classic)?;
        oracle::run("xmllint", &["--noout", text(&bench.path("classic.xml"))])?;
        let log = read_classic(&classic)?;
        assert_eq!(
            (log.drive_id.as_str(), log.status),
            (serial, DriveStatus::Completed)
        );
        assert_eq!(json!(log.blobs.len()), report["blobs"]);
        for blob in &log.blobs {
            assert!(blob.is_well(), "{blob:?}");
            assert!(
                blob.parts
                    .iter()
                    .all(|part| part.status == PartStatus::Committed)
            );
        }
        let current = read_current(&bench.log(report, "VerboseLog")?)?;
        sums.extend(
            current
                .succeeded
                .into_iter()
                .map(|blob| (blob.blob, blob.crc64)),
        );
        let summary = read_current(&bench.log(report, "CopyLog")?)?;
        assert_eq!(summary.status.as_deref(), Some("Succeeded"));
        assert_eq!(
            (json!(summary.blobs), summary.errored.len()),
            (report["blobs"].clone(), 0)
        );
    }
    assert_eq!(
        sums.get("film/in/hello.txt"),
        Some(&7_320_094_093_915_972_193)
    );
    assert_eq!(sums.get("film/in/zeros"), Some(&7_573_843_669_953_104_266));
    assert_eq!(sums.get("film/in/empty"), Some(&0));
    Ok(())
}

#[test]
fn names_that_are_taken_follow_the_rule_of_each_blob() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let mut rows = Vec::new();
    for rule in ["rename", "no-overwrite", "overwrite"] {
        bench.write(&format!("{rule}/a.txt"), format!("new {rule}").as_bytes())?;
        bench.write(&format!("{rule}/free"), b"free")?;
        rows.push(format!("@{rule}/,cab/{rule}/,,{rule},None,None"));
    }
    bench.write("overwrite/page", b"was a page blob")?;
    bench.write("overwrite/disk.vhd", &[7; 1024])?;
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    bench.prepare(&["WD-3"], "72MB", &rows)?;
    bench.put(&[
        ("cab/rename/a.txt", "old"),
        ("cab/rename/a (2).txt", "older"),
        ("cab/no-overwrite/a.txt", "old"),
        ("cab/overwrite/a.txt", "old"),
        ("cab/overwrite/page", "page:1024"),
        ("cab/overwrite/disk.vhd", "was a block blob"),
    ])?;
    let (code, report) = bench.ingest("WD-3", &[])?;
    assert_eq!(
        (code, &report["status"]),
        (0, &json!("CompletedWithWarnings")),
        "{report}"
    );
    let counts = ["blobs", "renamed", "skipped", "overwritten"].map(|word| report[word].clone());
    assert_eq!(counts, [7, 1, 1, 3].map(|count| json!(count)), "{report}");
    let seen = bench.seen()?;
    let content = |name: &str, content: &str| -> Result<()> {
        let sum = sha256(&mut content.as_bytes())?;
        ensure!(seen[name]["sha256"] == json!(sum), "{name}: {}", seen[name]);
        Ok(())
    };
    content("cab/rename/a.txt", "old")?;
    content("cab/rename/a (2).txt", "older")?;
    content("cab/rename/a (3).txt", "new rename")?;
    content("cab/no-overwrite/a.txt", "old")?;
    content("cab/overwrite/a.txt", "new overwrite")?;
    content("cab/overwrite/page", "was a page blob")?;
    content("cab/overwrite/disk.vhd", &"\u{7}".repeat(1024))?;
    for rule in ["rename", "no-overwrite", "overwrite"] {
        content(&format!("cab/{rule}/free"), "free")?;
    }
    assert_eq!(seen.as_object().context("blobs")?.len(), 10);
    let log = read_classic(&bench.log(&report, "error.xml")?)?;
    let became: BTreeMap<_, _> = log
        .blobs
        .iter()
        .map(|blob| (blob.blob.as_str(), blob.disposition.1))
        .collect();
    assert_eq!(
        became,
        BTreeMap::from([
            ("cab/rename/a (3).txt", DispositionStatus::Renamed),
            ("cab/no-overwrite/a.txt", DispositionStatus::Skipped),
            ("cab/overwrite/a.txt", DispositionStatus::Overwritten),
            ("cab/overwrite/page", DispositionStatus::Overwritten),
            ("cab/overwrite/disk.vhd", DispositionStatus::Overwritten),
        ])
    );
    // Again: what was renamed is known, and no further copy is made.
    let (code, again) = bench.ingest("WD-3", &[])?;
    assert_eq!((code, &again["finished_before"]), (0, &json!(7)), "{again}");
    assert_eq!(bench.seen()?, seen);
    // Killed between each commit and its note: the store is asked, and nothing is sent or made a second time.
    bench.forget("WD-3", &["done"])?;
    let (code, again) = bench.ingest("WD-3", &[])?;
    assert_eq!((code, &again["renamed"]), (0, &json!(1)), "{again}");
    assert_eq!(bench.seen()?, seen);
    Ok(())
}

#[test]
fn a_name_that_one_blob_was_given_is_not_given_to_its_owner_too() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    // Of one length, so that nothing but the content tells them apart.
    let mut taken = Vec::new();
    let mut wanted = Vec::new();
    for number in 10..40 {
        let first = format!("clip {number}.txt");
        wanted.push(bench.write(&first, format!("first  {number}").as_bytes())?);
        let second = format!("clip {number} (2).txt");
        wanted.push(bench.write(&second, format!("second {number}").as_bytes())?);
        taken.push(format!("film/{first}"));
    }
    bench.prepare(&["WD-12"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let taken: Vec<_> = taken.iter().map(|name| (name.as_str(), "old")).collect();
    bench.put(&taken)?;
    let (code, report) = bench.ingest("WD-12", &["--parallel", "16"])?;
    assert_eq!((code, &report["blobs"]), (0, &json!(60)), "{report}");
    let seen = bench.seen()?;
    let seen = seen.as_object().context("blobs")?;
    assert_eq!(seen.len(), 90);
    for sum in wanted {
        let there = seen.values().filter(|blob| blob["sha256"] == json!(sum));
        assert_eq!(there.count(), 1, "each file is there once");
    }
    Ok(())
}
