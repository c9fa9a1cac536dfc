//! `Verb /name:value ...`: the spelling of WAImportExport's command lines.

use super::nearest::nearest;
use crate::jobs::JobError;

/// A switch of the tool's commands, in all of their forms (azure-import-export.md, 1.2 to 1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    Journal,
    Id,
    LogDirectory,
    AccountKey,
    ContainerSas,
    SilentMode,
    InitialDriveSet,
    AdditionalDriveSet,
    DataSet,
    ResumeSession,
    AbortSession,
    ListDrives,
    ListCopySessions,
    Target,
    Format,
    Encrypt,
    BitLockerKey,
    SourceDirectory,
    DestinationDirectory,
    SourceFile,
    DestinationBlob,
    Disposition,
    BlobType,
    PropertyFile,
    MetadataFile,
    SkipWrite,
    EnableContentMd5,
    AccountName,
    BlobList,
    DriveSize,
    Cloud,
    RepairFile,
    Directories,
    CopyLogFile,
    PathMapFile,
    ManifestFile,
}

/// Each switch, its name, and what stands behind its colon; nothing where it has none.
const KNOWN: [(Switch, &str, &str); 36] = [
    (Switch::Journal, "j", "<JournalFile>"),
    (Switch::Id, "id", "<SessionId>"),
    (Switch::LogDirectory, "logdir", "<LogDirectory>"),
    (Switch::AccountKey, "sk", "<StorageAccountKey>"),
    (Switch::ContainerSas, "csas", "<ContainerSas>"),
    (Switch::SilentMode, "silentmode", ""),
    (Switch::InitialDriveSet, "InitialDriveSet", "<driveset.csv>"),
    (
        Switch::AdditionalDriveSet,
        "AdditionalDriveSet",
        "<driveset.csv>",
    ),
    (Switch::DataSet, "DataSet", "<dataset.csv>"),
    (Switch::ResumeSession, "ResumeSession", ""),
    (Switch::AbortSession, "AbortSession", ""),
    (Switch::ListDrives, "ListDrives", ""),
    (Switch::ListCopySessions, "ListCopySessions", ""),
    (Switch::Target, "t", "<TargetDriveLetter>"),
    (Switch::Format, "format", ""),
    (Switch::Encrypt, "encrypt", ""),
    (Switch::BitLockerKey, "bk", "<BitLockerKey>"),
    (Switch::SourceDirectory, "srcdir", "<SourceDirectory>"),
    (
        Switch::DestinationDirectory,
        "dstdir",
        "<DestinationBlobVirtualDirectory>",
    ),
    (Switch::SourceFile, "srcfile", "<SourceFile>"),
    (Switch::DestinationBlob, "dstblob", "<DestinationBlobPath>"),
    (
        Switch::Disposition,
        "Disposition",
        "<rename|no-overwrite|overwrite>",
    ),
    (Switch::BlobType, "BlobType", "<BlockBlob|PageBlob>"),
    (Switch::PropertyFile, "PropertyFile", "<file>"),
    (Switch::MetadataFile, "MetadataFile", "<file>"),
    (Switch::SkipWrite, "skipwrite", ""),
    (Switch::EnableContentMd5, "enablecontentmd5", ""),
    (Switch::AccountName, "sn", "<StorageAccountName>"),
    (Switch::BlobList, "ExportBlobListFile", "<BlobListFile>"),
    (Switch::DriveSize, "DriveSize", "<DriveSize>"),
    (Switch::Cloud, "Cloud", "<Cloud>"),
    (Switch::RepairFile, "r", "<RepairFile>"),
    (Switch::Directories, "d", "<TargetDirectories>"),
    (Switch::CopyLogFile, "CopyLogFile", "<DriveCopyLogFile>"),
    (Switch::PathMapFile, "PathMapFile", "<DrivePathMapFile>"),
    (Switch::ManifestFile, "ManifestFile", "<DriveManifestFile>"),
];

/// A command line of the tool, its spelling right. Whoever takes what it asks for takes it out; what
/// is then left does not belong together.
pub(super) struct Switches {
    /// The first word.
    pub(super) verb: Verb,
    given: Vec<(Switch, String)>,
}

/// The tool's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    PrepImport,
    RepairImport,
    RepairExport,
    PreviewExport,
    Unlock,
}

