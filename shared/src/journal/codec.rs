//! Records as fields, both ways. Names of ours begin with `Argosy`, so that they cannot meet the
//! Windows tool's.

use super::fields::{Reader, Writer};
use super::framing::{Body, Kind, Value};
use super::record::{Closed, Key, LeftOutTally, Note, Record, Session, SideMark, Stored};
use super::text;
use crate::blob_name::export_manifest_name;
use crate::job::{DriveIdentity, FreeSpace, LeftOut, LeftOutReason, Moment, SerialSource, Verdict};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt::Write as _;

/// The public vocabulary of the samples.
const VOCABULARY: &str = "2013-02-01";
/// Version of our own records. A reader refuses any that it does not know.
const FORMAT: u64 = 1;
/// Bytes of the sealed block in one line: 96 characters.
const LINE_BYTES: usize = 72;
/// What a sealed information area has with its zeros.
pub(super) const SEALED_BYTES: usize = 65_536;
pub(super) const DRIVE_INFO: &str = "DriveInfo";
pub(super) const KEY: &str = "ArgosyBitLocker";
const MANIFEST_PATH: &str = "\\DriveManifest.xml";
/// The field of a session that only an export has.
const EXPORT_MANIFEST: &str = "ExportManifest";

/// What the records before a DriveInfo say, which it must repeat.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The drive's serial.
    pub(super) serial: &'a str,
    /// The key's text.
    pub(super) key: &'a str,
    /// Whether the drive was filled from a store.
    pub(super) exported: bool,
}

pub(super) fn new_file(time: Moment) -> Body {
    let fields = Writer::default()
        .word("VocabularyVersion", VOCABULARY)
        .done();
    Body {
        time,
        kind: Kind::NewJournalFile,
        fields,
    }
}

pub(super) fn is_new_file(body: &Body) -> bool {
    body.kind == Kind::NewJournalFile
        && body.fields
            == [(
                "VocabularyVersion".to_owned(),
                Value::Line(VOCABULARY.to_owned()),
            )]
}

pub(super) fn write(time: Moment, stored: &Stored) -> Body {
    let fields = match stored {
        Stored::Session(session) => write_session(session),
        Stored::Key(key) => write_key(key),
        Stored::DriveInfo {
            serial,
            key,
            exported,
            manifest_md5,
        } => {
            let exported = *exported;
            let known = Known {
                serial,
                key,
                exported,
            };
            write_drive_info(known, manifest_md5)
        }
        Stored::Closed(closed) => Writer::activity("ArgosyClosed")
            .number("Records", closed.records)
            .word(
                "ManifestHash",
                &closed
                    .manifest_md5
                    .map_or_else(String::new, |md5| crate::hash::upper_hex(&md5)),
            )
            .word("Verdict", closed.verdict.code()),
        Stored::Record(record) => write_record(record),
    };
    Body {
        time,
        kind: Kind::ActivityRecord,
        fields: fields.done(),
    }
}

