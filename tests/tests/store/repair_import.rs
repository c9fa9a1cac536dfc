//! What a log says did not arrive is sent once more: only what is missing, only what is still what the drive had.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use agent::blobs::{
    Authorization, BlobHeaders, BlobName, BlockId, Condition, Endpoint, Metadata, Patience, Store,
    md5_of,
};
use agent::pipeline::Cancel;
use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::{Value, json};
use tests::argosy::{binary, text};
use tests::import_bench::Bench;
use tests::source::{noise, sha256};

const MIB: usize = 1 << 20;
const BLOCK: usize = 4 * MIB;

/// One blob of a log: its name below `film/`, kind, content, and what became of each part.
struct Logged<'a> {
    name: &'a str,
    list: &'a str,
    part: &'a str,
    content: &'a [u8],
    became: &'a [&'a str],
    disposition: &'a str,
}

fn logged<'a>(name: &'a str, content: &'a [u8], became: &'a [&'a str]) -> Logged<'a> {
    let (list, part) = if name.ends_with(".vhd") {
        ("PageRangeList", "PageRange")
    } else {
        ("BlockList", "Block")
    };
    let disposition = "Cancelled";
    Logged {
        name,
        list,
        part,
        content,
        became,
        disposition,
    }
}

/// The public form of a classic log (2014-11-01), as the service writes it.
fn log(blobs: &[Logged<'_>]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<DriveLog Version=\"2014-11-01\">\r\n<DriveId>9WM35C2V</DriveId>\r\n",
    );
    for blob in blobs {
        let (name, list) = (blob.name, blob.list);
        xml += &format!(
            "<Blob Status=\"CompletedWithErrors\"><BlobPath>film/{name}</BlobPath><FilePath>\\film1\\{name}</FilePath>\
             <Length>{}</Length><ImportDisposition Status=\"{}\">rename</ImportDisposition><{list}>",
            blob.content.len(),
            blob.disposition
        );
        let mut at = 0;
        for (bytes, became) in blob.content.chunks(BLOCK).zip(blob.became) {
            let hash: String = md5_of(bytes)
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect();
            xml += &format!(
                "<{} Offset=\"{at}\" Length=\"{}\" Hash=\"{hash}\" Status=\"{became}\"/>",
                blob.part,
                bytes.len()
            );
            at += bytes.len();
        }
        xml += &format!("</{list}></Blob>\r\n");
    }
    xml + "<Status>CompletedWithErrors</Status></DriveLog>"
}

fn repair(bench: &Bench, log: &str, more: &[&str]) -> Result<(i32, Value)> {
    let (dir, logs) = (bench.path("source"), bench.path("logs"));
    let mut words = vec!["repair-import", "--copy-log", log, "--dir", text(&dir)];
    words.extend(["--log-dir", text(&logs)]);
    words.extend(more);
    bench.of_store(&words)
}

fn store(bench: &Bench) -> Result<Store> {
    let signature = Authorization::signature(&fs::read(&bench.signature)?)?;
    let endpoint = Endpoint::parse(&bench.azurite.url())?;
    Ok(Store::open(
        endpoint,
        signature,
        Patience::default(),
        Cancel::default(),
    )?)
}

async fn stage(store: &Store, blob: &BlobName, content: &[u8], numbers: &[usize]) -> Result<()> {
    for number in numbers {
        let bytes = content.chunks(BLOCK).nth(*number).context("a block")?;
        let id = BlockId::of(u64::try_from(*number)?).context("an id")?;
        let (bytes, md5) = (Bytes::copy_from_slice(bytes), md5_of(bytes));
        store.stage_block(blob, id, bytes, md5).await?;
    }
    Ok(())
}

fn file(bench: &Bench, log: String) -> Result<String> {
    let path = bench.path("error.xml");
    fs::write(&path, log)?;
    Ok(text(&path).to_owned())
}

fn counts(before: &HashMap<String, u64>, after: &HashMap<String, u64>, name: &str) -> u64 {
    let of = |puts: &HashMap<String, u64>| -> u64 {
        let of = puts.iter().filter(|(url, _)| url.contains(name));
        of.map(|(_, count)| count).sum()
    };
    of(after) - of(before)
}

#[tokio::test]
async fn only_missing_blocks_and_pages_are_sent() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let [waiting, pages, committed] = [1, 2, 3].map(|seed| noise(3 * BLOCK + 512, seed));
    for (name, content) in [
        ("waiting.bin", &waiting),
        ("disk.vhd", &pages),
        ("there.bin", &committed),
    ] {
        bench.write(name, content)?;
    }
    let store = store(&bench)?;
    store.make_container("film").await?;
    let names = ["film/waiting.bin", "film/disk.vhd", "film/there.bin"].map(BlobName::parse);
    let [waits, disk, there] = names.map(|name| name.expect("a name"));
    // Blocks that wait; pages that are there; a blob that was committed with one block of something else.
    stage(&store, &waits, &waiting, &[0, 2, 3]).await?;
    let (headers, metadata) = (BlobHeaders::default(), Metadata::new());
    let bytes = u64::try_from(pages.len())?;
    store
        .create_page_blob(&disk, bytes, &headers, &metadata, &Condition::Missing)
        .await?;
    for number in [0, 3] {
        let content = pages.chunks(BLOCK).nth(number).context("pages")?;
        let at = u64::try_from(number * BLOCK)?;
        let (content, md5) = (Bytes::copy_from_slice(content), md5_of(content));
        store.put_pages(&disk, at, content, md5).await?;
    }
    let mut wrong = committed.clone();
    wrong[BLOCK + 7] ^= 1;
    stage(&store, &there, &wrong, &[0, 1, 2, 3]).await?;
    let ids: Vec<BlockId> = (0..4).filter_map(BlockId::of).collect();
    store
        .commit(&there, &ids, &headers, &metadata, &Condition::Missing)
        .await?;
    let log = file(
        &bench,
        log(&[
            logged(
                "waiting.bin",
                &waiting,
                &[
                    "Uncommitted",
                    "BlobRequestFailed",
                    "Uncommitted",
                    "Uncommitted",
                ],
            ),
            // The log is wrong about the third: its pages are not there.
            logged(
                "disk.vhd",
                &pages,
                &["Completed", "IOFailed", "Completed", "Completed"],
            ),
            Logged {
                disposition: "Created",
                ..logged(
                    "there.bin",
                    &committed,
                    &["Committed", "Corrupted", "Committed", "Committed"],
                )
            },
        ]),
    )?;
    let (blocks, ranges) = (bench.puts()?, bench.requests("comp=page&")?);
    let (code, report) = repair(&bench, &log, &[])?;
    assert_eq!(
        (code, &report["verdict"], &report["blobs"]),
        (0, &json!("repaired"), &json!(3)),
        "{report}"
    );
    let seen = bench.seen()?;
    for (name, content) in [
        ("film/waiting.bin", &waiting),
        ("film/disk.vhd", &pages),
        ("film/there.bin", &committed),
    ] {
        let sum = sha256(&mut &content[..])?;
        assert_eq!(seen[name]["sha256"], json!(sum), "{name}");
    }
    assert_eq!(
        seen.as_object().context("blobs")?.len(),
        3,
        "no second copy"
    );
    let after = bench.puts()?;
    assert_eq!(counts(&blocks, &after, "waiting.bin"), 1);
    assert_eq!(counts(&blocks, &after, "there.bin"), 1);
    let pages_after = bench.requests("comp=page&")?;
    assert_eq!(counts(&ranges, &pages_after, "disk.vhd"), 2);
    // Again: nothing is sent.
    let (code, report) = repair(&bench, &log, &[])?;
    assert_eq!(
        (code, &report["finished_before"]),
        (0, &json!(3)),
        "{report}"
    );
    assert_eq!(bench.puts()?, after);
    assert_eq!(bench.seen()?, seen);
    Ok(())
}

