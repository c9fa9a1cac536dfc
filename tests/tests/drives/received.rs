//! Drives that other people's programs filled, with a manifest that Python wrote: brought home, every file compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::argosy::{json, new_drive, text};
use tests::by_hand::{Mounted, PARTITION};
use tests::oracle;
use tests::source::noise;

/// A drive, encrypted, its NTFS empty but for what Windows leaves.
struct Drive {
    serial: String,
    image: PathBuf,
    at: u64,
    password: String,
}

impl Drive {
    fn new(folder: &Path, serial: &str) -> Result<Self> {
        let image = folder.join(format!("{serial}.img"));
        new_drive(&image, "120MB", serial, &[])?;
        Self::emptied(folder, serial, image, PARTITION, &[])
    }

    /// Fills it with Argosy, for its BitLocker, and empties it with ntfs-3g.
    fn emptied(
        folder: &Path,
        serial: &str,
        image: PathBuf,
        at: u64,
        more: &[&str],
    ) -> Result<Self> {
        let (source, journals) = (
            folder.join("first"),
            folder.join(format!("{serial} journals")),
        );
        fs::create_dir_all(&source)?;
        fs::write(source.join("x"), "x")?;
        let journals = text(&journals);
        let mut prepare = vec!["prepare", "--session", "first-1", "--journal-dir", journals];
        prepare.extend(["--source", text(&source), "--to", "film/", "--show-keys"]);
        if more.is_empty() {
            prepare.extend(["--drive", text(&image)]);
        }
        prepare.extend(more);
        let (code, said) = json(&prepare)?;
        ensure!(code == 0, "prepare said {code}: {said}");
        let password = said["drives"][0]["recovery_password"].as_str();
        let password = password.context("no password")?.to_owned();
        let drive = Self {
            serial: serial.to_owned(),
            image,
            at,
            password,
        };
        let mounted = drive.mounted()?;
        fs::remove_dir_all(mounted.path().join("first-1"))?;
        fs::remove_file(mounted.path().join("DriveManifest.xml"))?;
        fs::create_dir_all(mounted.path().join("$RECYCLE.BIN/S-1-5-21"))?;
        fs::write(
            mounted.path().join("$RECYCLE.BIN/S-1-5-21/desktop.ini"),
            "[x]",
        )?;
        drop(mounted);
        Ok(drive)
    }

    fn mounted(&self) -> Result<Mounted> {
        Mounted::new(&self.image, self.at, &self.password)
    }

    /// Puts files on it, and a manifest as the service's.
    fn export(&self, files: &[(&str, Vec<u8>)], options: &[&str]) -> Result<()> {
        let mounted = self.mounted()?;
        write_all(mounted.path(), files)?;
        let script = oracle::repository().join("tests/readers/export_manifest.py");
        let arguments = [text(&script), text(mounted.path()), &self.serial];
        oracle::run("python3", &[&arguments, options].concat())?;
        Ok(())
    }
}

fn write_all(root: &Path, files: &[(&str, Vec<u8>)]) -> Result<()> {
    for (path, content) in files {
        let file = root.join(path);
        fs::create_dir_all(file.parent().context("no folder")?)?;
        fs::write(file, content)?;
    }
    Ok(())
}

fn keys_of(drives: &[&Drive]) -> Value {
    let pair = |drive: &&Drive| serde_json::json!({"driveId": drive.serial, "bitLockerKey": drive.password});
    serde_json::json!({"value": drives.iter().map(pair).collect::<Vec<_>>()})
}

fn receive(folder: &Path, drives: &[&Drive], to: &Path, more: &[&str]) -> Result<(i32, Value)> {
    let keys = folder.join("keys.json");
    fs::write(&keys, keys_of(drives).to_string())?;
    let mut arguments = vec!["receive", "--keys", text(&keys), "--to", text(to)];
    for drive in drives {
        arguments.extend(["--drive", text(&drive.image)]);
    }
    arguments.extend(more);
    json(&arguments)
}