const VERBS: [Verb; 5] = [
    Verb::PrepImport,
    Verb::RepairImport,
    Verb::RepairExport,
    Verb::PreviewExport,
    Verb::Unlock,
];

impl Verb {
    const fn name(self) -> &'static str {
        match self {
            Self::PrepImport => "PrepImport",
            Self::RepairImport => "RepairImport",
            Self::RepairExport => "RepairExport",
            Self::PreviewExport => "PreviewExport",
            Self::Unlock => "Unlock",
        }
    }
}

impl Switch {
    /// Returns whether a command has the switch.
    const fn is_of(self, verb: Verb) -> bool {
        let of_preview = matches!(
            self,
            Self::AccountName | Self::BlobList | Self::DriveSize | Self::Cloud
        );
        let of_both = matches!(
            self,
            Self::LogDirectory | Self::AccountKey | Self::ContainerSas
        );
        let of_repair = matches!(
            self,
            Self::RepairFile | Self::Directories | Self::CopyLogFile | Self::ManifestFile
        );
        let is_map = matches!(self, Self::PathMapFile);
        let of_repairs =
            of_repair || of_both || matches!(self, Self::AccountName | Self::BitLockerKey);
        match verb {
            Verb::PreviewExport => of_preview || of_both,
            Verb::RepairImport => of_repairs || is_map,
            Verb::RepairExport => of_repairs,
            Verb::PrepImport | Verb::Unlock => !of_preview && !of_repair && !is_map,
        }
    }

    /// Returns the switch as the tool's help writes it: `/j:<JournalFile>`.
    pub(super) fn spelled(self) -> String {
        let (_, name, value) = KNOWN
            .into_iter()
            .find(|(known, _, _)| *known == self)
            .expect("every switch is in the table: a test counts them");
        if value.is_empty() {
            format!("/{name}")
        } else {
            format!("/{name}:{value}")
        }
    }
}

impl Switches {
    /// Reads the words; names in any case. The slash may be missing, as in the tool's own help
    /// (`DataSet:`). Switches of the commands that Argosy has no part for are not looked at.
    ///
    /// # Errors
    /// [`JobError`], usage, naming the word and the known one that is nearest to it.
    pub(super) fn parse(words: &[String]) -> Result<Self, JobError> {
        let first = words.first().map_or("", String::as_str);
        let verb = VERBS
            .into_iter()
            .find(|verb| verb.name().eq_ignore_ascii_case(first));
        let Some(verb) = verb else {
            let names = VERBS.map(Verb::name);
            let what = format!(
                "\"{first}\" is no command of WAImportExport{}",
                hint(nearest(first, names), "", &names)
            );
            return Err(JobError::usage(what, first));
        };
        let mut switches = Self {
            verb,
            given: Vec::new(),
        };
        for word in words.iter().skip(1) {
            if verb != Verb::Unlock {
                switches.add(word)?;
            }
        }
        Ok(switches)
    }

    fn add(&mut self, word: &str) -> Result<(), JobError> {
        let bare = word.strip_prefix('/').unwrap_or(word);
        let (name, value) = bare.split_once(':').unwrap_or((bare, ""));
        let verb = self.verb;
        let own = || {
            KNOWN
                .into_iter()
                .filter(move |(switch, _, _)| switch.is_of(verb))
        };
        let known = own().find(|(_, known, _)| known.eq_ignore_ascii_case(name));
        let Some((switch, _, takes)) = known else {
            let names: Vec<&str> = own().map(|(_, name, _)| name).collect();
            let near = nearest(name, names.iter().copied());
            let what = format!(
                "\"/{name}\" is no switch of {}{}",
                verb.name(),
                hint(near, "/", &names)
            );
            // What stands behind the colon may be a key.
            return Err(JobError::usage(what, format!("/{name}")));
        };
        let spelled = switch.spelled();
        match (takes.is_empty(), bare.contains(':'), value.is_empty()) {
            (true, true, _) => {
                let what = format!("{spelled} has nothing behind it");
                return Err(JobError::usage(what, spelled));
            }
            (false, _, true) => {
                return Err(JobError::usage("its value is missing", spelled));
            }
            _ => {}
        }
        if self.given.iter().any(|(given, _)| *given == switch) {
            return Err(JobError::usage("it is given twice", spelled));
        }
        self.given.push((switch, value.to_owned()));
        Ok(())
    }