fn write_record(record: &Record) -> Writer {
    let activity = Writer::activity;
    match record {
        Record::Erased { fingerprint } => activity("ArgosyErased").hash("Fingerprint", fingerprint),
        Record::Adding { manifest_md5 } => {
            activity("ArgosyAdding").word("ManifestHash", &crate::hash::upper_hex(manifest_md5))
        }
        Record::Redo { from, side } => activity("ArgosyRedo")
            .number("From", *from)
            .number("SideBytes", side.bytes)
            .hash("SideHash", &side.hash),
        Record::Durable { through, side } => activity("ArgosyDurable")
            .number("Through", *through)
            .number("SideBytes", side.bytes)
            .hash("SideHash", &side.hash),
        Record::LeftOut(tally) => activity("ArgosyLeftOut")
            .number("Count", tally.count)
            .number("Missing", tally.missing)
            .hash("CsvHash", &tally.csv_hash)
            .block("Named", tally.named.iter().map(left_out_line).collect()),
        Record::Mending {
            manifest_md5,
            manifest_bytes,
        } => activity("ArgosyMending")
            .word("ManifestHash", &crate::hash::upper_hex(manifest_md5))
            .number("ManifestBytes", *manifest_bytes),
        Record::Sealing => activity("ArgosySealing"),
        Record::Written => activity("ArgosyWritten"),
        Record::InPlace {
            manifest_md5,
            manifest_bytes,
        } => activity("ArgosyInPlace")
            .word("ManifestHash", &crate::hash::upper_hex(manifest_md5))
            .number("ManifestBytes", *manifest_bytes),
        Record::VerifiedThrough { through } => {
            activity("ArgosyVerifiedThrough").number("Through", *through)
        }
        Record::Verified { files, bytes } => activity("ArgosyVerified")
            .number("Files", *files)
            .number("Bytes", *bytes),
        Record::Failed { why } => {
            activity("ArgosyFailed").text("Why", text::cut(why, TEXT_BYTES_MAX))
        }
        Record::Cancelled => activity("ArgosyCancelled"),
        Record::Resumed { tool } => activity("ArgosyResumed").text("Tool", text::cut(tool, 100)),
        Record::Note(note) => activity("ArgosyNote")
            .text("Code", text::cut(&note.code, 60))
            .text("Text", text::cut(&note.text, TEXT_BYTES_MAX)),
        Record::Key(_) | Record::DriveInfo | Record::Closed { .. } => {
            unreachable!("the writer fills these in: Stored has variants for them")
        }
    }
}

/// The most bytes of a sentence in a journal.
const TEXT_BYTES_MAX: usize = 500;

fn write_session(session: &Session) -> Writer {
    let drive = &session.drive;
    Writer::activity("ArgosySession")
        .number("Format", FORMAT)
        .text("Tool", text::cut(&session.tool, 100))
        .word("Session", session.session.as_str())
        .hash("PlanHash", &session.plan_hash)
        .word("Started", &session.started.to_string())
        .text("Serial", text::cut(&drive.serial, TEXT_BYTES_MAX))
        .word("SerialSource", drive.serial_source.code())
        .text("Model", text::cut(&drive.model, TEXT_BYTES_MAX))
        .text("WorldWideName", text::cut(&drive.wwn, TEXT_BYTES_MAX))
        .number("DriveBytes", drive.bytes)
        .number("SectorBytes", drive.sector_bytes)
        .word("Cipher", &session.cipher.to_string())
        .word("FreeSpace", session.free_space.code())
        .number("KeptBytes", session.kept_bytes)
        .number("Files", session.files)
        .number("Bytes", session.bytes)
        .word_if(
            session.exported,
            EXPORT_MANIFEST,
            &export_manifest_name(&drive.serial),
        )
}

fn write_key(key: &Key) -> Writer {
    let used = key
        .sealed
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last.saturating_add(1));
    let sealed = key.sealed.get(..used).unwrap_or(&key.sealed);
    Writer::activity(KEY)
        .hash("KeySalt", &key.salt)
        .word("RecoveryPassword", &key.shown)
        .block(
            "InformationArea",
            sealed
                .chunks(LINE_BYTES)
                .map(|chunk| BASE64.encode(chunk))
                .collect(),
        )
}

/// The record that the portal reads: the public grammar, nothing of ours.
fn write_drive_info(known: Known<'_>, manifest_md5: &[u8; 16]) -> Writer {
    Writer::activity(DRIVE_INFO)
        .block("DriveState", drive_state(known, manifest_md5))
        .word("SaveCommandOutput", "Completed")
}

/// The XML in it.
fn drive_state(known: Known<'_>, manifest_md5: &[u8; 16]) -> Vec<String> {
    let Known { serial, key, .. } = known;
    let manifest = manifest_path(known);
    let mut id = Vec::new();
    crate::manifest::write_escaped(&mut id, serial)
        .expect("the session's serial was checked to be XML text");
    let mut drive_id = String::new();
    write!(
        drive_id,
        "   <DriveId>{}</DriveId>",
        String::from_utf8_lossy(&id)
    )
    .expect("a String takes all");
    vec![
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(),
        "<Drive>".to_owned(),
        drive_id,
        format!("   <BitLockerKey>{key}</BitLockerKey>"),
        format!("   <ManifestFile>{manifest}</ManifestFile>"),
        format!(
            "   <ManifestHash>{}</ManifestHash>",
            crate::hash::upper_hex(manifest_md5)
        ),
        "</Drive>".to_owned(),
    ]
}

