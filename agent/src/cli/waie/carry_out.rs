//! From what is asked to the command that does it.

use std::path::PathBuf;

use super::arguments::Arguments;
use super::fill::{add_drives, fill};
use super::listed;
use super::order::{Adopt, Wish};
use crate::cli::blob_list::BlobListArguments;
use crate::cli::key::KeyArguments;
use crate::cli::screen::{Ended, Screen};
use crate::cli::{abort, adopt, preview_export, repair_export, repair_import, resume};
use crate::drives::Drives;
use crate::jobs::JobError;

/// Does it.
///
/// # Errors
/// [`JobError`] of the command that does it.
pub(super) fn carry_out(
    wish: Wish,
    own: &Arguments,
    map: Vec<(String, PathBuf)>,
    screen: &Screen,
    drives: &Drives,
) -> Result<Ended, JobError> {
    match wish {
        Wish::Fill(asked) => fill(&asked, own, map, screen, drives),
        Wish::AddDrives {
            session,
            journals,
            drives: set,
        } => add_drives(&session, journals, set, own, map, screen, drives),
        Wish::Adopt(asked) => adopt::run(&adoption(asked, own), screen, drives),
        Wish::Resume { session, journals } => {
            let mut arguments = resume::Arguments::of(session, journals);
            (arguments.show_keys, arguments.json) = (own.show_keys, own.json);
            resume::run(arguments, screen, drives)
        }
        Wish::Abort { session, journals } => {
            let journal_dir = vec![journals];
            let arguments = abort::Arguments {
                session,
                journal_dir,
            };
            abort::run(&arguments, screen)
        }
        Wish::ListDrives { journals } => listed::drives(&journals, screen),
        Wish::ListSessions { journals } => listed::sessions(&journals, screen),
        Wish::Preview(asked) => {
            let arguments = preview_export::Arguments {
                store: own.account(&asked.account)?,
                blobs: BlobListArguments::of(asked.list),
                drive_size: asked.drive_size,
                mhl: false,
                json: own.json,
            };
            preview_export::run(&arguments, screen)
        }
        Wish::RepairImport(asked) => {
            let arguments = repair_import::Arguments {
                copy_log: asked.copy_log,
                journal: own.journal.clone().filter(|_| asked.manifest.is_none()),
                manifest: asked.manifest,
                dir: asked.folders,
                store: own.account(&asked.account)?,
                path_map: asked.path_map,
                map: own.map.clone(),
                repair_file: Some(asked.repair_file),
                log_dir: asked.log_folder.unwrap_or_else(|| PathBuf::from(".")),
                parallel: repair_import::PARALLEL,
                json: own.json,
            };
            repair_import::run(&arguments, screen)
        }
        Wish::RepairExport(asked) => {
            let arguments = repair_export::Arguments {
                copy_log: Some(asked.copy_log),
                manifest: asked.manifest,
                dir: asked.folders.into_iter().next().unwrap_or_default(),
                store: own.account(&asked.account)?,
                repair_file: Some(asked.repair_file),
                json: own.json,
            };
            repair_export::run(&arguments, screen)
        }
    }
}

fn adoption(asked: Adopt, own: &Arguments) -> adopt::Arguments {
    adopt::Arguments {
        session: asked.session,
        journal_dir: vec![asked.journals],
        drive: asked.drive.display().to_string(),
        key: KeyArguments {
            key_file: None,
            key: Some(asked.key),
        },
        to: asked.destination,
        json: own.json,
    }
}