fn have_all() -> Result<bool> {
    oracle::have(&[
        "dislocker-fuse",
        "ntfs-3g",
        "umount",
        "python3",
        "diff",
        "tar",
    ])
}

fn is_verified(said: &(i32, Value)) -> Result<()> {
    let (code, said) = said;
    ensure!(
        *code == 0 && said["verdict"] == "verified",
        "{code}: {said}"
    );
    Ok(())
}

/// Page blobs are listed without the ranges that are zeros.
fn sparse() -> Vec<u8> {
    let mut content = noise(65_536, 8);
    content.resize(3 << 20, 0);
    content.extend(noise(1024, 9));
    content
}

#[test]
fn two_export_drives_come_home_as_their_blobs() -> Result<()> {
    if !have_all()? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let (one, two) = (
        Drive::new(folder.path(), "9WM35C3U")?,
        Drive::new(folder.path(), "9WM35C3V")?,
    );
    let first = [
        ("film/reel 1/take ä.mov", noise(9_000_001, 1)),
        ("film/empty", Vec::new()),
        ("film/tiny.mov", b"tiny".to_vec()),
        ("both/same", noise(70_000, 7)),
    ];
    let second = [
        ("film/reel 2/take.mov", noise(4 << 20, 2)),
        ("vhds/disk.vhd", sparse()),
        ("both/same", noise(70_000, 7)),
        ("renamed by the service", noise(5000, 3)),
    ];
    one.export(&first, &[])?;
    let blob = "renamed by the service=film/a:b?c";
    two.export(&second, &["--page", "vhds/disk.vhd", "--blob", blob])?;
    let home = folder.path().join("home");
    is_verified(&receive(folder.path(), &[&one, &two], &home, &[])?)?;

    let side = home.join(".argosy");
    let properties = side.join("9WM35C3V/drive/film/reel 2/take.mov.properties");
    ensure!(
        fs::read_to_string(properties)?.contains("video/quicktime"),
        "no properties"
    );
    ensure!(
        side.join("9WM35C3U/drive/9WM35C3U.manifest").is_file(),
        "no manifest"
    );
    fs::remove_dir_all(side)?;
    let expected = folder.path().join("expected");
    write_all(&expected, &first)?;
    write_all(&expected, second.get(..3).context("three")?)?;
    write_all(&expected, &[("film/a:b?c", noise(5000, 3))])?;
    oracle::run("diff", &["-r", text(&expected), text(&home)])?;
    Ok(())
}

