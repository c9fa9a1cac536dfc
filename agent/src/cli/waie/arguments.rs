//! What stands behind `argosy waie`.

use std::path::PathBuf;

use clap::Args;
use shared::api::FreeSpace;

use super::carry_out::carry_out;
use super::order::{Account, Order};
#[cfg(target_os = "linux")]
use super::places;
#[cfg(target_os = "linux")]
use super::switches::Switch;
use super::switches::Switches;
use crate::cli::screen::{Ended, Screen};
#[cfg(target_os = "linux")]
use crate::cli::source::named_in;
use crate::cli::source::parse_map;
use crate::cli::store::StoreArguments;
use crate::drives::Drives;
use crate::jobs::JobError;

/// Takes WAImportExport's own words, as in `argosy waie PrepImport /j:JOB.jrn /id:SESSION ...`
///
/// Argosy's own options stand before or behind them. `/j:JOB.jrn` is the folder JOB here: it gets a
/// journal for each drive. SilentMode silences nothing: a drive that holds something is erased only
/// after --erase SERIAL, or an answer at the terminal.
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub(in crate::cli) struct Arguments {
    /// PrepImport and its switches, both forms: with /DataSet and /InitialDriveSet, or with /t,
    /// /srcdir and /dstdir; or PreviewExport, RepairImport, RepairExport and their switches
    #[arg(required = true, num_args = 1.., value_name = "WORDS")]
    words: Vec<String>,
    /// A folder or drive here that stands for a Windows path or letter, as in 'E:\=/mnt/e' and
    /// 'G:\=/dev/sdx'
    #[arg(long, value_name = "PREFIX=PATH")]
    pub(super) map: Vec<String>,
    /// Erases the drive of this serial, whatever is on it
    #[arg(long, value_name = "SERIAL")]
    pub(super) erase: Vec<String>,
    /// Overwrites space that no file takes
    #[arg(long, conflicts_with = "keep_free_space")]
    wipe: bool,
    /// Leaves old data readable in space that no file takes
    #[arg(long)]
    keep_free_space: bool,
    /// Leaves out what cannot be read, instead of refusing such a source
    #[arg(long)]
    pub(super) leave_unreadable: bool,
    /// Also enters folders on which another file system is mounted, which are left out otherwise
    #[arg(long)]
    pub(super) other_file_systems: bool,
    /// New names for what cannot go as it is called: rows of `path,name`, as `argosy scan --renames`
    /// proposes them
    #[arg(long, value_name = "CSV")]
    pub(super) renames: Option<PathBuf>,
    /// Fills a hard disk of 4096-byte sectors too, which the data centre sends back
    #[arg(long)]
    pub(super) accept_4096: bool,
    /// The account that PreviewExport and the repairs ask, when /sn does not name it
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// A file with a shared access signature for it, which /csas would show to other users of this computer
    #[arg(long, value_name = "FILE")]
    sas_file: Option<PathBuf>,
    /// The drive's journal, where RepairImport's log does not say what has to be in a blob
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,
    /// Shows the recovery passwords at the end
    #[arg(long)]
    pub(super) show_keys: bool,
    /// Prints one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl Arguments {
    /// Returns what becomes of bytes that no file takes.
    pub(super) const fn free_space(&self) -> FreeSpace {
        match (self.wipe, self.keep_free_space) {
            (true, _) => FreeSpace::Wipe,
            (_, true) => FreeSpace::Keep,
            _ => FreeSpace::Blank,
        }
    }

    /// Returns the account that a command asks.
    ///
    /// # Errors
    /// [`JobError`], usage, where none is named.
    pub(super) fn account(&self, asked: &Account) -> Result<StoreArguments, JobError> {
        let named = asked.name.as_ref();
        let named = named.map(|name| format!("https://{name}.blob.core.windows.net"));
        let store = self.store.clone().or(named);
        let signature = asked.signature.clone().filter(|_| self.sas_file.is_none());
        StoreArguments::of(store, self.sas_file.clone(), signature, None).ok_or_else(|| {
            let what = "which account? Say /sn:<StorageAccountName>, or --store URL";
            JobError::usage(what, "/sn:<StorageAccountName>")
        })
    }

    /// Returns the drives that the words name: `/t`, and those in files of drives.
    #[cfg(target_os = "linux")]
    pub(in crate::cli) fn named_drives(&self) -> Vec<PathBuf> {
        let (Ok(map), Ok(switches)) = (parse_map(&self.map), Switches::parse(&self.words)) else {
            return Vec::new();
        };
        let target = switches.value(Switch::Target);
        let target = target.and_then(|written| places::drive(written, &map).ok());
        let sets = [Switch::InitialDriveSet, Switch::AdditionalDriveSet];
        let sets = sets.into_iter().filter_map(|switch| {
            let file = places::path(switches.value(switch)?, &map, switch).ok()?;
            Some(named_in(Some(&file), &self.map))
        });
        target.into_iter().chain(sets.flatten()).collect()
    }
}

/// Reads the words, says what of them does nothing here, and does the rest.
///
/// # Errors
/// [`JobError`], usage, for words that are none of the tool's or that Argosy has no part for; those of
/// the command that they stand for.
pub(in crate::cli) fn run(
    arguments: &Arguments,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    let map = parse_map(&arguments.map)?;
    let switches = Switches::parse(&arguments.words)?;
    let order = Order::of(switches, &map)?;
    for note in &order.notes {
        screen.aside(&format!("argosy: {note}"));
    }
    carry_out(order.wish, arguments, map, screen, drives)
}