/// Where the manifest lies on the drive.
fn manifest_path(known: Known<'_>) -> String {
    if known.exported {
        format!("\\{}", export_manifest_name(known.serial))
    } else {
        MANIFEST_PATH.to_owned()
    }
}

fn left_out_line(left_out: &LeftOut) -> String {
    format!(
        "{} {}",
        left_out.reason.code(),
        text::escaped(&left_out.path)
    )
}

/// Reads a record behind the first; `known` is what DriveInfo must repeat.
pub(super) fn read(body: &Body, known: Option<Known<'_>>) -> Result<Stored, String> {
    if body.kind != Kind::ActivityRecord {
        return Err("a second beginning of a journal".to_owned());
    }
    let mut fields = Reader::new(&body.fields);
    let activity = fields.word("ActivityId")?;
    let stored = match activity {
        "ArgosySession" => Stored::Session(Box::new(read_session(&mut fields)?)),
        KEY => Stored::Key(read_key(&mut fields)?),
        DRIVE_INFO => read_drive_info(&mut fields, known)?,
        "ArgosyClosed" => Stored::Closed(read_closed(&mut fields)?),
        other => Stored::Record(read_record(other, &mut fields)?),
    };
    fields.end()?;
    Ok(stored)
}

fn read_record(activity: &str, fields: &mut Reader<'_>) -> Result<Record, String> {
    Ok(match activity {
        "ArgosyErased" => Record::Erased {
            fingerprint: fields.hash("Fingerprint")?,
        },
        "ArgosyAdding" => Record::Adding {
            manifest_md5: fields.hash("ManifestHash")?,
        },
        "ArgosyRedo" => {
            let from = fields.number("From")?;
            let side = SideMark {
                bytes: fields.number("SideBytes")?,
                hash: fields.hash("SideHash")?,
            };
            Record::Redo { from, side }
        }
        "ArgosyDurable" => {
            let through = fields.number("Through")?;
            let side = SideMark {
                bytes: fields.number("SideBytes")?,
                hash: fields.hash("SideHash")?,
            };
            Record::Durable { through, side }
        }
        "ArgosyLeftOut" => Record::LeftOut(LeftOutTally {
            count: fields.number("Count")?,
            missing: fields.number("Missing")?,
            csv_hash: fields.hash("CsvHash")?,
            named: fields
                .block("Named")?
                .iter()
                .map(|line| read_left_out(line))
                .collect::<Result<_, _>>()?,
        }),
        "ArgosyMending" => Record::Mending {
            manifest_md5: fields.hash("ManifestHash")?,
            manifest_bytes: fields.number("ManifestBytes")?,
        },
        "ArgosySealing" => Record::Sealing,
        "ArgosyWritten" => Record::Written,
        "ArgosyInPlace" => Record::InPlace {
            manifest_md5: fields.hash("ManifestHash")?,
            manifest_bytes: fields.number("ManifestBytes")?,
        },
        "ArgosyVerifiedThrough" => Record::VerifiedThrough {
            through: fields.number("Through")?,
        },
        "ArgosyVerified" => Record::Verified {
            files: fields.number("Files")?,
            bytes: fields.number("Bytes")?,
        },
        "ArgosyFailed" => Record::Failed {
            why: fields.text("Why")?,
        },
        "ArgosyCancelled" => Record::Cancelled,
        "ArgosyResumed" => Record::Resumed {
            tool: fields.text("Tool")?,
        },
        "ArgosyNote" => Record::Note(Note {
            code: fields.text("Code")?,
            text: fields.text("Text")?,
        }),
        other => {
            return Err(format!(
                "activity \"{}\", which this version does not know",
                text::cut(other, 80)
            ));
        }
    })
}

