//! Whether the lists in `\ascmhl` are those that the chain was made of.

use disk::ReadAt;
use ntfs_image::read::{Entry, FileReader, Volume};
use std::io::Read;
use thiserror::Error;

use super::c4::C4;
use super::list::{CHAIN_NAME, FOLDER};

/// A chain longer than this is none: it would be of thousands of generations.
const CHAIN_BYTES_MAX: u64 = 1 << 20;
/// Bytes of a list that are read at once.
const STEP: usize = 1 << 20;

/// A chain that proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{path}: {what}")]
pub struct ChainFault {
    /// The file, as the drive has it.
    pub path: String,
    /// What is wrong.
    pub what: String,
}

/// Compares every list that the chain in `\ascmhl` names with its C4; none on the drive is no fault.
///
/// # Errors
/// [`ChainFault`], the first.
pub fn check_chain<R: ReadAt>(volume: &Volume<R>) -> Result<(), ChainFault> {
    let place = format!("{FOLDER}\\{CHAIN_NAME}");
    let fault = |what: String| ChainFault {
        path: format!("\\{place}"),
        what,
    };
    let found = volume
        .find(&place)
        .map_err(|error| fault(error.to_string()))?;
    let Some(entry) = found.filter(|entry| !entry.is_folder) else {
        return Ok(());
    };
    let mut text = String::new();
    let mut reader = open(volume, &entry).map_err(fault)?.take(CHAIN_BYTES_MAX);
    reader
        .read_to_string(&mut text)
        .map_err(|error| fault(error.to_string()))?;
    let mut lists = 0_u32;
    for list in text.split("<hashlist ").skip(1) {
        let (Some(name), Some(c4)) = (between(list, "path"), between(list, "c4")) else {
            return Err(fault("a list without a path and a C4".to_owned()));
        };
        let name = name.replace("&amp;", "&");
        let path = format!("\\{FOLDER}\\{name}");
        let fault = |what: String| ChainFault {
            path: path.clone(),
            what,
        };
        let found = c4_of(volume, &format!("{FOLDER}\\{name}")).map_err(fault)?;
        if found != c4 {
            return Err(fault(format!("its C4 is {found}; the chain has {c4}")));
        }
        lists = lists.saturating_add(1);
    }
    if lists == 0 || !text.trim_end().ends_with("</ascmhldirectory>") {
        return Err(fault("it is not whole".to_owned()));
    }
    Ok(())
}

fn open<'v, R: ReadAt>(volume: &'v Volume<R>, entry: &Entry) -> Result<FileReader<'v, R>, String> {
    let file = volume
        .open_file(entry.id)
        .map_err(|error| error.to_string())?;
    Ok(FileReader::new(volume, file))
}

fn c4_of<R: ReadAt>(volume: &Volume<R>, path: &str) -> Result<String, String> {
    let entry = volume.find(path).map_err(|error| error.to_string())?;
    let entry = entry.ok_or_else(|| "the chain names it, and it is not there".to_owned())?;
    let mut reader = open(volume, &entry)?;
    let (mut c4, mut piece) = (C4::default(), vec![0; STEP]);
    loop {
        let count = reader.read(&mut piece).map_err(|error| error.to_string())?;
        if count == 0 {
            return Ok(c4.finish());
        }
        c4.update(piece.get(..count).unwrap_or_default());
    }
}

fn between<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    rest.split_once(&format!("</{tag}>"))
        .map(|(found, _)| found)
}
