//! Drives that Argosy filled, sent into file shares of a real Samba, which its own client then reads.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use shared::copy_log::{BlobStatus, DispositionStatus, DriveStatus, PartStatus};
use shared::copy_log::{read_classic, read_current};
use shared::manifest::BlobKind;
use tests::azurite::Azurite;
use tests::oracle::run;
use tests::samba::{Demands, SHARE};
use tests::share_bench::ShareBench;
use tests::source::{noise, sha256};

const MIB: usize = 1 << 20;

/// A drive's own row: everything below a folder of the source, into a folder of the share.
fn row(folder: &str, rule: &str) -> String {
    format!("@{folder}/,{SHARE}/in/,file,{rule},None,None")
}

/// Such an end, so many files in shares, and no blob.
fn assert_ended((code, report): (i32, &Value), ended: (i32, &str), files: u64) {
    assert_eq!(
        (code, report["verdict"].as_str()),
        (ended.0, Some(ended.1)),
        "{report}"
    );
    assert_eq!(
        (&report["files"], &report["blobs"]),
        (&json!(files), &json!(0)),
        "{report}"
    );
}

#[test]
fn files_arrive_as_they_were_and_a_second_run_sends_nothing() -> Result<()> {
    let Some(bench) = ShareBench::new()? else {
        return Ok(());
    };
    let mut wanted = BTreeMap::new();
    for (name, content) in [
        ("two  blanks & 50% #1+.txt", noise(3000, 1)),
        (
            "\u{dc}berblick/\u{1f3ac} \u{64ae}\u{5f71}.mov",
            noise(9 * MIB + 5, 2),
        ),
        ("e\u{301} and \u{e9}/'quoted' (2).txt", b"x".to_vec()),
        (".hidden", b"y".to_vec()),
        ("empty", Vec::new()),
        ("a/b/c/d/deep.bin", noise(4 * MIB, 3)),
        ("long.bin", noise(70 * MIB, 4)),
    ] {
        let sum = bench.write(&format!("tree/{name}"), &content)?;
        wanted.insert(format!("in/{name}"), sum);
    }
    let old = SystemTime::UNIX_EPOCH + Duration::new(1_234_567_890, 123_456_700);
    let file = bench.path("source").join("tree/long.bin");
    fs::File::options()
        .write(true)
        .open(file)?
        .set_modified(old)?;
    let now = || Ok::<u64, anyhow::Error>(SystemTime::UNIX_EPOCH.elapsed()?.as_secs());
    let begun = now()?;
    bench.prepare("WD-1", "256MB", &[&row("tree", "rename")])?;
    let filled = begun..=now()?;
    // The second in which the files are made in the share is another.
    std::thread::sleep(Duration::from_secs(2));
    let (code, report) = bench.ingest("WD-1", &[])?;
    assert_ended((code, &report), (0, "completed"), 7);
    assert_eq!(bench.samba.seen()?, wanted);
    let on_disk = fs::metadata(bench.samba.disk().join("in/long.bin"))?;
    assert_eq!(on_disk.modified()?, old);
    // A drive of ours has its own beginning for the creation of all its files.
    let (created, written) = bench.samba.times("in/long.bin")?;
    assert_eq!(written, "Fri Feb 13 23:31:30 2009 UTC");
    let created: u64 = run("date", &["-u", "-d", &created, "+%s"])?
        .trim()
        .parse()?;
    assert!(
        filled.contains(&created),
        "created at {created}, filled in {filled:?}"
    );
    check_logs(&bench, &report)?;
    let (code, again) = bench.ingest("WD-1", &[])?;
    assert_eq!((code, &again["finished_before"]), (0, &json!(7)), "{again}");
    assert_eq!(
        bench.samba.seen()?,
        wanted,
        "a second run changed something"
    );
    Ok(())
}

fn check_logs(bench: &ShareBench, report: &Value) -> Result<()> {
    let verbose = read_classic(&bench.log(report, "verbose.xml")?)?;
    assert_eq!(verbose.status, DriveStatus::Completed);
    let long = verbose
        .blobs
        .iter()
        .find(|file| file.blob.ends_with("/long.bin"));
    let long = long.context("the long one")?;
    assert_eq!((long.kind, long.parts.len()), (BlobKind::File, 18));
    assert_eq!(long.blob, format!("{SHARE}/in/long.bin"));
    assert!(
        long.parts
            .iter()
            .all(|part| part.status == PartStatus::Completed)
    );
    let current = read_current(&bench.log(report, "VerboseLog")?)?;
    assert_eq!(current.succeeded.len(), 7);
    let empty = current
        .succeeded
        .iter()
        .find(|file| file.blob.ends_with("/empty"));
    assert_eq!(empty.context("the empty one")?.crc64, 0);
    assert!(
        current
            .succeeded
            .iter()
            .all(|file| file.kind == BlobKind::File)
    );
    Ok(())
}

