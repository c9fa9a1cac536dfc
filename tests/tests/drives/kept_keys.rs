//! Volumes that Windows encrypted, whose keys stay: a new file system inside, opened by everybody else's programs.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tests::argosy::{json, text};
use tests::oracle::{self, Loop, Mount};
use tests::source;

const MIB: u64 = 1 << 20;
const SESSION: &str = "kept-1";
const SERIAL: &str = "KEPT0001";

/// How a volume lies on its drive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    /// From byte 0, without a table.
    None,
    /// `sfdisk`'s word for a table, and its words for a data partition.
    Some(&'static str, &'static str),
}

const GPT: Table = Table::Some("gpt", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7");
const MBR: Table = Table::Some("dos", "7");

struct Volume {
    name: &'static str,
    password: &'static str,
    sector_bytes: u64,
    table: Table,
}

/// The genuine volumes, as their README lists them.
const VOLUMES: [Volume; 6] = [
    Volume {
        name: "bitlk-aes-cbc-128",
        password: "042647-302313-590458-071500-554323-116567-412181-516978",
        sector_bytes: 512,
        table: Table::None,
    },
    Volume {
        name: "bitlk-aes-xts-128",
        password: "235818-357951-253979-013365-241120-245575-342914-591910",
        sector_bytes: 512,
        table: GPT,
    },
    Volume {
        name: "bitlk-aes-xts-256",
        password: "404558-436711-420860-678557-638220-018909-039941-695321",
        sector_bytes: 512,
        table: MBR,
    },
    Volume {
        name: "bitlk-aes-cbc-elephant-128",
        password: "529573-278784-259347-197835-171457-264044-610280-313269",
        sector_bytes: 512,
        table: GPT,
    },
    Volume {
        name: "bitlk-aes-xts-128-4k",
        password: "486552-140030-675719-163900-264671-413787-580239-152614",
        sector_bytes: 4096,
        table: Table::None,
    },
    Volume {
        name: "bitlk-aes-xts-128-startup-key",
        password: "363770-230505-096371-652674-567006-579150-291038-408111",
        sector_bytes: 512,
        table: MBR,
    },
];

/// Unpacks the genuine volumes; `None` when they are not here.
fn images(folder: &Path) -> Result<Option<PathBuf>> {
    let packed = oracle::repository().join("../shared/windows-bitlocker/images.tar.xz");
    if !packed.is_file() {
        println!(
            "skipped: volumes that Windows encrypted (no {})",
            packed.display()
        );
        return Ok(None);
    }
    let status = Command::new("tar")
        .args(["xJSf", text(&packed), "-C", text(folder)])
        .status()?;
    ensure!(status.success(), "tar failed");
    Ok(Some(folder.to_owned()))
}

/// A drive with one of them: where its volume lies, and what is on the drive before and behind it.
struct Drive {
    image: PathBuf,
    at: u64,
    bytes: u64,
    before: Vec<u8>,
}

fn drive(volume: &Volume, images: &Path, image: &Path) -> Result<Drive> {
    let content = fs::read(images.join(format!("{}.img", volume.name)))?;
    let bytes = u64::try_from(content.len())?;
    let file = fs::File::create(image)?;
    let at = match volume.table {
        Table::None => 0,
        Table::Some(table, kind) => {
            // A small partition of somebody else, then the volume, then room that nobody uses.
            file.set_len(bytes + 20 * MIB)?;
            let script = format!(
                "label: {table}\nstart=2048, size=8192, type={kind}\nstart=16384, size={}, type={kind}\n",
                bytes / 512
            );
            oracle::run_with_input("sfdisk", &["-q", text(image)], &script)?;
            file.write_all_at(&[0x5a; 4096], MIB)?;
            file.write_all_at(&[0xa5; 4096], 8 * MIB + bytes)?;
            8 * MIB
        }
    };
    file.write_all_at(&content, at)?;
    fs::write(
        image.with_file_name(format!(
            "{}.drive.json",
            image
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default()
        )),
        format!(
            r#"{{"serial":"{SERIAL}","model":"","sector_bytes":{}}}"#,
            volume.sector_bytes
        ),
    )?;
    Ok(Drive {
        image: image.to_owned(),
        at,
        bytes,
        before: fs::read(image)?,
    })
}

/// Everything outside of the volume, its first 8192 bytes and its information areas are as they were.
fn untouched(drive: &Drive) -> Result<()> {
    let now = fs::read(&drive.image)?;
    let at = usize::try_from(drive.at)?;
    let end = usize::try_from(drive.at + drive.bytes)?;
    ensure!(now.len() == drive.before.len(), "another length");
    ensure!(
        now[..at + 8192] == drive.before[..at + 8192],
        "the boot sector or what is before it"
    );
    ensure!(
        now[end..] == drive.before[end..],
        "what is behind the volume"
    );
    for place in 0..3 {
        let from = at + 0xb0 + place * 8;
        let area = u64::from_le_bytes(drive.before[from..from + 8].try_into()?);
        let area = at + usize::try_from(area)?;
        let same = now[area..area + 65_536] == drive.before[area..area + 65_536];
        ensure!(same, "information area {place}");
        ensure!(
            now[area..area + 8] == *b"-FVE-FS-",
            "no information area at {area:#x}"
        );
    }
    Ok(())
}

fn keeps_its_keys(volume: &Volume, images: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let drive = drive(volume, images, &at("drive.img"))?;
    let (source, journals, rows) = (at("source"), at("journals"), at("drives.csv"));
    source::write_tree(&source, 400)?;
    let row = format!(
        "{},Format,SilentMode,AlreadyEncrypted,{}",
        text(&drive.image),
        volume.password
    );
    let header = "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey";
    fs::write(&rows, format!("{header}\n{row}\n"))?;
    let prepare = [
        "prepare",
        "--session",
        SESSION,
        "--journal-dir",
        text(&journals),
        "--source",
        text(&source),
        "--to",
        "film/reels/",
        "--driveset",
        text(&rows),
        "--erase",
        SERIAL,
        "--keep-free-space",
    ];
    let (code, said) = json(&prepare)?;
    ensure!(
        code == 0 && said["verdict"] == "verified",
        "prepare said {code}: {said}"
    );
    untouched(&drive)?;
    let journal = journals.join(format!("{SERIAL}.jrn"));
    let (code, said) = json(&["journal", "check", text(&journal)])?;
    ensure!(
        code == 0 && said["verdict"] == "valid",
        "journal check said {code}: {said}"
    );
    {
        let device = Loop::attach(&drive.image, drive.at, drive.bytes, volume.sector_bytes)?;
        let open = [
            "open",
            "--type",
            "bitlk",
            "--test-passphrase",
            device.path(),
        ];
        oracle::run_with_input("cryptsetup", &open, volume.password)?;
    }
    let plain = at("plain.img");
    let (offset, key) = (drive.at.to_string(), format!("-p{}", volume.password));
    let arguments = [
        "-V",
        text(&drive.image),
        "-O",
        &offset,
        &key,
        "--",
        text(&plain),
    ];
    oracle::run("dislocker-file", &arguments)?;
    read_by_others(volume, &drive, &plain, &source)
}

fn read_by_others(volume: &Volume, drive: &Drive, plain: &Path, source: &Path) -> Result<()> {
    if let Some(python) = oracle::python()? {
        let script = oracle::repository().join("tests/readers/readers.py");
        let (offset, bytes) = (drive.at.to_string(), drive.bytes.to_string());
        let arguments = [
            text(&script),
            text(&drive.image),
            &offset,
            &bytes,
            volume.password,
        ];
        let said = oracle::run(text(&python), &arguments)?;
        let said: serde_json::Value = serde_json::from_str(&said)?;
        let expected = source::sha256(&mut fs::File::open(plain)?)?;
        ensure!(
            said["libbde"] == expected.as_str(),
            "libbde and dislocker differ"
        );
        let hashes = &said["sealed_hashes"];
        ensure!(
            *hashes == serde_json::json!([true, true, true]),
            "sealed hashes: {hashes}"
        );
    }
    oracle::run("ntfsfix", &["-n", text(plain)])?;
    let accounted = oracle::run("ntfsresize", &["-i", "-f", text(plain)])?;
    ensure!(
        !accounted.contains("ERROR") && !accounted.contains("inconsistent"),
        "ntfsresize: {accounted}"
    );
    let mount = Mount::ntfs(plain, false)?;
    let found = source::contents(&mount.path().join(SESSION), &[])?;
    ensure!(
        found == source::contents(source, &[])?,
        "ntfs-3g sees other files"
    );
    Ok(())
}

#[test]
fn windows_volumes_of_every_kind_keep_their_keys_and_everybody_reads_the_new_files() -> Result<()> {
    let needed = [
        "cryptsetup",
        "dislocker-file",
        "ntfs-3g",
        "ntfsfix",
        "ntfsresize",
        "losetup",
        "sfdisk",
    ];
    let folder = tempfile::tempdir()?;
    if !oracle::have(&needed)? {
        return Ok(());
    }
    let Some(images) = images(folder.path())? else {
        return Ok(());
    };
    for volume in &VOLUMES {
        keeps_its_keys(volume, &images).with_context(|| volume.name)?;
    }
    Ok(())
}