fn read_session(fields: &mut Reader<'_>) -> Result<Session, String> {
    let format = fields.number("Format")?;
    if format != FORMAT {
        return Err(format!(
            "records of version {format}; this program knows version {FORMAT}"
        ));
    }
    let mut session = Session {
        tool: fields.text("Tool")?,
        session: fields.one_of("Session", |word| word.parse().ok())?,
        plan_hash: fields.hash("PlanHash")?,
        started: fields.one_of("Started", |word| word.parse().ok())?,
        drive: DriveIdentity {
            serial: fields.text("Serial")?,
            serial_source: fields.one_of("SerialSource", SerialSource::from_code)?,
            model: fields.text("Model")?,
            wwn: fields.text("WorldWideName")?,
            bytes: fields.number("DriveBytes")?,
            sector_bytes: fields.number("SectorBytes")?,
        },
        cipher: fields.one_of("Cipher", |word| word.parse().ok())?,
        free_space: fields.one_of("FreeSpace", FreeSpace::from_code)?,
        kept_bytes: fields.number("KeptBytes")?,
        files: fields.number("Files")?,
        bytes: fields.number("Bytes")?,
        exported: false,
    };
    session.exported = read_exported(fields, &session.drive.serial)?;
    Ok(session)
}

/// Reads whether a drive is filled from a store. Journals of imports do not say it.
fn read_exported(fields: &mut Reader<'_>, serial: &str) -> Result<bool, String> {
    if fields.is_over() {
        return Ok(false);
    }
    let expected = export_manifest_name(serial);
    fields.one_of(EXPORT_MANIFEST, |word| (word == expected).then_some(true))
}

fn read_key(fields: &mut Reader<'_>) -> Result<Key, String> {
    let salt = fields.hash("KeySalt")?;
    let shown = fields.word("RecoveryPassword")?.to_owned();
    let mut sealed = Vec::with_capacity(SEALED_BYTES);
    for line in fields.block("InformationArea")? {
        let bytes = BASE64
            .decode(line)
            .map_err(|_| "the information area is no base64".to_owned())?;
        sealed.extend(bytes);
        if sealed.len() > SEALED_BYTES {
            return Err("the information area is longer than 64 KiB".to_owned());
        }
    }
    sealed.resize(SEALED_BYTES, 0);
    Ok(Key {
        salt,
        shown: shown.into(),
        sealed,
    })
}

/// There is one way to write it, so it is written again and compared.
fn read_drive_info(fields: &mut Reader<'_>, known: Option<Known<'_>>) -> Result<Stored, String> {
    let known = known.ok_or("DriveInfo before the key")?;
    let lines = fields.block("DriveState")?;
    if fields.word("SaveCommandOutput")? != "Completed" {
        return Err("field SaveCommandOutput is not Completed".to_owned());
    }
    let hash = lines.iter().find_map(|line| {
        line.strip_prefix("   <ManifestHash>")?
            .strip_suffix("</ManifestHash>")
    });
    let manifest_md5 = hash
        .and_then(crate::hash::from_hex)
        .ok_or("DriveInfo has no ManifestHash")?;
    if lines != drive_state(known, &manifest_md5) {
        return Err("DriveInfo names another drive or key than the records before it".to_owned());
    }
    Ok(Stored::DriveInfo {
        serial: known.serial.to_owned(),
        key: known.key.to_owned().into(),
        exported: known.exported,
        manifest_md5,
    })
}

fn read_closed(fields: &mut Reader<'_>) -> Result<Closed, String> {
    let records = fields.number("Records")?;
    let manifest_md5 = match fields.word("ManifestHash")? {
        "" => None,
        hash => Some(crate::hash::from_hex(hash).ok_or("field ManifestHash is no MD5")?),
    };
    let verdict = fields.one_of("Verdict", Verdict::from_code)?;
    Ok(Closed {
        records,
        manifest_md5,
        verdict,
    })
}

fn read_left_out(line: &str) -> Result<LeftOut, String> {
    let fault = || {
        format!(
            "left-out file \"{}\" has no known reason",
            text::cut(line, 80)
        )
    };
    let (code, path) = line.split_once(' ').ok_or_else(fault)?;
    let reason = LeftOutReason::from_code(code).ok_or_else(fault)?;
    let path = text::unescaped(path).ok_or_else(fault)?;
    Ok(LeftOut { path, reason })
}