#[test]
fn a_name_that_is_taken_follows_the_rule_in_either_case() -> Result<()> {
    let Some(bench) = ShareBench::new()? else {
        return Ok(());
    };
    let mut sums = Vec::new();
    for (folder, seed) in [("a", 1), ("b", 2), ("c", 3)] {
        sums.push(bench.write(&format!("{folder}/v1.2/Clip.mov"), &noise(5 * MIB, seed))?);
    }
    let there = bench.samba.disk().join("in/v1.2");
    fs::create_dir_all(&there)?;
    fs::write(there.join("clip.MOV"), "the old one")?;
    let old = sha256(&mut &b"the old one"[..])?;
    bench.prepare("WD-1", "72MB", &[&row("a", "rename")])?;
    bench.prepare("WD-2", "72MB", &[&row("b", "no-overwrite")])?;
    bench.prepare("WD-3", "72MB", &[&row("c", "overwrite")])?;
    let (code, report) = bench.ingest("WD-1", &[])?;
    assert_eq!((code, &report["renamed"]), (0, &json!(1)), "{report}");
    let (code, report) = bench.ingest("WD-2", &[])?;
    assert_eq!(
        (code, &report["skipped"], &report["files"]),
        (0, &json!(1), &json!(0)),
        "{report}"
    );
    let renamed = ("in/v1.2/Clip (2).mov".to_owned(), sums[0].clone());
    let kept = ("in/v1.2/clip.MOV".to_owned(), old);
    assert_eq!(bench.samba.seen()?, BTreeMap::from([renamed.clone(), kept]));
    let (code, report) = bench.ingest("WD-3", &[])?;
    assert_eq!((code, &report["overwritten"]), (0, &json!(1)), "{report}");
    let seen = bench.samba.seen()?;
    let mut names = seen
        .iter()
        .map(|(name, sum)| (name.to_lowercase(), sum.clone()));
    let renamed = (renamed.0.to_lowercase(), renamed.1);
    assert_eq!(names.next(), Some(renamed), "{seen:?}");
    assert_eq!(
        names.next(),
        Some(("in/v1.2/clip.mov".to_owned(), sums[2].clone())),
        "{seen:?}"
    );
    assert_eq!(names.next(), None);
    Ok(())
}

#[test]
fn a_run_goes_on_when_the_server_comes_back_and_after_being_killed() -> Result<()> {
    let Some(mut bench) = ShareBench::new()? else {
        return Ok(());
    };
    let mut wanted = BTreeMap::new();
    for number in 0..2 {
        let content = noise(80 * MIB + 7, number);
        let sum = bench.write(&format!("tree/clip {number}.bin"), &content)?;
        wanted.insert(format!("in/clip {number}.bin"), sum);
    }
    bench.prepare("WD-5", "256MB", &[&row("tree", "rename")])?;
    let alone = ["--parallel", "1"];
    let mut running = bench.begin("WD-5", &alone)?;
    bench.wait_for_partial("in", 10 << 20)?;
    assert!(
        bench
            .samba
            .seen()?
            .keys()
            .all(|name| name.ends_with(".argosy")),
        "a half file has its name"
    );
    bench.samba.kill()?;
    std::thread::sleep(Duration::from_millis(300));
    bench.samba.start_again()?;
    // Behind the point from which another run goes on.
    bench.wait_for_partial("in", 68 << 20)?;
    running.kill()?;
    running.wait()?;
    let mut running = bench.begin("WD-5", &alone)?;
    bench.wait_for_partial("in", 70 << 20)?;
    let id = running.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &id])
            .status()?
            .success()
    );
    assert_eq!(
        running.wait()?.code(),
        Some(1),
        "Ctrl-C is an end, not a failure"
    );
    let (code, report) = bench.ingest("WD-5", &alone)?;
    assert_eq!(
        (code, &report["files"], &report["renamed"]),
        (0, &json!(2), &json!(0)),
        "{report}"
    );
    assert_eq!(bench.samba.seen()?, wanted, "and nothing else is there");
    Ok(())
}

