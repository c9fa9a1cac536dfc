//! A store that fails, a line that breaks or spoils, a key that changes, a drive that is pulled: nothing is lost, nothing
//! is there twice, and what could not be done is said.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::copy_log::{PartStatus, read_classic};
use tests::argosy::{binary, json as argosy, new_drive, text};
use tests::azurite::ACCOUNT;
use tests::faulty_line::{Fault, FaultyLine};
use tests::import_bench::Bench;
use tests::oracle;
use tests::pulled::PulledDrive;
use tests::source::noise;

const MIB: usize = 1 << 20;
const ROW: [&str; 1] = ["@tree/,film/,,rename,None,None"];

/// The blobs that must be there, and the SHA-256 of each.
type Wanted = Vec<(String, String)>;

/// Writes small files, files of several blocks, and a disk.
fn tree(bench: &Bench) -> Result<Wanted> {
    let mut wanted = Vec::new();
    let mut put = |name: String, content: &[u8]| -> Result<()> {
        let sum = bench.write(&format!("tree/{name}"), content)?;
        wanted.push((format!("film/{name}"), sum));
        Ok(())
    };
    for number in 0..24 {
        put(format!("small {number}"), &noise(number * 97, number))?;
    }
    for number in 0..4 {
        put(
            format!("long {number}.mov"),
            &noise(9 * MIB + number, 50 + number),
        )?;
    }
    put("disk.vhd".to_owned(), &noise(5 * MIB, 60))?;
    Ok(wanted)
}

/// Makes sure that the store holds these blobs, each once and whole.
fn is_there(bench: &Bench, wanted: &Wanted) -> Result<()> {
    let seen = bench.seen()?;
    for (name, sum) in wanted {
        ensure!(
            seen[name.as_str()]["sha256"] == json!(sum),
            "{name}: {}",
            seen[name.as_str()]
        );
    }
    let count = seen.as_object().context("blobs")?.len();
    ensure!(
        count == wanted.len(),
        "{count} blobs of {}: {seen}",
        wanted.len()
    );
    Ok(())
}

fn through(line: &FaultyLine) -> String {
    format!("http://127.0.0.1:{}/{ACCOUNT}", line.port())
}

/// How often each request was asked about, by its first line.
#[derive(Default)]
struct Times(Mutex<HashMap<String, usize>>);

impl Times {
    /// Returns which time this one is, from 1.
    fn of(&self, line: &str) -> usize {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = known.entry(line.to_owned()).or_default();
        *times += 1;
        *times
    }
}

/// What a bad day of store and line is: every few requests one that fails in another way. No block is spoiled more than
/// twice: one that is spoiled each time it is sent is given up, and rightly.
fn bad_day() -> impl Fn(usize, &str, usize) -> Option<Fault> {
    let spoiled = Times::default();
    move |number, line, _| match number % 31 {
        2 => Some(Fault::Failed),
        7 => Some(Fault::DoneButFailed),
        13 => Some(Fault::Broken),
        19 => Some(Fault::Busy),
        23 => Some(Fault::DoneButFailed),
        29 | 30 if line.contains("comp=block&") => {
            (spoiled.of(line) <= 2).then_some(Fault::SpoiledBody)
        }
        _ => None,
    }
}

