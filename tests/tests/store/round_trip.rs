//! Five thousand odd files and some long ones: onto two drives, into the store, out of it onto two other drives, and home;
//! the service's own SDK reads the store in between, and `diff` compares the ends.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::argosy::{json as argosy, new_drive, text};
use tests::import_bench::Bench;
use tests::oracle;
use tests::source::{noise, sha256};

const MIB: usize = 1 << 20;
/// Small files.
const MANY: usize = 5000;
/// What each drive holds, in bytes: one alone is too small for all.
const DRIVE: &str = "96MB";

/// Names that are hard on somebody: blanks, signs of addresses and of XML, scripts, marks, what is almost a device.
const ODD: [&str; 16] = [
    "two  blanks",
    "50% of #1+",
    "a&b=c",
    "it's [here] {now}",
    "Ünï çödé",
    "撮影",
    "مشهد",
    "🎬 reel",
    "Cafe\u{301}",
    ".hidden",
    "~tilde^`",
    "semi;colon,comma",
    "(2)",
    "con fused",
    "$money@home!",
    "ÿıİß",
];

/// Writes the tree; returns the path and length of every file.
fn write_tree(root: &Path) -> Result<BTreeMap<String, u64>> {
    let mut all = BTreeMap::new();
    let mut put = |path: String, content: &[u8]| -> Result<()> {
        let file = root.join(&path);
        fs::create_dir_all(file.parent().context("a folder")?)?;
        fs::write(&file, content)?;
        all.insert(path, u64::try_from(content.len())?);
        Ok(())
    };
    for number in 0..MANY {
        let odd = ODD[number % ODD.len()];
        // Folders of every size: one of thousands, many of a few, and some twenty levels down.
        let folder = match number % 7 {
            0 | 1 => "many".to_owned(),
            2 => format!("{odd}/{}", number / 100),
            3 => format!("deep{}", "/d".repeat(number / 7 % 20)),
            _ => format!("few/{}", number / 16),
        };
        // Empty, a few bytes, what just fits into a file record and what does not, a cluster and its neighbours.
        let bytes = match number % 11 {
            0 => 0,
            1 => 1,
            2 => 600 + number / 11 % 180,
            3 => 4094 + number / 11 % 5,
            4 => 8190 + number / 11 % 5,
            _ => number % 1500,
        };
        put(format!("{folder}/{odd} {number}"), &noise(bytes, number))?;
    }
    // The edges of blocks and page ranges, and files of many.
    for (name, bytes) in [
        ("edges/4 MiB less one", 4 * MIB - 1),
        ("edges/4 MiB", 4 * MIB),
        ("edges/4 MiB and one", 4 * MIB + 1),
        ("edges/8 MiB", 8 * MIB),
        ("large/a.mov", 37 * MIB + 11),
        ("large/b.mov", 26 * MIB),
    ] {
        put(name.to_owned(), &noise(bytes, bytes))?;
    }
    let mut disk = noise(6 * MIB, 5);
    disk[MIB..3 * MIB].fill(0);
    put("disks/a.vhd".to_owned(), &disk)?;
    put("disks/empty.vhd".to_owned(), &[])?;
    put("disks/odd.vhd".to_owned(), &noise(MIB + 1, 6))?;
    Ok(all)
}

fn prepare(bench: &Bench) -> Result<()> {
    fs::write(
        bench.path("m.xml"),
        "<Metadata><Project>alpha &amp; beta</Project></Metadata>",
    )?;
    let row = format!(
        "@tree/,film/in/,,rename,{},None",
        text(&bench.path("m.xml"))
    );
    fs::write(
        bench.path("dataset.csv"),
        format!(
            "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile\n{}\n",
            row.replace('@', &format!("{}/", bench.path("source").display()))
        ),
    )?;
    let (journals, dataset) = (bench.path("journals"), bench.path("dataset.csv"));
    let mut arguments = vec!["prepare", "--session", "round-1", "--content-md5"];
    arguments.extend([
        "--journal-dir",
        text(&journals),
        "--dataset",
        text(&dataset),
        "--drive",
    ]);
    let images = ["IN-1", "IN-2"].map(|serial| bench.image(serial));
    for (image, serial) in images.iter().zip(["IN-1", "IN-2"]) {
        new_drive(image, DRIVE, serial, &[])?;
        arguments.push(text(image));
    }
    let (code, said) = argosy(&arguments)?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    ensure!(
        said["drives"]
            .as_array()
            .is_some_and(|drives| drives.len() == 2),
        "{said}"
    );
    Ok(())
}

