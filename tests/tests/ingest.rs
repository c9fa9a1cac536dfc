//! Drives that Argosy filled, sent into Microsoft's emulator of Blob storage, which the service's own SDK then reads.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::copy_log::{AttachedStatus, BlobStatus, DispositionStatus, DriveStatus, PartStatus};
use shared::copy_log::{read_classic, read_current};
use tests::argosy::{argosy, json, text};
use tests::azurite::{ACCOUNT, Azurite, access_token};
use tests::import_bench::Bench;
use tests::lost_answer::LostAnswer;
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
    forget_what_was_done(&bench.path("logs").join("WD-3.ingest"))?;
    let (code, again) = bench.ingest("WD-3", &[])?;
    assert_eq!((code, &again["renamed"]), (0, &json!(1)), "{again}");
    assert_eq!(bench.seen()?, seen);
    Ok(())
}

#[test]
fn an_answer_that_was_lost_is_no_reason_for_a_second_copy() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a.bin", &noise(5 * MIB, 1))?;
    bench.write("disk.vhd", &noise(MIB, 2))?;
    let row = ["@,film/,,rename,None,None"];
    bench.prepare(&["WD-9"], "72MB", &row)?;
    let commits = LostAnswer::between(bench.azurite.port(), "comp=blocklist", 1)?;
    let url = format!("http://127.0.0.1:{}/{ACCOUNT}", commits.port());
    let (code, report) = bench.ingest_into("WD-9", &url, &[])?;
    assert_eq!((code, commits.lost()), (0, 1), "{report}");
    let counts = ["blobs", "renamed"].map(|word| report[word].clone());
    assert_eq!(counts, [json!(2), json!(0)], "{report}");
    let names = bench.seen()?;
    let names: Vec<_> = names.as_object().context("blobs")?.keys().collect();
    assert_eq!(names, ["film/a.bin", "film/disk.vhd"]);
    Ok(())
}

/// Takes the notes of what arrived out of a state file.
fn forget_what_was_done(state: &Path) -> Result<()> {
    let text = fs::read_to_string(state)?;
    let kept = text.lines().filter(|line| !line.contains("\"done\""));
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    ensure!(kept != text, "nothing was noted: {text}");
    fs::write(state, kept)?;
    Ok(())
}

#[test]
fn a_block_that_rotted_is_named_and_what_was_there_before_stays() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("long.bin", &noise(20 * MIB, 1))?;
    bench.write("disk.vhd", &noise(20 * MIB, 2))?;
    bench.write("small.txt", b"small")?;
    bench.prepare(&["WD-4"], "72MB", &["@,film/,,overwrite,None,None"])?;
    bench.put(&[
        ("film/long.bin", "the old one"),
        ("film/disk.vhd", "page:512"),
    ])?;
    // The volume's own structures take 3 MiB, then come both files; the middle of the drive, at 34 MiB, is BitLocker's.
    flip(&bench.image("WD-4"), 14 << 20)?;
    flip(&bench.image("WD-4"), 38 << 20)?;
    let (code, report) = bench.ingest("WD-4", &[])?;
    assert_eq!(
        (code, &report["verdict"]),
        (1, &json!("incomplete")),
        "{report}"
    );
    assert_eq!(report["blobs"], json!(1), "{report}");
    let seen = bench.seen()?;
    let sum = |content: &[u8]| sha256(&mut &*content).map(|sum| json!(sum));
    assert_eq!(seen["film/small.txt"]["sha256"], sum(b"small")?);
    let current = read_current(&bench.log(&report, "CopyLog")?)?;
    assert_eq!(current.errored.len(), 2);
    let log = read_classic(&bench.log(&report, "error.xml")?)?;
    assert_eq!(
        (log.status, log.blobs.len()),
        (DriveStatus::CompletedWithErrors, 2)
    );
    for (name, old) in [
        ("film/long.bin", &b"the old one"[..]),
        ("film/disk.vhd", &[0; 512]),
    ] {
        assert_eq!(
            seen[name]["sha256"],
            sum(old)?,
            "{name}: the old blob stays"
        );
        let findings = report["findings"].as_array().context("findings")?;
        let mut findings = findings.iter().filter(|finding| finding["blob"] == name);
        let finding = findings.next().context(name)?;
        assert_eq!(
            (&finding["code"], findings.next()),
            (&json!("CompletedWithErrors"), None)
        );
        let blob = log
            .blobs
            .iter()
            .find(|blob| blob.blob == name)
            .context(name)?;
        assert_eq!(blob.status, BlobStatus::CompletedWithErrors);
        assert_eq!(blob.disposition.1, DispositionStatus::Cancelled);
        let rotten = blob
            .parts
            .iter()
            .filter(|part| part.status == PartStatus::Corrupted);
        let rotten: Vec<_> = rotten.map(|part| json!(part.at)).collect();
        assert_eq!(
            (rotten, blob.parts.len()),
            (vec![finding["offset"].clone()], 5)
        );
        let is_committed = |status| matches!(status, PartStatus::Committed | PartStatus::Completed);
        assert!(
            !blob.parts.iter().any(|part| is_committed(part.status)),
            "{blob:?}"
        );
        let errored = current
            .errored
            .iter()
            .find(|blob| blob.blob == name)
            .context(name)?;
        assert_eq!(errored.category.code(), "UploadErrorDataValidationError");
    }
    Ok(())
}