    /// Takes out the value of a switch; `None` when it is not given.
    pub(super) fn take(&mut self, switch: Switch) -> Option<String> {
        let place = self.given.iter().position(|(given, _)| *given == switch)?;
        Some(self.given.remove(place).1)
    }

    /// Takes out a switch without a value; returns whether it was given.
    pub(super) fn flag(&mut self, switch: Switch) -> bool {
        self.take(switch).is_some()
    }

    /// Takes out the value of a switch that must be there.
    ///
    /// # Errors
    /// [`JobError`], usage.
    pub(super) fn need(&mut self, switch: Switch, why: &str) -> Result<String, JobError> {
        self.take(switch)
            .ok_or_else(|| JobError::usage(format!("{why} needs it"), switch.spelled()))
    }

    /// Returns the value of a switch, which stays.
    #[cfg(target_os = "linux")]
    pub(super) fn value(&self, switch: Switch) -> Option<&str> {
        let mut given = self.given.iter();
        let found = given.find(|(given, _)| *given == switch);
        found.map(|(_, value)| value.as_str())
    }

    /// Refuses what nobody took out.
    ///
    /// # Errors
    /// [`JobError`], usage, naming the first switch that does not belong to `what`.
    pub(super) fn finish(self, what: &str) -> Result<(), JobError> {
        match self.given.first() {
            None => Ok(()),
            Some((switch, _)) => {
                let spelled = switch.spelled();
                let words = format!("it does not go with {what}");
                Err(JobError::usage(words, spelled))
            }
        }
    }
}

fn hint(near: Option<&str>, mark: &str, all: &[&str]) -> String {
    match near {
        Some(near) => format!("; did you mean {mark}{near}?"),
        None => {
            let all: Vec<String> = all.iter().map(|name| format!("{mark}{name}")).collect();
            format!("; there are {}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Switches, JobError> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Switches::parse(&words)
    }

    #[test]
    fn names_are_read_in_any_case_and_values_hold_colons() {
        let mut given = parse(&["prepimport", r"/J:C:\j\a.jrn", "/DATASET:b", "dataset:c"])
            .map(|_| ())
            .expect_err("twice");
        assert_eq!(given.error.place, "/DataSet:<dataset.csv>");
        let mut switches = parse(&["PrepImport", r"/J:C:\j\a.jrn", "DataSet:b", "/SilentMode"])
            .expect("the tool's own spelling");
        assert_eq!(
            switches.take(Switch::Journal).as_deref(),
            Some(r"C:\j\a.jrn")
        );
        assert_eq!(switches.take(Switch::DataSet).as_deref(), Some("b"));
        assert!(switches.flag(Switch::SilentMode));
        switches.finish("anything").expect("nothing is left");
        given.error.message.clear();
    }

    #[test]
    fn a_wrong_word_is_named_with_the_nearest_known_one() {
        for (words, place, said) in [
            (&["PrepImpot"][..], "PrepImpot", "did you mean PrepImport?"),
            (&["Fly"], "Fly", "there are PrepImport, RepairImport"),
            (
                &["PrepImport", "/datset:a"],
                "/datset",
                "did you mean /DataSet?",
            ),
            (&["PrepImport", "/k:secret"], "/k", "did you mean /"),
            (
                &["PrepImport", "/colour:red"],
                "/colour",
                "there are /j, /id",
            ),
            (
                &["PrepImport", "/j"],
                "/j:<JournalFile>",
                "value is missing",
            ),
            (
                &["PrepImport", "/j:"],
                "/j:<JournalFile>",
                "value is missing",
            ),
            (
                &["PrepImport", "/format:yes"],
                "/format",
                "nothing behind it",
            ),
        ] {
            let error = parse(words).map(|_| ()).expect_err("wrong").error;
            assert_eq!(error.place, place, "{words:?}");
            assert!(error.message.contains(said), "{}", error.message);
            assert!(!error.message.contains("secret"));
        }
    }

    #[test]
    fn what_nobody_took_does_not_belong_there() {
        let switches = parse(&["PrepImport", "/format"]).expect("spelled right");
        let error = switches.finish("/ListDrives").expect_err("left").error;
        assert_eq!(
            (error.place.as_str(), error.message.as_str()),
            ("/format", "it does not go with /ListDrives")
        );
    }
}
