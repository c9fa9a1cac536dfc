//! `PrepImport`, both forms: which switches go together, and what each asks for.

use shared::manifest::BlobKind;
use shared::plan::dataset::{self, CsvError, DatasetRow};

use super::order::{Adopt, Fill, Onto, Order, What, Wish};
use super::places::{self, Map};
use super::switches::{Switch, Switches};
use crate::jobs::JobError;

/// Understands the switches of `PrepImport`.
///
/// # Errors
/// [`JobError`], usage, naming the switch.
pub(super) fn understand(mut given: Switches, map: &Map) -> Result<Order, JobError> {
    let notes = notes(&mut given);
    let journals = given.need(Switch::Journal, "PrepImport")?;
    let journals = places::journals(&journals, map)?;
    for (switch, listed) in [
        (
            Switch::ListDrives,
            Wish::ListDrives {
                journals: journals.clone(),
            },
        ),
        (
            Switch::ListCopySessions,
            Wish::ListSessions {
                journals: journals.clone(),
            },
        ),
    ] {
        if given.flag(switch) {
            given.take(Switch::Id);
            given.finish(&switch.spelled())?;
            return Ok(Order {
                wish: listed,
                notes,
            });
        }
    }
    let session = given.need(Switch::Id, "PrepImport")?;
    let wish = if given.flag(Switch::ResumeSession) {
        given.finish("/ResumeSession, which takes /j and /id")?;
        Wish::Resume { session, journals }
    } else if given.flag(Switch::AbortSession) {
        given.finish("/AbortSession, which takes /j and /id")?;
        Wish::Abort { session, journals }
    } else if let Some(file) = given.take(Switch::DataSet) {
        let what = What::DataSet(places::path(&file, map, Switch::DataSet)?);
        Wish::Fill(data_set((session, journals), what, given, map)?)
    } else if let Some(file) = given.take(Switch::AdditionalDriveSet) {
        given.finish("/AdditionalDriveSet, which takes /j and /id")?;
        let drives = places::path(&file, map, Switch::AdditionalDriveSet)?;
        Wish::AddDrives {
            session,
            journals,
            drives,
        }
    } else if given.flag(Switch::SkipWrite) {
        Wish::Adopt(adopt((session, journals), given, map)?)
    } else {
        Wish::Fill(one_source((session, journals), given, map)?)
    };
    Ok(Order { wish, notes })
}

/// Takes out what does nothing here, and says so.
fn notes(given: &mut Switches) -> Vec<String> {
    let mut notes = Vec::new();
    for switch in [Switch::AccountKey, Switch::ContainerSas] {
        if given.flag(switch) {
            notes.push(format!(
                "{} is not needed and not kept: no key to your storage account is used here. Leave it out: other \
                 users of this computer can see it",
                switch.spelled()
            ));
        }
    }
    if given.take(Switch::LogDirectory).is_some() {
        notes.push("/logdir does nothing: the log is the drives' journals".to_owned());
    }
    if given.flag(Switch::SilentMode) {
        notes.push(
            "/silentmode silences nothing: a drive that holds something is erased only after --erase SERIAL, or an \
             answer at the terminal"
                .to_owned(),
        );
    }
    notes
}

type Named = (String, std::path::PathBuf);

/// The second version's form.
fn data_set(
    (session, journals): Named,
    what: What,
    mut given: Switches,
    map: &Map,
) -> Result<Fill, JobError> {
    let mut sets = Vec::new();
    for switch in [Switch::InitialDriveSet, Switch::AdditionalDriveSet] {
        if let Some(file) = given.take(switch) {
            sets.push(places::path(&file, map, switch)?);
        }
    }
    let content_md5 = given.flag(Switch::EnableContentMd5);
    given.finish("/DataSet, which takes /j, /id and /InitialDriveSet")?;
    if sets.is_empty() {
        return Err(JobError::usage(
            "the drives are missing: Argosy plans all data of a session onto its drives before it begins; name drives for \
             this data, or put it onto a finished drive with argosy prepare --add",
            Switch::InitialDriveSet.spelled(),
        ));
    }
    Ok(Fill {
        session,
        journals,
        what,
        onto: Onto::DriveSets(sets),
        content_md5,
    })
}

