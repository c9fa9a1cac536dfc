//! Sample data: a folder that looks like a small production, and three virtual drives to send it on.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "small numbers of our own; nothing here comes from outside"
)]

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shell;

/// Where the sample lies.
pub(crate) struct Sample {
    /// The folder to send.
    pub(crate) source: PathBuf,
    /// Three image files that stand for drives.
    pub(crate) drives: Vec<PathBuf>,
    /// Where the agent keeps its jobs.
    pub(crate) state: PathBuf,
}

/// Serial and size of each virtual drive. Two of them hold the sample; the third stays untouched.
const DRIVES: [(&str, &str); 3] = [
    ("WD-ARG0SY4411", "384MB"),
    ("ZR209K7731", "384MB"),
    ("S4XNF0M2209", "384MB"),
];

/// Makes what is missing of the sample: works twice, and leaves what a person did with it alone.
///
/// # Errors
/// When a file cannot be written or the agent cannot make a drive.
pub(crate) fn prepare(argosy: &Path) -> Result<Sample> {
    let folder = shell::target("sample");
    let source = folder.join("footage");
    if !source.join("complete").exists() {
        write_source(&source)
            .with_context(|| format!("cannot write the sample below {}", source.display()))?;
    }
    let mut drives = Vec::new();
    for (serial, size) in DRIVES {
        let drive = folder.join(format!("{serial}.img"));
        if !drive.exists() {
            let mut make = shell::program(&argosy.to_string_lossy());
            make.arg("new-drive")
                .arg(&drive)
                .args(["--size", size, "--serial", serial]);
            let made = make
                .output()
                .context("cannot start the agent to make a virtual drive")?;
            if !made.status.success() {
                anyhow::bail!(
                    "{}: {}",
                    shell::line(&make),
                    String::from_utf8_lossy(&made.stderr).trim()
                );
            }
        }
        drives.push(drive);
    }
    Ok(Sample {
        source,
        drives,
        state: folder.join("state"),
    })
}

/// Writes about 500 MB: camera reels of a few big clips, sound, stills, many small sidecar files, names in several scripts.
fn write_source(source: &Path) -> Result<()> {
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    for reel in 1..=4_u64 {
        let camera = source.join(format!("A{reel:03}"));
        fs::create_dir_all(&camera)?;
        for clip in 1..=4_u64 {
            let name = format!("A{reel:03}_C{clip:03}_1123.mov");
            write_noise(
                &camera.join(&name),
                24_000_000 + reel * 1_000_003 + clip * 77_777,
                &mut noise,
            )?;
            fs::write(
                camera.join(format!("{name}.xml")),
                format!("<clip name=\"{name}\" reel=\"A{reel:03}\"/>\n"),
            )?;
        }
    }
    let sound = source.join("sound");
    fs::create_dir_all(&sound)?;
    for take in 1..=8_u64 {
        write_noise(
            &sound.join(format!("take {take:02}.wav")),
            3_000_000 + take * 4_410,
            &mut noise,
        )?;
    }
    let frames = source.join("proxies").join("frames");
    fs::create_dir_all(&frames)?;
    for frame in 0..1_500_u64 {
        write_noise(
            &frames.join(format!("frame_{frame:06}.dpx")),
            2_000 + (frame * 37) % 30_000,
            &mut noise,
        )?;
    }
    let notes = source.join("notes");
    fs::create_dir_all(notes.join("empty folder"))?;
    for (name, text) in [
        ("call sheet.txt", "Day 3. Unit call 06:30.\n"),
        ("Überblick – Außendreh.txt", "Wetter: heiter.\n"),
        ("撮影メモ.txt", "三日目。\n"),
        ("ملاحظات.txt", "اليوم الثالث\n"),
        ("🎬 slate.txt", "Scene 12, take 4\n"),
        ("empty.txt", ""),
    ] {
        fs::write(notes.join(name), text)?;
    }
    fs::write(
        source.join("complete"),
        "This folder is sample data made by `cargo xtask run`.\n",
    )?;
    Ok(())
}

fn write_noise(path: &Path, bytes: u64, noise: &mut Noise) -> Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(path)?);
    let mut left = bytes;
    while left > 0 {
        let word = noise.next().to_le_bytes();
        let count = left.min(8);
        file.write_all(&word[..usize::try_from(count)?])?;
        left -= count;
    }
    file.flush()?;
    Ok(())
}

/// xorshift64*: the sample is the same on every machine.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}
