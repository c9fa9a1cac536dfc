//! Runs after one that broke off: what is there is known, nothing is sent twice, and another's blob is never taken for ours.

use std::process::Command;
use std::time::Duration;

use agent::blobs::{
    Authorization, BlobHeaders, BlobName, BlockId, Condition, Endpoint, Metadata, Patience, Store,
    md5_of,
};
use agent::pipeline::Cancel;
use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::json;
use tests::azurite::ACCOUNT;
use tests::import_bench::Bench;
use tests::lost_answer::LostAnswer;
use tests::source::{noise, sha256};

const MIB: usize = 1 << 20;

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
    assert_eq!(bench.names()?, ["film/a.bin", "film/disk.vhd"]);
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
fn a_page_blob_that_was_made_and_not_noted_is_filled() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let sum = bench.write("disk.vhd", &noise(MIB, 2))?;
    bench.prepare(&["WD-13"], "72MB", &["@,film/,,rename,None,None"])?;
    assert_eq!(bench.ingest("WD-13", &[])?.0, 0);
    // Killed when the store had made it.
    bench.forget("WD-13", &["done", "sent", "made"])?;
    bench.put_over(&[("film/disk.vhd", &format!("page:{MIB}"))])?;
    let (code, report) = bench.ingest("WD-13", &[])?;
    assert_eq!((code, &report["renamed"]), (0, &json!(0)), "{report}");
    assert_eq!(bench.names()?, ["film/disk.vhd"]);
    assert_eq!(bench.seen()?["film/disk.vhd"]["sha256"], json!(sum));
    Ok(())
}

#[tokio::test]
async fn a_blob_of_the_same_blocks_that_somebody_else_put_is_not_taken_for_ours() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let sum = bench.write("a.bin", &noise(1000, 1))?;
    bench.prepare(&["WD-14"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    assert_eq!(bench.ingest("WD-14", &[])?.0, 0);
    bench.forget("WD-14", &["done"])?;
    let other = Bytes::from(noise(1000, 2));
    let (blob, id) = (
        BlobName::parse("film/a.bin")?,
        BlockId::of(0).context("an id")?,
    );
    let store = Store::open(
        Endpoint::parse(&bench.azurite.url())?,
        Authorization::signature(&std::fs::read(&bench.signature)?)?,
        Patience::default(),
        Cancel::default(),
    )?;
    let md5 = md5_of(&other);
    store.stage_block(&blob, id, other.clone(), md5).await?;
    let (ids, headers, metadata) = ([id], BlobHeaders::default(), Metadata::new());
    let commit = store.commit(&blob, &ids, &headers, &metadata, &Condition::Any);
    commit.await?;
    let (code, report) = bench.ingest("WD-14", &[])?;
    assert_eq!((code, &report["renamed"]), (0, &json!(1)), "{report}");
    let seen = bench.seen()?;
    assert_eq!(
        seen["film/a.bin"]["sha256"],
        json!(sha256(&mut &other[..])?)
    );
    assert_eq!(seen["film/a (2).bin"]["sha256"], json!(sum));
    Ok(())
}
