//! Shipments of the ledger, moved on by the commands that copy.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::argosy::{new_drive, text};
use tests::azurite::account_signature;
use tests::import_bench::Bench;

/// Runs `argosy jobs` over the bench's ledger; it must not refuse.
fn jobs(bench: &Bench, arguments: &[&str]) -> Result<Value> {
    let ledger = bench.path("ledger");
    let mut all = vec!["jobs"];
    all.extend(arguments);
    all.extend(["--state-dir", text(&ledger)]);
    let (code, said) = tests::argosy::json(&all)?;
    ensure!(code == 0, "{arguments:?}: {said}");
    Ok(said)
}

/// Returns the states of a shipment's drives, and its notes.
fn stands(bench: &Bench, name: &str) -> Result<(Value, Vec<Value>, Vec<String>)> {
    let shipment = jobs(bench, &["show", name])?["shipment"].clone();
    let drives = shipment["drives"].as_array().context("drives")?;
    let states = drives.iter().map(|drive| drive["state"].clone()).collect();
    let entries = shipment["entries"].as_array().context("entries")?;
    let notes = entries
        .iter()
        .filter(|entry| entry["change"]["what"] == "note")
        .filter_map(|entry| entry["change"]["text"].as_str().map(str::to_owned));
    Ok((shipment["state"].clone(), states, notes.collect()))
}

/// Sends the parcel off.
fn ship(bench: &Bench, name: &str) -> Result<()> {
    jobs(
        bench,
        &["sent", name, "--carrier", "DHL", "--tracking", "JD014"],
    )?;
    jobs(bench, &["move", name, "shipping"]).map(drop)
}

