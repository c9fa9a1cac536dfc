//! Blobs of a real emulator, put there by the official Python SDK, onto drives that other people's programs read.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tests::argosy::{argosy, assert_verified, binary, json, text};
use tests::azurite::{ACCOUNT, account_signature};
use tests::export_bench::ExportBench as Bench;
use tests::faulty_line::{Fault, FaultyLine};
use tests::line::Line;

const MIB: u64 = 1 << 20;

fn password(said: &Value, number: usize) -> Result<&str> {
    let password = said["drives"][number]["recovery_password"].as_str();
    password.context("no recovery password")
}

#[test]
fn blobs_of_every_kind_and_name_are_on_two_drives_as_other_programs_read_them() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let made: Value = serde_json::from_str(&bench.sdk(&["fill"])?)?;
    let mut made = made.as_object().cloned().context("no object")?;
    for blob in ["film/big-1", "film/big-2"] {
        bench.put(blob, 40 * MIB)?;
        made.insert(blob.to_owned(), Value::Null);
    }
    let list = bench.list(&[
        ("BlobPathPrefix", "/film/"),
        ("BlobPath", "film/raw/a.mov"),
        ("BlobPath", "film/raw/a.mov"),
        ("BlobPathPrefix", "/music/love/"),
        ("BlobPathPrefix", "/music/LOVE"),
        ("BlobPath", "music/loveless.mp3"),
        ("BlobPath", "$root/logo.bmp"),
        ("BlobPathPrefix", "/book"),
        ("BlobPathPrefix", "/con/"),
    ])?;
    let bytes = 72 * MIB;
    let images = [bench.drive("EXP-1", bytes)?, bench.drive("EXP-2", bytes)?];
    let paths: Vec<&Path> = images.iter().map(PathBuf::as_path).collect();
    let keys = bench.path("keys");
    let (code, said) = bench.export(
        "exp-1",
        &list,
        &paths,
        &["--snapshots", "--bek", text(&keys)],
    )?;
    ensure!(code == 1 && said["verdict"] == "verified", "{code}: {said}");
    assert_eq!(said["nonexistent"], serde_json::json!(["/music/LOVE"]));
    assert_eq!(said["not_exported"]["count"], 0, "{said}");
    assert_eq!(fs::read_dir(&keys)?.count(), 2, "an external key a drive");
    let mut missing = made.clone();
    for (number, (serial, image)) in ["EXP-1", "EXP-2"].into_iter().zip(&images).enumerate() {
        assert_verified(image, &bench.journal(serial))?;
        let password = password(&said, number)?;
        let files = bench.dissected(image, bytes, password)?;
        let listed = bench.unpacked(serial, password)?;
        for (blob, listed) in &listed {
            let made = missing.remove(blob);
            let made =
                made.with_context(|| format!("{blob} was not asked for, or is there twice"))?;
            let path = listed["path"].as_str().context("a path")?;
            ensure!(files.contains_key(path), "dissect sees no {path}");
            if made.is_null() {
                continue;
            }
            assert_eq!(files[path], made["sha256"], "{blob}");
            let properties = &listed["properties"];
            assert_eq!(properties["Etag"], made["etag"], "{blob}");
            assert_eq!(properties["Content-Type"], made["type"], "{blob}");
            assert_eq!(properties["Content-MD5"], made["md5"], "{blob}");
            assert_eq!(
                properties["Content-Length"],
                made["bytes"].to_string(),
                "{blob}"
            );
            let has_metadata = made["metadata"]
                .as_object()
                .is_some_and(|held| !held.is_empty());
            if has_metadata {
                assert_eq!(listed["metadata"], made["metadata"], "{blob}");
            } else {
                assert!(listed["metadata"].is_null(), "{blob}");
            }
            assert_eq!(listed["pages"], blob == "film/disk.vhd", "{blob}");
        }
    }
    assert!(missing.is_empty(), "on no drive: {missing:?}");
    handoff_refuses(&bench)
}

/// A part of 16 MiB is four reads at most: more than those are on their way before any has an answer.
const AT_ONCE: usize = 6;