#[test]
fn a_store_that_fails_every_few_requests_gets_every_blob_once_and_an_export_from_it_is_whole()
-> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let wanted = tree(&bench)?;
    bench.prepare(&["WD-30"], "96MB", &ROW)?;
    let line = FaultyLine::between(bench.azurite.port(), bad_day())?;
    let (code, report) = bench.ingest_into("WD-30", &through(&line), &["--parallel", "4"])?;
    ensure!(
        line.played() > 8,
        "only {} faults were played",
        line.played()
    );
    ensure!(
        code == 0 && report["verdict"] == "completed",
        "{code}: {report}"
    );
    ensure!(report["renamed"] == 0, "{report}");
    is_there(&bench, &wanted)?;
    let log = read_classic(&bench.log(&report, "verbose.xml")?)?;
    ensure!(
        log.blobs.len() == wanted.len(),
        "{} in the log",
        log.blobs.len()
    );
    ensure!(log.blobs.iter().all(|blob| blob.is_well()), "{log:?}");

    let bad_way_back = |number: usize, line: &str, _: usize| match number % 13 {
        3 => Some(Fault::Failed),
        6 => Some(Fault::Broken),
        9 => Some(Fault::Busy),
        12 if line.starts_with("GET") && !line.contains("comp=") => Some(Fault::SpoiledAnswer),
        _ => None,
    };
    let line = FaultyLine::between(bench.azurite.port(), bad_way_back)?;
    let home = bench.path("home");
    let (code, said) = export(&bench, "OUT-30", &through(&line))?;
    ensure!(
        line.played() > 8,
        "only {} faults were played",
        line.played()
    );
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    is_home(&bench, "OUT-30", &said, &home)
}

/// Exports all of it onto one drive.
fn export(bench: &Bench, serial: &str, url: &str) -> Result<(i32, Value)> {
    new_drive(&bench.image(serial), "96MB", serial, &[])?;
    let arguments = export_arguments(bench, serial, url)?;
    argosy(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn export_arguments(bench: &Bench, serial: &str, url: &str) -> Result<Vec<String>> {
    let list = bench.path("list.xml");
    let all = "<BlobPathPrefix>/film/</BlobPathPrefix>";
    fs::write(
        &list,
        format!("<?xml version=\"1.0\"?>\n<BlobList>{all}</BlobList>\n"),
    )?;
    let (journals, image) = (bench.path("journals"), bench.image(serial));
    let words = [
        ["--store", url],
        ["--sas-file", text(&bench.signature)],
        ["--blob-list", text(&list)],
        ["--session", "fault-1"],
        ["--journal-dir", text(&journals)],
        ["--drive", text(&image)],
    ];
    let words = words.iter().flatten().map(|word| (*word).to_owned());
    let command = ["export", "--show-keys"].map(str::to_owned);
    Ok(command.into_iter().chain(words).collect())
}

/// Unpacks an export drive and compares all of it with what was sent.
fn is_home(bench: &Bench, serial: &str, said: &Value, home: &Path) -> Result<()> {
    let password = said["drives"][0]["recovery_password"]
        .as_str()
        .context("a password")?;
    fs::write(bench.path("keys.txt"), format!("{serial} {password}\n"))?;
    let (keys, image) = (bench.path("keys.txt"), bench.image(serial));
    let receive = [
        "receive",
        "--keys",
        text(&keys),
        "--to",
        text(home),
        "--drive",
        text(&image),
    ];
    let (code, said) = argosy(&receive)?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    let tree = bench.path("source").join("tree");
    oracle::run("diff", &["-r", text(&tree), text(&home.join("film"))])?;
    Ok(())
}

#[test]
fn a_store_to_which_every_request_takes_too_long_once_is_asked_again() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let mut wanted = Wanted::new();
    for (name, bytes) in [("a.bin", 3000), ("long.mov", 5 * MIB), ("disk.vhd", MIB)] {
        let sum = bench.write(&format!("tree/{name}"), &noise(bytes, bytes))?;
        wanted.push((format!("film/{name}"), sum));
    }
    bench.prepare(&["WD-36"], "96MB", &ROW)?;
    // A request is known by its first line: blocks and ranges that share one take turns.
    let late = || {
        let times = Times::default();
        move |_: usize, line: &str, _: usize| (times.of(line) % 2 == 1).then_some(Fault::TimedOut)
    };
    let line = FaultyLine::between(bench.azurite.port(), late())?;
    let (code, report) = bench.ingest_into("WD-36", &through(&line), &["--parallel", "1"])?;
    ensure!(code == 0 && report["renamed"] == 0, "{code}: {report}");
    ensure!(line.played() >= 8, "only {} were played", line.played());
    is_there(&bench, &wanted)?;

    let line = FaultyLine::between(bench.azurite.port(), late())?;
    let (code, said) = export(&bench, "OUT-36", &through(&line))?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    ensure!(line.played() >= 5, "only {} were played", line.played());
    is_home(&bench, "OUT-36", &said, &bench.path("home"))
}

#[test]
fn a_block_that_the_line_spoils_once_the_store_was_busy_is_sent_again() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let sum = bench.write("tree/a.bin", &noise(3000, 1))?;
    bench.prepare(&["WD-37"], "96MB", &ROW)?;
    let times = Times::default();
    let bad = move |_: usize, line: &str, _: usize| match times.of(line) {
        1 | 2 if line.contains("comp=block&") => Some(Fault::Busy),
        3 | 4 if line.contains("comp=block&") => Some(Fault::SpoiledBody),
        _ => None,
    };
    let line = FaultyLine::between(bench.azurite.port(), bad)?;
    let (code, report) = bench.ingest_into("WD-37", &through(&line), &[])?;
    ensure!(code == 0 && line.played() == 4, "{code}: {report}");
    is_there(&bench, &vec![("film/a.bin".to_owned(), sum)])
}

