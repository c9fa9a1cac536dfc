//! The headers of a blob on their way out of a store, over a drive, and into a store again, as the official SDK sees them.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::argosy::{argosy, json as argosy_json, text};
use tests::export_bench::ExportBench as Bench;

const MIB: u64 = 1 << 20;

#[test]
fn every_header_but_content_disposition_comes_home_with_its_blob_and_that_one_is_named()
-> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["fill"])?;
    bench.sdk(&["settings", "music/love/x.mp3"])?;
    let list = bench.list(&[("BlobPathPrefix", "/music/")])?;
    let image = bench.drive("PROP-1", 72 * MIB)?;
    let url = bench.azurite.url();
    let mut preview = bench.store("preview-export", &url);
    preview.extend(["--blob-list", text(&list), "--drive-size", "72MB"]);
    let shown = argosy(&preview)?;
    let errors = String::from_utf8_lossy(&shown.stderr);
    ensure!(
        errors.contains("1 blob with a Content-Disposition"),
        "{errors}"
    );
    let (code, said) = bench.export("prop-1", &list, &[&image], &[])?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    let lost = json!({"content_disposition": 1});
    ensure!(said["properties_left_behind"] == lost, "{said}");
    let password = said["drives"][0]["recovery_password"].as_str();
    bench.unpacked("PROP-1", password.context("a password")?)?;

    // What came home is what the next drive gives its blobs.
    let home = bench.path("PROP-1 unpacked").join("music/love");
    let row = format!(
        "{},back/x.mp3,BlockBlob,rename,None,{}",
        text(&home.join("x.mp3")),
        text(&home.join("x.mp3.properties"))
    );
    let head = "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile";
    let (dataset, journals) = (bench.path("dataset.csv"), bench.path("journals"));
    fs::write(&dataset, format!("{head}\n{row}\n"))?;
    let image = bench.drive("PROP-2", 72 * MIB)?;
    let prepare = [
        "prepare",
        "--session",
        "prop-2",
        "--dataset",
        text(&dataset),
    ];
    let onto = ["--journal-dir", text(&journals), "--drive", text(&image)];
    let (code, said) = argosy_json(&[&prepare[..], &onto].concat())?;
    ensure!(code == 0, "{code}: {said}");
    let (journal, logs) = (bench.journal("PROP-2"), bench.path("logs"));
    let mut ingest = bench.store("ingest", &url);
    ingest.extend(["--drive", text(&image), "--journal", text(&journal)]);
    ingest.extend(["--log-dir", text(&logs)]);
    let (code, said) = argosy_json(&ingest)?;
    ensure!(code == 0, "{code}: {said}");

    let headers = |blob: &str| -> Result<Value> {
        Ok(serde_json::from_str(&bench.sdk(&["headers", blob])?)?)
    };
    let mut before = headers("music/love/x.mp3")?;
    ensure!(
        before["content_disposition"] == "attachment; filename=a.mov",
        "{before}"
    );
    ensure!(before["cache_control"] == "max-age=60", "{before}");
    let after = headers("back/x.mp3")?;
    before["content_disposition"] = Value::Null;
    ensure!(after == before, "before: {before}; after: {after}");
    Ok(())
}

#[test]
fn a_properties_file_with_what_the_service_does_not_know_is_refused_before_anything_is_erased()
-> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    fs::write(at("a.mov"), "content")?;
    let properties = "<Properties><Content-Disposition>inline</Content-Disposition></Properties>";
    fs::write(at("p.xml"), properties)?;
    let row = format!(
        "{},film/a.mov,,rename,None,{}",
        text(&at("a.mov")),
        text(&at("p.xml"))
    );
    let head = "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile";
    fs::write(at("dataset.csv"), format!("{head}\n{row}\n"))?;
    tests::argosy::new_drive(&at("drive.img"), "72MB", "PROP-3", &[])?;
    let before = fs::read(at("drive.img"))?;
    let (dataset, journals, image) = (at("dataset.csv"), at("journals"), at("drive.img"));
    let prepare = [
        "prepare",
        "--session",
        "prop-3",
        "--dataset",
        text(&dataset),
    ];
    let onto = ["--journal-dir", text(&journals), "--drive", text(&image)];
    let (code, said) = argosy_json(&[&prepare[..], &onto].concat())?;
    ensure!(code != 0, "{said}");
    let message = said["error"].to_string();
    ensure!(message.contains("Content-Disposition"), "{said}");
    ensure!(
        fs::read(at("drive.img"))? == before,
        "the drive was written to"
    );
    Ok(())
}
