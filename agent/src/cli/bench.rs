//! `argosy bench`: what a drive, its cable, a source and this computer can do, and which of them is the limit.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use shared::api::FreeSpace;
use shared::words::{count, rate};

use super::opened::open_reader;
use super::prepare::named;
use super::screen::{Ended, Screen};
use super::signals::on_stop;
use super::size::{show_seconds, show_size};
use super::source::parse_drive;
use crate::bench::{
    Budget, Computer, Forecast, Source, SourceKind, Surface, forecast, read_surface, write_surface,
};
use crate::device::{self, DriveInfo, DriveKind, Said, erase, erase_areas};
use crate::drives::Drives;
use crate::jobs::{JobError, Kind};
use crate::pipeline::Cancel;

/// The edges of what a drive is erased by.
const EDGE: u64 = 1 << 20;
/// Hundredths of the time for this computer, and for a source when there is one.
const COMPUTER_PART: u32 = 3;
const SOURCE_PART: u32 = 35;

/// Measures for five minutes what a drive, a source and this computer can do, and says which is the limit
///
/// Only reads, unless --write is said: that erases the drive, and asks as prepare does.
#[derive(Args)]
pub(super) struct Arguments {
    /// The drive: a block device or an image file, and its label's serial where the hardware's cannot be read
    #[arg(long, value_name = "PATH[=SERIAL]")]
    pub(super) drive: String,
    /// Also reads files of this folder, past what is in memory
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// How long it may take
    #[arg(long, default_value = "5", value_parser = parse_minutes, value_name = "N")]
    minutes: Duration,
    /// Also writes to the drive: all that is on it is lost. Image files of nothing but zeros stay so
    #[arg(long)]
    pub(super) write: bool,
    /// Erases the drive of this serial, whatever is on it
    #[arg(long, requires = "write", value_name = "SERIAL")]
    erase: Option<String>,
    /// Prints one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Reads minutes, also parts of one.
fn parse_minutes(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no number of minutes between 0.05 and 600");
    let minutes: f64 = text.parse().map_err(|_| wrong())?;
    if !(0.05..=600.0).contains(&minutes) {
        return Err(wrong());
    }
    Ok(Duration::from_secs(60).mul_f64(minutes))
}

/// What was measured.
struct Measured {
    read: Surface,
    written: Option<Surface>,
    source: Option<Source>,
    computer: Computer,
}

pub(super) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let target = parse_drive(&arguments.drive, FreeSpace::Blank);
    let place = target.path.display().to_string();
    let info = drives
        .describe(&target.path, target.serial.as_deref())
        .map_err(|error| JobError::io(error.to_string(), &place, "Nothing was written."))?;
    let said = arguments
        .write
        .then(|| words(arguments, &info, screen))
        .transpose()?;
    let budget = Budget {
        time: arguments.minutes,
        cancel: Cancel::default(),
    };
    let stop = budget.cancel.clone();
    on_stop(move || stop.cancel());
    let measured = measure(arguments, &info, said.as_ref(), &budget, screen, drives)?;
    if budget.cancel.is_cancelled() {
        let safe = "Nothing on the drive was changed but what --write may.";
        let mut stopped = JobError::io("stopped by the person", place, safe);
        stopped.kind = Kind::Incomplete;
        return Err(stopped);
    }
    let told = forecast(
        &measured.read,
        measured.written.as_ref(),
        measured.source.as_ref(),
        &measured.computer,
    );
    show(&info, &measured, &told, screen);
    Ok(Ended::WELL)
}

/// Returns the words that the drive may be written with.
fn words(arguments: &Arguments, info: &DriveInfo, screen: &Screen) -> Result<Said, JobError> {
    let place = info.path.display().to_string();
    if !info.erasable {
        let next = "Without --write it is only read.";
        return Err(JobError::refused(info.reasons.join("; "), place, next));
    }
    let real = |path: &PathBuf| std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let source = arguments.source.as_ref().map(real);
    if let (Some(source), Some(file)) = (source, info.backing())
        && file.starts_with(&source)
    {
        let what = "the drive's image file lies below the source";
        let next = "Keep drive images outside of what is read.";
        return Err(JobError::refused(what, place, next));
    }
    if info.serial.is_empty() {
        let what = "the drive's serial cannot be read";
        let next = "Give the one on its label: --drive PATH=SERIAL.";
        return Err(JobError::refused(what, place, next));
    }
    if info.kind == DriveKind::ImageFile && info.contents.emptiness.is_blank() {
        return Ok(Said::BlankImage);
    }
    let characters = device::last_four(&info.serial).chars().count();
    let erase: Vec<String> = arguments.erase.iter().cloned().collect();
    named(
        &info.serial,
        u32::try_from(characters).unwrap_or(4),
        &erase,
        screen,
    )
}

