//! Page blobs of a real emulator, put there by the official Python SDK: what holds nothing does not come over the line.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::argosy::{assert_verified, binary, text};
use tests::azurite::ACCOUNT;
use tests::came_back::sha256;
use tests::export_bench::ExportBench as Bench;
use tests::faulty_line::FaultyLine;
use tests::line::Line;

const MIB: u64 = 1 << 20;

/// Returns a signed address of the store behind another port.
fn behind(port: u16) -> String {
    format!("http://127.0.0.1:{port}/{ACCOUNT}")
}

/// Puts a page blob that holds something at these places and returns the SHA-256 of the whole.
fn sparse(bench: &Bench, blob: &str, bytes: u64, held: &[(u64, u64)]) -> Result<String> {
    let numbers = held.iter().flat_map(|(at, length)| [*at, *length]);
    let numbers: Vec<String> = std::iter::once(bytes)
        .chain(numbers)
        .map(|n| n.to_string())
        .collect();
    let mut arguments = vec!["sparse", blob];
    arguments.extend(numbers.iter().map(String::as_str));
    Ok(bench.sdk(&arguments)?.trim().to_owned())
}

/// Starts an export of what a list chooses through another address of the store.
fn export(
    bench: &Bench,
    url: &str,
    session: &str,
    list: &Path,
    image: &Path,
) -> Result<std::process::Child> {
    let journals = bench.path("journals");
    let mut arguments = bench.store("export", url);
    arguments.extend([
        "--blob-list",
        text(list),
        "--session",
        session,
        "--snapshots",
    ]);
    arguments.extend(["--journal-dir", text(&journals), "--drive", text(image)]);
    let child = Command::new(binary()?)
        .args(arguments)
        .args(["--json", "--show-keys"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    Ok(child)
}

fn ended(child: std::process::Child) -> Result<(i32, Value)> {
    let output = child.wait_with_output()?;
    Ok((
        output.status.code().unwrap_or(-1),
        serde_json::from_slice(&output.stdout)?,
    ))
}

#[test]
fn holes_of_a_page_blob_do_not_come_over_the_line_and_are_zeros_on_the_drive() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["fill"])?;
    // Two gibibytes in all hold a few mebibytes: at both ends, over the end of a window of pages, and as single pages, of
    // which some lie close together.
    let mut held = vec![(0, 512), (60 * MIB, 3 * MIB + 512), (1024 * MIB - 512, 512)];
    held.push((128 * MIB - 4096, 8192));
    held.extend((0..40_u64).map(|number| (300 * MIB + number * 1024, 512)));
    let bytes = 1024 * MIB;
    let whole = sparse(&bench, "film/sparse.vhd", bytes, &held)?;
    let empty = sparse(&bench, "film/empty.vhd", 300 * MIB, &[])?;
    // A snapshot has pages of its own.
    let older = sparse(&bench, "film/older.vhd", 64 * MIB, &[(MIB, MIB)])?;
    let snapshot = bench.sdk(&["snapshot", "film/older.vhd"])?;
    bench.sdk(&[
        "pages",
        "film/older.vhd",
        &(32 * MIB).to_string(),
        "1048576",
    ])?;
    let list = bench.list(&[
        ("BlobPath", "film/sparse.vhd"),
        ("BlobPath", "film/empty.vhd"),
        ("BlobPath", "film/older.vhd"),
    ])?;
    let image = bench.drive("SPARSE-1", 1600 * MIB)?;
    let line = Line::to(bench.azurite.port())?;
    let child = export(&bench, &behind(line.port()), "sparse-1", &list, &image)?;
    let (code, said) = ended(child)?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    let came = line.carried();
    let needed = 3 * MIB + 512 + 2 * 512 + 8192 + 40 * 1024 + 3 * MIB;
    ensure!(
        (needed..needed + MIB).contains(&came),
        "{came} bytes came for {needed} that hold something"
    );
    assert_verified(&image, &bench.journal("SPARSE-1"))?;
    let password = said["drives"][0]["recovery_password"].as_str();
    let listed = bench.unpacked("SPARSE-1", password.context("a password")?)?;
    let home = bench.path("SPARSE-1 unpacked");
    let old = format!("film/older.vhd {}", snapshot.trim());
    for (blob, sum) in [
        ("film/sparse.vhd", &whole),
        ("film/empty.vhd", &empty),
        (&old, &older),
    ] {
        ensure!(listed[blob]["pages"] == true, "{blob}: {}", listed[blob]);
        let path = listed[blob]["path"].as_str().context("a path")?;
        ensure!(sha256(&home.join(path))? == **sum, "{blob} is another");
    }
    let now = listed["film/older.vhd"]["path"]
        .as_str()
        .context("a path")?;
    ensure!(
        sha256(&home.join(now))? != older,
        "the snapshot took the blob's place"
    );
    Ok(())
}

#[test]
fn a_page_blob_that_changes_while_its_hole_is_passed_is_left_out_and_named() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.sdk(&["fill"])?;
    sparse(&bench, "film/moving.vhd", 400 * MIB, &[(0, 512)])?;
    let list = bench.list(&[
        ("BlobPath", "film/moving.vhd"),
        ("BlobPath", "film/log.txt"),
    ])?;
    let image = bench.drive("MOVING-1", 500 * MIB)?;
    // The second question about its pages waits until somebody wrote where the first saw none.
    let (asks, asked, go) = (AtomicUsize::new(0), bench.path("asked"), bench.path("go"));
    let waits = move |_: usize, line: &str, _: usize| {
        if line.contains("comp=pagelist") && asks.fetch_add(1, Ordering::AcqRel) == 1 {
            // That it cannot be written shows by the test's own patience.
            let _ = fs::write(&asked, "");
            while !go.exists() {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        None
    };
    let line = FaultyLine::between(bench.azurite.port(), waits)?;
    let child = export(&bench, &behind(line.port()), "moving-1", &list, &image)?;
    let begun = Instant::now();
    while !bench.path("asked").exists() {
        ensure!(
            begun.elapsed() < Duration::from_secs(60),
            "its pages were asked for once"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    bench.sdk(&["pages", "film/moving.vhd", &MIB.to_string(), "512"])?;
    fs::write(bench.path("go"), "")?;
    let (code, said) = ended(child)?;
    ensure!(
        code == 1 && said["verdict"] == "incomplete",
        "{code}: {said}"
    );
    let rows = fs::read_to_string(bench.path("journals").join("MOVING-1.left-out.csv"))?;
    let row = rows.lines().find(|row| row.contains("film/moving.vhd"));
    ensure!(row.is_some_and(|row| row.contains("changed")), "{rows}");
    let left = fs::read_to_string(bench.not_exported("moving-1"))?;
    ensure!(
        left.contains("<BlobPath>film/moving.vhd</BlobPath>"),
        "{left}"
    );
    let password = said["drives"][0]["recovery_password"].as_str();
    let listed = bench.unpacked("MOVING-1", password.context("a password")?)?;
    assert_eq!(listed.keys().collect::<Vec<_>>(), ["film/log.txt"]);
    assert_verified(&image, &bench.journal("MOVING-1"))
}