#[test]
fn an_ingest_leads_its_drive_and_shipment_from_the_parcel_to_the_end_and_says_what_it_sent()
-> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a.bin", &tests::source::noise(100_000, 1))?;
    bench.write("b.bin", &tests::source::noise(5_000, 2))?;
    bench.prepare(&["WD-41"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let journal = bench.journal("WD-41");
    let new = ["new", "reel-1", "--direction", "import", "--service", "own"];
    jobs(&bench, &[&new[..], &["--journal", text(&journal)]].concat())?;
    let ledger = bench.path("ledger");
    let followed = ["--shipment", "reel-1", "--ledger-dir", text(&ledger)];

    // The ledger says no: nothing is on its way yet. The blobs arrive all the same.
    let (code, said) = bench.ingest("WD-41", &followed)?;
    ensure!(
        code == 1 && said["verdict"] == "completed",
        "{code}: {said}"
    );
    ensure!(bench.names()?.len() == 2, "the blobs did not arrive");
    let why = said["ledger"]["refused"][0].as_str().context("why")?;
    ensure!(why.contains("only shipping or canceled"), "{why}");

    ship(&bench, "reel-1")?;
    let (code, said) = bench.ingest("WD-41", &followed)?;
    ensure!(code == 0, "{code}: {said}");
    ensure!(said["ledger"]["refused"] == json!([]), "{said}");
    let (state, drives, notes) = stands(&bench, "reel-1")?;
    ensure!(state == "transferring" && drives == ["completed"], "{said}");
    let note = notes.last().context("a note")?;
    let log = said["logs"][0].as_str().context("a log")?;
    ensure!(
        note.contains("2 blobs") && note.contains(log),
        "the ledger says {note:?}; the log is {log}"
    );
    jobs(&bench, &["move", "reel-1", "packaging"])?;
    Ok(())
}

#[test]
fn a_shipment_that_is_not_there_costs_an_ingest_nothing_but_its_exit_code() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a.bin", b"content")?;
    bench.prepare(&["WD-42"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let ledger = bench.path("ledger");
    let followed = ["--shipment", "reel-9", "--ledger-dir", text(&ledger)];
    let (code, said) = bench.ingest("WD-42", &followed)?;
    ensure!(
        code == 1 && said["verdict"] == "completed",
        "{code}: {said}"
    );
    ensure!(bench.names()? == ["film/a.bin"], "{:?}", bench.names()?);
    let refused = &said["ledger"]["refused"];
    ensure!(
        *refused == json!(["there is no shipment \"reel-9\""]),
        "{refused}"
    );
    Ok(())
}

#[test]
fn prepared_and_exported_drives_become_part_of_the_shipment_of_their_own_direction() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.put(&[("film/a.bin", "content")])?;
    for (name, direction) in [("reel-1", "import"), ("reel-2", "export")] {
        let new = ["new", name, "--direction", direction, "--service", "own"];
        jobs(&bench, &new)?;
    }
    let (ledger, journals) = (bench.path("ledger"), bench.path("journals"));
    bench.write("b.bin", b"other content")?;
    let fill = |serial: &str, what: &[&str], shipment: &str| -> Result<(i32, Value)> {
        let image = bench.image(serial);
        new_drive(&image, "72MB", serial, &[])?;
        let more = [
            "--session",
            serial,
            "--journal-dir",
            text(&journals),
            "--shipment",
            shipment,
            "--ledger-dir",
            text(&ledger),
            "--drive",
            text(&image),
        ];
        tests::argosy::json(&[what, &more[..]].concat())
    };
    let source = bench.path("source");
    let prepare = ["prepare", "--source", text(&source), "--to", "film/"];
    let (code, said) = fill("WD-43", &prepare, "reel-1")?;
    ensure!(code == 0, "{code}: {said}");
    let shown = jobs(&bench, &["show", "reel-1"])?;
    ensure!(
        shown["shipment"]["drives"][0]["facts"]["verdict"] == "verified",
        "{shown}"
    );
    // A drive of an import is in no shipment of an export: it is filled all the same.
    let (code, said) = fill("WD-44", &prepare, "reel-2")?;
    ensure!(code == 1 && said["verdict"] == "verified", "{code}: {said}");

    ship(&bench, "reel-2")?;
    let list = bench.path("list.xml");
    fs::write(
        &list,
        "<?xml version=\"1.0\"?><BlobList><BlobPathPrefix>/film/</BlobPathPrefix></BlobList>",
    )?;
    let (url, signature) = (bench.azurite.url(), bench.azurite.signature_file()?);
    let export = [
        "export",
        "--store",
        &url,
        "--sas-file",
        text(&signature),
        "--blob-list",
        text(&list),
        "--log-level",
        "error",
    ];
    let (code, said) = fill("WD-45", &export, "reel-2")?;
    ensure!(code == 0, "{code}: {said}");
    let (state, drives, notes) = stands(&bench, "reel-2")?;
    ensure!(state == "transferring" && drives == ["completed"], "{said}");
    let shown = jobs(&bench, &["show", "reel-2"])?;
    let facts = &shown["shipment"]["drives"][0]["facts"];
    ensure!(facts["verdict"] == "verified", "{shown}");
    let log = said["logs"][0].as_str().context("a log")?;
    ensure!(
        notes.iter().any(|note| note.contains(log)),
        "no note names {log}: {notes:?}"
    );
    // The journal of an export is taken by a shipment of exports, by hand too.
    let new = [
        "new",
        "reel-3",
        "--direction",
        "export",
        "--service",
        "own",
        "--journal",
    ];
    jobs(
        &bench,
        &[&new[..], &[text(&bench.journal("WD-45"))]].concat(),
    )?;
    Ok(())
}

#[test]
fn a_resumed_export_ends_its_drive_in_the_shipment_and_only_then() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.put(&[("film/a.bin", "content")])?;
    let new = ["new", "reel-5", "--direction", "export", "--service", "own"];
    jobs(&bench, &new)?;
    ship(&bench, "reel-5")?;
    let list = bench.path("list.xml");
    fs::write(
        &list,
        "<?xml version=\"1.0\"?><BlobList><BlobPathPrefix>/film/</BlobPathPrefix></BlobList>",
    )?;
    let image = bench.image("WD-46");
    new_drive(&image, "72MB", "WD-46", &[])?;
    let (ledger, journals) = (bench.path("ledger"), bench.path("journals"));
    let followed = ["--shipment", "reel-5", "--ledger-dir", text(&ledger)];
    let session = ["--session", "out-5", "--journal-dir", text(&journals)];
    // It may list and not read.
    let weak = bench.path("list only.txt");
    fs::write(&weak, account_signature("l"))?;
    let url = bench.azurite.url();
    let store = ["--store", &url, "--sas-file", text(&weak)];
    let what = [
        "export",
        "--blob-list",
        text(&list),
        "--drive",
        text(&image),
    ];
    let (code, said) = tests::argosy::json(&[&what[..], &session, &store, &followed].concat())?;
    ensure!(code != 0 && said["verdict"] == "failed", "{code}: {said}");
    let (_, drives, notes) = stands(&bench, "reel-5")?;
    ensure!(drives == ["transferring"], "{drives:?}: {notes:?}");

    let store = ["--store", &url, "--sas-file", text(&bench.signature)];
    let resume = [&["resume", "--copy-log"][..], &session, &store, &followed].concat();
    let (code, said) = tests::argosy::json(&resume)?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    ensure!(said["ledger"]["refused"] == json!([]), "{said}");
    let (state, drives, notes) = stands(&bench, "reel-5")?;
    ensure!(
        state == "transferring" && drives == ["completed"],
        "{drives:?}"
    );
    let log = said["logs"][0].as_str().context("a log")?;
    let note = notes.last().context("a note")?;
    ensure!(note.contains("verified") && note.contains(log), "{notes:?}");
    let shown = jobs(&bench, &["show", "reel-5"])?;
    let facts = &shown["shipment"]["drives"][0]["facts"];
    ensure!(
        facts["verdict"] == "verified" && facts["files"] == 1,
        "{shown}"
    );
    // Once more: nothing is left to do, and the ledger is as it was.
    let (code, said) = tests::argosy::json(&resume)?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    ensure!(stands(&bench, "reel-5")?.1 == ["completed"], "{said}");
    Ok(())
}