#[tokio::test]
async fn a_newer_version_that_begins_alike_keeps_its_name() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let content = noise(3 * BLOCK, 1);
    bench.write("disk.bin", &content)?;
    let store = store(&bench)?;
    store.make_container("film").await?;
    let blob = BlobName::parse("film/disk.bin")?;
    // Of the same length, with the same first block: what the log speaks of was replaced since.
    let mut newer = content.clone();
    newer[2 * BLOCK] ^= 1;
    stage(&store, &blob, &newer, &[0, 1, 2]).await?;
    let ids: Vec<BlockId> = (0..3).filter_map(BlockId::of).collect();
    let (headers, metadata) = (BlobHeaders::default(), Metadata::new());
    store
        .commit(&blob, &ids, &headers, &metadata, &Condition::Missing)
        .await?;
    let became = ["Committed", "Corrupted", "Committed"];
    let log = file(
        &bench,
        log(&[Logged {
            disposition: "Created",
            ..logged("disk.bin", &content, &became)
        }]),
    )?;
    let (code, report) = repair(&bench, &log, &[])?;
    assert_eq!((code, &report["blobs"]), (0, &json!(1)), "{report}");
    let seen = bench.seen()?;
    for (name, content) in [("film/disk.bin", &newer), ("film/disk (2).bin", &content)] {
        let sum = sha256(&mut &content[..])?;
        assert_eq!(seen[name]["sha256"], json!(sum), "{name}: {seen}");
    }
    Ok(())
}