#[test]
fn while_one_part_is_waited_for_the_next_one_is_asked_for_too() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["container", "film"])?;
    bench.put("film/long.mov", 56 * MIB)?;
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let waits = move |_: usize, line: &str, _: usize| {
        if line.starts_with("GET") && line.contains("/long.mov") {
            asked.fetch_add(1, Ordering::AcqRel);
            let begun = Instant::now();
            while asked.load(Ordering::Acquire) < AT_ONCE
                && begun.elapsed() < Duration::from_secs(30)
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            return (asked.load(Ordering::Acquire) < AT_ONCE).then_some(Fault::Failed);
        }
        None
    };
    let line = FaultyLine::between(bench.azurite.port(), waits)?;
    let url = format!("http://127.0.0.1:{}/{ACCOUNT}", line.port());
    let list = bench.list(&[("BlobPathPrefix", "/film/")])?;
    let image = bench.drive("AHEAD", 80 * MIB)?;
    let (code, said) = bench.export_over(
        &url,
        "ahead-1",
        &["--blob-list", text(&list)],
        &[&image],
        &[],
    )?;
    ensure!(
        line.played() == 0,
        "only {} reads came at once",
        seen.load(Ordering::Acquire)
    );
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    assert_verified(&image, &bench.journal("AHEAD"))
}

/// A drive that was filled from a store is nothing to import.
fn handoff_refuses(bench: &Bench) -> Result<()> {
    let (journal, to) = (bench.journal("EXP-1"), bench.path("handed"));
    let refused = argosy(&[
        "journal",
        "handoff",
        text(&journal),
        "--for",
        "portal",
        "--to",
        text(&to),
    ])?;
    let errors = String::from_utf8_lossy(&refused.stderr);
    ensure!(
        !refused.status.success() && errors.contains("filled by an export"),
        "{errors}"
    );
    Ok(())
}

/// A command at a terminal of its own, waiting with a question.
struct Asked {
    script: std::process::Child,
    said: std::sync::mpsc::Receiver<u8>,
    text: String,
}

impl Asked {
    /// Runs a command until it asks for the last four of a serial.
    fn new(arguments: &[&str]) -> Result<Self> {
        let quoted = |argument: &&str| format!("'{argument}'");
        let words: Vec<String> = arguments.iter().map(quoted).collect();
        let line = format!("{} {}", text(&binary()?), words.join(" "));
        let mut script = Command::new("script")
            .args(["-qefc", &line, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start script")?;
        let mut out = script.stdout.take().context("no output")?;
        let (say, said) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut byte = [0];
            while matches!(out.read(&mut byte), Ok(1)) {
                if say.send(byte[0]).is_err() {
                    return;
                }
            }
        });
        let mut asked = Self {
            script,
            said,
            text: String::new(),
        };
        while !asked.text.contains("characters of its serial") {
            let byte = asked.said.recv_timeout(Duration::from_secs(30));
            let byte = byte.with_context(|| format!("no question: {}", asked.text))?;
            asked.text.push(char::from(byte));
        }
        Ok(asked)
    }

    /// Answers, and returns exit code and all that was said.
    fn answer(mut self, words: &str) -> Result<(i32, String)> {
        let mut input = self.script.stdin.take().context("no input")?;
        input.write_all(format!("{words}\n").as_bytes())?;
        for byte in self.said.iter() {
            self.text.push(char::from(byte));
        }
        let code = self.script.wait()?.code().context("no exit code")?;
        Ok((code, self.text))
    }
}