#[test]
fn a_resumed_import_drive_becomes_part_of_its_shipment() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a.bin", &tests::source::noise(40_000_000, 1))?;
    let image = bench.image("WD-47");
    new_drive(&image, "72MB", "WD-47", &[])?;
    let new = ["new", "reel-6", "--direction", "import", "--service", "own"];
    jobs(&bench, &new)?;
    let (ledger, journals) = (bench.path("ledger"), bench.path("journals"));
    let session = ["--session", "in-6", "--journal-dir", text(&journals)];
    let source = bench.path("source");
    let mut prepare = std::process::Command::new(tests::argosy::binary()?)
        .args(["prepare", "--source", text(&source), "--to", "film/"])
        .args(session)
        .args(["--drive", text(&image)])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()?;
    let begun = std::time::Instant::now();
    while !fs::read_to_string(bench.journal("WD-47"))
        .is_ok_and(|text| text.contains("ArgosyDurable"))
    {
        ensure!(begun.elapsed().as_secs() < 60, "nothing became durable");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    prepare.kill()?;
    prepare.wait()?;
    let followed = ["--shipment", "reel-6", "--ledger-dir", text(&ledger)];
    let (code, said) = tests::argosy::json(&[&["resume"][..], &session, &followed].concat())?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    ensure!(said["ledger"]["refused"] == json!([]), "{said}");
    let shown = jobs(&bench, &["show", "reel-6"])?;
    let drive = &shown["shipment"]["drives"][0];
    ensure!(
        drive["serial"] == "WD-47" && drive["facts"]["verdict"] == "verified",
        "{shown}"
    );
    Ok(())
}

#[test]
fn a_hand_over_writes_address_and_parcel_into_the_shipment_once() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a.bin", b"content")?;
    bench.prepare(&["WD-48"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let journal = bench.journal("WD-48");
    let new = ["new", "reel-7", "--direction", "import"];
    jobs(&bench, &[&new[..], &["--journal", text(&journal)]].concat())?;
    let mut details = tests::argosy::details()?;
    details["deliveryPackage"] = json!({"carrierName": "DHL", "trackingNumber": "JD0147"});
    let (written, ledger) = (bench.path("shipment.json"), bench.path("ledger"));
    fs::write(&written, details.to_string())?;
    let hand_over = |to: &str, shipment: &str| -> Result<(i32, Value)> {
        let to = bench.path(to);
        let what = [
            "journal",
            "handoff",
            text(&journal),
            "--for",
            "import-export",
        ];
        let with = ["--details", text(&written), "--to", text(&to)];
        let followed = ["--shipment", shipment, "--ledger-dir", text(&ledger)];
        tests::argosy::json(&[&what[..], &with, &followed].concat())
    };
    let (code, said) = hand_over("first", "reel-7")?;
    ensure!(
        code == 0 && said["ledger"]["refused"] == json!([]),
        "{code}: {said}"
    );
    let shipment = jobs(&bench, &["show", "reel-7"])?["shipment"].clone();
    let entries = shipment["entries"].as_array().context("entries")?.clone();
    let of = |what: &str| -> Vec<Value> {
        let changes = entries.iter().map(|entry| entry["change"].clone());
        changes.filter(|change| change["what"] == what).collect()
    };
    ensure!(of("return-address").len() == 1, "{shipment}");
    let address = &of("return-address")[0]["address"];
    ensure!(address["recipientName"] == "Ann O'Neill", "{address}");
    let [sent] = &of("sent")[..] else {
        anyhow::bail!("{shipment}");
    };
    ensure!(
        sent["carrier"] == "DHL" && sent["tracking"] == "JD0147",
        "{sent}"
    );

    // The same again says nothing new.
    ensure!(hand_over("second", "reel-7")?.0 == 0);
    let again = jobs(&bench, &["show", "reel-7"])?["shipment"]["entries"].clone();
    ensure!(again == json!(entries), "{again}");
    // Of a shipment that is not there the files are made all the same.
    let (code, said) = hand_over("third", "reel-8")?;
    ensure!(code == 1, "{code}: {said}");
    let refused = &said["ledger"]["refused"];
    ensure!(
        *refused == json!(["there is no shipment \"reel-8\""]),
        "{refused}"
    );
    ensure!(
        fs::read_dir(bench.path("third"))?.count() == fs::read_dir(bench.path("first"))?.count()
    );
    Ok(())
}
