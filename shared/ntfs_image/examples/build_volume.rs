//! Writes a folder as a bare NTFS volume into an image file, so that other programs can judge it.
//!
//! `build_volume FOLDER IMAGE BYTES [SECTOR_BYTES [AT:BYTES ...]]`: each AT:BYTES is an extent to keep free for a
//! reserved file, as BitLocker's areas are. The image is sparse; what is not written reads as zeros.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "an example of a program around the crate, which does its own I/O"
)]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "offsets of a layout that fits"
)]

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use disk::SectorSize;
use ntfs_image::{Content, FileTime, Node, NtfsLayout, ReservedFile, Tree, VolumeSpec};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, image, bytes, rest @ ..] = arguments.as_slice() else {
        return Err("usage: build_volume FOLDER IMAGE BYTES [SECTOR_BYTES [AT:BYTES ...]]".into());
    };
    let mut source = Source::default();
    source.add(Path::new(folder), Tree::ROOT)?;
    let sector = rest.first().map_or(Ok(512), |bytes| bytes.parse::<u64>())?;
    let spec = VolumeSpec {
        bytes: bytes.parse()?,
        sector: SectorSize::try_from(sector)?,
        start_lba: 2048,
        serial: 0x0123_4567_89ab_cdef,
        label: "ARGOSY".into(),
        created: FileTime::from_unix(1_700_000_000, 0),
        reserved: reserved(rest.get(1..).unwrap_or_default())?,
    };
    let layout = NtfsLayout::new(spec, source.tree)?;
    let file = File::create(image)?;
    file.set_len(layout.spec().bytes)?;
    write(&layout, &source.paths, &file)?;
    println!(
        "{} bytes used, {} free",
        layout.used_bytes(),
        layout.free_bytes()
    );
    Ok(())
}

#[derive(Default)]
struct Source {
    tree: Tree,
    paths: HashMap<Node, PathBuf>,
}

impl Source {
    fn add(&mut self, folder: &Path, node: Node) -> Result<(), Box<dyn Error>> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().ok_or("a name that is not Unicode")?;
            let facts = entry.metadata()?;
            let since = facts.modified()?.duration_since(UNIX_EPOCH)?;
            let modified =
                FileTime::from_unix(i64::try_from(since.as_secs())?, since.subsec_nanos());
            if facts.is_dir() {
                let below = self.tree.add_folder(node, name, modified)?;
                self.add(&entry.path(), below)?;
            } else if facts.is_file() {
                let file = self.tree.add_file(node, name, facts.len(), modified)?;
                self.paths.insert(file, entry.path());
            }
        }
        Ok(())
    }
}

fn reserved(extents: &[String]) -> Result<Vec<ReservedFile>, Box<dyn Error>> {
    let mut files = Vec::new();
    for (number, extent) in extents.iter().enumerate() {
        let (at, bytes) = extent.split_once(':').ok_or("AT:BYTES")?;
        files.push(ReservedFile {
            name: format!("FVE2.{{e40ad34d-dae9-4bc7-95bd-b16218c10f72}}.{number}"),
            at: at.parse()?,
            bytes: bytes.parse()?,
        });
    }
    Ok(files)
}

fn write(
    layout: &NtfsLayout,
    paths: &HashMap<Node, PathBuf>,
    image: &File,
) -> Result<(), Box<dyn Error>> {
    const PIECE: usize = 1 << 20;
    let mut piece = vec![0; PIECE];
    for segment in layout.segments() {
        let mut done = 0;
        while done < segment.bytes {
            let count = usize::try_from(segment.bytes - done)?.min(PIECE);
            let part = piece.get_mut(..count).ok_or("a piece of the buffer")?;
            match segment.what {
                Content::Metadata => {
                    layout.render(segment.at + done, part, &mut |node, slot| {
                        let bytes = paths.get(&node).map(fs::read);
                        let bytes = bytes.expect("a file of the tree").expect("a readable file");
                        slot.copy_from_slice(&bytes);
                    });
                }
                Content::FileData { file, from } => {
                    part.fill(0);
                    let file = File::open(paths.get(&file).ok_or("a file of the tree")?)?;
                    let mut filled = 0;
                    while let Some(rest) = part.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                        let at = from + done + u64::try_from(filled)?;
                        match file.read_at(rest, at)? {
                            0 => break,
                            more => filled += more,
                        }
                    }
                }
                _ => break,
            }
            for (at, page) in (segment.at + done..).step_by(4096).zip(part.chunks(4096)) {
                if page.iter().any(|byte| *byte != 0) {
                    image.write_all_at(page, at)?;
                }
            }
            done += u64::try_from(count)?;
        }
    }
    Ok(())
}
