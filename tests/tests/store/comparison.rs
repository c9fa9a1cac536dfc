//! The page's comparison with an account, asked for as the page does, over Microsoft's emulator: it has the evidence that the
//! command line takes, and its report is the command line's.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::agent::Agent;
use tests::argosy::text;
use tests::azurite::{Azurite, access_token};
use tests::import_bench::Bench;
use tests::source::noise;
use tests::window::Window;

const ROW: &str = "@,film/in/,,overwrite,None,None";

/// Asks about the bench's drives with what opens the account.
fn ask(bench: &Bench, window: &Window, more: &Value) -> Result<Value> {
    let mut request = json!({
        "folder": bench.path("journals"),
        "session": "reel-1",
        "store": bench.azurite.url(),
        "signature": fs::read_to_string(&bench.signature)?,
        "question": {"ask": "arrived"},
    });
    let (fields, more) = (request.as_object_mut(), more.as_object());
    let (fields, more) = fields.zip(more).context("objects")?;
    for (name, value) in more {
        match value {
            Value::Null => fields.remove(name),
            value => fields.insert(name.clone(), value.clone()),
        };
    }
    window.send("POST", "/api/storage", &request)
}

/// Asks whether all has arrived, with the service's logs and these folders of originals.
fn arrived(bench: &Bench, window: &Window, logs: &[Value], originals: &[&Path]) -> Result<Value> {
    let question = json!({"ask": "arrived", "logs": logs, "originals": originals});
    ask(bench, window, &json!({"question": question}))
}

/// Returns the report that an answer speaks of.
fn report(window: &Window, answer: &Value) -> Result<(String, String)> {
    let id = answer["report"]["id"].as_str().context("a report")?;
    window.get(&format!("/api/storage/report/{id}"))
}

#[test]
fn originals_prove_what_a_log_has_a_crc_64_of() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a & b.txt", b"one block")?;
    bench.write("empty", b"")?;
    bench.write("long.bin", &noise(9_000_001, 1))?;
    bench.prepare(&["WD-20"], "72MB", &[ROW])?;
    let (code, said) = bench.ingest("WD-20", &[])?;
    ensure!(code == 0, "{said}");
    let logs = said["logs"].as_array().context("logs")?;
    let logs = logs.iter().filter_map(Value::as_str);
    let logs = logs.filter(|log| log.contains("VerboseLog")).map(|log| {
        let text = fs::read_to_string(log)?;
        Ok(json!({"name": "VerboseLog", "text": text}))
    });
    let logs: Vec<Value> = logs.collect::<Result<_>>()?;
    ensure!(!logs.is_empty(), "{said}");
    let agent = Agent::start(&[])?;
    let window = Window::open(&agent)?;

    let answer = arrived(&bench, &window, &logs, &[])?;
    assert_eq!(
        (&answer["verdict"], &answer["unproven"]),
        (&json!("unproven"), &json!(3)),
        "{answer}"
    );
    let (elsewhere, source) = (bench.path("logs"), bench.path("source"));
    let answer = arrived(&bench, &window, &logs, &[&elsewhere])?;
    assert_eq!(answer["unproven"], json!(3), "{answer}");
    let answer = arrived(&bench, &window, &logs, &[&elsewhere, &source])?;
    assert_eq!(answer["verdict"], json!("confirmed"), "{answer}");
    // Without a log they prove nothing.
    let answer = arrived(&bench, &window, &[], &[&source])?;
    assert_eq!(answer["unproven"], json!(3), "{answer}");
    // One that is another by now proves nothing of its blob, as on the command line.
    bench.write("long.bin", &noise(9_000_001, 2))?;
    let answer = arrived(&bench, &window, &logs, &[&source])?;
    assert_eq!(
        (&answer["verdict"], &answer["unproven"]),
        (&json!("unproven"), &json!(1)),
        "{answer}"
    );
    let (_, csv) = report(&window, &answer)?;
    assert!(csv.contains("is not any more what was prepared"), "{csv}");
    let log = said["logs"].as_array().context("logs")?;
    let log = log
        .iter()
        .filter_map(Value::as_str)
        .find(|log| log.contains("VerboseLog"));
    let words = ["--copy-log", log.context("a log")?, "--dir", text(&source)];
    assert_eq!(csv, bench.findings(&bench.journal("WD-20"), &words)?);

    let answer = arrived(&bench, &window, &logs, &[&source, Path::new("footage")])?;
    assert_eq!(
        (&answer["code"], &answer["where"]),
        (&json!("bad-request"), &json!("footage")),
        "{answer}"
    );
    let nowhere = bench.path("nowhere");
    let answer = arrived(&bench, &window, &logs, &[&nowhere])?;
    let message = answer["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("The folder of the originals cannot be read"),
        "{answer}"
    );
    Ok(())
}