/// The first version's form: one folder or one file onto one drive.
fn one_source(
    (session, journals): Named,
    mut given: Switches,
    map: &Map,
) -> Result<Fill, JobError> {
    let row = row(&mut given)?;
    let Some(target) = given.take(Switch::Target) else {
        return Err(JobError::usage(
            "a further session would add to a drive that is finished: that is argosy prepare --add; or write all sources \
             as rows of a dataset.csv, or name a drive of its own",
            Switch::Target.spelled(),
        ));
    };
    let (format, encrypt) = (given.flag(Switch::Format), given.flag(Switch::Encrypt));
    let key = given.take(Switch::BitLockerKey);
    let wrong = |what: &str, switch: Switch| Err(JobError::usage(what, switch.spelled()));
    match (format, encrypt, key) {
        (_, true, Some(_)) => {
            return wrong(
                "BitLocker Key should not be specified with /encrypt",
                Switch::BitLockerKey,
            );
        }
        (true, false, Some(_)) => {
            return wrong(
                "When Format is specified, Encrypt must also be specified; to make a new file system inside a drive's \
                 own BitLocker, write Format with AlreadyEncrypted in a driveset.csv",
                Switch::BitLockerKey,
            );
        }
        (true, false, None) => {
            return wrong(
                "When Format is specified, Encrypt must also be specified",
                Switch::Encrypt,
            );
        }
        (false, _, _) => {
            return wrong(
                "nothing is added to a file system that is there: a drive is built whole. Say /format /encrypt, or \
                 /skipwrite for a drive that is filled already",
                Switch::Format,
            );
        }
        (true, true, None) => {}
    }
    let content_md5 = given.flag(Switch::EnableContentMd5);
    given.finish("/t, /srcdir and /dstdir")?;
    Ok(Fill {
        session,
        journals,
        what: What::Row(Box::new(row)),
        onto: Onto::Drive(places::drive(&target, map)?),
        content_md5,
    })
}

/// Returns what the first version's switches say as a row of a data set.
fn row(given: &mut Switches) -> Result<DatasetRow, JobError> {
    let folder = given.take(Switch::SourceDirectory);
    let file = given.take(Switch::SourceFile);
    let (base, from, to) = match (folder, file) {
        (Some(folder), None) => (
            as_folder(folder),
            Switch::SourceDirectory,
            Switch::DestinationDirectory,
        ),
        (None, Some(file)) => (file, Switch::SourceFile, Switch::DestinationBlob),
        (Some(_), Some(_)) => {
            let what = "a session has one source: /srcdir or /srcfile";
            return Err(JobError::usage(what, Switch::SourceFile.spelled()));
        }
        (None, None) => {
            let what = "say what travels: /DataSet, or /srcdir, or /srcfile";
            return Err(JobError::usage(what, "PrepImport"));
        }
    };
    let destination = given.need(to, &from.spelled())?;
    let mut optional = |switch| given.take(switch).unwrap_or_default();
    let (kind, disposition) = (optional(Switch::BlobType), optional(Switch::Disposition));
    let metadata = optional(Switch::MetadataFile);
    let properties = optional(Switch::PropertyFile);
    dataset::one_row(&[
        (dataset::BASE, &base),
        (dataset::BLOB, &destination),
        (dataset::BLOB_TYPE, &kind),
        (dataset::DISPOSITION, &disposition),
        (dataset::METADATA, &metadata),
        (dataset::PROPERTIES, &properties),
    ])
    .map_err(|error| {
        let CsvError { column, what, .. } = error;
        let switch = match column.as_str() {
            dataset::BASE => from,
            dataset::BLOB_TYPE => Switch::BlobType,
            dataset::DISPOSITION => Switch::Disposition,
            _ => to,
        };
        JobError::usage(what, switch.spelled())
    })
}

fn as_folder(mut path: String) -> String {
    if !path.ends_with(['\\', '/']) {
        path.push(if path.contains('\\') { '\\' } else { '/' });
    }
    path
}

