//! `RepairImport` and `RepairExport`, which the tool itself dropped in 1.5.0.300.

use super::order::{Mending, Order, Wish};
use super::places::{self, Map};
use super::preview_export::account;
use super::switches::{Switch, Switches, Verb};
use crate::jobs::JobError;

/// Understands the switches of both.
///
/// # Errors
/// [`JobError`], usage, naming the switch.
pub(super) fn understand(mut given: Switches, map: &Map) -> Result<Order, JobError> {
    let is_import = given.verb == Verb::RepairImport;
    let name = if is_import {
        "RepairImport"
    } else {
        "RepairExport"
    };
    let account = account(&mut given)?;
    let mut notes = Vec::new();
    if given.take(Switch::BitLockerKey).is_some() {
        notes.push(if is_import {
            "/bk does nothing: the originals are read, not the drive".to_owned()
        } else {
            "/bk does nothing: what is mended is the copy in a folder, as argosy receive or unpack made it; \
             nothing is written to a drive"
                .to_owned()
        });
    }
    let needed = |given: &mut Switches, switch: Switch| {
        let written = given.need(switch, name)?;
        places::path(&written, map, switch)
    };
    let optional = |given: &mut Switches, switch: Switch| {
        let written = given.take(switch);
        written
            .map(|written| places::path(&written, map, switch))
            .transpose()
    };
    let folders = given.need(Switch::Directories, name)?;
    let folders = folders.split(';').filter(|folder| !folder.is_empty());
    let folders = folders.map(|folder| places::path(folder, map, Switch::Directories));
    let mending = Mending {
        folders: folders.collect::<Result<_, _>>()?,
        repair_file: needed(&mut given, Switch::RepairFile)?,
        copy_log: needed(&mut given, Switch::CopyLogFile)?,
        log_folder: optional(&mut given, Switch::LogDirectory)?,
        path_map: optional(&mut given, Switch::PathMapFile)?,
        manifest: optional(&mut given, Switch::ManifestFile)?,
        account,
    };
    given.finish(name)?;
    if !is_import && mending.folders.len() != 1 {
        let what = "RepairExport takes one folder: the one that the drive was copied to";
        return Err(JobError::usage(what, Switch::Directories.spelled()));
    }
    let wish = if is_import {
        Wish::RepairImport(mending)
    } else {
        Wish::RepairExport(mending)
    };
    Ok(Order { wish, notes })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn understood(words: &[&str]) -> Result<Order, JobError> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let map = [(r"C:\".to_owned(), PathBuf::from("/srv"))];
        Order::of(Switches::parse(&words)?, &map)
    }

    /// As the public page has it (azure-import-export.md, 1.4).
    const PUBLIC: [&str; 8] = [
        "RepairImport",
        r"/r:C:\WAImportExport\9WM35C2V.rep",
        r"/d:C:\Users\bob\Pictures;C:\BobBackup\photos",
        "/sn:bobmediaaccount",
        "/csas:pictures?sig=secret",
        r"/CopyLogFile:C:\WAImportExport\9WM35C2V.log",
        r"/PathMapFile:C:\WAImportExport\9WM35C2V_pathmap.txt",
        "/bk:KAY",
    ];

    #[test]
    fn the_public_command_line_is_understood() {
        let order = understood(&PUBLIC).expect("the tool's own words");
        let Wish::RepairImport(asked) = order.wish else {
            panic!("a repair");
        };
        let folders = ["/srv/Users/bob/Pictures", "/srv/BobBackup/photos"];
        assert_eq!(asked.folders, folders.map(PathBuf::from));
        assert_eq!(
            asked.copy_log,
            PathBuf::from("/srv/WAImportExport/9WM35C2V.log")
        );
        assert_eq!(asked.account.name.as_deref(), Some("bobmediaaccount"));
        assert!(!format!("{asked:?}").contains("secret"));
        assert_eq!(order.notes.len(), 1);
    }

    #[test]
    fn what_does_not_belong_together_is_named() {
        for (words, place) in [
            (vec!["RepairImport"], "/d:<TargetDirectories>"),
            (
                vec!["RepairImport", "/d:a", "/r:b"],
                "/CopyLogFile:<DriveCopyLogFile>",
            ),
            (
                vec!["RepairImport", "/sk:secret"],
                "/sk:<StorageAccountKey>",
            ),
            (
                vec!["RepairExport", "/d:a;b", "/r:c", "/CopyLogFile:d"],
                "/d:<TargetDirectories>",
            ),
            (vec!["RepairExport", "/PathMapFile:a"], "/PathMapFile"),
            (vec!["RepairImport", "/DataSet:a"], "/DataSet"),
            (vec!["PrepImport", "/CopyLogFile:a"], "/CopyLogFile"),
        ] {
            let error = understood(&words).map(|_| ()).expect_err("wrong").error;
            assert_eq!(error.place, place, "{words:?}: {}", error.message);
            assert!(!error.message.contains("secret"));
        }
    }
}