#[test]
fn the_log_of_a_drive_that_was_given_up_is_not_repaired() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let log = log(&[]).replace("CompletedWithErrors", "BitLockerUnlockVolumeFailed");
    let (code, report) = repair(&bench, &file(&bench, log)?, &[])?;
    assert_eq!(
        (code, &report["verdict"], &report["findings"][0]["code"]),
        (1, &json!("incomplete"), &json!("GivenUp")),
        "{report}"
    );
    Ok(())
}

#[test]
fn an_original_that_moved_is_asked_for_and_one_that_changed_is_not_sent() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let (moved, changed) = (noise(BLOCK + 9, 1), noise(BLOCK + 9, 2));
    bench.write("elsewhere/under another name", &moved)?;
    let mut now = changed.clone();
    now[BLOCK + 1] ^= 1;
    bench.write("changed.bin", &now)?;
    bench.write("shorter.bin", b"short")?;
    let failed = ["BlobRequestFailed", "BlobRequestFailed"];
    let log = file(
        &bench,
        log(&[
            logged("moved.bin", &moved, &failed),
            logged("changed.bin", &changed, &failed),
            logged("shorter.bin", &moved, &failed),
        ]),
    )?;
    let map = bench.path("map.txt");
    let with_map = ["--path-map", text(&map)];
    let (code, report) = repair(&bench, &log, &with_map)?;
    assert_eq!((code, &report["blobs"]), (1, &json!(0)), "{report}");
    assert_eq!(report["not_found"], json!(["\\film1\\moved.bin"]));
    assert_eq!(fs::read_to_string(&map)?, "\\film1\\moved.bin\t\n");
    let found = bench.path("source").join("elsewhere/under another name");
    fs::write(&map, format!("\\film1\\moved.bin\t{}\r\n", text(&found)))?;
    let (code, report) = repair(&bench, &log, &with_map)?;
    assert_eq!((code, &report["blobs"]), (1, &json!(1)), "{report}");
    let findings = report["findings"].as_array().context("findings")?;
    let mut named: Vec<_> = findings
        .iter()
        .map(|finding| finding["blob"].as_str().unwrap_or_default())
        .collect();
    named.sort_unstable();
    assert_eq!(named, ["film/changed.bin", "film/shorter.bin"], "{report}");
    let seen = bench.seen()?;
    let there: Vec<_> = seen.as_object().context("blobs")?.keys().collect();
    assert_eq!(
        there,
        ["film/moved.bin"],
        "nothing of the others, not even a block"
    );
    let sum = sha256(&mut &moved[..])?;
    assert_eq!(seen["film/moved.bin"]["sha256"], json!(sum));
    Ok(())
}

