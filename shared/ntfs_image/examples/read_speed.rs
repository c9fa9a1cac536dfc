//! Measures walking and checking in memory: `cargo run -p ntfs_image --release --example read_speed -- FILES`.
#![expect(
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    reason = "a measurement reads the clock and computes with small numbers"
)]

use std::time::{Duration, Instant};

use disk::{MemDisk, SectorSize, WriteAt};
use ntfs_image::check::check;
use ntfs_image::read::Volume;
use ntfs_image::{Content, FileTime, NtfsLayout, Tree, VolumeSpec};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: u32 = std::env::args()
        .nth(1)
        .map_or(Ok(200_000), |files| files.parse())?;
    let disk = volume(files)?;
    let volume = Volume::open(&disk)?;
    measure("walked", || Ok(volume.walk().filter(Result::is_ok).count()))?;
    measure("walked and opened", || {
        let entries = volume.walk().flatten();
        Ok(entries
            .filter(|(_, entry)| entry.is_folder || volume.open_file(entry.id).is_ok())
            .count())
    })?;
    measure("checked", || {
        let report = check(&disk, 10)?;
        assert!(report.is_clean(), "{:?}", report.findings);
        Ok(usize::try_from(report.files + report.folders)?)
    })
}

fn measure(
    what: &str,
    act: impl FnOnce() -> Result<usize, Box<dyn std::error::Error>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let count = act()?;
    let time = start.elapsed();
    let a_second =
        u32::try_from(count)? / u32::try_from(time.max(Duration::from_millis(1)).as_millis())?;
    println!("{what} {count} in {time:?}: {a_second},000 a second");
    Ok(())
}

/// Lays out folders of a thousand files, resident and not.
fn volume(files: u32) -> Result<MemDisk, Box<dyn std::error::Error>> {
    let time = FileTime::from_unix(1_700_000_000, 0);
    let mut tree = Tree::new();
    let mut folder = Tree::ROOT;
    for number in 0..files {
        if number % 1000 == 0 {
            folder = tree.add_folder(Tree::ROOT, &format!("Folder {}", number / 1000), time)?;
        }
        let bytes = if number % 2 == 0 { 100 } else { 5000 };
        tree.add_file(folder, &format!("File number {number:08}.dat"), bytes, time)?;
    }
    let spec = VolumeSpec {
        bytes: (u64::from(files) * 16_384).next_multiple_of(1 << 20) + (256 << 20),
        sector: SectorSize::B512,
        start_lba: 2048,
        serial: 1,
        label: "Speed".to_owned(),
        created: time,
        reserved: Vec::new(),
    };
    let layout = NtfsLayout::new(spec, tree)?;
    let mut disk = MemDisk::new(layout.spec().bytes);
    let mut piece = vec![0; 1 << 20];
    for segment in layout
        .segments()
        .filter(|segment| segment.what == Content::Metadata)
    {
        let mut at = segment.at;
        let end = segment.at + segment.bytes;
        while at < end {
            let length = usize::try_from((end - at).min(1 << 20))?;
            let part = &mut piece[..length];
            layout.render(at, part, &mut |_, slot| slot.fill(7));
            disk.write_at(at, part)?;
            at += u64::try_from(length)?;
        }
    }
    Ok(disk)
}
