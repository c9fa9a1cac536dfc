//! Journals, manifests and drive images, judged here: what was dropped, grouped by drive, each with a verdict.
//!
//! ```text
//! files -> kind by content -> journal + its manifest -> shared::journal::check --+-> DriveCheck
//!                             image + the journal's key -> shared::verify -------+
//! ```

use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use bitlocker_image::Credential;
use disk::ReadAt;
use serde::{Deserialize, Serialize};
use shared::api::Finding;
use shared::job::Verdict;
use shared::journal::{self, JournalFacts, JournalReport, JournalVerdict, KeyProof};
use shared::manifest::ManifestReader;
use shared::verify::{Expected, VerifyProgress, VerifyReport, VerifyVerdict, verify};
use zeroize::Zeroizing;

use crate::words;

/// A journal is under 2 MB; anything this long is none.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// A file to be judged.
#[derive(Clone)]
pub struct Dropped {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub content: Rc<dyn ReadAt>,
}

/// How a judgement looks: never by colour alone, each has its mark and words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tone {
    /// Proven.
    #[default]
    Good,
    /// Right as far as it goes.
    Warn,
    /// Wrong.
    Bad,
}

/// One line of a judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Proven, open or wrong.
    pub tone: Tone,
    /// What, in words.
    pub text: String,
    /// Where; empty when there is no place.
    pub place: String,
}

/// What is known of one drive after a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriveCheck {
    /// Its serial; empty when no file says it.
    pub serial: String,
    /// The session that filled it; empty when no journal says it.
    pub session: String,
    /// Names of the files that this is about.
    pub files: Vec<String>,
    /// The worst of the lines.
    pub tone: Tone,
    /// The judgement, one sentence.
    pub verdict: String,
    /// What it stands on, wrong things first.
    pub lines: Vec<Line>,
}

enum Kind {
    Journal,
    Manifest,
    DriveInfo,
    Image,
    Other,
}

/// Returns the journals among files, with their names: what a hand-over is made of. What cannot be read is judged by
/// [`check`].
pub fn journals(files: &[Dropped]) -> Vec<(String, Zeroizing<Vec<u8>>)> {
    let journals = files
        .iter()
        .filter(|file| matches!(kind(file), Kind::Journal));
    let read = journals.filter_map(|file| Some((file.name.clone(), whole(file).ok()?.into())));
    read.collect()
}

/// Judges files; the order of the answer is the order in which each drive was first seen.
pub fn check(files: &[Dropped], progress: &mut dyn FnMut(String)) -> Vec<DriveCheck> {
    let mut drives = Vec::new();
    let of_kind = |wanted: fn(&Kind) -> bool| files.iter().filter(move |file| wanted(&kind(file)));
    let mut manifests: Vec<(String, &Dropped)> = of_kind(|kind| matches!(kind, Kind::Manifest))
        .map(|file| (drive_id(file), file))
        .collect();
    let mut keys: Vec<Key> = Vec::new();
    for file in of_kind(|kind| matches!(kind, Kind::Journal)) {
        progress(format!("checking {}", file.name));
        drives.push(check_journal(file, &mut manifests, &mut keys));
    }
    for (serial, file) in manifests {
        progress(format!("reading {}", file.name));
        drives.push(lone_manifest(serial, file));
    }
    for file in of_kind(|kind| matches!(kind, Kind::Image)) {
        let check = check_image(file, &keys, progress);
        match drives
            .iter_mut()
            .find(|drive| !check.serial.is_empty() && drive.serial == check.serial)
        {
            Some(drive) => drive.join(check),
            None => drives.push(check),
        }
    }
    for file in of_kind(|kind| matches!(kind, Kind::DriveInfo | Kind::Other)) {
        drives.push(unknown(file));
    }
    drives
}

/// The key that a journal holds, and what it says of its drive.
struct Key {
    credential: Credential,
    facts: JournalFacts,
    manifest_md5: Option<[u8; 16]>,
    /// Whether somebody else filled the drive.
    in_place: bool,
}