#[test]
fn the_report_has_what_the_answer_has_no_room_for_and_is_the_command_line_s() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    for number in 0..1203 {
        bench.write(&format!("{number:04}.txt"), b"a frame")?;
    }
    bench.prepare(&["WD-21"], "72MB", &[ROW])?;
    let agent = Agent::start(&[])?;
    let window = Window::open(&agent)?;
    let answer = ask(&bench, &window, &json!({}))?;
    let shown = answer["findings"].as_array().context("findings")?.len();
    assert_eq!((shown, &answer["findings_left_out"]), (1000, &json!(203)));
    let (head, csv) = report(&window, &answer)?;
    assert!(
        head.contains("200 OK") && head.contains("text/csv"),
        "{head}"
    );
    assert_eq!(csv.lines().count(), 1204);
    assert!(csv.contains("film/in/1202.txt"));
    assert_eq!(csv, bench.findings(&bench.journal("WD-21"), &[])?);
    assert_eq!(answer["report"]["bytes"], json!(csv.len()));
    // It has no name, so nobody else finds it, and it is gone with the agent.
    for entry in fs::read_dir(agent.folder().join("state"))? {
        let entry = entry?;
        ensure!(
            entry.metadata()?.len() != u64::try_from(csv.len())?,
            "{entry:?}"
        );
    }
    let first = answer;
    let answer = ask(&bench, &window, &json!({"question": {"ask": "in-the-way"}}))?;
    assert_eq!(answer["verdict"], json!("free"), "{answer}");
    let (head, _) = report(&window, &first)?;
    assert!(head.contains("404 Not Found"), "{head}");
    assert_eq!(
        report(&window, &answer)?.1,
        bench.findings(&bench.journal("WD-21"), &["--before-shipping"])?
    );
    Ok(())
}

#[test]
fn a_token_opens_the_account_over_https_alone_and_is_written_down_nowhere() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let Some(azurite) = Azurite::start_encrypted()? else {
        return Ok(());
    };
    let certificate = azurite.certificate().context("a certificate")?;
    bench.write("a.txt", b"a")?;
    bench.prepare(
        &["WD-22"],
        "72MB",
        &["@,film/,BlockBlob,overwrite,None,None"],
    )?;
    let mut agent = Agent::start(&[])?;
    agent.start_trusting(certificate)?;
    let window = Window::open(&agent)?;
    let token = access_token();
    let by_token = |store: &str, ask_for: &str| {
        let more = json!({
            "store": store,
            "signature": null,
            "token": token,
            "question": {"ask": ask_for},
        });
        ask(&bench, &window, &more)
    };
    let answer = by_token(&azurite.url(), "in-the-way")?;
    assert_eq!(answer["verdict"], json!("free"), "{answer}");
    let answer = by_token(&bench.azurite.url(), "in-the-way")?;
    assert_eq!(
        (&answer["code"], &answer["where"]),
        (&json!("bad-request"), &json!("the access token")),
        "{answer}"
    );

    let (code, said) = bench.ingest_by_token("WD-22", &azurite.url(), &token, Some(certificate))?;
    ensure!(code == Some(0), "{said}");
    let answer = by_token(&azurite.url(), "in-the-way")?;
    assert_eq!(answer["verdict"], json!("taken"), "{answer}");
    let (_, csv) = report(&window, &answer)?;
    let answer = by_token(&azurite.url(), "arrived")?;
    assert_eq!(
        (&answer["files"], &answer["unproven"]),
        (&json!(1), &json!(1)),
        "{answer}"
    );
    // One that opens nothing: neither it nor the good one is told or kept.
    let wrong = json!({"store": azurite.url(), "signature": null, "token": "hush.hush"});
    let refused = ask(&bench, &window, &wrong)?;
    assert_eq!(refused["code"], json!("io"), "{refused}");
    for said in [answer.to_string(), refused.to_string(), csv] {
        ensure!(!said.contains(&token) && !said.contains("hush"), "{said}");
    }
    is_in_no_file(agent.folder(), &token)
}

fn is_in_no_file(folder: &Path, secret: &str) -> Result<()> {
    let said = Command::new("grep")
        .args(["-rlF", secret])
        .arg(folder)
        .output()?;
    ensure!(said.status.code() == Some(1), "{said:?}");
    Ok(())
}
