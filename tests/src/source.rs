//! Source trees: what people really have, and the edges of what NTFS holds.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result};
use sha2::{Digest, Sha256};

/// Size and SHA-256 of every file below a folder, by path with `/` between names; folders end in `/`.
pub type Contents = BTreeMap<String, (u64, String)>;

/// Writes a file below a folder, and returns its SHA-256.
///
/// # Errors
/// When it cannot be written.
pub fn written(folder: &Path, name: &str, content: &[u8]) -> Result<String> {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().context("a folder")?)?;
    fs::write(&path, content)?;
    sha256(&mut &*content)
}

/// Writes a tree of about 10 MB: 12 levels deep, empty files and folders, 1-byte files, sizes around what fits in an MFT
/// record, a folder of `many` entries, names of 255 units, in several scripts, decomposed, right to left, with emoji.
///
/// # Errors
/// When a file cannot be written.
pub fn write_tree(root: &Path, many: u32) -> Result<()> {
    let mut deep = root.to_path_buf();
    for level in 1..=12 {
        deep.push(format!("level {level}"));
    }
    fs::create_dir_all(&deep)?;
    fs::write(deep.join("bottom.txt"), "the bottom")?;
    fs::create_dir_all(root.join("empty").join("also empty"))?;
    fs::write(root.join("empty file"), "")?;
    fs::write(root.join("one"), "1")?;

    let names = root.join("names");
    fs::create_dir_all(&names)?;
    let long = "n".repeat(251);
    for name in [
        format!("{long}.txt"),
        "🎬🎞️ reel.mov".to_owned(),
        "Cafe\u{301} decomposed.txt".to_owned(),
        "Café composed.txt".to_owned(),
        "مشهد ١٢.txt".to_owned(),
        "סצנה.txt".to_owned(),
        "撮影.txt".to_owned(),
        "ÄÖÜ ß ÿ ı İ.txt".to_owned(),
        ".hidden".to_owned(),
        "two  blanks & <angle> 'quote' #%+=[]{}~.txt".replace(['<', '>'], "_"),
    ] {
        fs::write(names.join(&name), name.as_bytes())?;
    }

    let sizes = root.join("sizes");
    fs::create_dir_all(&sizes)?;
    for bytes in (600..=780).step_by(4).chain([
        1023, 1024, 1025, 3_600, 3_800, 4095, 4096, 4097, 65_535, 65_536, 65_537,
    ]) {
        fs::write(sizes.join(format!("{bytes}.bin")), noise(bytes, bytes))?;
    }
    for (name, bytes) in [("4 MiB", 4_194_304), ("4 MiB and one", 4_194_305)] {
        fs::write(sizes.join(name), noise(bytes, 7))?;
    }
    fs::write(sizes.join("disk.vhd"), noise(512 * 3000, 9))?;

    let folder = root.join("many");
    fs::create_dir_all(&folder)?;
    for number in 0..many {
        fs::write(
            folder.join(format!(
                "{number:05}-{}.dat",
                "x".repeat(usize::try_from(number % 40)?)
            )),
            number.to_le_bytes(),
        )?;
    }
    Ok(())
}

/// Returns `bytes` bytes that do not repeat, the same for the same `seed`.
#[must_use]
pub fn noise(bytes: usize, seed: usize) -> Vec<u8> {
    let mut state = u64::try_from(seed)
        .unwrap_or(0)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        | 1;
    let mut data = Vec::with_capacity(bytes + 8);
    while data.len() < bytes {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        data.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    data.truncate(bytes);
    data
}

/// Reads everything below `root`, except names in `without` at the top.
///
/// # Errors
/// When something cannot be read.
pub fn contents(root: &Path, without: &[&str]) -> Result<Contents> {
    let mut all = Contents::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if !without.contains(&entry.file_name().to_string_lossy().as_ref()) {
            collect(
                &entry.path(),
                &entry.file_name().to_string_lossy(),
                &mut all,
            )?;
        }
    }
    Ok(all)
}

fn collect(path: &Path, name: &str, into: &mut Contents) -> Result<()> {
    if path.is_dir() {
        into.insert(format!("{name}/"), (0, String::new()));
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            collect(
                &entry.path(),
                &format!("{name}/{}", entry.file_name().to_string_lossy()),
                into,
            )?;
        }
        return Ok(());
    }
    let mut file = fs::File::open(path)?;
    into.insert(
        name.to_owned(),
        (file.metadata()?.len(), sha256(&mut file)?),
    );
    Ok(())
}

/// Returns the SHA-256 of all that `from` gives, in hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(from: &mut impl Read) -> Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(hash
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect());
        }
        hash.update(buffer.get(..count).unwrap_or_default());
    }
}