#[test]
fn a_block_that_the_line_spoils_each_time_is_never_committed_and_is_sent_when_the_line_is_well()
-> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let wanted = tree(&bench)?;
    bench.prepare(&["WD-31"], "96MB", &ROW)?;
    let well = bench.path("the line is well");
    let spoils = move |_: usize, line: &str, body: usize| {
        let is_block = line.contains("comp=block&") && line.contains("long%202.mov");
        (is_block && body > 0 && !well.exists()).then_some(Fault::SpoiledBody)
    };
    let line = FaultyLine::between(bench.azurite.port(), spoils)?;
    let (code, report) = bench.ingest_into("WD-31", &through(&line), &[])?;
    ensure!(code == 1 && line.played() > 0, "{code}: {report}");
    let log = read_classic(&bench.log(&report, "error.xml")?)?;
    let names: Vec<&str> = log.blobs.iter().map(|blob| blob.blob.as_str()).collect();
    ensure!(names == ["film/long 2.mov"], "{names:?}");
    let parts = &log.blobs[0].parts;
    ensure!(
        parts
            .iter()
            .all(|part| part.status != PartStatus::Committed),
        "{parts:?}"
    );
    let seen = bench.seen()?;
    let spoiled = &seen["film/long 2.mov"];
    ensure!(
        spoiled.is_null() || !spoiled["uncommitted"].is_null(),
        "{spoiled}"
    );
    fs::write(bench.path("the line is well"), "")?;
    let (code, report) = bench.ingest_into("WD-31", &through(&line), &[])?;
    ensure!(code == 0 && report["renamed"] == 0, "{code}: {report}");
    is_there(&bench, &wanted)
}

#[test]
fn an_answer_that_never_comes_is_given_up_and_the_blob_is_there_once() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let sum = bench.write("tree/a.bin", &noise(3000, 1))?;
    bench.prepare(&["WD-32"], "72MB", &ROW)?;
    let commits = AtomicUsize::new(0);
    let silent = move |_: usize, line: &str, _: usize| {
        let is_first =
            line.contains("comp=blocklist") && commits.fetch_add(1, Ordering::AcqRel) == 0;
        is_first.then_some(Fault::Silent)
    };
    let line = FaultyLine::between(bench.azurite.port(), silent)?;
    let (code, report) = bench.ingest_into("WD-32", &through(&line), &[])?;
    ensure!(
        code == 0 && line.played() == 1 && report["renamed"] == 0,
        "{code}: {report}"
    );
    is_there(&bench, &vec![("film/a.bin".to_owned(), sum)])
}

/// A command that runs, and what it said in the end.
struct Running(std::process::Child);

