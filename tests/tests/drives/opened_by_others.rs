//! Drives that `argosy prepare` built, opened by everybody else's programs: every cipher, both sector sizes.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::argosy::{json, new_drive, text};
use tests::oracle::{self, Loop, Mount};
use tests::source::{self, Contents};

const MIB: u64 = 1 << 20;
const DISK_BYTES: u64 = 128 * MIB;
/// The partition starts at 1 MiB and ends on the last MiB border that leaves room for the backup table.
const PARTITION: (u64, u64) = (MIB, DISK_BYTES - 2 * MIB);
const SESSION: &str = "matrix-1";

/// A drive that was filled and read back by us; what the others say of it is what counts.
struct Built {
    _folder: tempfile::TempDir,
    image: PathBuf,
    /// The decrypted volume, as dislocker decrypts it.
    plain: PathBuf,
    password: String,
    sector_bytes: u64,
    /// What the source folder held.
    source: Contents,
}

fn build(cipher: &str, sector_bytes: u64, many: u32) -> Result<Built> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let (source, image, journals) = (at("source"), at("drive.img"), at("journals"));
    source::write_tree(&source, many)?;
    fs::create_dir(&journals)?;
    let sector = sector_bytes.to_string();
    let more = ["--sector-bytes", &sector];
    new_drive(&image, &DISK_BYTES.to_string(), "MATRIX0001", &more)?;
    let (code, said) = json(&[
        "prepare",
        "--session",
        SESSION,
        "--journal-dir",
        text(&journals),
        "--source",
        text(&source),
        "--to",
        "film/reels/",
        "--drive",
        text(&image),
        "--cipher",
        cipher,
        "--show-keys",
    ])?;
    ensure!(
        code == 0 && said["verdict"] == "verified",
        "prepare said {code}: {said}"
    );
    let password = said["drives"][0]["recovery_password"]
        .as_str()
        .context("no recovery password")?
        .to_owned();
    Ok(Built {
        image,
        plain: at("plain.img"),
        password,
        sector_bytes,
        source: source::contents(&source, &[])?,
        _folder: folder,
    })
}

/// What every reader must find below the session's folder.
fn compare(found: &Contents, source: &Contents, who: &str) -> Result<()> {
    let within = format!("{SESSION}/");
    let ours: Contents = found
        .iter()
        .filter_map(|(path, value)| Some((path.strip_prefix(&within)?.to_owned(), value.clone())))
        .collect();
    let ours: Contents = ours
        .into_iter()
        .filter(|(path, _)| !path.is_empty())
        .collect();
    for (path, value) in source {
        ensure!(
            ours.get(path) == Some(value),
            "{who} sees {path} as {:?}, not {value:?}",
            ours.get(path)
        );
    }
    ensure!(
        ours.len() == source.len(),
        "{who} sees {} entries, not {}",
        ours.len(),
        source.len()
    );
    Ok(())
}

/// cryptsetup parses the metadata, checks it and opens it with the recovery password, and with no other.
fn cryptsetup(built: &Built) -> Result<()> {
    let device = Loop::attach(&built.image, PARTITION.0, PARTITION.1, built.sector_bytes)?;
    let dump = oracle::run("cryptsetup", &["bitlkDump", device.path()])?;
    ensure!(
        dump.contains("Recovery passphrase") || dump.contains("recovery"),
        "no recovery protector in:\n{dump}"
    );
    let open = [
        "open",
        "--type",
        "bitlk",
        "--test-passphrase",
        device.path(),
    ];
    oracle::run_with_input("cryptsetup", &open, &built.password)?;
    let wrong = "000011-000022-000033-000044-000055-000066-000077-000088";
    ensure!(
        oracle::run_with_input("cryptsetup", &open, wrong).is_err(),
        "cryptsetup took a wrong password"
    );
    let probed = oracle::run("blkid", &["-p", "-o", "value", "-s", "TYPE", device.path()])?;
    ensure!(probed.trim() == "BitLocker", "blkid sees {probed:?}");
    Ok(())
}