/// `/skipwrite`: the data is on the drive already.
fn adopt((session, journals): Named, mut given: Switches, map: &Map) -> Result<Adopt, JobError> {
    let target = given.need(Switch::Target, "/skipwrite")?;
    let drive = places::drive(&target, map)?;
    let source = given.need(Switch::SourceDirectory, "/skipwrite")?;
    let is_root = places::drive(&source, map).is_ok_and(|source| source == drive);
    if !is_root {
        let what = "with /skipwrite it is the root of the drive itself: all that is on it travels";
        return Err(JobError::usage(what, Switch::SourceDirectory.spelled()));
    }
    if given.flag(Switch::Encrypt) || given.flag(Switch::Format) {
        let what = "a drive that is filled already is only read: encrypt it first, and say /bk";
        return Err(JobError::usage(what, Switch::SkipWrite.spelled()));
    }
    let key = given.need(Switch::BitLockerKey, "/skipwrite")?;
    let row = row_of_drive(&mut given, source)?;
    given.finish("/skipwrite here")?;
    Ok(Adopt {
        session,
        journals,
        drive,
        key,
        destination: row.destination,
    })
}

fn row_of_drive(given: &mut Switches, source: String) -> Result<DatasetRow, JobError> {
    let destination = given.need(Switch::DestinationDirectory, "/skipwrite")?;
    let kind = given.take(Switch::BlobType).unwrap_or_default();
    let source = as_folder(match source.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => format!("{source}:\\"),
        _ => source,
    });
    let row = dataset::one_row(&[
        (dataset::BASE, &source),
        (dataset::BLOB, &destination),
        (dataset::BLOB_TYPE, &kind),
    ]);
    let row = row.map_err(|error| JobError::usage(error.what, error.column))?;
    if row.kind == Some(BlobKind::Page) {
        let what =
            "a drive filled by hand travels as block blobs, and .vhd and .vhdx files as page blobs";
        return Err(JobError::usage(what, Switch::BlobType.spelled()));
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn understood(words: &[&str]) -> Result<Order, JobError> {
        let all = std::iter::once(&"PrepImport").chain(words);
        let words: Vec<String> = all.map(|&word| word.to_owned()).collect();
        let map = [
            (r"G:\".to_owned(), PathBuf::from("/dev/sdx")),
            (r"E:\".to_owned(), PathBuf::from("/mnt/e")),
        ];
        Order::of(Switches::parse(&words)?, &map)
    }

    fn said(words: &[&str]) -> (String, String) {
        let error = understood(words).map(|_| ()).expect_err("wrong").error;
        (error.place, error.message)
    }

    #[test]
    fn the_public_samples_of_the_second_version_are_understood() {
        let words = [
            "/j:JournalTest.jrn",
            "/id:session#1",
            "/sk:************",
            "/InitialDriveSet:driveset-1.csv",
            "/DataSet:dataset-1.csv",
            r"/logdir:F:\logs",
        ];
        let order = understood(&words).expect("the first sample");
        assert_eq!(order.notes.len(), 2);
        assert!(!order.notes.concat().contains("****"));
        let fill = Fill {
            session: "session#1".to_owned(),
            journals: "JournalTest".into(),
            what: What::DataSet("dataset-1.csv".into()),
            onto: Onto::DriveSets(vec!["driveset-1.csv".into()]),
            content_md5: false,
        };
        assert_eq!(order.wish, Wish::Fill(fill));
        let named = ["/j:JournalTest.jrn", "/id:session#2"];
        let (session, journals) = ("session#2".to_owned(), PathBuf::from("JournalTest"));
        for (word, wish) in [
            (
                "/ResumeSession",
                Wish::Resume {
                    session: session.clone(),
                    journals: journals.clone(),
                },
            ),
            (
                "/AbortSession",
                Wish::Abort {
                    session: session.clone(),
                    journals: journals.clone(),
                },
            ),
            (
                "/ListDrives",
                Wish::ListDrives {
                    journals: journals.clone(),
                },
            ),
            (
                "/ListCopySessions",
                Wish::ListSessions {
                    journals: journals.clone(),
                },
            ),
            (
                "/AdditionalDriveSet:more.csv",
                Wish::AddDrives {
                    session: session.clone(),
                    journals: journals.clone(),
                    drives: "more.csv".into(),
                },
            ),
        ] {
            assert_eq!(
                understood(&[named[0], named[1], word]).expect(word).wish,
                wish
            );
        }
    }

    #[test]
    fn the_public_samples_of_the_first_version_are_understood() {
        let first = [
            "/j:FirstDrive.jrn",
            "/id:Video1",
            "/sk:x",
            "/t:G",
            "/format",
            "/encrypt",
            r"/srcdir:E:\Video1",
            "/dstdir:video/",
            r"/MetadataFile:E:\meta.txt",
            "/Disposition:overwrite",
        ];
        let Wish::Fill(fill) = understood(&first).expect("the workflow's sample").wish else {
            panic!("it fills")
        };
        assert_eq!(fill.onto, Onto::Drive("/dev/sdx".into()));
        let What::Row(row) = fill.what else {
            panic!("one source")
        };
        assert_eq!(
            (row.base_path.as_str(), row.destination.as_str()),
            (r"E:\Video1\", "video/")
        );
        assert_eq!(row.metadata_file.as_deref(), Some(r"E:\meta.txt"));
        let file = [
            "/j:a.jrn",
            "/id:abc",
            "/t:G",
            "/format",
            "/encrypt",
            r"/srcfile:E:\a\b.vhd",
            "/dstblob:$root/b.vhd",
            "/BlobType:PageBlob",
        ];
        let Wish::Fill(fill) = understood(&file).expect("one file").wish else {
            panic!("it fills")
        };
        let What::Row(row) = fill.what else {
            panic!("one source")
        };
        assert_eq!((row.is_folder, row.kind), (false, Some(BlobKind::Page)));
        let key = "060456-014509-132033-080300-252615-584177-672089-411631";
        let bk = format!("/bk:{key}");
        let today = [
            "/j:a",
            "/id:session#1",
            "/t:G",
            &bk,
            r"/srcdir:G:\",
            "/dstdir:data/",
            "/blobtype:BlockBlob",
            "/skipwrite",
        ];
        let Wish::Adopt(adopt) = understood(&today).expect("today's sample").wish else {
            panic!("it adopts")
        };
        assert_eq!(
            (adopt.destination.as_str(), adopt.key.as_str()),
            ("data/", key)
        );
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        let v1 = ["/j:a", "/id:abc", "/t:G", r"/srcdir:E:\a", "/dstdir:data/"];
        for (words, place, words_said) in [
            (&["/id:abc"][..], "/j:<JournalFile>", "PrepImport needs it"),
            (
                &["/j:a", "/DataSet:b"],
                "/id:<SessionId>",
                "PrepImport needs it",
            ),
            (&["/j:a", "/id:abc"], "PrepImport", "say what travels"),
            (
                &["/j:a", "/id:abc", "/DataSet:b"],
                "/InitialDriveSet:<driveset.csv>",
                "drives are missing",
            ),
            (
                &["/j:a", "/id:abc", "/DataSet:b", "/t:G"],
                "/t:<TargetDriveLetter>",
                "does not go with",
            ),
            (
                &["/j:a", "/id:abc", "/ResumeSession", "/format"],
                "/format",
                "does not go with",
            ),
            (&v1, "/format", "nothing is added"),
            (
                &[&v1[..], &["/format"]].concat(),
                "/encrypt",
                "Encrypt must also be specified",
            ),
            (
                &[&v1[..], &["/format", "/encrypt", "/bk:1"]].concat(),
                "/bk:<BitLockerKey>",
                "should not be specified",
            ),
            (
                &[&v1[..2], &v1[3..]].concat(),
                "/t:<TargetDriveLetter>",
                "further session",
            ),
            (
                &[&v1[..4], &["/format", "/encrypt"]].concat(),
                "/dstdir:<DestinationBlobVirtualDirectory>",
                "needs it",
            ),
            (
                &[&v1[..4], &["/dstdir:data"]].concat(),
                "/dstdir:<DestinationBlobVirtualDirectory>",
                "must end in",
            ),
            (
                &[&v1[..], &["/BlobType:None"]].concat(),
                "/BlobType:<BlockBlob|PageBlob>",
                "None",
            ),
            (
                &[&v1[..], &["/skipwrite", "/bk:1"]].concat(),
                "/srcdir:<SourceDirectory>",
                "root of the drive",
            ),
        ] {
            let (found, message) = said(words);
            assert_eq!(found, place, "{words:?}: {message}");
            assert!(message.contains(words_said), "{words:?}: {message}");
        }
    }

    #[test]
    fn a_command_that_argosy_has_no_part_for_says_what_does_it() {
        let words = ["Unlock", "/sn:account"].map(str::to_owned);
        let switches = Switches::parse(&words).expect("spelled right");
        let error = Order::of(switches, &[]).map(|_| ()).expect_err("no part");
        assert!(error.error.message.contains("argosy unpack"));
        assert_eq!(error.kind.exit_code(), 2);
    }
}