fn check_journal(
    file: &Dropped,
    manifests: &mut Vec<(String, &Dropped)>,
    keys: &mut Vec<Key>,
) -> DriveCheck {
    let mut check = DriveCheck::of(file);
    let bytes = match whole(file) {
        Ok(bytes) => bytes,
        Err(error) => return check.fail("The file cannot be read.", &error),
    };
    let replay = journal::replay(&bytes).ok();
    let serial = replay
        .as_ref()
        .map(|replay| replay.session.drive.serial.clone());
    let place = serial
        .as_ref()
        .and_then(|serial| manifests.iter().position(|(id, _)| id == serial))
        // One journal with one manifest: whatever the manifest says, they were meant for each other.
        .or_else(|| (manifests.len() == 1).then_some(0));
    let manifest = place.map(|place| manifests.remove(place).1);
    let report = match manifest {
        Some(manifest) => {
            check.files.push(manifest.name.clone());
            let mut reader =
                BufReader::with_capacity(1 << 20, Stream::new(manifest.content.as_ref()));
            journal::check(&bytes, Some(&mut reader))
        }
        None => journal::check(&bytes, None),
    };
    if let Some(replay) = &replay {
        let session = replay.session.session.as_str();
        session.clone_into(&mut check.session);
    }
    check.serial = serial
        .or_else(|| report.facts.as_ref().map(|facts| facts.serial.clone()))
        .unwrap_or_default();
    check.judge(&report);
    if let (Some(replay), Some(facts)) = (replay, report.facts)
        && let Some(password) = replay.recovery_password
    {
        keys.push(Key {
            credential: Credential::RecoveryPassword(password),
            facts,
            manifest_md5: replay.manifest.map(|(md5, _)| md5),
            in_place: replay.in_place,
        });
    }
    check
}