/// dislocker decrypts the whole volume.
fn dislocker(built: &Built) -> Result<()> {
    let offset = PARTITION.0.to_string();
    let password = format!("-p{}", built.password);
    oracle::run(
        "dislocker-file",
        &[
            "-V",
            text(&built.image),
            "-O",
            &offset,
            &password,
            "--",
            text(&built.plain),
        ],
    )?;
    Ok(())
}

/// libbde and dissect decrypt it to the same bytes; dissect finds all three sealed hashes right, and reads every file.
fn python_readers(built: &Built) -> Result<()> {
    let Some(python) = oracle::python()? else {
        return Ok(());
    };
    let script = oracle::repository().join("tests/readers/readers.py");
    let (offset, bytes) = (PARTITION.0.to_string(), PARTITION.1.to_string());
    let said = oracle::run(
        text(&python),
        &[
            text(&script),
            text(&built.image),
            &offset,
            &bytes,
            &built.password,
        ],
    )?;
    let said: Value = serde_json::from_str(&said)?;
    let plain = source::sha256(&mut fs::File::open(&built.plain)?)?;
    ensure!(
        said["libbde"] == plain.as_str(),
        "libbde and dislocker differ"
    );
    ensure!(
        said["dissect"] == pieces(&built.plain)?.as_str(),
        "dissect and dislocker differ"
    );
    ensure!(
        said["sealed_hashes"] == serde_json::json!([true, true, true]),
        "sealed hashes: {}",
        said["sealed_hashes"]
    );
    let files = said["files"].as_object().context("no files")?;
    let found = files.iter().map(|(path, hash)| {
        let hash = hash.as_str().unwrap_or_default().to_owned();
        let path_in_session = path
            .strip_prefix(&format!("{SESSION}/"))
            .unwrap_or_default();
        let bytes = built
            .source
            .get(path_in_session)
            .map_or(0, |(bytes, _)| *bytes);
        (path.clone(), (bytes, hash))
    });
    compare(&found.collect(), &built.source, "dissect.ntfs")
}

/// Returns the SHA-256 of sixteen pieces of 128 KiB, spread over the volume.
fn pieces(plain: &Path) -> Result<String> {
    let mut file = fs::File::open(plain)?;
    let mut all = Vec::new();
    for piece in 0..16 {
        file.seek(SeekFrom::Start(PARTITION.1 / 16 * piece))?;
        file.by_ref().take(131_072).read_to_end(&mut all)?;
    }
    source::sha256(&mut all.as_slice())
}

/// Checkers find nothing, and ntfs-3g gives every file back.
fn ntfs_readers(built: &Built) -> Result<()> {
    clean(built)?;
    let listed = oracle::run("fls", &["-r", "-p", "-F", text(&built.plain)])?;
    ensure!(
        listed.contains(&format!("{SESSION}/one")),
        "fls does not list the files"
    );
    if built.sector_bytes == 512 {
        // 7-Zip refuses every volume with sectors of 4096 bytes, mkntfs's too.
        oracle::run("7z", &["t", text(&built.plain)])?;
    }
    let mount = Mount::ntfs(&built.plain, false)?;
    compare(
        &source::contents(mount.path(), &["System Volume Information"])?,
        &built.source,
        "ntfs-3g",
    )
}

/// Everybody's checker, and ours, finds nothing to complain about.
fn clean(built: &Built) -> Result<()> {
    let plain = &built.plain;
    oracle::run("ntfsfix", &["-n", text(plain)])?;
    let accounted = oracle::run("ntfsresize", &["-i", "-f", text(plain)])?;
    ensure!(
        !accounted.contains("ERROR") && !accounted.contains("inconsistent"),
        "ntfsresize: {accounted}"
    );
    if built.sector_bytes == 512 {
        // So does rust-fs-ntfs.
        rust_fs_ntfs(plain)?;
    }
    let (code, said) = json(&["check-drive", text(plain)])?;
    ensure!(
        code == 0 && said["verdict"] == "clean",
        "check-drive said {code}: {said}"
    );
    Ok(())
}

