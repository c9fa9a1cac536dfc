//! What an export did not bring home whole is got once more, range by range, and nothing at home is replaced by what was not
//! exported.

use std::fs;
use std::os::unix::fs::FileExt;

use agent::blobs::{
    Authorization, BlobHeaders, BlobName, BlockId, Condition, Endpoint, Metadata, Patience, Store,
    md5_of,
};
use agent::pipeline::Cancel;
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde_json::{Value, json};
use tests::argosy::{argosy, new_drive, text};
use tests::import_bench::Bench;
use tests::source::noise;

const MIB: usize = 1 << 20;
const BLOCK: usize = 4 * MIB;

async fn put(bench: &Bench, name: &str, content: &[u8]) -> Result<()> {
    let signature = Authorization::signature(&fs::read(&bench.signature)?)?;
    let endpoint = Endpoint::parse(&bench.azurite.url())?;
    let store = Store::open(endpoint, signature, Patience::default(), Cancel::default())?;
    let blob = BlobName::parse(name)?;
    store.make_container(blob.container()).await?;
    let mut ids = Vec::new();
    for (number, bytes) in (0..).zip(content.chunks(BLOCK)) {
        let id = BlockId::of(number).context("an id")?;
        let (bytes, md5) = (Bytes::copy_from_slice(bytes), md5_of(bytes));
        store.stage_block(&blob, id, bytes, md5).await?;
        ids.push(id);
    }
    let (headers, metadata) = (BlobHeaders::default(), Metadata::new());
    let commit = store.commit(&blob, &ids, &headers, &metadata, &Condition::Any);
    commit.await?;
    Ok(())
}

/// Exports everything onto a drive, and copies that home.
fn brought_home(bench: &Bench) -> Result<()> {
    let (image, list) = (bench.image("WD-8"), bench.path("list.xml"));
    let (journals, home) = (bench.path("journals"), bench.path("home"));
    new_drive(&image, "72MB", "WD-8", &[])?;
    fs::write(
        &list,
        "<BlobList><BlobPathPrefix>/</BlobPathPrefix></BlobList>",
    )?;
    let (code, report) = bench.of_store(&[
        "export",
        "--blob-list",
        text(&list),
        "--session",
        "out-1",
        "--journal-dir",
        text(&journals),
        "--drive",
        text(&image),
    ])?;
    ensure!(code == 0, "{report}");
    let journal = fs::read_to_string(bench.journal("WD-8"))?;
    let key = journal.lines().find_map(|line| {
        let key = line.trim().strip_prefix("<BitLockerKey>")?;
        key.strip_suffix("</BitLockerKey>")
    });
    let keys = bench.path("keys.txt");
    fs::write(&keys, format!("WD-8 {}\n", key.context("a key")?))?;
    let received = argosy(&[
        "receive",
        "--drive",
        text(&image),
        "--keys",
        text(&keys),
        "--to",
        text(&home),
    ])?;
    ensure!(received.status.success(), "{received:?}");
    Ok(())
}

fn repair(bench: &Bench, words: &[&str]) -> Result<(i32, Value)> {
    let home = bench.path("home");
    let all = [&["repair-export", "--dir", text(&home)], words].concat();
    bench.of_store(&all)
}

