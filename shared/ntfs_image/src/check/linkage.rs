//! Names and files, put together: what each says of the other, and that all of them lead to the root.

use std::collections::BTreeMap;

use super::FindingKind as Kind;
use super::checker::Checker;
use super::expectation::{FIRST_USER_RECORD, Facts};
use super::place::RecordPlace;
use super::record_table::{Balance, EXTENSION, FOLDER, IN_USE, NAMED};
use crate::read::entry::FileNameKey;
use crate::read::gather::Gathered;
use crate::read::index_tree::{Cursor, IndexTree};
use crate::read::stored::{bytes_of, text};
use crate::read::{FileId, VolumeError};
use crate::record::{Reference, number};

/// Follows all folders up to the root, then explains every record whose balance is not 0.
pub(super) fn check(checker: &mut Checker<'_>) {
    follow_up(checker);
    let unbalanced = checker.table.iter();
    let strictly = unbalanced.filter(|(_, facts)| facts.balance.strict != 0);
    let strictly: Vec<u64> = strictly.map(|(record, _)| record).collect();
    let mut batches = strictly.chunks(BATCH);
    while let Some(batch) = batches.next() {
        explain_all(checker, batch);
        let omitted = &mut checker.reporter.report.findings_omitted;
        if *omitted > 0 {
            // Nobody will be shown the others; each has at least one finding.
            let others = batches.map(|batch| bytes_of(batch.len()));
            *omitted = others.fold(*omitted, u64::saturating_add);
            break;
        }
    }
    let loosely = checker.table.iter().filter(|(_, facts)| {
        let Balance { strict, loose } = facts.balance;
        strict == 0 && loose != 0
    });
    let loosely: Vec<u64> = loosely.map(|(record, _)| record).collect();
    let (shown, others) = loosely.split_at(loosely.len().min(BATCH));
    explain_all(checker, shown);
    let notes = &mut checker.reporter.report.notes_omitted;
    *notes = notes.saturating_add(bytes_of(others.len()));
}

fn explain_all(checker: &mut Checker<'_>, records: &[u64]) {
    if records.is_empty() {
        return;
    }
    for record in records {
        if checker.table.get(*record).state & EXTENSION != 0 {
            checker.reporter.violation(
                Kind::ExtensionRecord,
                RecordPlace::record(*record),
                "it in the attribute list of its base record",
                "other entries for it, or none",
            );
        }
    }
    let suspects = records.iter().map(|record| (*record, Suspect::default()));
    let mut suspects: BTreeMap<u64, Suspect> = suspects.collect();
    collect_entries(checker, &mut suspects);
    for (record, suspect) in suspects {
        explain(checker, record, suspect);
    }
}

/// A record of which its own names and those in folders do not agree.
#[derive(Debug, Default)]
struct Suspect {
    entries: Vec<SuspectEntry>,
}

#[derive(Debug)]
struct SuspectEntry {
    folder: FileId,
    target: Reference,
    /// The stored $FILE_NAME.
    key: Vec<u8>,
}

/// Goes through all folders again, for the entries that lead to suspects.
fn collect_entries(checker: &Checker<'_>, suspects: &mut BTreeMap<u64, Suspect>) {
    let mut blocks_left = checker.disk.bytes() / INDEX_BLOCK_BYTES_MIN;
    let folders = checker
        .table
        .iter()
        .filter(|(_, facts)| facts.state & FOLDER != 0);
    for (record, _) in folders {
        // What fails here was reported when the folder was checked.
        let _ = collect_from(checker, record, suspects, &mut blocks_left);
    }
}

fn collect_from(
    checker: &Checker<'_>,
    record: u64,
    suspects: &mut BTreeMap<u64, Suspect>,
    blocks_left: &mut u64,
) -> Result<(), VolumeError> {
    let id = FileId {
        record,
        sequence: 0,
    };
    let gathered = checker.volume.gather(id)?;
    let mft = checker.volume.mft();
    let mut cursor = Cursor::new(IndexTree::open(mft, &gathered, "$I30")?);
    let folder = gathered.base().id();
    let mut counted = 0;
    loop {
        let next = cursor.next(checker.disk, mft, |_, entry| {
            let target = Reference(entry.header.reference.get());
            if let Some(suspect) = suspects.get_mut(&target.number())
                && suspect.entries.len() < ENTRIES_MAX
            {
                suspect.entries.push(SuspectEntry {
                    folder,
                    target,
                    key: entry.key.to_vec(),
                });
            }
            Ok(())
        })?;
        let blocks = cursor.blocks_read();
        *blocks_left = blocks_left.saturating_sub(blocks.saturating_sub(counted));
        counted = blocks;
        if next.is_none() || *blocks_left == 0 {
            return Ok(());
        }
    }
}