impl Running {
    fn start(arguments: &[String]) -> Result<Self> {
        let child = Command::new(binary()?)
            .args(arguments)
            .arg("--json")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self(child))
    }

    fn end(self) -> Result<(i32, Value, String)> {
        let output = self.0.wait_with_output()?;
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let said = serde_json::from_slice(&output.stdout).with_context(|| errors.clone())?;
        Ok((output.status.code().unwrap_or(-1), said, errors))
    }
}

#[test]
fn a_key_that_changes_in_the_middle_stops_an_ingest_and_the_next_signature_sends_only_the_rest()
-> Result<()> {
    let Some(mut bench) = Bench::new()? else {
        return Ok(());
    };
    let wanted = tree(&bench)?;
    bench.prepare(&["WD-33"], "96MB", &ROW)?;
    let mut arguments = bench.arguments("WD-33", &bench.azurite.url());
    arguments.extend(["--parallel", "1"].map(str::to_owned));
    let running = Running::start(&arguments)?;
    bench.wait_for_puts(4)?;
    bench.azurite.rotate_key()?;
    let (code, said, errors) = running.end()?;
    ensure!(
        code != 0 && said["verdict"] != "completed",
        "{code}: {said}"
    );
    let all = format!("{said} {errors}").to_lowercase();
    ensure!(all.contains("signature"), "why is not said: {all}");
    let before = bench.puts()?.values().sum::<u64>();
    bench.azurite.signature_file()?;
    let (code, report) = bench.ingest("WD-33", &["--parallel", "1"])?;
    ensure!(code == 0 && report["renamed"] == 0, "{code}: {report}");
    is_there(&bench, &wanted)?;
    // One block was on its way when the key changed; each that was refused after that counts as put, once a try.
    let (puts, after) = (bench.puts()?, bench.puts()?.values().sum::<u64>());
    ensure!(after > before && puts.len() <= 36, "{puts:?}");
    Ok(())
}