impl DriveCheck {
    fn of(file: &Dropped) -> Self {
        Self {
            files: vec![file.name.clone()],
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, tone: Tone, text: impl Into<String>, place: impl Into<String>) {
        self.tone = self.tone.max(tone);
        self.lines.push(Line {
            tone,
            text: text.into(),
            place: place.into(),
        });
    }

    fn add_findings(&mut self, tone: Tone, findings: &[Finding]) {
        for finding in findings {
            self.add(tone, words::sentence(&finding.message), &finding.place);
        }
    }

    fn fail(mut self, verdict: &str, cause: &str) -> Self {
        self.add(Tone::Bad, words::sentence(cause), "");
        verdict.clone_into(&mut self.verdict);
        self
    }

    fn judge(&mut self, report: &JournalReport) {
        let tone = match report.verdict {
            JournalVerdict::Invalid => Tone::Bad,
            JournalVerdict::Unfinished => Tone::Warn,
            JournalVerdict::Valid => Tone::Good,
        };
        self.tone = tone;
        self.add_findings(tone.max(Tone::Warn), &report.findings);
        if let Some(facts) = &report.facts {
            self.add_facts(facts, report.verdict);
        }
        let other_manifest = report
            .facts
            .as_ref()
            .is_some_and(|facts| facts.manifest_matches == Some(false));
        self.verdict = match (report.verdict, self.tone) {
            (JournalVerdict::Invalid, _) if other_manifest && report.findings.len() == 1 => {
                "This manifest is not the one that the journal names. Do not ship before you \
                     know why."
            }
            (JournalVerdict::Invalid, _) => {
                "This journal is not to be trusted. Do not ship on it; nothing on the drive was \
                     changed by this check."
            }
            (JournalVerdict::Unfinished, _) => {
                "Unfinished: right as far as it goes, but its end is missing. Resume the run, or \
                     take the journal again when it is done."
            }
            (_, Tone::Bad) => "The journal is whole, and says that this drive failed.",
            (_, Tone::Warn) => "The journal is whole; read what is still open below.",
            (_, Tone::Good) => "Everything here is right.",
        }
        .to_owned();
        self.lines.sort_by_key(|line| std::cmp::Reverse(line.tone));
    }

    fn add_facts(&mut self, facts: &JournalFacts, verdict: JournalVerdict) {
        if verdict == JournalVerdict::Valid {
            let records = words::counted(facts.records, "record", "records");
            self.add(
                Tone::Good,
                format!("The chain of {records} is unbroken and closed."),
                "",
            );
        }
        match facts.key {
            KeyProof::Opens => self.add(
                Tone::Good,
                "The recovery password in it opens the drive's sealed key block.",
                "",
            ),
            KeyProof::DoesNotOpen => {
                self.add(
                    Tone::Bad,
                    "The recovery password in it does not open the drive's sealed key block.",
                    "",
                );
            }
            KeyProof::Redacted => self.add(
                Tone::Good,
                "The recovery password was taken out of this copy on purpose.",
                "",
            ),
            KeyProof::Absent => self.add(Tone::Warn, "It ends before the recovery password.", ""),
        }
        let files = words::counted(facts.files, "file", "files");
        match facts.manifest_matches {
            Some(true) => self.add(
                Tone::Good,
                format!(
                    "The manifest is the one that the journal names, byte for byte; {files} \
                     were planned."
                ),
                "",
            ),
            // The findings name it.
            Some(false) => {}
            None if facts.manifest_hash.is_empty() => {
                self.add(
                    Tone::Warn,
                    "The journal ends before the manifest was written.",
                    "",
                );
            }
            None => self.add(
                Tone::Good,
                "It names its manifest. Drop the drive's DriveManifest.xml too, to have them \
                     compared.",
                format!("MD5 {}", facts.manifest_hash),
            ),
        }
        let planned = format!("{files}, {}", words::size(facts.bytes));
        match facts.verdict {
            Some(Verdict::Verified) => {
                self.add(
                    Tone::Good,
                    format!(
                        "Verified: {planned}, read back from the drive and \
                     right."
                    ),
                    "",
                );
            }
            Some(Verdict::Incomplete) => self.add(
                Tone::Warn,
                format!(
                    "Incomplete: {} planned and not on the drive; all the rest of {planned} is \
                         proven.",
                    words::counted(facts.left_out, "file was", "files were")
                ),
                "",
            ),
            Some(Verdict::Written) => self.add(
                Tone::Warn,
                format!(
                    "Written, and not read back: \
                 {planned}."
                ),
                "",
            ),
            Some(Verdict::Failed) => {
                self.add(Tone::Bad, format!("The drive failed: {}.", facts.state), "")
            }
            // The findings say that the end is missing, and where it stands.
            None => {}
        }
    }

    fn join(&mut self, image: Self) {
        self.files.extend(image.files);
        self.lines.extend(image.lines);
        self.lines.sort_by_key(|line| std::cmp::Reverse(line.tone));
        if image.tone > self.tone || self.tone == Tone::Good {
            self.verdict = image.verdict;
        }
        self.tone = self.tone.max(image.tone);
    }
}

fn lone_manifest(serial: String, file: &Dropped) -> DriveCheck {
    let mut check = DriveCheck::of(file);
    check.serial = serial;
    let stream = BufReader::with_capacity(1 << 20, Stream::new(file.content.as_ref()));
    match ManifestReader::new(stream).and_then(ManifestReader::finish) {
        Ok(summary) => {
            let files = words::counted(summary.files, "file", "files");
            let place = format!("MD5 {}", hex(&summary.md5));
            check.add(
                Tone::Warn,
                format!(
                    "It is whole and names {files}; without its journal \
                 nothing proves that it is this drive's."
                ),
                place,
            );
            "Drop the drive's journal (.jrn) too.".clone_into(&mut check.verdict);
            check
        }
        Err(error) => check.fail("This manifest is damaged.", &error.to_string()),
    }
}

fn check_image(file: &Dropped, keys: &[Key], progress: &mut dyn FnMut(String)) -> DriveCheck {
    let mut check = DriveCheck::of(file);
    if keys.is_empty() {
        return check.fail(
            "A drive image needs its journal beside it.",
            "this looks like a drive image; drop its journal (.jrn) together with it, which \
                 holds the recovery password",
        );
    }
    for key in keys {
        let expected = Expected {
            manifest_hash: key.manifest_md5,
            serial: Some(key.facts.serial.clone()),
            in_place: key.in_place,
            ..Expected::default()
        };
        let mut told = |state: VerifyProgress| {
            progress(format!(
                "reading {}: {}",
                file.name,
                words::part_of(state.bytes, state.bytes_total.max(state.bytes))
            ));
            ControlFlow::Continue(())
        };
        let report = verify(file.content.as_ref(), &key.credential, &expected, &mut told);
        let locked = report.files == 0
            && report
                .findings
                .iter()
                .any(|finding| finding.code == shared::verify::FindingCode::Unlock);
        if !locked || keys.len() == 1 {
            check.serial.clone_from(&key.facts.serial);
            check.judge_image(&report);
            return check;
        }
    }
    check.fail(
        "No journal here opens this drive image.",
        "the recovery passwords of the journals do not open it",
    )
}

impl DriveCheck {
    fn judge_image(&mut self, report: &VerifyReport) {
        let done = format!(
            "{}, {}",
            words::counted(report.files, "file", "files"),
            words::size(report.bytes)
        );
        for finding in &report.findings {
            let offset = finding.offset.map(|at| format!("byte {at:#x}"));
            let place: Vec<String> = finding.file.iter().cloned().chain(offset).collect();
            self.add(
                Tone::Bad,
                words::sentence(&finding.message),
                place.join(", "),
            );
        }
        if report.findings_left_out > 0 {
            let more = words::counted(report.findings_left_out, "finding more", "findings more");
            self.add(Tone::Bad, format!("{more}."), "");
        }
        self.verdict = match report.verdict {
            VerifyVerdict::Verified => {
                self.add(
                    Tone::Good,
                    format!(
                        "The image opens with the journal's key; every byte \
                     of {done} matches the manifest."
                    ),
                    "",
                );
                "Everything here is right.".to_owned()
            }
            VerifyVerdict::Mismatch => "The drive image is not what its journal says.".to_owned(),
            VerifyVerdict::Failed => "The drive image could not be read to its end.".to_owned(),
        };
        if report.verdict != VerifyVerdict::Verified {
            self.tone = Tone::Bad;
        }
    }
}

fn unknown(file: &Dropped) -> DriveCheck {
    let mut check = DriveCheck::of(file);
    match kind(file) {
        Kind::DriveInfo => {
            check.add(
                Tone::Warn,
                "This is the copy for a portal: it holds no chain, so it \
                 proves nothing by itself.",
                "",
            );
            "Drop the journal (.jrn) that it was made from.".clone_into(&mut check.verdict);
            check
        }
        _ => check.fail(
            "This is neither a journal nor a manifest.",
            "expected a .jrn journal, a DriveManifest.xml, or a drive image together with its \
                 journal",
        ),
    }
}

/// Tells what a file is by how it begins, not by its name.
fn kind(file: &Dropped) -> Kind {
    let mut head = vec![0; usize::try_from(file.content.bytes().min(4096)).unwrap_or(0)];
    if file.content.read_at(0, &mut head).is_err() {
        return Kind::Other;
    }
    let text = String::from_utf8_lossy(&head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        return if text.contains("<DriveManifest") {
            Kind::Manifest
        } else if text.contains("<DriveInfo") || text.contains("<ActivityRecord") {
            Kind::DriveInfo
        } else {
            Kind::Other
        };
    }
    let named_journal = file.name.to_ascii_lowercase().ends_with(".jrn");
    if named_journal || text.starts_with('[') || text.starts_with("BeginUpdateRecord") {
        return Kind::Journal;
    }
    let sectors = file.content.bytes().is_multiple_of(512);
    if sectors && file.content.bytes() >= 1 << 20 {
        Kind::Image
    } else {
        Kind::Other
    }
}

fn drive_id(manifest: &Dropped) -> String {
    ManifestReader::new(BufReader::new(Stream::new(manifest.content.as_ref())))
        .map(|reader| reader.drive_id().to_owned())
        .unwrap_or_default()
}

fn whole(file: &Dropped) -> Result<Vec<u8>, String> {
    let bytes = file.content.bytes();
    if bytes > JOURNAL_BYTES_MAX {
        return Err(format!(
            "it has {}; a journal has under 2 MB",
            words::size(bytes)
        ));
    }
    let mut content = vec![0; usize::try_from(bytes).unwrap_or(0)];
    file.content
        .read_at(0, &mut content)
        .map_err(|error| error.to_string())?;
    Ok(content)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Bytes of a [`ReadAt`] as a stream.
struct Stream<'a> {
    from: &'a dyn ReadAt,
    at: u64,
}

impl<'a> Stream<'a> {
    fn new(from: &'a dyn ReadAt) -> Self {
        Self { from, at: 0 }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = self.from.bytes().saturating_sub(self.at);
        let count = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let (into, _) = into.split_at_mut(count);
        self.from
            .read_at(self.at, into)
            .map_err(std::io::Error::other)?;
        self.at = self.at.saturating_add(u64::try_from(count).unwrap_or(0));
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