/// Compares what the service's own SDK finds with the tree.
fn compare(bench: &Bench, tree: &Path, files: &BTreeMap<String, u64>) -> Result<()> {
    let python = oracle::python()?.context("no python")?;
    let script = oracle::repository().join("tests/readers/account.py");
    let connection = bench.azurite.connection_string();
    let said = oracle::run(text(&python), &[text(&script), &connection])?;
    let seen: Value = serde_json::from_str(&said)?;
    let seen = seen.as_object().context("no object")?;
    let wanted: Vec<String> = files.keys().map(|path| format!("film/in/{path}")).collect();
    let mut names: Vec<&String> = seen.keys().collect();
    names.sort_unstable();
    ensure!(
        names.len() == wanted.len(),
        "{} blobs of {}",
        names.len(),
        wanted.len()
    );
    for (path, bytes) in files {
        let blob = seen.get(&format!("film/in/{path}"));
        let blob = blob.with_context(|| format!("{path} did not arrive"))?;
        let sum = sha256(&mut fs::File::open(tree.join(path))?)?;
        let is_disk = path == "disks/a.vhd" || path == "disks/empty.vhd";
        let kind = if is_disk { "page" } else { "block" };
        ensure!(blob["sha256"] == json!(sum), "{path}: {blob}");
        ensure!(
            blob["bytes"] == json!(bytes) && blob["kind"] == kind,
            "{path}: {blob}"
        );
        ensure!(blob["right_md5"] == true, "{path}: {blob}");
        ensure!(
            blob["metadata"] == json!({"project": "alpha & beta"}),
            "{path}: {blob}"
        );
    }
    // As the manifest has them, zeros too.
    let pages = json!([[0, 4 * MIB - 1], [4 * MIB, 6 * MIB - 1]]);
    let disk = &seen["film/in/disks/a.vhd"]["pages"];
    ensure!(
        *disk == pages || *disk == json!([[0, 6 * MIB - 1]]),
        "{disk}"
    );
    Ok(())
}

/// Brings everything back out of the store onto two drives, and home from them.
fn export(bench: &Bench, home: &Path) -> Result<()> {
    let list = bench.path("list.xml");
    fs::write(
        &list,
        "<?xml version=\"1.0\"?>\n<BlobList><BlobPathPrefix>/film/</BlobPathPrefix></BlobList>\n",
    )?;
    let (url, journals) = (bench.azurite.url(), bench.path("journals"));
    let mut arguments = vec![
        "export",
        "--store",
        &url,
        "--sas-file",
        text(&bench.signature),
    ];
    arguments.extend([
        "--blob-list",
        text(&list),
        "--session",
        "round-2",
        "--show-keys",
    ]);
    arguments.extend(["--journal-dir", text(&journals), "--drive"]);
    let images: Vec<PathBuf> = ["OUT-1", "OUT-2"].map(|serial| bench.image(serial)).into();
    for (image, serial) in images.iter().zip(["OUT-1", "OUT-2"]) {
        new_drive(image, DRIVE, serial, &[])?;
        arguments.push(text(image));
    }
    let (code, said) = argosy(&arguments)?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    let drives = said["drives"].as_array().context("drives")?;
    ensure!(
        drives.len() == 2 && drives.iter().all(|drive| drive["files"] != 0),
        "{said}"
    );
    let keys: String = drives
        .iter()
        .filter_map(|drive| {
            let password = drive["recovery_password"].as_str()?;
            Some(format!("{} {password}\n", drive["serial"].as_str()?))
        })
        .collect();
    fs::write(bench.path("keys.txt"), keys)?;
    let keys = bench.path("keys.txt");
    let mut receive = vec![
        "receive",
        "--keys",
        text(&keys),
        "--to",
        text(home),
        "--drive",
    ];
    receive.extend(images.iter().map(|image| text(image)));
    let (code, said) = argosy(&receive)?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    Ok(())
}

#[test]
fn a_tree_of_thousands_goes_into_the_store_on_two_drives_and_comes_home_on_two_the_same()
-> Result<()> {
    if !oracle::have(&["diff"])? {
        return Ok(());
    }
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let tree = bench.path("source").join("tree");
    let files = write_tree(&tree)?;
    prepare(&bench)?;
    let mut blobs = 0;
    for serial in ["IN-1", "IN-2"] {
        let (code, said) = bench.ingest(serial, &["--parallel", "16"])?;
        ensure!(
            code == 0 && said["verdict"] == "completed",
            "{code}: {said}"
        );
        ensure!(said["renamed"] == 0 && said["blobs"] != 0, "{said}");
        blobs += said["blobs"].as_u64().unwrap_or(0);
        fs::remove_file(bench.image(serial))?;
    }
    assert_eq!(usize::try_from(blobs)?, files.len());
    compare(&bench, &tree, &files)?;
    let home = bench.path("home");
    export(&bench, &home)?;
    oracle::run("diff", &["-r", text(&tree), text(&home.join("film/in"))])?;
    Ok(())
}