#[test]
fn what_is_wrong_on_a_drive_is_named_and_the_rest_is_home() -> Result<()> {
    if !have_all()? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let drive = Drive::new(folder.path(), "BADFILES")?;
    let files = [
        ("c/whole", noise(5_000_000, 1)),
        ("c/hash", noise(9_000_000, 2)),
        ("c/flipped", noise(6_000_000, 3)),
        ("c/shorter", noise(10_000, 4)),
    ];
    drive.export(&files, &["--wrong", "c/hash", "--absent", "c/lost"])?;
    {
        let mounted = drive.mounted()?;
        let mut flipped = noise(6_000_000, 3);
        flipped[4_500_000] ^= 1;
        fs::write(mounted.path().join("c/flipped"), flipped)?;
        fs::write(mounted.path().join("c/shorter"), "short")?;
        fs::write(mounted.path().join("c/extra"), "nobody named it")?;
    }
    let (home, report) = (
        folder.path().join("home"),
        folder.path().join("report.json"),
    );
    for round in 0..2 {
        let said = receive(
            folder.path(),
            &[&drive],
            &home,
            &["--report", text(&report)],
        )?;
        ensure!(said.0 == 1 && said.1["verdict"] == "mismatch", "{said:?}");
        let mut found: Vec<(String, String, Option<u64>)> = Vec::new();
        for finding in said.1["findings"].as_array().context("findings")? {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            found.push((text("code"), text("file"), finding["offset"].as_u64()));
        }
        found.sort();
        let expected = [
            ("content", "\\c\\flipped", Some(4 << 20)),
            ("content", "\\c\\hash", Some(8 << 20)),
            ("length", "\\c\\shorter", None),
            ("missing-file", "\\c\\lost", None),
        ];
        let expected = expected.map(|(code, file, at)| (code.to_owned(), file.to_owned(), at));
        // The file became shorter, so its only block is another one too.
        found.retain(|(code, file, _)| {
            (code.as_str(), file.as_str()) != ("content", "\\c\\shorter")
        });
        ensure!(found == expected, "round {round}: {found:?}");
    }
    let rows: Value = serde_json::from_str(&fs::read_to_string(&report)?)?;
    let status = |file: &str| {
        let rows = rows["rows"].as_array().into_iter().flatten();
        let mut rows = rows.filter(|row| row["status"] != "finding" && row["file"] == file);
        rows.next().map(|row| row["status"].clone())
    };
    ensure!(status("\\c\\whole") == Some("verified".into()), "{rows}");
    // Also the second time, compared with what the first left.
    for file in ["\\c\\hash", "\\c\\flipped", "\\c\\shorter"] {
        ensure!(status(file) == Some("different".into()), "{file}: {rows}");
    }
    ensure!(status("\\c\\extra") == Some("copied".into()), "{rows}");
    ensure!(rows["summary"]["verdict"] == "mismatch", "{rows}");
    ensure!(
        fs::read(home.join("c/whole"))? == noise(5_000_000, 1),
        "the whole file"
    );
    ensure!(
        home.join(".argosy/BADFILES/drive/c/extra").is_file(),
        "the extra file"
    );
    Ok(())
}

