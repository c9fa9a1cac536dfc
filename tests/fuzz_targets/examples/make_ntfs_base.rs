//! Makes `ntfs_3g.deflate`: a volume that mkntfs made and ntfs-3g filled, with streams, holes, links and an attribute
//! list. Needs both, and FUSE. The corpus of the NTFS targets changes places of this volume: when it is made again, so
//! must they be (`make_seeds`, then fuzz).

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use fuzz_targets::ntfs_base::level_upper_case;

fn main() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let image = folder.path().join("volume.img");
    let at = folder.path().join("mounted");
    fs::create_dir(&at)?;
    File::create(&image)?.set_len(4 << 20)?;
    run(Command::new("mkntfs")
        .args(["-q", "-Q", "-F", "-s512", "-c1024", "-LTheirs"])
        .arg(&image))?;
    let before = fs::metadata(&at)?.dev();
    let mut driver = Command::new("ntfs-3g")
        .args(["-o", "no_detach,rw,streams_interface=windows"])
        .args([&image, &at])
        .spawn()?;
    while fs::metadata(&at)?.dev() == before {
        std::thread::sleep(Duration::from_millis(5));
    }
    let filled = fill(&at);
    run(Command::new("fusermount").arg("-u").arg(&at))?;
    driver.wait()?;
    filled?;
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("ntfs_3g.deflate");
    let mut volume = fs::read(&image)?;
    // The table's first page: 0, 1, 2 and so on.
    let table: Vec<u8> = (0..64_u16).flat_map(u16::to_le_bytes).collect();
    let mut pages = (0_u32..).step_by(512).zip(volume.chunks(512));
    let at = pages.find(|(_, page)| page.starts_with(&table));
    let (at, _) = at.ok_or_else(|| std::io::Error::other("no table of upper case"))?;
    level_upper_case(&mut volume, at);
    let mut file = File::create(&target)?;
    file.write_all(&at.to_le_bytes())?;
    let mut packed = DeflateEncoder::new(file, Compression::best());
    packed.write_all(&volume)?;
    let bytes = packed.finish()?.metadata()?.len();
    println!("{}: {bytes} bytes", target.display());
    Ok(())
}

fn fill(at: &Path) -> std::io::Result<()> {
    fs::write(at.join("small"), b"resident")?;
    fs::write(at.join("one"), vec![b'1'; 20_000])?;
    fs::create_dir_all(at.join("outer/inner"))?;
    fs::write(at.join("outer/inner/deep"), b"deep")?;
    fs::create_dir(at.join("large"))?;
    for number in 0..60 {
        fs::write(
            at.join(format!("large/Name {number:04} in some folder")),
            b"x",
        )?;
    }
    for stream in ["streams", "streams:s1", "streams:s2"] {
        fs::write(at.join(stream), stream)?;
    }
    // So many pieces that the list of them needs records of its own: an attribute list.
    let sparse = File::create(at.join("sparse"))?;
    for at in (0..400 << 17).step_by(1 << 17) {
        sparse.write_all_at(b"0123456789", at)?;
    }
    fs::hard_link(at.join("small"), at.join("outer/link"))
}

fn run(command: &mut Command) -> std::io::Result<()> {
    let status = command.status()?;
    if status.success() {
        return Ok(());
    }
    Err(std::io::Error::other(format!("{command:?}: {status}")))
}