#[test]
fn a_key_that_changes_in_the_middle_stops_an_export_and_resume_with_the_next_one_ends_it()
-> Result<()> {
    let Some(mut bench) = Bench::new()? else {
        return Ok(());
    };
    tree(&bench)?;
    bench.prepare(&["WD-34"], "96MB", &ROW)?;
    ensure!(bench.ingest("WD-34", &[])?.0 == 0);
    // Slow enough to be caught in the middle: after the twelfth range nothing more is answered until the key has changed.
    let (asked, gate) = (AtomicUsize::new(0), bench.path("rotated"));
    let waits = move |_: usize, line: &str, _: usize| {
        let is_read = line.starts_with("GET") && !line.contains("comp=");
        if is_read && asked.fetch_add(1, Ordering::AcqRel) >= 12 {
            while !gate.exists() {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        }
        None
    };
    let line = FaultyLine::between(bench.azurite.port(), waits)?;
    let url = through(&line);
    new_drive(&bench.image("OUT-34"), "96MB", "OUT-34", &[])?;
    let running = Running::start(&export_arguments(&bench, "OUT-34", &url)?)?;
    std::thread::sleep(std::time::Duration::from_secs(5));
    bench.azurite.rotate_key()?;
    fs::write(bench.path("rotated"), "")?;
    let (code, said, errors) = running.end()?;
    ensure!(code != 0 && said["verdict"] == "failed", "{code}: {said}");
    let all = format!("{said} {errors}").to_lowercase();
    ensure!(all.contains("signature"), "why is not said: {all}");
    bench.azurite.signature_file()?;
    let (journals, signature) = (bench.path("journals"), bench.signature.clone());
    let resume = [
        "resume",
        "--session",
        "fault-1",
        "--journal-dir",
        text(&journals),
    ];
    let store = [
        "--store",
        &url,
        "--sas-file",
        text(&signature),
        "--show-keys",
    ];
    let (code, said) = argosy(&[&resume[..], &store].concat())?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    is_home(&bench, "OUT-34", &said, &bench.path("home"))
}

/// The drive that is gone is the only thing that is wrong, and every file is accounted for.
fn is_said_once(said: &Value, errors: &str, files: usize) -> Result<()> {
    let findings = said["findings"].as_array().context("findings")?;
    let wrong = findings
        .iter()
        .filter(|finding| finding["is_error"] == true);
    let codes: Vec<_> = wrong
        .clone()
        .map(|finding| finding["code"].clone())
        .collect();
    ensure!(codes == ["DriveGone"], "{said}");
    let mut messages = wrong.filter_map(|finding| finding["message"].as_str());
    let message = messages.next().context("a message")?;
    ensure!(errors.contains(message), "{errors}");
    let (why, rest) = message.split_once("): ").context("why")?;
    ensure!(
        why.starts_with("the drive is gone (") && why.contains("offset"),
        "{message}"
    );
    ensure!(rest.contains("run the same again"), "{message}");
    let numbers = rest.split(|c: char| !c.is_ascii_digit());
    let numbers: Vec<usize> = numbers.filter_map(|digits| digits.parse().ok()).collect();
    let [done, all, on_their_way, left] = numbers[..] else {
        anyhow::bail!("{numbers:?}: {message}");
    };
    ensure!(json!(done) == said["blobs"], "{message}: {said}");
    ensure!(
        all == files && done + on_their_way + left == files,
        "{message}"
    );
    ensure!(on_their_way <= 1 && left > 0, "{message}");
    Ok(())
}

#[test]
fn a_drive_that_is_pulled_in_the_middle_of_an_ingest_is_said_and_goes_on_when_it_is_back()
-> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let mut wanted = tree(&bench)?;
    // Far more than is read ahead.
    for name in ["take 0.mov", "take 1.mov"] {
        let sum = bench.write(&format!("tree/{name}"), &noise(32 * MIB, 70))?;
        wanted.push((format!("film/{name}"), sum));
    }
    bench.prepare(&["WD-35"], "160MB", &ROW)?;
    let Some(drive) = PulledDrive::over(&bench.image("WD-35"))? else {
        return Ok(());
    };
    let drive = Arc::new(drive);
    // The plug is pulled between two requests: however fast the rest is, it is in the middle.
    let (pulled, blocks) = (Arc::downgrade(&drive), AtomicUsize::new(0));
    let pulls = move |_: usize, line: &str, _: usize| {
        if line.contains("comp=block&") && blocks.fetch_add(1, Ordering::AcqRel) == 3 {
            pulled.upgrade()?.pull().ok()?;
        }
        None
    };
    let line = FaultyLine::between(bench.azurite.port(), pulls)?;
    let image = bench.image("WD-35");
    let mut arguments = bench.arguments("WD-35", &through(&line));
    for argument in &mut arguments {
        if argument == text(&image) {
            text(drive.file()).clone_into(argument);
        }
    }
    arguments.extend(["--parallel", "1"].map(str::to_owned));
    let (code, said, errors) = Running::start(&arguments)?.end()?;
    ensure!(
        code != 0 && said["verdict"] != "completed",
        "{code}: {said}"
    );
    ensure!(code == 4 && said["verdict"] == "failed", "{code}: {said}");
    is_said_once(&said, &errors, wanted.len())?;
    // What is there by now is whole.
    let seen = bench.seen()?;
    for (name, sum) in &wanted {
        let blob = &seen[name.as_str()];
        let is_whole = blob["sha256"] == json!(sum);
        ensure!(
            blob.is_null() || !blob["uncommitted"].is_null() || is_whole,
            "{name}: {blob}"
        );
    }
    drive.plug()?;
    let (code, said, _) = Running::start(&arguments)?.end()?;
    ensure!(code == 0 && said["renamed"] == 0, "{code}: {said}");
    is_there(&bench, &wanted)?;
    let again: u64 = bench.puts()?.values().map(|count| count - 1).sum();
    ensure!(again <= 2, "{again} blocks were sent again");
    Ok(())
}