#[test]
fn a_blob_that_changed_or_is_not_what_its_own_hash_says_is_left_out_and_is_the_next_list()
-> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["fill"])?;
    bench.sdk(&["spoil", "music/loveless.mp3"])?;
    bench.put("film/large", 6 * MIB)?;
    // The one lies on the drive where the other would, which cannot be read.
    bench.put("music/a:b", 7)?;
    bench.put("music/a_b", 8)?;
    bench.sdk(&["archive", "music/a_b"])?;
    let list = bench.list(&[
        ("BlobPathPrefix", "/music/"),
        ("BlobPath", "film/raw/a.mov"),
        ("BlobPath", "film/raw/b.txt"),
        ("BlobPath", "film/large"),
        ("BlobPath", "film/story.txt"),
    ])?;
    let image = bench.drive("CHANGE-1", 72 * MIB)?;
    // Something is on it, so a person is asked: the plan stands, and nothing was read.
    fs::File::options()
        .write(true)
        .open(&image)?
        .write_all(b"old")?;
    let (url, journals) = (bench.azurite.url(), bench.path("journals"));
    let mut arguments = bench.store("export", &url);
    arguments.extend([
        "--blob-list",
        text(&list),
        "--session",
        "change-1",
        "--keep-free-space",
    ]);
    arguments.extend(["--journal-dir", text(&journals), "--drive", text(&image)]);
    let asked = Asked::new(&arguments)?;
    bench.put("film/large", 6 * MIB + 1)?;
    bench.put("film/raw/b.txt", 5)?;
    let (code, text_said) = asked.answer("GE-1")?;
    ensure!(code == 1, "{code}: {text_said}");
    assert_verified(&image, &bench.journal("CHANGE-1"))?;
    let plan = fs::read_to_string(journals.join("change-1.plan"))?;
    ensure!(
        plan.contains("[\"Project\",\"alpha\"]"),
        "a metadata name in lower case: {plan}"
    );
    let left = fs::read_to_string(bench.not_exported("change-1"))?;
    for (blob, is_left) in [
        ("film/large", true),
        ("film/raw/b.txt", true),
        ("music/loveless.mp3", true),
        ("music/a_b", true),
        ("music/a:b", false),
        ("music/love/x.mp3", false),
        ("film/raw/a.mov", false),
    ] {
        let line = format!("<BlobPath>{blob}</BlobPath>");
        assert_eq!(left.contains(&line), is_left, "{blob}: {left}");
    }
    let csv = fs::read_to_string(bench.path("journals").join("CHANGE-1.left-out.csv"))?;
    for (path, reason) in [
        ("film/large", "changed"),
        ("music/a_b", "archived"),
        ("music/loveless.mp3", "corrupted"),
    ] {
        let row = csv.lines().find(|row| row.contains(path));
        ensure!(row.is_some_and(|row| row.contains(reason)), "{path}: {csv}");
    }
    // The list goes on where this export ended; what is spoiled or archived stays so.
    let next = bench.drive("CHANGE-2", 72 * MIB)?;
    let list = bench.not_exported("change-1");
    let more = ["--log-level", "verbose"];
    let (code, said) = bench.export("change-2", &list, &[&next], &more)?;
    ensure!(code == 1 && said["verdict"] == "incomplete", "{said}");
    let listed = bench.unpacked("CHANGE-2", password(&said, 0)?)?;
    let names: Vec<&String> = listed.keys().collect();
    assert_eq!(names, ["film/large", "film/raw/b.txt"]);
    let left = fs::read_to_string(bench.not_exported("change-2"))?;
    assert_eq!(left.matches("<BlobPath>").count(), 2, "{left}");
    logs_tell(&bench, "change-2", "CHANGE-2")
}

/// The copy log names what went wrong, the verbose log the rest, with the checksum that the published polynomial gives.
fn logs_tell(bench: &Bench, session: &str, serial: &str) -> Result<()> {
    let log = |what: &str| {
        let name = format!("{session}_{serial}_{what}.xml");
        fs::read_to_string(bench.path("journals").join(name))
    };
    let copy = log("CopyLog")?;
    for held in [
        "<ErroredEntity CloudFormat=\"BlockBlob\" Path=\"music/loveless.mp3\">",
        "<Category>UploadErrorDataValidationError</Category>",
        "<ETag>0x",
        "<TotalFiles_Blobs>3</TotalFiles_Blobs>",
        "<FilesErrored>1</FilesErrored>",
    ] {
        ensure!(copy.contains(held), "{held}: {copy}");
    }
    let verbose = log("VerboseLog")?;
    let sums = bench.sdk(&["crc64", "film/large", "film/raw/b.txt"])?;
    let sums: Vec<&str> = sums.split_whitespace().collect();
    for (path, bytes, sum) in [
        ("film\\large", 6 * MIB + 1, sums[0]),
        ("film\\raw/b.txt", 5, sums[1]),
    ] {
        let held = format!("Path=\"{path}\" Size=\"{bytes}\" crc64=\"{sum}\">");
        ensure!(verbose.contains(&held), "{held}: {verbose}");
    }
    assert_eq!(verbose.matches("<File ").count(), 2, "{verbose}");
    Ok(())
}

