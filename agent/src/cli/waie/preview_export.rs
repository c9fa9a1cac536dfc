//! `PreviewExport`, both forms: with the account on the command line, and without.

use super::order::{Account, Order, Preview, Wish};
use super::places::{self, Map};
use super::switches::{Switch, Switches};
use crate::cli::size::parse_size;
use crate::jobs::JobError;

/// Understands the switches of `PreviewExport`.
///
/// # Errors
/// [`JobError`], usage, naming the switch.
pub(super) fn understand(mut given: Switches, map: &Map) -> Result<Order, JobError> {
    let mut notes = Vec::new();
    if given.take(Switch::LogDirectory).is_some() {
        notes.push("/logdir does nothing: all is said here".to_owned());
    }
    if let Some(cloud) = given.take(Switch::Cloud)
        && !cloud.eq_ignore_ascii_case("Public")
    {
        let what =
            format!("for the cloud \"{cloud}\" name the account's whole address with --store");
        notes.push(what);
    }
    // Before anything else is asked for: a key should not stand there at all.
    let account = account(&mut given)?;
    let list = given.need(Switch::BlobList, "PreviewExport")?;
    let size = given.need(Switch::DriveSize, "PreviewExport")?;
    let drive_size = parse_size(&size);
    let preview = Preview {
        list: places::path(&list, map, Switch::BlobList)?,
        drive_size: drive_size
            .map_err(|what| JobError::usage(what, Switch::DriveSize.spelled()))?,
        account,
    };
    given.finish("PreviewExport")?;
    let wish = Wish::Preview(preview);
    Ok(Order { wish, notes })
}

/// Takes out what names and opens the account.
///
/// # Errors
/// [`JobError`], usage, for an account key.
pub(super) fn account(given: &mut Switches) -> Result<Account, JobError> {
    if given.flag(Switch::AccountKey) {
        let what = "Argosy takes no account key, which opens everything: give /csas, or --sas-file, with a shared \
                    access signature that allows no more than this takes";
        return Err(JobError::usage(what, Switch::AccountKey.spelled()));
    }
    Ok(Account {
        name: given.take(Switch::AccountName),
        signature: given.take(Switch::ContainerSas),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(words: &[&str]) -> Result<Order, JobError> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Order::of(Switches::parse(&words)?, &[])
    }

    #[test]
    fn both_forms_of_the_tool_are_understood() {
        let old = [
            "PreviewExport",
            "/logdir:l",
            "/sn:acc",
            "/csas:sig=x",
            "/ExportBlobListFile:l.xml",
            "/DriveSize:500GB",
        ];
        let new = [
            "previewexport",
            "/exportbloblistfile:l.xml",
            "/drivesize:500GB",
            "/Cloud:Public",
        ];
        for (words, account) in [(&old[..], Some("acc")), (&new[..], None)] {
            let Wish::Preview(preview) = understood(words).expect("the tool's own words").wish
            else {
                panic!("{words:?}");
            };
            assert_eq!(preview.drive_size, 500_000_000_000);
            assert_eq!(preview.account.name.as_deref(), account);
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (words, place) in [
            (
                &["PreviewExport", "/DriveSize:1TB"][..],
                "/ExportBlobListFile:<BlobListFile>",
            ),
            (
                &["PreviewExport", "/ExportBlobListFile:l", "/DriveSize:big"],
                "/DriveSize:<DriveSize>",
            ),
            (&["PreviewExport", "/sk:secret"], "/sk:<StorageAccountKey>"),
            (&["PreviewExport", "/DataSet:a"], "/DataSet"),
            (&["PrepImport", "/DriveSize:1TB"], "/DriveSize"),
        ] {
            let error = understood(words).map(|_| ()).expect_err("wrong").error;
            assert_eq!(error.place, place, "{}", error.message);
            assert!(!error.message.contains("secret"));
        }
    }
}