#[test]
fn metadata_that_the_store_cannot_take_is_named_and_its_blob_is_not_sent() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a.txt", b"a")?;
    bench.write("b.txt", b"b")?;
    let metadata = bench.path("m.xml");
    fs::write(&metadata, "<Metadata><Town>Z\u{fc}rich</Town></Metadata>")?;
    let row = format!(
        "@a.txt,film/a.txt,BlockBlob,rename,{},None",
        metadata.display()
    );
    bench.prepare(
        &["WD-11"],
        "72MB",
        &[&row, "@b.txt,film/b.txt,BlockBlob,rename,None,None"],
    )?;
    let (code, report) = bench.ingest("WD-11", &[])?;
    assert_eq!((code, &report["blobs"]), (1, &json!(1)), "{report}");
    let message = report["findings"][0]["message"]
        .as_str()
        .unwrap_or_default();
    assert!(
        message.contains("<Town>") && message.contains("ASCII"),
        "{report}"
    );
    let log = read_classic(&bench.log(&report, "error.xml")?)?;
    let hung = log.blobs.first().and_then(|blob| blob.metadata.as_ref());
    assert_eq!(hung.context("metadata")?.status, AttachedStatus::Failed);
    let names = bench.seen()?;
    let names: Vec<_> = names.as_object().context("blobs")?.keys().collect();
    assert_eq!(names, ["film/b.txt"]);
    Ok(())
}