#[test]
fn what_has_no_room_is_the_list_of_the_next_export() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["fill"])?;
    for blob in ["music/1", "music/2", "music/3"] {
        bench.put(blob, 25 * MIB)?;
    }
    bench.put("music/huge", 90 * MIB)?;
    let list = bench.list(&[
        ("BlobPathPrefix", "/music/"),
        ("BlobPathPrefix", "/music/"),
        ("BlobPath", "music/none"),
    ])?;
    let url = bench.azurite.url();
    let mut arguments = bench.store("preview-export", &url);
    arguments.extend(["--blob-list", text(&list), "--drive-size", "72MB"]);
    let shown = argosy(&arguments)?;
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "Number of unique blob paths/prefixes:\t2");
    assert_eq!(lines[1], "Number of duplicate blob paths/prefixes:\t1");
    assert_eq!(lines[2], "Number of nonexistent blob paths/prefixes:\t1");
    assert_eq!(lines[4], "Drive size:\t72.00 MB");
    assert_eq!(lines[5], "Number of blobs that can be exported:\t5");
    assert_eq!(lines[6], "Number of blobs that cannot be exported:\t1");
    assert_eq!(lines[7], "Number of drives needed:\t2");
    ensure!(lines[8].starts_with("\tDrive #1:\tblobs = "), "{shown}");
    let list = bench.list(&[("BlobPathPrefix", "/music/")])?;
    let first = bench.drive("ROOM-1", 72_000_000 / 512 * 512)?;
    let (code, said) = bench.export("room-1", &list, &[&first], &[])?;
    ensure!(code == 1 && said["verdict"] == "verified", "{said}");
    let mut on = bench.unpacked("ROOM-1", password(&said, 0)?)?;
    let left = fs::read_to_string(bench.not_exported("room-1"))?;
    ensure!(left.contains("<BlobPath>music/huge</BlobPath>"), "{left}");
    let second = bench.drive("ROOM-2", 192 * MIB)?;
    // The list lies in the store itself, and nothing is there under another name.
    bench.sdk(&["put", "con/next.xml", text(&bench.not_exported("room-1"))])?;
    let (code, said) = bench.export_of(
        "room-2",
        &["--blob-list-blob", "con/Next.xml"],
        &[&second],
        &[],
    )?;
    ensure!(code == 2, "{said}");
    assert_eq!(said["error"]["where"], "con/Next.xml", "{said}");
    let (code, said) = bench.export_of(
        "room-2",
        &["--blob-list-blob", "con/next.xml"],
        &[&second],
        &[],
    )?;
    ensure!(code == 0 && said["verdict"] == "verified", "{said}");
    ensure!(!bench.not_exported("room-2").exists());
    for (blob, value) in bench.unpacked("ROOM-2", password(&said, 0)?)? {
        ensure!(
            on.insert(blob.clone(), value).is_none(),
            "{blob} is on both drives"
        );
    }
    let names: Vec<&String> = on.keys().collect();
    let all = [
        "music/1",
        "music/2",
        "music/3",
        "music/huge",
        "music/love/x.mp3",
        "music/loveless.mp3",
    ];
    assert_eq!(names, all);
    Ok(())
}

#[test]
fn an_export_that_is_not_let_in_any_more_stops_and_goes_on_with_another_signature() -> Result<()> {
    let Some(mut bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["fill"])?;
    let list = bench.list(&[("BlobPathPrefix", "/film/")])?;
    let image = bench.drive("STOP-1", 72 * MIB)?;
    let whole = bench.signature.clone();
    bench.signature = bench.path("list only.txt");
    fs::write(&bench.signature, account_signature("l"))?;
    let (code, said) = bench.export("stop-1", &list, &[&image], &[])?;
    let drive = &said["drives"][0];
    ensure!(code == 1 && said["verdict"] == "failed", "{code}: {said}");
    assert_eq!(
        (&drive["findings"][0]["code"], &drive["left_out_count"]),
        (&"store".into(), &0.into())
    );
    let journals = bench.path("journals");
    let plan = fs::read_to_string(journals.join("stop-1.plan"))?;
    let journal = fs::read_to_string(bench.journal("STOP-1"))?;
    ensure!(
        !plan.contains("sig=") && !journal.contains("sig="),
        "a signature was written down"
    );
    let resume = [
        "resume",
        "--session",
        "stop-1",
        "--journal-dir",
        text(&journals),
    ];
    let (code, said) = json(&resume)?;
    ensure!(code == 3, "{said}");
    let message = said["error"]["next"].as_str().unwrap_or_default();
    ensure!(message.contains(&bench.azurite.url()), "{said}");
    let url = bench.azurite.url();
    let (code, said) = json(
        &[
            &resume[..],
            &["--store", &url, "--sas-file", text(&whole), "--show-keys"],
            &["--copy-log"],
        ]
        .concat(),
    )?;
    ensure!(code == 0 && said["verdict"] == "verified", "{said}");
    assert_eq!(bench.unpacked("STOP-1", password(&said, 0)?)?.len(), 17);
    // The log is of the whole session, not of what was left of it.
    let log = fs::read_to_string(said["logs"][0].as_str().context("no log")?)?;
    ensure!(
        log.contains("<Status>Succeeded</Status>")
            && log.contains("<TotalFiles_Blobs>17</TotalFiles_Blobs>"),
        "{log}"
    );
    // It is part of a shipment by its journal: of one that goes its way.
    let (journal, state) = (bench.journal("STOP-1"), bench.path("state"));
    for (direction, wanted) in [("import", 3), ("export", 0)] {
        let opened = ["jobs", "new", "out-1", "--direction", direction];
        let drives = ["--journal", text(&journal), "--state-dir", text(&state)];
        let (code, said) = json(&[&opened[..], &drives].concat())?;
        ensure!(code == wanted, "{code}: {said}");
    }
    Ok(())
}

