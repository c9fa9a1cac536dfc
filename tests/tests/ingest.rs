//! Drives that Argosy filled, sent into Microsoft's emulator of Blob storage, which the service's own SDK then reads.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use shared::copy_log::{BlobStatus, DispositionStatus, DriveStatus, PartStatus};
use shared::copy_log::{read_classic, read_current};
use tests::argosy::{argosy, binary, json, text};
use tests::azurite::Azurite;
use tests::oracle;
use tests::source::{noise, sha256};

const MIB: usize = 1 << 20;

/// A folder with sources, drives, journals and logs, and a store of its own.
struct Bench {
    folder: tempfile::TempDir,
    azurite: Azurite,
    signature: PathBuf,
}

impl Bench {
    fn new() -> Result<Option<Self>> {
        let Some(azurite) = Azurite::start()? else {
            return Ok(None);
        };
        let signature = azurite.signature_file()?;
        let folder = tempfile::tempdir()?;
        for name in ["source", "journals", "logs"] {
            fs::create_dir(folder.path().join(name))?;
        }
        Ok(Some(Self {
            folder,
            azurite,
            signature,
        }))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the source, and returns its SHA-256.
    fn write(&self, name: &str, content: &[u8]) -> Result<String> {
        let path = self.path("source").join(name);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        fs::write(&path, content)?;
        sha256(&mut &*content)
    }

    /// Makes image files and fills them with what `rows` of a data set name; `@` stands for the source folder.
    fn prepare(&self, serials: &[&str], size: &str, rows: &[&str]) -> Result<()> {
        let source = format!("{}/", self.path("source").display());
        let mut dataset = String::from(
            "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\n",
        );
        for row in rows {
            dataset.push_str(&row.replace('@', &source));
            dataset.push('\n');
        }
        fs::write(self.path("dataset.csv"), dataset)?;
        let mut drives = Vec::new();
        for serial in serials {
            let image = self.image(serial);
            let made = argosy(&[
                "new-drive",
                text(&image),
                "--size",
                size,
                "--serial",
                serial,
            ])?;
            ensure!(
                made.status.success(),
                "{}",
                String::from_utf8_lossy(&made.stderr)
            );
            drives.push(image);
        }
        let (journals, dataset) = (self.path("journals"), self.path("dataset.csv"));
        let mut arguments = vec![
            "prepare",
            "--session",
            "reel-1",
            "--journal-dir",
            text(&journals),
        ];
        arguments.extend(["--dataset", text(&dataset), "--drive"]);
        arguments.extend(drives.iter().map(|drive| text(drive)));
        let (code, report) = json(&arguments)?;
        ensure!(code == 0, "{report}");
        Ok(())
    }

    fn image(&self, serial: &str) -> PathBuf {
        self.path(&format!("{serial}.img"))
    }

    fn journal(&self, serial: &str) -> PathBuf {
        self.path("journals").join(format!("{serial}.jrn"))
    }

    /// Returns the arguments that send a drive.
    fn arguments(&self, serial: &str) -> Vec<String> {
        let words = [
            "ingest",
            "--drive",
            text(&self.image(serial)),
            "--journal",
            text(&self.journal(serial)),
            "--store",
            &self.azurite.url(),
            "--sas-file",
            text(&self.signature),
            "--log-dir",
            text(&self.path("logs")),
            "--log-level",
            "verbose",
        ];
        words.map(str::to_owned).to_vec()
    }

    fn ingest(&self, serial: &str, more: &[&str]) -> Result<(i32, Value)> {
        let arguments = self.arguments(serial);
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.extend(more);
        json(&arguments)
    }

    /// Starts sending a drive, and does not wait.
    fn begin(&self, serial: &str, more: &[&str]) -> Result<Child> {
        let child = Command::new(binary()?)
            .args(self.arguments(serial))
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(child)
    }

    /// Returns what the service's own SDK finds in the store.
    fn seen(&self) -> Result<Value> {
        let python = oracle::python()?.context("no python")?;
        let script = oracle::repository().join("tests/readers/store.py");
        let connection = self.azurite.connection_string();
        let said = oracle::run(text(&python), &[text(&script), &connection])?;
        Ok(serde_json::from_str(&said)?)
    }

    /// Puts what must be there before the drive comes, by the service's own SDK.
    fn put(&self, blobs: &[(&str, &str)]) -> Result<()> {
        let python = oracle::python()?.context("no python")?;
        let script = oracle::repository().join("tests/readers/store_put.py");
        let connection = self.azurite.connection_string();
        let mut arguments = vec![text(&script), &connection];
        arguments.extend(blobs.iter().flat_map(|(name, content)| [*name, *content]));
        oracle::run(text(&python), &arguments).map(drop)
    }

    /// Returns the one log of a report whose name has `word` in it.
    fn log(&self, report: &Value, word: &str) -> Result<Vec<u8>> {
        let logs = report["logs"].as_array().context("logs")?;
        let mut found = logs
            .iter()
            .filter_map(Value::as_str)
            .filter(|log| log.contains(word));
        let path = found
            .next()
            .with_context(|| format!("no {word} log in {report}"))?;
        ensure!(found.next().is_none(), "several {word} logs");
        Ok(fs::read(path)?)
    }

    /// Returns how often each block was put: by blob and block id.
    fn puts(&self) -> Result<HashMap<String, u64>> {
        let mut puts = HashMap::new();
        for line in self.azurite.log()?.lines() {
            let Some(at) = line.find("RequestMethod=PUT RequestURL=") else {
                continue;
            };
            let url = line.get(at..).unwrap_or_default().split_whitespace().nth(1);
            let url = url.unwrap_or_default();
            if !url.contains("comp=block&") {
                continue;
            }
            let block = url.split("&sv=").next().unwrap_or(url).to_owned();
            *puts.entry(block).or_default() += 1;
        }
        Ok(puts)
    }

    fn wait_for_puts(&self, number: usize) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if self.puts()?.len() >= number {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("only {} blocks were put", self.puts()?.len())
    }
}

fn ready() -> Result<Option<Bench>> {
    if oracle::python()?.is_none() || !oracle::have(&["xmllint"])? {
        return Ok(None);
    }
    Bench::new()
}

#[test]
fn two_drives_arrive_as_they_were_and_a_second_run_sends_nothing() -> Result<()> {
    let Some(bench) = ready()? else {
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
        "64MB",
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
    assert_eq!(disk["pages"], json!([[0, 7 * MIB + 511]]));
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
    let Some(bench) = ready()? else {
        return Ok(());
    };
    let mut rows = Vec::new();
    for rule in ["rename", "no-overwrite", "overwrite"] {
        bench.write(&format!("{rule}/a.txt"), format!("new {rule}").as_bytes())?;
        bench.write(&format!("{rule}/free"), b"free")?;
        rows.push(format!("@{rule}/,c/{rule}/,BlockBlob,{rule},None,None"));
    }
    bench.write("overwrite/page", b"was a page blob")?;
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    bench.prepare(&["WD-3"], "64MB", &rows)?;
    bench.put(&[
        ("c/rename/a.txt", "old"),
        ("c/rename/a (2).txt", "older"),
        ("c/no-overwrite/a.txt", "old"),
        ("c/overwrite/a.txt", "old"),
        ("c/overwrite/page", "page:1024"),
    ])?;
    let (code, report) = bench.ingest("WD-3", &[])?;
    assert_eq!(
        (code, &report["status"]),
        (0, &json!("CompletedWithWarnings")),
        "{report}"
    );
    let counts = ["blobs", "renamed", "skipped", "overwritten"].map(|word| report[word].clone());
    assert_eq!(counts, [6, 1, 1, 2].map(|count| json!(count)), "{report}");
    let seen = bench.seen()?;
    let content = |name: &str, content: &str| -> Result<()> {
        let sum = sha256(&mut content.as_bytes())?;
        ensure!(seen[name]["sha256"] == json!(sum), "{name}: {}", seen[name]);
        Ok(())
    };
    content("c/rename/a.txt", "old")?;
    content("c/rename/a (2).txt", "older")?;
    content("c/rename/a (3).txt", "new rename")?;
    content("c/no-overwrite/a.txt", "old")?;
    content("c/overwrite/a.txt", "new overwrite")?;
    content("c/overwrite/page", "was a page blob")?;
    for rule in ["rename", "no-overwrite", "overwrite"] {
        content(&format!("c/{rule}/free"), "free")?;
    }
    assert_eq!(seen.as_object().context("blobs")?.len(), 9);
    let log = read_classic(&bench.log(&report, "error.xml")?)?;
    let became: BTreeMap<_, _> = log
        .blobs
        .iter()
        .map(|blob| (blob.blob.as_str(), blob.disposition.1))
        .collect();
    assert_eq!(
        became,
        BTreeMap::from([
            ("c/rename/a (3).txt", DispositionStatus::Renamed),
            ("c/no-overwrite/a.txt", DispositionStatus::Skipped),
            ("c/overwrite/a.txt", DispositionStatus::Overwritten),
            ("c/overwrite/page", DispositionStatus::Overwritten),
        ])
    );
    // Again: what was renamed is known, and no further copy is made.
    let (code, again) = bench.ingest("WD-3", &[])?;
    assert_eq!((code, &again["finished_before"]), (0, &json!(6)), "{again}");
    assert_eq!(bench.seen()?, seen);
    Ok(())
}

#[test]
fn a_block_that_rotted_is_named_and_its_blob_is_not_committed() -> Result<()> {
    let Some(bench) = ready()? else {
        return Ok(());
    };
    bench.write("long.bin", &noise(40 * MIB, 1))?;
    bench.write("small.txt", b"small")?;
    bench.prepare(
        &["WD-4"],
        "64MB",
        &["@,film/,BlockBlob,overwrite,None,None"],
    )?;
    bench.put(&[("film/long.bin", "the old one")])?;
    flip(&bench.image("WD-4"), 24 << 20)?;
    let (code, report) = bench.ingest("WD-4", &[])?;
    assert_eq!(
        (code, &report["verdict"]),
        (1, &json!("incomplete")),
        "{report}"
    );
    let findings = report["findings"].as_array().context("findings")?;
    let [finding] = findings.as_slice() else {
        bail!("one finding: {report}");
    };
    assert_eq!(finding["blob"], json!("film/long.bin"));
    assert_eq!(finding["code"], json!("CompletedWithErrors"));
    let at = finding["offset"].as_u64().context("an offset")?;
    assert_eq!(at % 4_194_304, 0);
    let seen = bench.seen()?;
    let old = sha256(&mut "the old one".as_bytes())?;
    assert_eq!(
        seen["film/long.bin"]["sha256"],
        json!(old),
        "the old blob stays"
    );
    let small = sha256(&mut "small".as_bytes())?;
    assert_eq!(seen["film/small.txt"]["sha256"], json!(small));
    let log = read_classic(&bench.log(&report, "error.xml")?)?;
    let [blob] = log.blobs.as_slice() else {
        bail!("one blob: {log:?}");
    };
    assert_eq!(
        (log.status, blob.status),
        (
            DriveStatus::CompletedWithErrors,
            BlobStatus::CompletedWithErrors
        )
    );
    assert_eq!(blob.disposition.1, DispositionStatus::Cancelled);
    let rotten = blob
        .parts
        .iter()
        .filter(|part| part.status == PartStatus::Corrupted);
    let rotten: Vec<u64> = rotten.map(|part| part.at).collect();
    assert_eq!((rotten, blob.parts.len()), (vec![at], 10));
    assert!(
        blob.parts
            .iter()
            .all(|part| part.status != PartStatus::Committed)
    );
    let current = read_current(&bench.log(&report, "CopyLog")?)?;
    assert_eq!(current.errored.len(), 1);
    assert_eq!(
        current.errored[0].category.code(),
        "UploadErrorDataValidationError"
    );
    Ok(())
}

#[test]
fn a_run_goes_on_when_the_store_comes_back_and_after_being_killed_and_sends_nothing_twice()
-> Result<()> {
    let Some(mut bench) = ready()? else {
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
    bench.prepare(&["WD-5"], "64MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let mut running = bench.begin("WD-5", &["--parallel", "1"])?;
    bench.wait_for_puts(3)?;
    bench.azurite.stop()?;
    std::thread::sleep(Duration::from_millis(300));
    bench.azurite.start_again()?;
    bench.wait_for_puts(7)?;
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
            .is_some_and(|count| count >= 1),
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
    let Some(bench) = ready()? else {
        return Ok(());
    };
    bench.write("a.txt", b"a")?;
    bench.prepare(&["WD-6"], "64MB", &["@,film/,BlockBlob,rename,None,None"])?;
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
    second.prepare(&["WD-6"], "64MB", &["@,film/,BlockBlob,rename,None,None"])?;
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
    let Some(bench) = ready()? else {
        return Ok(());
    };
    bench.write("a.txt", b"a")?;
    bench.prepare(&["WD-8"], "64MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let signature = fs::read_to_string(&bench.signature)?;
    let (_, secret) = signature.split_once("sig=").context("a signature")?;
    // Refused by the store: that is where an address would be told.
    fs::write(&bench.signature, signature.replace("sig=", "sig=A"))?;
    let refused = argosy(
        &bench
            .arguments("WD-8")
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    )?;
    assert_eq!(refused.status.code(), Some(1));
    let mut all = [refused.stdout, refused.stderr].concat();
    fs::write(&bench.signature, &signature)?;
    let sent = argosy(
        &bench
            .arguments("WD-8")
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