/// Says what is wrong with one record's names and the entries that lead to it.
fn explain(checker: &mut Checker<'_>, record: u64, suspect: Suspect) {
    let facts = checker.table.get(record);
    let is_file = facts.state & IN_USE != 0 && facts.state & EXTENSION == 0;
    if !is_file {
        for entry in &suspect.entries {
            let found = match facts.state & EXTENSION {
                0 => format!("{} leads to it, but it is free", entry.words()),
                _ => format!("{} leads to it, but it is a part of another", entry.words()),
            };
            let place = RecordPlace::record(record);
            checker
                .reporter
                .violation(Kind::DanglingEntry, place, "a record in use", found);
        }
        return;
    }
    let id = FileId {
        record,
        sequence: 0,
    };
    // A file that cannot be read was reported when it was checked.
    let Ok(gathered) = checker.volume.gather(id) else {
        return;
    };
    Explained::new(&gathered).run(checker, &suspect);
}

impl SuspectEntry {
    fn key(&self) -> Option<FileNameKey<'_>> {
        FileNameKey::parse(&self.key)
    }
    fn words(&self) -> String {
        let name = self.key().map(|key| text(key.name).0).unwrap_or_default();
        format!("{name:?} in folder {}", self.folder.record)
    }
}

struct Explained<'a> {
    record: u64,
    sequence: u16,
    /// Each name, and how many entries it has.
    names: Vec<(FileNameKey<'a>, u32)>,
    facts: Facts,
    has_data: bool,
}

impl<'a> Explained<'a> {
    fn new(gathered: &'a Gathered) -> Self {
        use crate::attribute::kind;
        let attributes = || {
            gathered
                .attributes()
                .flatten()
                .map(|(_, attribute)| attribute)
        };
        let names = attributes().filter(|attribute| attribute.kind() == kind::FILE_NAME);
        let names = names.filter_map(|attribute| FileNameKey::parse(attribute.resident()?));
        Self {
            record: gathered.base().number,
            sequence: gathered.base().header.sequence.get(),
            names: names.map(|name| (name, 0)).collect(),
            facts: Facts::of(gathered),
            has_data: attributes().any(|attribute| attribute.is(kind::DATA, "")),
        }
    }

    fn place(&self) -> RecordPlace {
        RecordPlace::record(self.record)
    }

    fn run(mut self, checker: &mut Checker<'_>, suspect: &Suspect) {
        for entry in &suspect.entries {
            self.entry(checker, entry);
        }
        for (name, entries) in &self.names {
            let words = || {
                let parent = Reference(name.stored.parent.get()).number();
                format!("{:?} in folder {parent}", text(name.name).0)
            };
            match entries {
                0 => checker.reporter.violation(
                    Kind::Orphan,
                    self.place(),
                    words(),
                    "no such entry there",
                ),
                1 => {}
                more => {
                    let found = format!("{more} of them");
                    checker.reporter.violation(
                        Kind::IndexedTwice,
                        self.place(),
                        format!("one entry {}", words()),
                        found,
                    );
                }
            }
        }
    }

    /// Compares one entry with the file.
    fn entry(&mut self, checker: &mut Checker<'_>, entry: &SuspectEntry) {
        let Some(key) = entry.key() else {
            return;
        };
        let reporter = &mut checker.reporter;
        if entry.target.sequence() != self.sequence {
            let expected = format!("use {}", self.sequence);
            let found = format!("{}, use {}", entry.words(), entry.target.sequence());
            reporter.violation(Kind::EntrySequence, self.place(), expected, found);
        }
        let same = |name: &FileNameKey<'_>| {
            name.name == key.name
                && name.stored.parent == key.stored.parent
                && name.stored.namespace == key.stored.namespace
        };
        let mine = self.names.iter_mut().find(|(name, _)| same(name));
        let Some((_, entries)) = mine else {
            let expected = "an entry with a name that the file has";
            let found = format!("{} in namespace {}", entry.words(), key.stored.namespace);
            reporter.violation(Kind::EntryName, self.place(), expected, found);
            return;
        };
        *entries = entries.saturating_add(1);
        if self.record >= FIRST_USER_RECORD {
            compare_facts(checker, self, entry, &Facts::said(&key));
        }
    }
}