#[test]
fn a_store_that_dies_in_the_middle_of_a_blob_and_comes_back_is_waited_for() -> Result<()> {
    let Some(mut bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["fill"])?;
    bench.put("music/long", 48 * MIB)?;
    let list = bench.list(&[("BlobPath", "music/long")])?;
    let image = bench.drive("DIES-1", 72 * MIB)?;
    let line = Line::to(bench.azurite.port())?;
    // It writes what it knows down every few seconds.
    std::thread::sleep(Duration::from_secs(6));
    let (url, journals) = (
        format!("http://127.0.0.1:{}/{ACCOUNT}", line.port()),
        bench.path("journals"),
    );
    let mut arguments = bench.store("export", &url);
    arguments.extend([
        "--blob-list",
        text(&list),
        "--session",
        "dies-1",
        "--json",
        "--show-keys",
    ]);
    arguments.extend(["--journal-dir", text(&journals), "--drive", text(&image)]);
    let mut child = Command::new(binary()?)
        .args(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let begun = Instant::now();
    while line.carried() < 4 * MIB {
        ensure!(child.try_wait()?.is_none(), "it ended before anything came");
        if begun.elapsed() > Duration::from_secs(30) {
            bail!("nothing came");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    bench.azurite.kill()?;
    let carried = line.carried();
    ensure!(carried < 48 * MIB, "all of it had come already");
    std::thread::sleep(Duration::from_secs(1));
    bench.azurite.start_again()?;
    let errors = BufReader::new(child.stderr.take().context("no errors")?);
    let errors: Vec<String> = errors.lines().collect::<std::io::Result<_>>()?;
    let output = child.wait_with_output()?;
    let said: Value = serde_json::from_slice(&output.stdout).with_context(|| errors.join("\n"))?;
    ensure!(
        output.status.success() && said["verdict"] == "verified",
        "{said}: {errors:?}"
    );
    let listed = bench.unpacked("DIES-1", password(&said, 0)?)?;
    assert_eq!(listed.keys().collect::<Vec<_>>(), ["music/long"]);
    Ok(())
}

#[test]
fn an_export_whose_list_cannot_be_written_still_says_how_its_drives_are() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["fill"])?;
    bench.put("music/huge", 90 * MIB)?;
    let list = bench.list(&[("BlobPathPrefix", "/music/")])?;
    let image = bench.drive("LIST-1", 72 * MIB)?;
    // What has the list's name is a folder with something in it: nothing takes its place.
    fs::create_dir_all(bench.not_exported("list-1").join("kept"))?;
    let (code, said) = bench.export("list-1", &list, &[&image], &["--log-level", "error"])?;
    ensure!(code == 4 && said["verdict"] == "verified", "{code}: {said}");
    let place = said["unwritten"][0]["where"].as_str().context("where")?;
    ensure!(place.contains("list-1.not-exported.xml"), "{said}");
    ensure!(
        said["logs"][0].is_string(),
        "the logs were given up too: {said}"
    );
    assert_verified(&image, &bench.journal("LIST-1"))
}

#[test]
fn what_a_store_with_folders_makes_of_a_folder_is_on_no_drive_and_what_is_in_it_is() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["fill"])?;
    bench.sdk(&["folder", "con/takes"])?;
    bench.put("con/takes/one", 1000)?;
    let list = bench.list(&[("BlobPathPrefix", "/con/")])?;
    let image = bench.drive("FOLD-1", 72 * MIB)?;
    let (code, said) = bench.export("fold-1", &list, &[&image], &[])?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    let on = bench.unpacked("FOLD-1", password(&said, 0)?)?;
    let names: Vec<&String> = on.keys().collect();
    assert_eq!(names, ["con/NUL.txt", "con/takes/one"]);
    Ok(())
}