fn rust_fs_ntfs(plain: &Path) -> Result<()> {
    let mut io = fs_ntfs::fsck::PathIo::open(plain).map_err(|error| anyhow::anyhow!("{error}"))?;
    let report = fs_ntfs::fsck::check_io(&mut io).map_err(|error| anyhow::anyhow!("{error}"))?;
    ensure!(
        report.findings.is_empty(),
        "rust-fs-ntfs: {:?}",
        report.findings
    );
    Ok(())
}

/// Another driver creates, deletes and renames hundreds of files; the volume stays clean for all.
fn survives_another_driver(built: &Built) -> Result<()> {
    {
        let mount = Mount::ntfs(&built.plain, true)?;
        let many = mount.path().join(SESSION).join("many");
        let mut names: Vec<_> = fs::read_dir(&many)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        names.sort();
        for (number, path) in names.iter().enumerate() {
            match number % 3 {
                0 => fs::remove_file(path)?,
                1 if number % 2 == 1 => {
                    fs::rename(path, path.with_extension("renamed to something longer"))?
                }
                _ => {}
            }
        }
        for number in 0..600 {
            fs::write(
                many.join(format!("new file {number:04} {}", "y".repeat(number % 90))),
                vec![7; number * 13],
            )?;
        }
        fs::remove_dir_all(mount.path().join(SESSION).join("level 1"))?;
    }
    clean(built)
}

fn opened_by_everybody(cipher: &str, sector_bytes: u64) -> Result<()> {
    let needed = [
        "cryptsetup",
        "dislocker-file",
        "ntfs-3g",
        "ntfsfix",
        "ntfsresize",
        "fls",
        "7z",
        "losetup",
        "blkid",
    ];
    if !oracle::have(&needed)? {
        return Ok(());
    }
    let built = build(cipher, sector_bytes, 1_500)?;
    cryptsetup(&built).context("cryptsetup")?;
    dislocker(&built).context("dislocker")?;
    python_readers(&built).context("libbde, dissect")?;
    ntfs_readers(&built).context("NTFS readers")?;
    survives_another_driver(&built).context("after another driver wrote")
}

#[test]
fn xts_aes_128_with_512_byte_sectors_is_opened_by_everybody() -> Result<()> {
    opened_by_everybody("xts-aes-128", 512)
}

#[test]
fn xts_aes_128_with_4096_byte_sectors_is_opened_by_everybody() -> Result<()> {
    opened_by_everybody("xts-aes-128", 4096)
}

#[test]
fn xts_aes_256_with_512_byte_sectors_is_opened_by_everybody() -> Result<()> {
    opened_by_everybody("xts-aes-256", 512)
}

#[test]
fn xts_aes_256_with_4096_byte_sectors_is_opened_by_everybody() -> Result<()> {
    opened_by_everybody("xts-aes-256", 4096)
}

#[test]
fn cbc_aes_128_with_512_byte_sectors_is_opened_by_everybody() -> Result<()> {
    opened_by_everybody("cbc-aes-128", 512)
}

#[test]
fn cbc_aes_128_with_4096_byte_sectors_is_opened_by_everybody() -> Result<()> {
    opened_by_everybody("cbc-aes-128", 4096)
}

#[test]
fn cbc_aes_256_with_512_byte_sectors_is_opened_by_everybody() -> Result<()> {
    opened_by_everybody("cbc-aes-256", 512)
}

#[test]
fn cbc_aes_256_with_4096_byte_sectors_is_opened_by_everybody() -> Result<()> {
    opened_by_everybody("cbc-aes-256", 4096)
}