fn measure(
    arguments: &Arguments,
    info: &DriveInfo,
    said: Option<&Said>,
    budget: &Budget,
    screen: &Screen,
    drives: &Drives,
) -> Result<Measured, JobError> {
    screen.line("Measuring this computer ...");
    let computer = Computer::measure(&budget.part(COMPUTER_PART));
    let mut left: u32 = 100 - COMPUTER_PART;
    let source = match &arguments.source {
        Some(folder) => {
            screen.line(&format!("Reading files of {} ...", folder.display()));
            left = left.saturating_sub(SOURCE_PART);
            let source = Source::measure(folder, &budget.part(SOURCE_PART));
            Some(source.map_err(|error| {
                let place = folder.display().to_string();
                JobError::io(error.to_string(), place, "Nothing was written.")
            })?)
        }
        None => None,
    };
    let share = if said.is_some() { left / 2 } else { left };
    screen.line(&format!("Reading {} ...", info.path.display()));
    let reader = open_reader(drives, &info.path, true)?;
    let mut tell = |_, _| {};
    let read = read_surface(&reader, &budget.part(share), &mut tell);
    let read = read.map_err(|error| failed(&error, info, "Nothing was written."))?;
    drop(reader);
    let written = match said {
        Some(said) if !budget.cancel.is_cancelled() => {
            screen.line(&format!("Writing to {} ...", info.path.display()));
            Some(write(arguments, info, said, &budget.part(share), drives)?)
        }
        _ => None,
    };
    Ok(Measured {
        read,
        written,
        source,
        computer,
    })
}

/// Erases the drive and measures how fast it is written.
fn write(
    arguments: &Arguments,
    info: &DriveInfo,
    said: &Said,
    budget: &Budget,
    drives: &Drives,
) -> Result<Surface, JobError> {
    const LOST: &str = "What was on the drive is lost, as confirmed.";
    let kept: Vec<PathBuf> = arguments.source.iter().cloned().collect();
    let refused = |why: String| {
        JobError::refused(
            why,
            info.path.display().to_string(),
            "Choose another drive.",
        )
    };
    let confirmed = drives.confirm(info, said, &kept);
    let mut confirmed = confirmed.map_err(|why| refused(why.to_string()))?;
    let held = confirmed
        .hold()
        .ok_or_else(|| refused("it was taken before".to_owned()))?;
    let mut device = held.map_err(|why| refused(why.to_string()))?;
    let bytes = device.bytes();
    let partition = EDGE..bytes.saturating_sub(EDGE).max(EDGE);
    let areas = erase_areas(bytes, partition, &info.contents);
    erase(device.as_mut(), &areas).map_err(|error| failed(&error, info, LOST))?;
    write_surface(device.as_mut(), budget, &mut |_, _| {})
        .map_err(|error| failed(&error, info, LOST))
}

fn failed(error: &dyn std::error::Error, info: &DriveInfo, safe: &str) -> JobError {
    JobError::io(error.to_string(), info.path.display().to_string(), safe)
}

fn show(info: &DriveInfo, measured: &Measured, told: &Forecast, screen: &Screen) {
    let Measured {
        read,
        written,
        source,
        computer,
    } = measured;
    show_surface("reads", read, screen);
    if let Some(written) = written {
        show_surface("writes", written, screen);
    }
    if let Some(source) = source {
        show_kind("long files", &source.long, screen);
        show_kind("files below 1 MiB", &source.short, screen);
        if !source.is_whole {
            screen.line("  (only a part of the source was looked through in this time)");
        }
        if source.failed > 0 {
            screen.aside(&format!(
                "argosy: {} files could not be read",
                count(source.failed)
            ));
        }
    }
    let processors = computer.processors;
    screen.line(&format!(
        "computer: hashes {}, enciphers {} on one of its {processors} processors{}",
        rate(computer.hash),
        rate(computer.encipher),
        computer
            .memory_free
            .map_or_else(String::new, |free| format!(
                ", {} of memory free",
                show_size(free)
            ))
    ));
    let about = |seconds: u64| match seconds {
        0..36_000 => show_seconds(seconds),
        _ => format!("{} h", seconds.saturating_add(1800) / 3600),
    };
    let surfaces = (read, written.as_ref());
    let sentence = told.words(surfaces, source.as_ref(), computer, &show_size, &about);
    screen.line(&sentence);
    let is_image = matches!(
        info.kind,
        DriveKind::ImageFile | DriveKind::LoopDevice { .. }
    );
    if is_image {
        screen.line("This is an image file: what was measured is the disk that it lies on, or less than that where it has holes.");
    }
    screen.object(&json!({
        "drive": {"path": info.path, "serial": info.serial, "model": info.model, "bus": info.bus, "bytes": info.bytes,
            "is_image": is_image, "read": read, "written": written},
        "source": source,
        "source_bytes_per_second": source.as_ref().and_then(Source::rate),
        "computer": computer,
        "computer_bytes_per_second": computer.rate(),
        "fill_seconds": told.fill_seconds,
        "read_back_seconds": told.read_back_seconds,
        "limited_by": told.limit,
        "words": sentence,
    }));
}

fn show_surface(verb: &str, surface: &Surface, screen: &Screen) {
    let rates: Vec<String> = surface
        .stretches
        .iter()
        .map(|stretch| rate(stretch.rate))
        .collect();
    screen.line(&format!(
        "drive {verb}, from its beginning to its end: {}",
        rates.join(", ")
    ));
}

fn show_kind(what: &str, kind: &SourceKind, screen: &Screen) {
    if kind.files_read == 0 {
        return;
    }
    screen.line(&format!(
        "source: {what}: {}, {} a second ({} of {} read, {} in all)",
        rate(kind.rate),
        count(kind.files_a_second),
        count(kind.files_read),
        count(kind.files),
        show_size(kind.bytes)
    ));
}