#[test]
fn names_that_lead_elsewhere_or_collide_stay_below_the_destination() -> Result<()> {
    if !have_all()? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let drive = Drive::new(folder.path(), "HOSTILE1")?;
    let long = format!("c/{}", "n".repeat(300));
    let files: Vec<(&str, Vec<u8>)> = ["1", "2", "3", "4", "5", "6"]
        .map(|name| (name, name.into()))
        .into();
    let renames = [
        "1=../../outside".to_owned(),
        "2=c/../../outside".to_owned(),
        format!("3={long}"),
        "4=c/file".to_owned(),
        "5=c/file/below it".to_owned(),
        "6=c/".to_owned() + "/empty part",
    ];
    let mut options = Vec::new();
    for rename in &renames {
        options.extend(["--blob", rename]);
    }
    drive.export(&files, &options)?;
    let home = folder.path().join("a/b/home");
    let said = receive(folder.path(), &[&drive], &home, &[])?;
    ensure!(said.0 == 1 && said.1["files"] == 7, "{said:?}");
    let codes: Vec<_> = said.1["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|f| &f["code"])
        .collect();
    ensure!(codes == ["renamed"; 4], "{said:?}");
    let outside: Vec<_> = fs::read_dir(folder.path().join("a/b"))?
        .chain(fs::read_dir(folder.path().join("a"))?)
        .collect();
    ensure!(outside.len() == 2, "{outside:?}");
    let mut contents = Vec::new();
    collect(&home, &mut contents)?;
    contents.sort();
    ensure!(contents == ["1", "2", "3", "4", "5", "6"], "{contents:?}");
    Ok(())
}

/// Reads all but the side folder.
fn collect(folder: &Path, into: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name() != ".argosy" {
            collect(&entry.path(), into)?;
        } else if entry.file_type()?.is_file() {
            into.push(fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

#[test]
fn a_hostile_manifest_is_not_believed_and_a_drive_without_one_is_only_copied() -> Result<()> {
    if !have_all()? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let drive = Drive::new(folder.path(), "NOMANIF1")?;
    {
        let mounted = drive.mounted()?;
        write_all(mounted.path(), &[("c/one", b"1".to_vec())])?;
    }
    let home = folder.path().join("home");
    let said = receive(folder.path(), &[&drive], &home, &[])?;
    ensure!(said.0 == 0 && said.1["verdict"] == "copied", "{said:?}");
    ensure!(fs::read(home.join("c/one"))? == b"1", "the file");
    for path in ["\\c\\..\\..\\one", "c\\one", "\\c/../one"] {
        {
            let mounted = drive.mounted()?;
            let manifest = format!(
                "<DriveManifest Version=\"2014-11-01\"><Drive><DriveId>X</DriveId><BlobList><Blob><BlobPath>c/one</BlobPath>\
                 <FilePath>{path}</FilePath><Length>1</Length><BlockList/></Blob></BlobList></Drive></DriveManifest>"
            );
            fs::write(mounted.path().join("NOMANIF1.manifest"), manifest)?;
        }
        let said = receive(folder.path(), &[&drive], &home, &[])?;
        ensure!(
            said.0 == 1 && said.1["verdict"] == "mismatch",
            "{path}: {said:?}"
        );
        ensure!(
            said.1["findings"][0]["code"] == "manifest",
            "{path}: {said:?}"
        );
    }
    Ok(())
}

#[test]
fn a_folder_whose_name_is_none_here_keeps_no_other_from_coming() -> Result<()> {
    if !have_all()? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let drive = Drive::new(folder.path(), "ODDNAME1")?;
    {
        let mounted = drive.mounted()?;
        let files = [
            ("c/a/one", b"1".to_vec()),
            ("c/b\\d/deep/er", b"2".to_vec()),
            ("c/e/two", b"3".to_vec()),
            ("c/three", b"4".to_vec()),
        ];
        write_all(mounted.path(), &files)?;
    }
    let home = folder.path().join("home");
    let (code, said) = receive(folder.path(), &[&drive], &home, &[])?;
    let findings = said["findings"].as_array().context("findings")?;
    ensure!(code == 1 && findings.len() == 1, "{said}");
    ensure!(findings[0]["code"] == "unsafe-name", "{said}");
    for (path, content) in [("c/a/one", "1"), ("c/e/two", "3"), ("c/three", "4")] {
        ensure!(fs::read_to_string(home.join(path))? == content, "{path}");
    }
    Ok(())
}

#[test]
fn a_manifest_that_names_a_file_twice_is_told_and_the_file_comes_once() -> Result<()> {
    if !have_all()? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let drive = Drive::new(folder.path(), "TWICE001")?;
    drive.export(&[("c/one", noise(9_000_000, 1))], &[])?;
    {
        let mounted = drive.mounted()?;
        let manifest = mounted.path().join("TWICE001.manifest");
        let text = fs::read_to_string(&manifest)?;
        let (from, to) = (text.find("<Blob>"), text.find("</BlobList>"));
        let blob = text.get(from.context("a blob")?..to.context("a list")?);
        let twice = format!("{}</BlobList>", blob.context("a blob")?);
        fs::write(&manifest, text.replace("</BlobList>", &twice))?;
    }
    let home = folder.path().join("home");
    let (code, said) = receive(folder.path(), &[&drive], &home, &[])?;
    let findings = said["findings"].as_array().context("findings")?;
    ensure!(code == 1 && findings.len() == 1, "{said}");
    ensure!(findings[0]["code"] == "manifest", "{said}");
    ensure!(fs::read(home.join("c/one"))? == noise(9_000_000, 1), "one");
    Ok(())
}

#[test]
fn a_volume_that_windows_encrypted_is_received_with_its_own_key() -> Result<()> {
    let packed = oracle::repository().join("../shared/windows-bitlocker/images.tar.xz");
    if !packed.is_file() {
        println!(
            "skipped: volumes that Windows encrypted (no {})",
            packed.display()
        );
        return Ok(());
    }
    if !have_all()? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let unpacked = Command::new("tar")
        .args(["xJSf", text(&packed), "-C", text(folder.path())])
        .status()?;
    ensure!(unpacked.success(), "tar failed");
    for (name, password) in [
        (
            "bitlk-aes-xts-256",
            "404558-436711-420860-678557-638220-018909-039941-695321",
        ),
        (
            "bitlk-aes-cbc-128",
            "042647-302313-590458-071500-554323-116567-412181-516978",
        ),
    ] {
        let image = folder.path().join(format!("{name}.img"));
        let rows = folder.path().join(format!("{name}.csv"));
        let header =
            "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey";
        let row = format!(
            "{},Format,SilentMode,AlreadyEncrypted,{password}",
            text(&image)
        );
        fs::write(&rows, format!("{header}\n{row}\n"))?;
        let more = [
            "--driveset",
            text(&rows),
            "--erase",
            name,
            "--keep-free-space",
        ];
        let mut drive = Drive::emptied(folder.path(), name, image, 0, &more)?;
        password.clone_into(&mut drive.password);
        let files = [
            ("film/take.mov", noise(5_000_000, 4)),
            ("film/b", b"b".to_vec()),
        ];
        drive.export(&files, &[])?;
        let home = folder.path().join(format!("{name} home"));
        is_verified(&receive(folder.path(), &[&drive], &home, &[])?)?;
        let expected = folder.path().join(format!("{name} expected"));
        write_all(&expected, &files)?;
        oracle::run(
            "diff",
            &["-r", text(&expected.join("film")), text(&home.join("film"))],
        )?;
    }
    Ok(())
}

#[test]
fn without_a_manifest_a_log_proves_the_files_or_names_what_is_wrong() -> Result<()> {
    if !have_all()? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let drive = Drive::new(folder.path(), "LOGGED01")?;
    let files = [
        ("c/a b & c/whole", noise(200_001, 1)),
        ("c/wrong", noise(70_000, 2)),
        ("c/empty", Vec::new()),
    ];
    let script = oracle::repository().join("tests/readers/copy_log.py");
    let mut logs = Vec::new();
    {
        let mounted = drive.mounted()?;
        write_all(mounted.path(), &files)?;
        for form in ["classic", "current"] {
            let arguments = [text(&script), text(mounted.path()), form];
            let well = oracle::run("python3", &arguments)?;
            let wrong = oracle::run(
                "python3",
                &[&arguments[..], &["--wrong", "c/wrong"]].concat(),
            )?;
            logs.push((form, well, wrong));
        }
    }
    let key = folder.path().join("key");
    fs::write(&key, &drive.password)?;
    for (form, well, wrong) in logs {
        let (home, log) = (folder.path().join(form), folder.path().join("log.xml"));
        let log_is = format!("LOGGED01={}", text(&log));
        fs::write(&log, &well)?;
        is_verified(&receive(
            folder.path(),
            &[&drive],
            &home,
            &["--log", &log_is],
        )?)?;
        let unpacked = folder.path().join(format!("{form} unpacked"));
        let unpack = [
            "unpack",
            "--drive",
            text(&drive.image),
            "--key-file",
            text(&key),
        ];
        let to = ["--to", text(&unpacked), "--log", text(&log)];
        is_verified(&json(&[&unpack[..], &to[..]].concat())?)?;
        oracle::run(
            "diff",
            &["-r", text(&home.join("c")), text(&unpacked.join("c"))],
        )?;

        fs::write(
            &log,
            wrong
                .replace("c/empty", "c/gone")
                .replace("c\\empty", "c\\gone"),
        )?;
        let (code, said) = json(&[&unpack[..], &to[..]].concat())?;
        let found: Vec<_> = said["findings"].as_array().into_iter().flatten().collect();
        let codes: Vec<_> = found
            .iter()
            .map(|finding| (&finding["code"], &finding["file"]))
            .collect();
        let blocks = if form == "classic" { 2 } else { 1 };
        ensure!(
            code == 1 && codes.len() == 1 + blocks,
            "{form}: {code}: {said}"
        );
        ensure!(
            codes.contains(&(&"missing-file".into(), &"\\c\\gone".into())),
            "{said}"
        );
        ensure!(
            codes.contains(&(&"content".into(), &"\\c\\wrong".into())),
            "{said}"
        );
    }
    Ok(())
}
