//! Measures the memory and time that laying out a volume takes: `layout_memory [FILES [FOLDER_FILES]]`.
//!
//! FILES is 10,000,000 unless given, FOLDER_FILES how many go into one folder (1,000). Names are like those of a camera.
//! Without either, a folder of a million files is laid out too. Seconds are those of this thread's processor time.
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
    let folder_files: Option<u64> = arguments.next().map(|count| count.parse()).transpose()?;
    let found = measure(files, folder_files.unwrap_or(1_000))?;
    if files == 10_000_000 && folder_files.is_none() {
        let (seconds, bytes) = (found.seconds, found.bytes_a_file);
        println!("ROW\tlayout of 10 million files\tseconds\t<=\t12\t{seconds:.3}");
        println!(
            "ROW\tlayout of 10 million files\tbytes a file\t<=\t{BYTES_PER_FILE_MAX}\t{bytes}"
        );
        println!("\na million files in one folder");
        let seconds = measure(1_000_000, 1_000_000)?.seconds;
        println!("ROW\tlayout of a million files in one folder\tseconds\t<=\t1.5\t{seconds:.3}");
    }
    Ok(())
}

/// What laying out took.
struct Found {
    /// Of the tree and the layout.
    seconds: f64,
    bytes_a_file: u64,
}

fn measure(files: u64, folder_files: u64) -> Result<Found, Box<dyn Error>> {
    let empty = memory()?;
    let clock = Clock::start();
    let tree = tree(files, folder_files)?;
    let name_bytes = 2 * NAME_UNITS * files;
    let nodes = u64::from(tree.node_count());
    let (of_tree, _) = report("tree", empty, files, name_bytes, clock)?;

    let clock = Clock::start();
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
    let (of_layout, bytes_a_file) = report("tree and layout", empty, files, name_bytes, clock)?;

    let clock = Clock::start();
    let metadata = render(&layout)?;
    speed("metadata rendered", metadata, clock);

    let clock = Clock::start();
    let mended = layout.without(&|node| node.0 % 1000 == 999, None)?;
    report("a thousandth left out", empty, files, name_bytes, clock)?;
    let clock = Clock::start();
    let differing: u64 = layout
        .differences(&mended)
        .map(|range| range.end - range.start)
        .sum();
    speed("differences found", differing, clock);
    println!("{nodes} nodes, peak {} MB", peak()? / 1_000_000);
    Ok(Found {
        seconds: of_tree + of_layout,
        bytes_a_file,
    })
}

/// Processor time of this thread (Linux; elsewhere the wall clock).
struct Clock(Option<f64>, Instant);

impl Clock {
    fn start() -> Self {
        Self(scheduled(), Instant::now())
    }

    fn seconds(&self) -> f64 {
        match (self.0, scheduled()) {
            (Some(before), Some(now)) => now - before,
            _ => self.1.elapsed().as_secs_f64(),
        }
    }
}

fn scheduled() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split(' ').next()?.parse().ok()?;
    (nanoseconds > 0.0).then_some(nanoseconds / 1e9)
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
    clock: Clock,
) -> Result<(f64, u64), Box<dyn Error>> {
    let bytes = memory()?.saturating_sub(before);
    println!(
        "{what}: {} MB, {} bytes a file, of which {} are its name; {:.2} s",
        bytes / 1_000_000,
        bytes / files,
        name_bytes / files,
        clock.seconds()
    );
    if bytes / files > BYTES_PER_FILE_MAX {
        return Err(format!("more than {BYTES_PER_FILE_MAX} bytes a file").into());
    }
    Ok((clock.seconds(), bytes / files))
}

/// What listing, names and layout may take together.
const BYTES_PER_FILE_MAX: u64 = 400;

fn speed(what: &str, bytes: u64, clock: Clock) {
    let seconds = clock.seconds().max(1e-6);
    let megabytes = u32::try_from(bytes / 1_000_000).unwrap_or(u32::MAX);
    println!(
        "{what}: {megabytes} MB in {seconds:.2} s, {:.0} MB/s",
        f64::from(megabytes) / seconds
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