/// Compares what an entry says beside the name.
fn compare_facts(
    checker: &mut Checker<'_>,
    file: &Explained<'_>,
    entry: &SuspectEntry,
    said: &Facts,
) {
    let own = &file.facts;
    let place = || RecordPlace::record(file.record);
    // Windows brings up to date only the link that was used last, and does not care for files of its own.
    let is_kept = file.names.len() == 1 && checker.table.get(file.record).reach != reach::EXTEND;
    let reporter = &mut checker.reporter;
    if said.is_folder != own.is_folder {
        let words = |is| if is { "a folder" } else { "a file" };
        let found = format!("{}, {}", entry.words(), words(said.is_folder));
        reporter.violation(Kind::EntryFolderFlag, place(), words(own.is_folder), found);
    } else if said.sizes != own.sizes && file.has_data {
        // ntfs-3g leaves the allocated size behind when a resident file grows.
        let is_violation = is_kept && said.sizes.data != own.sizes.data;
        let found = format!("{}, {:?}", entry.words(), said.sizes);
        let expected = format!("{:?}", own.sizes);
        reporter.either(is_violation, Kind::EntrySizes, place(), expected, found);
    }
    if said.times != own.times {
        // Windows leaves the times of changes behind, of folders most of all.
        let is_violation = is_kept && said.times.created != own.times.created;
        let found = format!("{}, {:?}", entry.words(), said.times);
        let expected = format!("{:?}", own.times);
        reporter.either(is_violation, Kind::EntryTimes, place(), expected, found);
    }
}

/// Where the way up from a folder leads.
mod reach {
    pub(super) const UNKNOWN: u8 = 0;
    /// On the way that is being followed.
    pub(super) const ON_THE_WAY: u8 = 1;
    pub(super) const ROOT: u8 = 2;
    /// To $Extend: a file of NTFS's own.
    pub(super) const EXTEND: u8 = 3;
    pub(super) const NOWHERE: u8 = 4;
}

/// Follows every named file up to the root; counts files and folders.
fn follow_up(checker: &mut Checker<'_>) {
    let named: Vec<(u64, u8)> = checker
        .table
        .iter()
        .filter(|(record, facts)| *record >= FIRST_USER_RECORD && facts.state & NAMED != 0)
        .map(|(record, facts)| (record, facts.state))
        .collect();
    let root = checker.table.get(number::ROOT);
    checker.reporter.report.folders = u64::from(root.state & FOLDER != 0);
    for (record, state) in named {
        let reach = follow(checker, record);
        let report = &mut checker.reporter.report;
        match reach {
            reach::ROOT if state & FOLDER != 0 => report.folders = report.folders.saturating_add(1),
            reach::ROOT => report.files = report.files.saturating_add(1),
            reach::EXTEND => {}
            _ => {
                let place = RecordPlace::record(record);
                let expected = "folders up to the root";
                checker.reporter.violation(
                    Kind::Unreachable,
                    place,
                    expected,
                    "a way that ends elsewhere",
                );
            }
        }
    }
}

fn follow(checker: &mut Checker<'_>, record: u64) -> u8 {
    let mut way = Vec::new();
    let mut at = record;
    let reach = loop {
        match at {
            number::ROOT => break reach::ROOT,
            number::EXTEND => break reach::EXTEND,
            _ => {}
        }
        let facts = checker.table.get(at);
        let is_right = facts.state & NAMED != 0 && (at == record || facts.state & FOLDER != 0);
        match facts.reach {
            reach::UNKNOWN if is_right => {}
            reach::UNKNOWN | reach::ON_THE_WAY => break reach::NOWHERE,
            known => break known,
        }
        checker.table.of(at).reach = reach::ON_THE_WAY;
        way.push(at);
        at = u64::from(facts.parent);
    };
    for record in way {
        checker.table.of(record).reach = reach;
    }
    reach
}

/// Records that are explained at once: each batch costs one way through all folders, each record a few hundred bytes.
const BATCH: usize = 65_536;
/// So many entries of one record are looked at: a file has at most 1024 hard links.
const ENTRIES_MAX: usize = 2048;
/// A disk holds no more index blocks than this allows for: folders that share theirs must not take forever.
const INDEX_BLOCK_BYTES_MIN: u64 = 512;
