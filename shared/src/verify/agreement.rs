//! The same drives, made and judged natively and as WebAssembly, must give the same text: the one in
//! `tests/golden/agreement.txt`. Each drive's own SHA-256 is in it, so that both are known to judge the same bytes.
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::fmt::Write;
use std::ops::ControlFlow;

use bitlocker_image::Cipher;
use disk::{MemDisk, ReadAt, SectorSize, WriteAt};
use sha2::{Digest, Sha256};

use super::{Expected, open_drive, verify};
use crate::drive::What;
use crate::drive::built::{Built, Recipe, SERIAL};
use crate::hash::upper_hex;
use crate::journal;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const GOLDEN: &str = include_str!("../../tests/golden/agreement.txt");
const JOURNAL: &[u8] = include_bytes!("../../tests/golden/drive-1.jrn");
const MIB: u64 = 1 << 20;

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn browser_and_agent_say_the_same_of_the_same_bytes() {
    let said = everything_said();
    assert_eq!(said, GOLDEN, "\n--- said:\n{said}--- golden:\n{GOLDEN}");
}

/// Every cipher that is made, with both sector sizes among them.
const DRIVES: [(Cipher, SectorSize); 4] = [
    (Cipher::XtsAes128, SectorSize::B512),
    (Cipher::XtsAes256, SectorSize::B4096),
    (Cipher::CbcAes128, SectorSize::B512),
    (Cipher::CbcAes256, SectorSize::B4096),
];

fn everything_said() -> String {
    let mut said = String::new();
    for (cipher, sector) in DRIVES {
        say_of_drive(cipher, sector, &mut said);
    }
    say_of_journal(&mut said);
    said
}

fn say_of_drive(cipher: Cipher, sector: SectorSize, said: &mut String) {
    let files = [
        ("a/small", 600),
        ("a/empty", 0),
        ("b/Größe.mov", 5_000_001),
        ("nothing/", 0),
    ];
    let mut recipe = Recipe::new(64 * MIB, sector, &files);
    recipe.cipher = cipher;
    let mut built = recipe.build(&[]);
    let mut say = |what: &str, report: String| {
        let bytes = sector.bytes();
        writeln!(said, "{cipher} {bytes}, {what}: {report}").expect("a string takes all");
    };
    say("drive", sha256(&built.disk));
    say("verified", judged(&built));
    let start = built.layout.partition().start;
    let damages = [
        (
            "one bit of the second block",
            place_of_data(&built) + 4_194_304 + 17,
        ),
        (
            "one bit of a metadata area",
            start + built.layout.regions().information[0] + 200,
        ),
        ("one bit of a file record", place_of_record(&built, 66) + 2),
    ];
    for (what, at) in damages {
        flip(&mut built.disk, at);
        say(what, judged(&built));
        flip(&mut built.disk, at);
    }
}

fn say_of_journal(said: &mut String) {
    let mut say = |what: &str, bytes: &[u8]| {
        writeln!(said, "{what}: {}", journal_said(bytes)).expect("a string takes all");
    };
    say("journal", JOURNAL);
    let mut altered = JOURNAL.to_vec();
    altered[JOURNAL.len() / 2] ^= 1;
    say("one bit of the journal", &altered);
    say("half a journal", &JOURNAL[..JOURNAL.len() / 2]);
}

fn judged(built: &Built) -> String {
    let expected = Expected {
        manifest_hash: Some(built.manifest_hash),
        serial: Some(SERIAL.to_owned()),
        session: Some("s-1".to_owned()),
        in_place: false,
        proven_bytes: 0,
    };
    let report = verify(&built.disk, &built.credential, &expected, &mut |_| {
        ControlFlow::Continue(())
    });
    serde_json::to_string(&report).expect("a report is JSON")
}

fn journal_said(bytes: &[u8]) -> String {
    serde_json::to_string(&journal::check(bytes, None)).expect("a report is JSON")
}

fn place_of_data(built: &Built) -> u64 {
    let data = |segment: &crate::drive::DriveSegment| {
        matches!(segment.what, What::FileData { from: 0, .. })
    };
    let longest = built
        .layout
        .segments()
        .filter(data)
        .max_by_key(|segment| segment.bytes);
    longest.expect("a file with data").at
}

/// Returns where a record of the file table lies, as the drive's own boot sector says.
fn place_of_record(built: &Built, number: u64) -> u64 {
    let drive = open_drive(&built.disk, &built.credential).expect("opens");
    let mut boot = [0; 512];
    drive.read_at(0, &mut boot).expect("in bounds");
    let table = u64::from_le_bytes(*boot[0x30..].first_chunk().expect("eight bytes"));
    let record_bytes = built.layout.spec().sector.bytes().max(1024);
    let at = table * built.layout.ntfs().cluster_bytes() + number * record_bytes;
    let mut name = [0; 4];
    drive.read_at(at, &mut name).expect("in bounds");
    assert_eq!(&name, b"FILE");
    drive.volume_at + at
}

fn flip(disk: &mut MemDisk, at: u64) {
    let mut byte = [0];
    disk.read_at(at, &mut byte).expect("in bounds");
    disk.write_at(at, &[byte[0] ^ 0x10]).expect("in bounds");
}

fn sha256(disk: &MemDisk) -> String {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    for at in 0..disk.bytes() / MIB {
        disk.read_at(at * MIB, &mut chunk).expect("in bounds");
        hash.update(&chunk);
    }
    upper_hex(&hash.finalize())
}