#[tokio::test]
async fn ranges_that_differ_are_mended_and_a_blob_that_changed_is_not_taken() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let [long, cut] = [1, 2].map(|seed| noise(9 * MIB + 3, seed));
    put(&bench, "film/long.bin", &long).await?;
    put(&bench, "film/cut.bin", &cut).await?;
    put(&bench, "film/gone/small.txt", b"small").await?;
    brought_home(&bench)?;
    let home = bench.path("home").join("film");
    let damage = || -> Result<()> {
        let file = fs::OpenOptions::new()
            .write(true)
            .open(home.join("long.bin"))?;
        file.write_all_at(b"damaged", 5 << 20)?;
        let file = fs::OpenOptions::new()
            .write(true)
            .open(home.join("cut.bin"))?;
        file.set_len(8 << 20)?;
        fs::remove_file(home.join("gone/small.txt"))?;
        Ok(())
    };
    damage()?;
    let manifest = bench.path("home").join(".argosy/WD-8/drive/WD-8.manifest");
    let manifest = ["--manifest", text(&manifest)];
    let state = bench.path("one.repair");
    let with_state = [&manifest[..], &["--repair-file", text(&state)]].concat();
    let (code, report) = repair(&bench, &with_state)?;
    assert_eq!(
        (code, &report["verdict"], &report["mended"]),
        (0, &json!("repaired"), &json!(3)),
        "{report}"
    );
    // Of the first its middle block, of the second its last, and the small one.
    let bytes = u64::try_from(BLOCK + MIB + 3 + 5)?;
    assert_eq!(report["bytes"], json!(bytes), "{report}");
    let all_is_well = || -> Result<bool> {
        Ok(fs::read(home.join("long.bin"))? == long
            && fs::read(home.join("cut.bin"))? == cut
            && fs::read(home.join("gone/small.txt"))? == b"small")
    };
    assert!(all_is_well()?);
    let (code, report) = repair(&bench, &with_state)?;
    assert_eq!((code, &report["mended"]), (0, &json!(0)), "{report}");
    // What was whole and is gone since is not whole.
    fs::remove_file(home.join("gone/small.txt"))?;
    let (code, report) = repair(&bench, &with_state)?;
    assert_eq!((code, &report["mended"]), (0, &json!(1)), "{report}");
    assert!(all_is_well()?);
    // Nor does another manifest of the same length take anything from what was kept of this one.
    let other = bench.path("other.manifest");
    let text_of = fs::read_to_string(manifest[1])?;
    let at = text_of.find("Hash=\"").context("a hash")? + 6;
    let zeros = [&text_of[..at], &"0".repeat(32), &text_of[at + 32..]].concat();
    fs::write(&other, zeros)?;
    let with_other = ["--manifest", text(&other), "--repair-file", text(&state)];
    let (code, report) = repair(&bench, &with_other)?;
    assert_eq!(code, 4, "{report}");
    // A blob of the same length and other content: what is at home stays, damage and all.
    damage()?;
    let mut other = long.clone();
    other[5 * MIB] ^= 1;
    put(&bench, "film/long.bin", &other).await?;
    let (code, report) = repair(&bench, &manifest)?;
    assert_eq!(
        (code, &report["verdict"], &report["mended"]),
        (1, &json!("incomplete"), &json!(2)),
        "{report}"
    );
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["blob"]),
        (&json!("changed"), &json!("film/long.bin"))
    );
    let now = fs::read(home.join("long.bin"))?;
    assert_eq!(now.get(5 << 20..(5 << 20) + 7), Some(&b"damaged"[..]));
    // Nor is what is behind it cut off, while it cannot be mended.
    let longer = [&now[..], b"more"].concat();
    fs::write(home.join("long.bin"), &longer)?;
    assert_eq!(repair(&bench, &manifest)?.0, 1);
    assert_eq!(fs::read(home.join("long.bin"))?, longer);
    Ok(())
}

#[tokio::test]
async fn without_a_manifest_only_what_the_log_names_is_got_and_nothing_is_replaced() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    fs::create_dir_all(bench.path("home").join("film"))?;
    bench.put(&[
        ("film/new.txt", "new"),
        ("film/here.txt", "there"),
        ("film/other.txt", "not asked for"),
    ])?;
    fs::write(bench.path("home").join("film/here.txt"), "at home")?;
    let log = bench.path("CopyLog.xml");
    let errored = |name: &str| {
        format!(
            "<ErroredEntity CloudFormat=\"BlockBlob\" Path=\"film/{name}\"><Category>ExportCloudHttp</Category>\
             <ErrorCode>500</ErrorCode><ErrorMessage>busy</ErrorMessage><Type>File</Type></ErroredEntity>"
        )
    };
    let names = ["new.txt", "here.txt", "gone.txt", "../../out.txt"];
    fs::write(&log, names.map(errored).concat())?;
    let (code, report) = repair(&bench, &["--copy-log", text(&log)])?;
    assert_eq!((code, &report["mended"]), (1, &json!(1)), "{report}");
    let film = bench.path("home").join("film");
    assert_eq!(fs::read_to_string(film.join("new.txt"))?, "new");
    assert_eq!(fs::read_to_string(film.join("here.txt"))?, "at home");
    assert!(!film.join("other.txt").exists() && !bench.path("out.txt").exists());
    let findings = report["findings"].as_array().context("findings")?;
    let codes: Vec<_> = findings.iter().map(|finding| &finding["code"]).collect();
    assert_eq!(codes, ["unproven", "changed", "name"], "{report}");
    Ok(())
}