#[test]
fn a_run_goes_on_when_the_store_comes_back_and_after_being_killed_and_sends_nothing_twice()
-> Result<()> {
    let Some(mut bench) = Bench::new()? else {
        return Ok(());
    };
    let mut wanted = Vec::new();
    for number in 0..4 {
        let name = format!("clip {number}.bin");
        wanted.push((
            format!("film/{name}"),
            bench.write(&name, &noise(12 * MIB + 7, number))?,
        ));
    }
    bench.prepare(&["WD-5"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let mut running = bench.begin("WD-5", &["--parallel", "1"])?;
    bench.wait_for_puts(3)?;
    bench.azurite.stop()?;
    std::thread::sleep(Duration::from_millis(300));
    bench.azurite.start_again()?;
    bench.wait_for_puts(6)?;
    let asked = Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status()?;
    assert!(asked.success());
    let stopped = running.wait()?;
    assert_eq!(stopped.code(), Some(1), "Ctrl-C is an end, not a failure");
    let mut running = bench.begin("WD-5", &["--parallel", "1"])?;
    bench.wait_for_puts(10)?;
    running.kill()?;
    running.wait()?;
    let (code, report) = bench.ingest("WD-5", &["--parallel", "1"])?;
    assert_eq!(
        (code, &report["blobs"], &report["renamed"]),
        (0, &json!(4), &json!(0)),
        "{report}"
    );
    assert!(
        report["finished_before"]
            .as_u64()
            .is_some_and(|count| (1..4).contains(&count)),
        "{report}"
    );
    let seen = bench.seen()?;
    assert_eq!(seen.as_object().context("blobs")?.len(), 4);
    for (name, sum) in &wanted {
        assert_eq!(seen[name.as_str()]["sha256"], json!(sum), "{name}");
    }
    // One block each was on its way when the store and when Argosy went; nothing else may have been sent again.
    let puts = bench.puts()?;
    let again: u64 = puts.values().map(|count| count - 1).sum();
    assert!(
        puts.len() == 16 && again <= 2,
        "{again} blocks were sent again: {puts:?}"
    );
    Ok(())
}

#[test]
fn a_drive_that_is_not_what_its_papers_say_sends_nothing_and_gets_the_services_word() -> Result<()>
{
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a.txt", b"a")?;
    bench.prepare(&["WD-6"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    fs::create_dir(bench.path("others"))?;
    let sidecar = bench.path("WD-6.img.drive.json");
    let told = fs::read_to_string(&sidecar)?;
    fs::write(&sidecar, told.replace("WD-6", "WD-7"))?;
    let (code, report) = bench.ingest("WD-6", &[])?;
    assert_eq!(
        (code, &report["error"]["code"]),
        (3, &json!("ManifestDriveIdMismatch")),
        "{report}"
    );
    fs::write(&sidecar, told)?;
    let key = recovery_password(&bench.journal("WD-6"))?;
    fs::write(bench.path("key"), &key)?;
    let other = bench.path("wrong key");
    fs::write(
        &other,
        "060456-014509-132033-080300-252615-584177-672089-411631",
    )?;
    let image = bench.image("WD-6");
    let (url, logs) = (bench.azurite.url(), bench.path("logs"));
    let mut arguments = vec!["ingest", "--drive", text(&image), "--store", &url];
    arguments.extend([
        "--sas-file",
        text(&bench.signature),
        "--log-dir",
        text(&logs),
    ]);
    let (code, report) = json(&[arguments.clone(), vec!["--key-file", text(&other)]].concat())?;
    assert_eq!(
        (code, &report["error"]["code"]),
        (1, &json!("BitLockerKeyInvalid")),
        "{report}"
    );
    // The journal of another drive says another manifest; the key is this one's.
    let second = Bench::new()?.context("a store")?;
    second.write("b.txt", b"b")?;
    second.prepare(&["WD-6"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let (journal, key) = (second.journal("WD-6"), bench.path("key"));
    let wrong = vec!["--journal", text(&journal), "--key-file", text(&key)];
    let (code, report) = json(&[arguments, wrong].concat())?;
    assert_eq!(
        (code, &report["error"]["code"]),
        (1, &json!("ManifestCorrupted")),
        "{report}"
    );
    assert_eq!(bench.seen()?, json!({}));
    let mut statuses = Vec::new();
    for log in fs::read_dir(bench.path("logs"))? {
        let log = log?.path();
        if text(&log).ends_with("error.xml") {
            statuses.push(read_classic(&fs::read(log)?)?.status.to_string());
        }
    }
    statuses.sort();
    assert_eq!(
        statuses,
        [
            "BitLockerKeyInvalid",
            "ManifestCorrupted",
            "ManifestDriveIdMismatch"
        ]
    );
    Ok(())
}

#[test]
fn the_signature_is_nowhere_and_nothing_travels_in_the_open() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a.txt", b"a")?;
    bench.prepare(&["WD-8"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let signature = fs::read_to_string(&bench.signature)?;
    let (_, secret) = signature.split_once("sig=").context("a signature")?;
    // Refused by the store: that is where an address would be told.
    fs::write(&bench.signature, signature.replace("sig=", "sig=A"))?;
    let refused = argosy(
        &bench
            .arguments("WD-8", &bench.azurite.url())
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    )?;
    assert_eq!(refused.status.code(), Some(1));
    let mut all = [refused.stdout, refused.stderr].concat();
    fs::write(&bench.signature, &signature)?;
    let sent = argosy(
        &bench
            .arguments("WD-8", &bench.azurite.url())
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    )?;
    assert_eq!(
        sent.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&sent.stderr)
    );
    all.extend([sent.stdout, sent.stderr].concat());
    for file in fs::read_dir(bench.path("logs"))? {
        all.extend(fs::read(file?.path())?);
    }
    let all = String::from_utf8_lossy(&all);
    assert!(all.contains("BlobRequestForbidden"), "{all}");
    assert!(!all.contains(secret) && !all.contains("sig="), "{all}");

    let (image, journal) = (bench.image("WD-8"), bench.journal("WD-8"));
    let (token, logs) = (bench.path("token"), bench.path("logs"));
    fs::write(&token, "a-token")?;
    let common = [
        "ingest",
        "--drive",
        text(&image),
        "--journal",
        text(&journal),
        "--log-dir",
        text(&logs),
        "--store",
    ];
    let url = bench.azurite.url();
    let signed = text(&bench.signature);
    for (store, option, file, words) in [
        (
            "http://account.blob.core.windows.net",
            "--sas-file",
            signed,
            "everybody on the way",
        ),
        (
            url.as_str(),
            "--token-file",
            text(&token),
            "only sent over https",
        ),
        (
            "https://a.blob.core.windows.net/?sv=1&sig=x",
            "--sas-file",
            signed,
            "does not belong into --store",
        ),
    ] {
        let (code, report) = json(&[&common[..], &[store, option, file]].concat())?;
        let said = report["error"]["message"].as_str().unwrap_or_default();
        assert!(code == 2 && said.contains(words), "{store}: {report}");
    }
    Ok(())
}

/// Flips a bit of an image file.
fn flip(image: &Path, at: u64) -> Result<()> {
    let file = fs::OpenOptions::new().read(true).write(true).open(image)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ 1], at)?;
    Ok(())
}

fn recovery_password(journal: &Path) -> Result<String> {
    let journal = fs::read_to_string(journal)?;
    let key = journal
        .split("<BitLockerKey>")
        .nth(1)
        .and_then(|rest| rest.split('<').next());
    Ok(key.context("no key in the journal")?.to_owned())
}

#[test]
fn a_token_opens_the_store_over_https_and_a_certificate_that_nobody_trusts_does_not() -> Result<()>
{
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    if !oracle::have(&["openssl"])? {
        return Ok(());
    }
    let Some(azurite) = Azurite::start_encrypted()? else {
        return Ok(());
    };
    bench.write("a.txt", b"a")?;
    bench.prepare(&["WD-10"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let token = bench.path("token");
    fs::write(&token, access_token())?;
    let (image, journal, logs) = (
        bench.image("WD-10"),
        bench.journal("WD-10"),
        bench.path("logs"),
    );
    let url = azurite.url();
    let send = |trusted: Option<&Path>| {
        let mut argosy = Command::new(tests::argosy::binary()?);
        argosy.args([
            "ingest",
            "--drive",
            text(&image),
            "--journal",
            text(&journal),
        ]);
        argosy.args(["--log-dir", text(&logs), "--store", &url]);
        argosy.args(["--token-file", text(&token)]);
        if let Some(trusted) = trusted {
            argosy.env("SSL_CERT_FILE", trusted);
        }
        let output = argosy.output()?;
        let said = [output.stdout, output.stderr].concat();
        anyhow::Ok((
            output.status.code(),
            String::from_utf8_lossy(&said).into_owned(),
        ))
    };
    let (code, said) = send(None)?;
    assert!(
        code == Some(4) && said.contains("https cannot be used here"),
        "{said}"
    );
    let (code, said) = send(azurite.certificate())?;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 file"), "{said}");
    Ok(())
}
