//! Measures the memory and time that laying out a volume takes: `layout_memory [FILES [FOLDER_FILES]]`.
//!
//! FILES is 10,000,000 unless given, FOLDER_FILES how many go into one folder (1,000). Names are like those of a camera.
#![expect(
    clippy::disallowed_methods,
    reason = "an example of a program around the crate, which has a clock and arguments"
)]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "counts and sizes of a measurement"
)]

use std::error::Error;
use std::fs;
use std::time::Instant;

use disk::SectorSize;
use ntfs_image::{Content, FileTime, NtfsLayout, Tree, VolumeSpec};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let files: u64 = arguments
        .next()
        .map_or(Ok(10_000_000), |count| count.parse())?;
    let folder_files: u64 = arguments.next().map_or(Ok(1_000), |count| count.parse())?;

    let empty = memory()?;
    let clock = Instant::now();
    let tree = tree(files, folder_files)?;
    let name_bytes = 2 * NAME_UNITS * files;
    let nodes = u64::from(tree.node_count());
    report("tree", empty, files, name_bytes, clock)?;

    let clock = Instant::now();
    let spec = VolumeSpec {
        bytes: 16 << 40,
        sector: SectorSize::B512,
        start_lba: 2048,
        serial: 1,
        label: String::new(),
        created: FileTime(0),
        reserved: Vec::new(),
    };
    let layout = NtfsLayout::new(spec, tree)?;
    report("tree and layout", empty, files, name_bytes, clock)?;

    let clock = Instant::now();
    let metadata = render(&layout)?;
    speed("metadata rendered", metadata, clock);

    let clock = Instant::now();
    let mended = layout.without(&|node| node.0 % 1000 == 999, None)?;
    report("a thousandth left out", empty, files, name_bytes, clock)?;
    let clock = Instant::now();
    let differing: u64 = layout
        .differences(&mended)
        .map(|range| range.end - range.start)
        .sum();
    speed("differences found", differing, clock);
    println!("{nodes} nodes, peak {} MB", peak()? / 1_000_000);
    Ok(())
}

fn tree(files: u64, folder_files: u64) -> Result<Tree, Box<dyn Error>> {
    let mut tree = Tree::new();
    let mut folder = Tree::ROOT;
    for number in 0..files {
        if number % folder_files == 0 {
            let name = format!("folder {:06}", number / folder_files);
            folder = tree.add_folder(Tree::ROOT, &name, FileTime(number))?;
        }
        // Out of order, so that sorting has work to do.
        let shuffled = number % folder_files * 7919 % folder_files;
        let name = format!("IMG_20261122_{shuffled:08}~2.jpeg");
        tree.add_file(folder, &name, number % 65_536, FileTime(number))?;
    }
    Ok(tree)
}

/// UTF-16 units of each file's name.
const NAME_UNITS: u64 = 28;

fn render(layout: &NtfsLayout) -> Result<u64, Box<dyn Error>> {
    const PIECE: u64 = 4 << 20;
    let mut buffer = vec![0; usize::try_from(PIECE)?];
    let mut total = 0;
    let metadata = layout
        .segments()
        .filter(|segment| segment.what == Content::Metadata);
    for segment in metadata {
        let mut done = 0;
        while done < segment.bytes {
            let count = PIECE.min(segment.bytes - done);
            let piece = buffer.get_mut(..usize::try_from(count)?).ok_or("a piece")?;
            layout.render(segment.at + done, piece, &mut |_, slot| slot.fill(1));
            done += count;
        }
        total += segment.bytes;
    }
    Ok(total)
}

fn report(
    what: &str,
    before: u64,
    files: u64,
    name_bytes: u64,
    clock: Instant,
) -> Result<(), Box<dyn Error>> {
    let bytes = memory()?.saturating_sub(before);
    println!(
        "{what}: {} MB, {} bytes a file, of which {} are its name; {:.2} s",
        bytes / 1_000_000,
        bytes / files,
        name_bytes / files,
        clock.elapsed().as_secs_f64()
    );
    if bytes / files > BYTES_PER_FILE_MAX {
        return Err(format!("more than {BYTES_PER_FILE_MAX} bytes a file").into());
    }
    Ok(())
}

/// What listing, names and layout may take together.
const BYTES_PER_FILE_MAX: u64 = 400;

fn speed(what: &str, bytes: u64, clock: Instant) {
    let micros = clock.elapsed().as_micros().max(1);
    println!(
        "{what}: {} MB in {:.2} s, {} MB/s",
        bytes / 1_000_000,
        clock.elapsed().as_secs_f64(),
        u128::from(bytes) / micros
    );
}

/// Returns the bytes of memory that this process holds now.
fn memory() -> Result<u64, Box<dyn Error>> {
    status("VmRSS:")
}

/// Returns the most bytes of memory that it ever held.
fn peak() -> Result<u64, Box<dyn Error>> {
    status("VmHWM:")
}

fn status(field: &str) -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.ok_or("no such field")?.parse::<u64>()? * 1024)
}