#[test]
fn a_drive_that_rotted_is_made_good_from_the_originals_by_either_log() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    fs::write(
        bench.path("m.xml"),
        "<Metadata><Project>alpha</Project></Metadata>",
    )?;
    let content = noise(20 * MIB, 1);
    let sum = bench.write("long.bin", &content)?;
    let row = format!("@,film/,,overwrite,{},None", bench.path("m.xml").display());
    bench.prepare(&["WD-4"], "72MB", &[&row])?;
    bench.put(&[("film/long.bin", "the old one")])?;
    // The volume's own structures take 3 MiB, then comes the file.
    let image = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(bench.image("WD-4"))?;
    let mut byte = [0];
    image.read_exact_at(&mut byte, 14 << 20)?;
    image.write_all_at(&[byte[0] ^ 1], 14 << 20)?;
    let (code, report) = bench.ingest("WD-4", &[])?;
    assert_eq!(code, 1, "{report}");
    let logs = report["logs"].as_array().context("logs")?;
    let log = |word: &str| -> Result<String> {
        let mut logs = logs.iter().filter_map(Value::as_str);
        let log = logs.find(|log| log.contains(word)).context("a log")?;
        Ok(log.to_owned())
    };
    let (current, classic) = (log("CopyLog")?, log("error.xml")?);
    // Today's log alone says nothing of what has to be in a blob.
    let (code, report) = repair(&bench, &current, &[])?;
    assert_eq!((code, &report["blobs"]), (1, &json!(0)), "{report}");
    let journal = bench.journal("WD-4");
    for (name, log) in [("current", &current), ("classic", &classic)] {
        bench.put_over(&[("film/long.bin", "the old one")])?;
        let state = bench.path(name);
        let more = ["--journal", text(&journal), "--repair-file", text(&state)];
        let (code, report) = repair(&bench, log, &more)?;
        assert_eq!((code, &report["blobs"]), (0, &json!(1)), "{name}: {report}");
        let seen = bench.seen()?;
        let blob = &seen["film/long.bin"];
        assert_eq!(blob["sha256"], json!(sum), "{name}");
        assert_eq!(blob["metadata"], json!({"project": "alpha"}), "{name}");
    }
    Ok(())
}

#[test]
fn a_repair_that_was_killed_goes_on_and_sends_nothing_twice() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let names: Vec<String> = (0..4).map(|number| format!("clip {number}.bin")).collect();
    let contents: Vec<Vec<u8>> = (0..4).map(|seed| noise(12 * MIB + 7, seed)).collect();
    let failed = ["BlobRequestFailed"; 4];
    let mut blobs = Vec::new();
    for (name, content) in names.iter().zip(&contents) {
        bench.write(name, content)?;
        blobs.push(logged(name, content, &failed));
    }
    let log = file(&bench, log(&blobs))?;
    let (dir, logs): (PathBuf, PathBuf) = (bench.path("source"), bench.path("logs"));
    let mut running = Command::new(binary()?)
        .args(["repair-import", "--copy-log", &log, "--dir", text(&dir)])
        .args(["--log-dir", text(&logs), "--parallel", "1"])
        .args(bench.store())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    bench.wait_for_puts(6)?;
    running.kill()?;
    running.wait()?;
    std::thread::sleep(Duration::from_millis(300));
    let (code, report) = repair(&bench, &log, &["--parallel", "1"])?;
    assert_eq!((code, &report["blobs"]), (0, &json!(4)), "{report}");
    let seen = bench.seen()?;
    for (name, content) in names.iter().zip(&contents) {
        let sum = sha256(&mut &content[..])?;
        assert_eq!(seen[format!("film/{name}")]["sha256"], json!(sum), "{name}");
    }
    let puts = bench.puts()?;
    let again: u64 = puts.values().map(|count| count - 1).sum();
    assert!(
        puts.len() == 16 && again <= 1,
        "{again} were sent again: {puts:?}"
    );
    Ok(())
}