#[test]
fn a_file_whose_note_a_crash_took_is_known_again_and_anothers_is_not() -> Result<()> {
    let Some(bench) = ShareBench::new()? else {
        return Ok(());
    };
    let sum = bench.write("tree/a.bin", &noise(5 * MIB, 1))?;
    bench.prepare("WD-6", "72MB", &[&row("tree", "rename")])?;
    assert_eq!(bench.ingest("WD-6", &[])?.0, 0);
    let state = bench.path("logs").join("WD-6.ingest");
    let forget = || -> Result<()> {
        let notes = fs::read_to_string(&state)?;
        let kept = notes.lines().filter(|line| !line.starts_with("{\"done\""));
        fs::write(
            &state,
            kept.map(|line| format!("{line}\n")).collect::<String>(),
        )?;
        Ok(())
    };
    forget()?;
    let (code, report) = bench.ingest("WD-6", &[])?;
    assert_eq!((code, &report["renamed"]), (0, &json!(0)), "{report}");
    let there = BTreeMap::from([("in/a.bin".to_owned(), sum.clone())]);
    assert_eq!(bench.samba.seen()?, there);
    forget()?;
    // As long and as old as ours.
    let place = bench.samba.disk().join("in/a.bin");
    let modified = fs::metadata(&place)?.modified()?;
    fs::write(&place, noise(5 * MIB, 2))?;
    fs::File::options()
        .write(true)
        .open(&place)?
        .set_modified(modified)?;
    let (code, report) = bench.ingest("WD-6", &[])?;
    assert_eq!((code, &report["renamed"]), (0, &json!(1)), "{report}");
    assert_eq!(bench.samba.seen()?.get("in/a (2).bin"), Some(&sum));
    Ok(())
}

#[test]
fn a_range_that_rotted_is_named_and_what_was_there_before_stays() -> Result<()> {
    let Some(bench) = ShareBench::new()? else {
        return Ok(());
    };
    bench.write("tree/long.bin", &noise(20 * MIB, 1))?;
    let small = bench.write("tree/small.txt", b"small")?;
    fs::create_dir(bench.samba.disk().join("in"))?;
    fs::write(bench.samba.disk().join("in/long.bin"), "the old one")?;
    bench.prepare("WD-4", "72MB", &[&row("tree", "overwrite")])?;
    // The volume's own structures take 3 MiB, then comes the file.
    bench.flip("WD-4", 14 << 20)?;
    let (code, report) = bench.ingest("WD-4", &[])?;
    assert_eq!(
        (code, &report["verdict"]),
        (1, &json!("incomplete")),
        "{report}"
    );
    let finding = report["findings"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["is_error"] == true));
    let finding = finding.context("a finding")?;
    assert_eq!(
        (&finding["code"], &finding["blob"]),
        (
            &json!("CompletedWithErrors"),
            &json!(format!("{SHARE}/in/long.bin"))
        )
    );
    let log = read_classic(&bench.log(&report, "error.xml")?)?;
    let [blob] = log.blobs.as_slice() else {
        anyhow::bail!("{log:?}");
    };
    assert_eq!(
        (blob.status, blob.kind, blob.disposition.1),
        (
            BlobStatus::CompletedWithErrors,
            BlobKind::File,
            DispositionStatus::Cancelled
        )
    );
    let rotten = blob
        .parts
        .iter()
        .filter(|part| part.status == PartStatus::Corrupted);
    let rotten: Vec<_> = rotten.map(|part| json!(part.at)).collect();
    assert_eq!(rotten, [finding["offset"].clone()]);
    let old = sha256(&mut &b"the old one"[..])?;
    let there = [
        ("in/long.bin".to_owned(), old),
        ("in/small.txt".to_owned(), small),
    ];
    assert_eq!(
        bench.samba.seen()?,
        BTreeMap::from(there),
        "nothing half is left"
    );
    Ok(())
}

#[test]
fn who_is_not_let_in_is_told_why_and_nothing_is_sent() -> Result<()> {
    let Some(bench) = ShareBench::new()? else {
        return Ok(());
    };
    bench.write("tree/a.txt", b"a")?;
    bench.prepare("WD-7", "72MB", &[&row("tree", "rename")])?;
    let (server, user) = (bench.samba.server(), bench.samba.user().to_owned());
    let (right, wrong) = (bench.samba.key_file(), bench.path("wrong.txt"));
    fs::write(&wrong, "another\n")?;
    let said = |server: &str, key: &std::path::Path| {
        let key = key.to_str().unwrap_or_default();
        let words = [
            "--share",
            server,
            "--share-key-file",
            key,
            "--share-user",
            &user,
        ];
        bench.ingest_as("WD-7", &words)
    };
    for (place, key, code) in [
        (format!("{server}/{SHARE}"), &wrong, "LoginFailed"),
        // The rows are for another share, and the server has none of that name.
        (
            "//127.0.0.1:1/team-share".to_owned(),
            &right,
            "ConnectionLost",
        ),
    ] {
        let (ended, report) = said(&place, key)?;
        assert_eq!(
            (ended, &report["error"]["code"]),
            (4, &json!(code)),
            "{report}"
        );
    }
    let (ended, report) = said(&format!("{server}/other-share"), &right)?;
    assert_eq!((ended, &report["files"]), (1, &json!(0)), "{report}");
    assert_eq!(report["findings"][0]["code"], json!("NotGiven"), "{report}");
    assert!(bench.samba.seen()?.is_empty());
    Ok(())
}

