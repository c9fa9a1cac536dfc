//! The golden journal, read by a program that shares no code with ours.

use shared::journal::{JournalVerdict, check, redact, replay};
use std::io::Write as _;
use std::process::{Command, Stdio};

const GOLDEN: &[u8] = include_bytes!("golden/journal-1.jrn");

/// Reads the public grammar (azure-import-export.md, 3.2) with regular expressions, and computes
/// the chain with hashlib.
const SCRIPT: &str = r#"
import hashlib, re, sys, xml.etree.ElementTree as E
text = sys.stdin.buffer.read().decode('utf-8')
record = re.compile(r'\[BeginUpdateRecord\]\[(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3})\]\[Type:(NewJournalFile|ActivityRecord)\]\r\n(.*?)\[EndUpdateRecord\]\r\n', re.S)
field = re.compile(r'(\w+): (?:\[BeginValue\]\r\n(.*?)\[EndValue\]|([^\r\n]*))\r\n', re.S)
chain, at, count, infos, salt = hashlib.sha256(b'argosy journal 1').digest(), 0, 0, [], None
for match in record.finditer(text):
    assert match.start() == at, 'something between records'
    at, count = match.end(), count + 1
    body, fields, end = match.group(3), {}, 0
    for f in field.finditer(body):
        assert f.start() == end
        end = f.end()
        fields[f.group(1)] = f.group(2) if f.group(2) is not None else f.group(3)
    assert end == len(body), 'something between fields'
    assert int(fields['Record']) == count
    salt = bytes.fromhex(fields['KeySalt']) if 'KeySalt' in fields else salt
    raw = match.group(0)
    raw = raw[:raw.rindex('Chain: ')]
    def stand_in(m):
        if m.group(2).startswith('sha256:'): return m.group(0)
        return m.group(1) + 'sha256:' + hashlib.sha256(salt + m.group(2).encode()).hexdigest() + m.group(3)
    if fields.get('ActivityId') in ('ArgosyBitLocker', 'DriveInfo'):
        raw = re.sub(r'(\r\nRecoveryPassword: )(.*?)(\r\n)', stand_in, raw)
        raw = re.sub(r'(<BitLockerKey>)(.*?)(</BitLockerKey>)', stand_in, raw)
    chain = hashlib.sha256(chain + raw.encode()).digest()
    assert chain.hex() == fields['Chain'], 'chain of record %d' % count
    if fields.get('ActivityId') == 'DriveInfo':
        drive = E.fromstring(fields['DriveState'].strip())
        infos.append([(child.tag, child.text) for child in drive])
        assert drive.tag == 'Drive' and fields['SaveCommandOutput'] == 'Completed'
assert at == len(text)
assert len(infos) == 1 and [tag for tag, _ in infos[0]] == ['DriveId', 'BitLockerKey', 'ManifestFile', 'ManifestHash']
assert infos[0][2][1] == '\\DriveManifest.xml' and re.fullmatch('[0-9A-F]{32}', infos[0][3][1])
print(count, infos[0][1][1], end='')
"#;

/// Runs python over a journal; `None` when it is not installed and need not be.
fn python(journal: &[u8]) -> Option<Result<String, String>> {
    let spawned = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        assert!(
            std::env::var_os("ARGOSY_REQUIRE_ORACLES").is_none(),
            "python3 is required and not installed"
        );
        println!("skipped: python3 is not installed");
        return None;
    };
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(journal)
        .expect("python reads its input");
    let output = child.wait_with_output().expect("python ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Some(if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    })
}

#[test]
fn python_reads_the_grammar_and_computes_the_same_chain() {
    let Some(read) = python(GOLDEN) else { return };
    assert_eq!(
        read.as_deref(),
        Ok("17 060456-014509-132033-080300-252615-584177-672089-411631")
    );
}

#[test]
fn python_computes_the_same_chain_over_a_redacted_copy() {
    let copy = redact(GOLDEN).expect("whole");
    let Some(read) = python(&copy) else { return };
    assert!(read.expect("whole").starts_with("17 sha256:"));
}

