//! Drives that somebody encrypted and filled by hand: hashed in place, proven once the manifest is on them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::argosy::{json, new_drive, text};
use tests::by_hand::{Mounted, PARTITION};
use tests::oracle;
use tests::source;

const SERIAL: &str = "HAND0001";

struct Filled {
    folder: tempfile::TempDir,
    image: PathBuf,
    password: String,
}

impl Filled {
    /// Makes an encrypted drive and puts a tree onto it by other people's programs, with what Windows leaves.
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let (image, source, journals) = (at("hand.img"), at("first"), at("first journals"));
        new_drive(&image, "200MB", SERIAL, &[])?;
        fs::create_dir(&source)?;
        fs::write(source.join("x"), "x")?;
        let (code, said) = json(&[
            "prepare",
            "--session",
            "first-1",
            "--journal-dir",
            text(&journals),
            "--source",
            text(&source),
            "--to",
            "film/",
            "--drive",
            text(&image),
            "--show-keys",
        ])?;
        ensure!(code == 0, "prepare said {code}: {said}");
        let password = said["drives"][0]["recovery_password"].as_str();
        let password = password.context("no password")?.to_owned();
        {
            let mounted = Mounted::new(&image, PARTITION, &password)?;
            let root = mounted.path();
            fs::remove_dir_all(root.join("first-1"))?;
            fs::remove_file(root.join("DriveManifest.xml"))?;
            source::write_tree(&root.join("Reels ä"), 300)?;
            fs::write(root.join("at the top.bin"), source::noise(9_000_001, 5))?;
            fs::create_dir_all(root.join("$RECYCLE.BIN/S-1-5-21"))?;
            fs::write(root.join("$RECYCLE.BIN/S-1-5-21/desktop.ini"), "[x]")?;
            fs::write(root.join("System Volume Information/WPSettings.dat"), "12")?;
        }
        fs::write(at("key"), &password)?;
        Ok(Self {
            image,
            password,
            folder,
        })
    }

    fn journals(&self) -> PathBuf {
        self.folder.path().join("journals")
    }

    /// Adopts the drive, which must be the same byte for byte after.
    fn adopt(&self) -> Result<(i32, Value)> {
        let before = source::sha256(&mut fs::File::open(&self.image)?)?;
        let (journals, key) = (self.journals(), self.folder.path().join("key"));
        let said = json(&[
            "adopt",
            "--session",
            "hand-1",
            "--journal-dir",
            text(&journals),
            "--drive",
            text(&self.image),
            "--key-file",
            text(&key),
            "--to",
            "film/hand/",
        ])?;
        let after = source::sha256(&mut fs::File::open(&self.image)?)?;
        ensure!(before == after, "the drive was written to");
        Ok(said)
    }

    fn verify(&self) -> Result<(i32, Value)> {
        let journal = self.journals().join(format!("{SERIAL}.jrn"));
        json(&[
            "verify",
            "--drive",
            text(&self.image),
            "--journal",
            text(&journal),
        ])
    }
}

fn have_all() -> Result<bool> {
    oracle::have(&["dislocker-fuse", "ntfs-3g", "umount"])
}

#[test]
fn a_drive_filled_by_hand_is_hashed_in_place_and_proven_once_its_manifest_is_on_it() -> Result<()> {
    if !have_all()? {
        return Ok(());
    }
    let filled = Filled::new()?;
    let (code, said) = filled.adopt()?;
    ensure!(
        code == 0 && said["verdict"] == "written",
        "adopt said {code}: {said}"
    );
    let manifest = PathBuf::from(said["manifest"].as_str().context("no manifest")?);
    let journal = filled.journals().join(format!("{SERIAL}.jrn"));
    let check = [
        "journal",
        "check",
        text(&journal),
        "--manifest",
        text(&manifest),
    ];
    let (code, checked) = json(&check)?;
    ensure!(
        code == 0 && checked["verdict"] == "valid",
        "journal check said {code}: {checked}"
    );
    let listed = fs::read_to_string(&manifest)?;
    for (yes, words) in [
        (true, "<BlobPath>film/hand/Reels ä/one</BlobPath>"),
        (true, "<FilePath>\\Reels ä\\level 1\\level 2\\"),
        (true, "<FilePath>\\at the top.bin</FilePath>"),
        (false, "RECYCLE"),
        (false, "System Volume Information"),
    ] {
        ensure!(listed.contains(words) == yes, "{words}");
    }
    // Not ready before the manifest is on it.
    let (code, _) = filled.verify()?;
    ensure!(code != 0, "verified without a manifest");
    {
        let mounted = Mounted::new(&filled.image, PARTITION, &filled.password)?;
        fs::copy(&manifest, mounted.path().join("DriveManifest.xml"))?;
    }
    let (code, verified) = filled.verify()?;
    ensure!(
        code == 0 && verified["verdict"] == "verified",
        "verify said {code}: {verified}"
    );
    ensure!(verified["files"] == said["files"], "{verified}");
    // A file that came, or changed, since then is found.
    {
        let mounted = Mounted::new(&filled.image, PARTITION, &filled.password)?;
        fs::write(mounted.path().join("Reels ä/new"), "new")?;
    }
    let (code, found) = filled.verify()?;
    ensure!(
        code == 1 && found["findings"][0]["code"] == "unexpected-file",
        "{found}"
    );
    {
        let mounted = Mounted::new(&filled.image, PARTITION, &filled.password)?;
        fs::remove_file(mounted.path().join("Reels ä/new"))?;
        fs::write(mounted.path().join("Reels ä/one"), "2")?;
    }
    let (code, found) = filled.verify()?;
    ensure!(
        code == 1 && found["findings"][0]["code"] == "content",
        "{found}"
    );
    Ok(())
}

#[test]
fn what_cannot_be_a_blob_is_named_and_nothing_is_written() -> Result<()> {
    if !have_all()? {
        return Ok(());
    }
    let filled = Filled::new()?;
    {
        let mounted = Mounted::new(&filled.image, PARTITION, &filled.password)?;
        fs::write(mounted.path().join("Reels ä/ends in a dot."), "x")?;
    }
    let (code, said) = filled.adopt()?;
    ensure!(
        code == 1 && said["verdict"] == "hindered",
        "adopt said {code}: {said}"
    );
    ensure!(
        said["hindrances"][0]["path"] == "\\Reels ä\\ends in a dot.",
        "{said}"
    );
    ensure!(
        fs::read_dir(filled.journals())?.count() == 0,
        "something was written"
    );
    Ok(())
}
