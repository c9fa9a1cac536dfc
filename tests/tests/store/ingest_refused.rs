//! Drives, or blobs of them, that an ingest must not send: what is wrong is named in the service's words.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;
use shared::copy_log::{AttachedStatus, BlobStatus, DispositionStatus, DriveStatus, PartStatus};
use shared::copy_log::{read_classic, read_current};
use tests::argosy::{json, recovery_password, text};
use tests::import_bench::Bench;
use tests::source::{noise, sha256};

const MIB: usize = 1 << 20;

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

/// Flips a bit of an image file.
fn flip(image: &Path, at: u64) -> Result<()> {
    let file = fs::OpenOptions::new().read(true).write(true).open(image)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ 1], at)?;
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
    assert_eq!(bench.names()?, ["film/b.txt"]);
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