#[test]
fn the_checker_says_invalid_when_the_golden_key_opens_nothing() {
    // Its information area is 80 bytes of 0x5a: no password opens that.
    let report = check(GOLDEN, None);
    assert_eq!(report.verdict, JournalVerdict::Invalid);
    assert_eq!(
        report
            .findings
            .iter()
            .map(|f| f.code.as_str())
            .collect::<Vec<_>>(),
        ["key-does-not-open"]
    );
    assert_eq!(replay(GOLDEN).expect("whole").records, 17);
}

/// A genuine Windows volume's information area and its recovery password, in a journal of ours: the
/// proof that a password opens the block beside it must hold for what Windows sealed.
mod genuine {
    use shared::job::{DriveIdentity, FreeSpace, Moment, SerialSource};
    use shared::journal::{
        JournalVerdict, JournalWriter, KeyProof, KeyRecord, Record, Session, check,
    };
    use std::path::Path;
    use std::process::Command;

    const PASSWORD: &str = "235818-357951-253979-013365-241120-245575-342914-591910";
    const ANOTHER: &str = "404558-436711-420860-678557-638220-018909-039941-695321";

    /// Returns the first information area of bitlk-aes-xts-128; `None` when the test data are not
    /// there.
    #[expect(clippy::disallowed_methods, reason = "a test reads its golden image")]
    fn area(test: &str) -> Option<Vec<u8>> {
        let images = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/windows-bitlocker/images.tar.xz");
        if !images.exists() {
            println!("skipped: {} is not there", images.display());
            return None;
        }
        let into = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        std::fs::create_dir_all(&into).expect("the target folder can be written");
        let tar = Command::new("tar")
            .arg("-xJf")
            .arg(&images)
            .arg("-C")
            .arg(&into)
            .status();
        assert!(tar.expect("tar runs").success());
        let found = walk(&into).into_iter().find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("bitlk-aes-xts-128."))
        });
        let volume = std::fs::read(found.expect("the image is in the archive")).expect("unpacked");
        let at = u64::from_le_bytes(volume[0xb0..0xb8].try_into().expect("8 bytes"));
        let at = usize::try_from(at).expect("small");
        Some(volume[at..][..65_536].to_vec())
    }

    fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder)
            .expect("just made")
            .map(|entry| entry.expect("readable").path());
        entries
            .flat_map(|path| {
                if path.is_dir() {
                    walk(&path)
                } else {
                    vec![path]
                }
            })
            .collect()
    }

    fn journal(area: &[u8], password: &str) -> Vec<u8> {
        let session = Session {
            session: "reels".parse().expect("good"),
            exported: false,
            plan_hash: [0; 32],
            started: Moment(0),
            tool: "test".into(),
            drive: DriveIdentity {
                serial: "WD-1".into(),
                serial_source: SerialSource::Image,
                model: String::new(),
                wwn: String::new(),
                bytes: 1 << 30,
                sector_bytes: 512,
            },
            cipher: bitlocker_image::Cipher::XtsAes128,
            free_space: FreeSpace::Blank,
            kept_bytes: 0,
            files: 0,
            bytes: 0,
        };
        let key = KeyRecord {
            recovery_password: password.parse().expect("good"),
            salt: [1; 16],
            sealed: area.to_vec(),
        };
        let (mut writer, mut journal) = JournalWriter::create(Moment(0), &session).expect("good");
        journal.extend(writer.append(Moment(1), &Record::Key(key)).expect("good"));
        journal
    }

    #[test]
    fn a_password_of_windows_opens_the_block_of_windows_and_no_other_does() {
        let Some(area) = area("journal-key") else {
            return;
        };
        let report = check(&journal(&area, PASSWORD), None);
        assert_eq!(
            (report.verdict, report.facts.expect("believable").key),
            (JournalVerdict::Unfinished, KeyProof::Opens)
        );
        let report = check(&journal(&area, ANOTHER), None);
        assert_eq!(
            (report.verdict, report.facts.expect("believable").key),
            (JournalVerdict::Invalid, KeyProof::DoesNotOpen)
        );
    }

    #[test]
    fn one_flipped_bit_in_the_sealed_block_is_found() {
        let Some(mut area) = area("journal-flip") else {
            return;
        };
        area[200] ^= 1;
        let report = check(&journal(&area, PASSWORD), None);
        assert_eq!(
            (report.verdict, report.facts.expect("believable").key),
            (JournalVerdict::Invalid, KeyProof::DoesNotOpen)
        );
    }
}
