//! Checks an NTFS volume in an image file: `cargo run -p ntfs_image --release --example check_volume -- IMAGE...`.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "an example reads real files and the clock"
)]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use disk::{ReadAt, ReadError};
use ntfs_image::check::check;
use ntfs_image::read::Volume;

struct ImageFile(File, u64);

impl ReadAt for ImageFile {
    fn bytes(&self) -> u64 {
        self.1
    }
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.0.read_exact_at(into, at).map_err(|error| ReadError {
            at,
            bytes: u64::try_from(into.len()).unwrap_or(u64::MAX),
            cause: error.to_string(),
        })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let file = File::open(&path)?;
        let bytes = file.metadata()?.len();
        let disk = ImageFile(file, bytes);
        let start = Instant::now();
        let report = check(&disk, 100)?;
        println!(
            "{path}: {} files, {} folders, {} clusters, checked in {:?}",
            report.files,
            report.folders,
            report.used_clusters,
            start.elapsed()
        );
        for finding in &report.findings {
            println!("  {finding}");
        }
        for note in &report.notes {
            println!("  note: {note}");
        }
        println!(
            "  {} findings, {} notes not shown",
            report.findings_omitted, report.notes_omitted
        );
        let start = Instant::now();
        let volume = Volume::open(&disk)?;
        let (mut entries, mut failed) = (0_u64, 0_u64);
        for found in volume.walk() {
            match found {
                Ok((_, entry)) if entry.is_folder => entries = entries.saturating_add(1),
                Ok((_, entry)) if volume.open_file(entry.id).is_ok() => {
                    entries = entries.saturating_add(1)
                }
                _ => failed = failed.saturating_add(1),
            }
        }
        println!(
            "  walked and opened {entries} in {:?}, {failed} failed",
            start.elapsed()
        );
    }
    Ok(())
}
