//! The ASC MHL of a drive, judged by the ASC's own tool: on the drive as dislocker and ntfs-3g show it, and in the tree
//! that comes home from it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::argosy::{argosy, json, new_drive, text};
use tests::ascmhl::{flip, judged, list_below, tool};
use tests::by_hand::{Mounted, PARTITION};
use tests::oracle;
use tests::source::{self, noise};

const SERIAL: &str = "REEL 0001";
const SESSION: &str = "reel-1";

/// A drive with a hash list, and where everything is.
struct Bench {
    folder: tempfile::TempDir,
    python: PathBuf,
    image: PathBuf,
    journal: PathBuf,
    password: String,
}

impl Bench {
    /// Fills a drive from a tree that has a history of its own in one of its folders; `None` where a judge is missing and
    /// need not be there.
    fn new() -> Result<Option<Self>> {
        let Some(python) = oracle::python()? else {
            return Ok(None);
        };
        if !oracle::have(&["dislocker-fuse", "ntfs-3g", "umount"])? {
            return Ok(None);
        }
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let (source, image, journals) = (at("source"), at("drive.img"), at("journals"));
        source::write_tree(&source, 300)?;
        let card = source.join("A001 card & <two>".replace(['<', '>'], "_"));
        fs::create_dir_all(card.join("CLIPS"))?;
        fs::write(card.join("CLIPS/take 1.mov"), noise(9_000_005, 1))?;
        fs::write(card.join("CLIPS/take 2.mov"), noise(4 << 20, 2))?;
        fs::write(card.join(".DS_Store"), "a desktop's own")?;
        let made = tool(&python, "ascmhl", &["create", "-h", "xxh64", text(&card)])?;
        ensure!(made.0 == 0, "ascmhl cannot make a history: {}", made.1);
        new_drive(&image, "128MB", SERIAL, &[])?;
        let mut prepare = vec!["prepare", "--session", SESSION, "--journal-dir"];
        prepare.extend([text(&journals), "--source", text(&source), "--to", "film/"]);
        prepare.extend(["--drive", text(&image), "--mhl", "--show-keys"]);
        let (code, said) = json(&prepare)?;
        ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
        let password = said["drives"][0]["recovery_password"].as_str();
        let journal = said["drives"][0]["journal"].as_str().context("a journal")?;
        Ok(Some(Self {
            password: password.context("no password")?.to_owned(),
            journal: PathBuf::from(journal),
            folder,
            python,
            image,
        }))
    }

    fn mounted(&self) -> Result<Mounted> {
        Mounted::new(&self.image, PARTITION, &self.password)
    }

    /// Returns exit code and words of `ascmhl-debug verify`.
    fn judged(&self, root: &Path) -> Result<(i32, String)> {
        judged(&self.python, root)
    }

    fn verified(&self) -> Result<(i32, Value)> {
        let (drive, journal) = (text(&self.image), text(&self.journal));
        json(&["verify", "--drive", drive, "--journal", journal])
    }
}

#[test]
fn the_ascs_own_tool_finds_every_file_of_the_drive_and_of_the_tree_that_comes_home() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    {
        let mounted = bench.mounted()?;
        let (code, said) = bench.judged(mounted.path())?;
        ensure!(code == 0, "{said}");
        for name in ["take 1.mov", "take 2.mov", "bottom.txt", "empty file"] {
            ensure!(said.contains(name), "{name} was not looked at: {said}");
        }
        let root = text(mounted.path()).to_owned();
        let (code, said) = tool(&bench.python, "ascmhl", &["info", "-v", &root])?;
        ensure!(code == 0 && said.contains("Generation 1"), "{said}");
        let (code, said) = tool(&bench.python, "ascmhl", &["diff", &root])?;
        ensure!(code == 0, "{said}");
        let list = fs::read_to_string(list_below(mounted.path())?)?;
        ensure!(list.contains("<process>transfer</process>"), "{list}");
        ensure!(!list.contains("<author"), "nobody named an author: {list}");
    }
    let (home, key) = (
        bench.folder.path().join("home"),
        bench.folder.path().join("key"),
    );
    fs::write(&key, &bench.password)?;
    let unpack = [
        "unpack",
        "--drive",
        text(&bench.image),
        "--key-file",
        text(&key),
        "--to",
    ];
    let (code, said) = json(&[&unpack[..], &[text(&home)]].concat())?;
    ensure!(code == 0 && said["verdict"] == "verified", "{said}");
    let (code, said) = bench.judged(&home)?;
    ensure!(code == 0, "{said}");
    // A file of several blocks, one of a file record, one that the card's own history has.
    for (file, name) in [
        ("sizes/4 MiB and one", "4 MiB and one"),
        ("one", "one"),
        ("A001 card & _two_/CLIPS/take 2.mov", "take 2.mov"),
    ] {
        let file = home.join(SESSION).join(file);
        let before = fs::read(&file)?;
        flip(&file)?;
        let (code, said) = bench.judged(&home)?;
        ensure!(
            code != 0 && said.contains("hash mismatch") && said.contains(name),
            "{said}"
        );
        fs::write(&file, before)?;
    }
    fs::write(home.join(SESSION).join("new"), "nobody's")?;
    ensure!(bench.judged(&home)?.0 != 0, "a file that is in no list");
    Ok(())
}

#[test]
fn a_hash_list_that_changed_on_the_drive_is_found_by_verify_and_by_the_ascs_tool() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let (code, said) = bench.verified()?;
    ensure!(code == 0 && said["verdict"] == "verified", "{said}");
    {
        let mounted = bench.mounted()?;
        flip(&list_below(mounted.path())?)?;
        ensure!(
            bench.judged(mounted.path())?.0 != 0,
            "ascmhl took another list"
        );
    }
    let (code, said) = bench.verified()?;
    ensure!(code == 1 && said["verdict"] == "mismatch", "{said}");
    let named = |finding: &Value| {
        let file = finding["file"].as_str().unwrap_or_default();
        finding["code"] == "content" && file.starts_with("\\ascmhl\\0001_REEL0001_")
    };
    let findings = said["findings"].as_array().context("findings")?;
    ensure!(findings.iter().any(named), "{said}");
    Ok(())
}

#[test]
fn a_session_cannot_be_called_as_the_folder_of_the_hash_list() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (source, image) = (folder.path().join("source"), folder.path().join("d.img"));
    fs::create_dir(&source)?;
    fs::write(source.join("a"), "a")?;
    new_drive(&image, "80MB", "REEL0002", &[])?;
    let before = fs::read(&image)?;
    let journals = folder.path().join("journals");
    let prepare = ["prepare", "--session", "AscMhl", "--mhl", "--to", "film/"];
    let places = ["--source", text(&source), "--drive", text(&image)];
    let journal_dir = ["--journal-dir", text(&journals)];
    let refused = argosy(&[&prepare[..], &places, &journal_dir].concat())?;
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(
        refused.status.code() == Some(2) && errors.contains("ASC MHL"),
        "{errors}"
    );
    ensure!(fs::read(&image)? == before, "the drive was written to");
    Ok(())
}