#[test]
fn a_share_that_is_missing_is_named() -> Result<()> {
    let Some(bench) = ShareBench::new()? else {
        return Ok(());
    };
    bench.write("tree/a.txt", b"a")?;
    bench.prepare(
        "WD-8",
        "72MB",
        &["@tree/,no-such/in/,file,rename,None,None"],
    )?;
    let server = format!("{}/no-such", bench.samba.server());
    let key = bench.samba.key_file();
    let words = [
        "--share",
        &server,
        "--share-key-file",
        key.to_str().context("text")?,
    ];
    let words = [&words[..], &["--share-user", bench.samba.user()]].concat();
    let (ended, report) = bench.ingest_as("WD-8", &words)?;
    assert_eq!(
        (ended, &report["error"]["code"]),
        (4, &json!("NoShare")),
        "{report}"
    );
    Ok(())
}

/// 0.0.0.0 reaches this computer, and is no address of its own: a server there counts as elsewhere.
#[test]
fn servers_that_are_old_or_do_not_encrypt_get_neither_password_nor_data() -> Result<()> {
    for (demands, host, code) in [
        (Demands::Old, "127.0.0.1", Some("TooOld")),
        (Demands::Open, "0.0.0.0", Some("NotEncrypted")),
        (Demands::Open, "127.0.0.1", None),
        (Demands::Azure, "0.0.0.0", None),
    ] {
        let Some(bench) = ShareBench::with(demands)? else {
            return Ok(());
        };
        bench.write("tree/a.txt", b"a")?;
        bench.prepare("WD-9", "72MB", &[&row("tree", "rename")])?;
        let server = bench.samba.server().replace("127.0.0.1", host);
        let key = bench.samba.key_file();
        let words = [
            "--share",
            &server,
            "--share-key-file",
            key.to_str().context("text")?,
        ];
        let words = [&words[..], &["--share-user", bench.samba.user()]].concat();
        let (ended, report) = bench.ingest_as("WD-9", &words)?;
        let is_there = bench.samba.disk().join("in/a.txt").exists();
        match code {
            Some(code) => {
                assert_eq!(
                    (ended, &report["error"]["code"]),
                    (4, &json!(code)),
                    "{report}"
                );
                assert!(!is_there);
            }
            None => assert!(ended == 0 && is_there, "{demands:?} at {host}: {report}"),
        }
    }
    Ok(())
}

#[test]
fn blobs_and_files_of_one_drive_each_go_their_way_and_what_has_none_is_named() -> Result<()> {
    let Some(bench) = ShareBench::new()? else {
        return Ok(());
    };
    let Some(azurite) = Azurite::start()? else {
        return Ok(());
    };
    let blob = bench.write("blobs/a.bin", &noise(MIB, 1))?;
    let file = bench.write("files/a.bin", &noise(MIB, 2))?;
    let rows = [
        row("files", "rename"),
        format!("@blobs/,{SHARE}/in/,BlockBlob,rename,None,None"),
    ];
    bench.prepare("WD-10", "72MB", &[&rows[0], &rows[1]])?;
    let (code, report) = bench.ingest("WD-10", &[])?;
    assert_ended((code, &report), (1, "incomplete"), 1);
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], json!("NotGiven"), "{report}");
    assert!(
        finding["message"]
            .as_str()
            .is_some_and(|what| what.contains("--store")),
        "{report}"
    );
    let (signature, url) = (azurite.signature_file()?, azurite.url());
    let store = [
        "--store",
        &url,
        "--sas-file",
        signature.to_str().context("text")?,
    ];
    let (code, report) = bench.ingest("WD-10", &store)?;
    assert_eq!(
        (code, &report["verdict"]),
        (0, &json!("completed")),
        "{report}"
    );
    let counts = ["files", "blobs", "finished_before"].map(|word| report[word].clone());
    assert_eq!(counts, [json!(1), json!(1), json!(1)], "{report}");
    assert_eq!(
        bench.samba.seen()?,
        BTreeMap::from([("in/a.bin".to_owned(), file)])
    );
    let log = read_classic(&bench.log(&report, "verbose.xml")?)?;
    let kinds: Vec<_> = log
        .blobs
        .iter()
        .map(|blob| (blob.kind, blob.blob.as_str()))
        .collect();
    let name = format!("{SHARE}/in/a.bin");
    assert!(kinds.contains(&(BlobKind::Block, &name)) && kinds.contains(&(BlobKind::File, &name)));
    assert_ne!(blob, String::new());
    Ok(())
}
