//! The same drive, made and judged natively and as WebAssembly, must give the same text: the one in
//! `tests/golden/agreement.txt`. The drive's own SHA-256 is in it, so that both are known to judge the same bytes.
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::fmt::Write;
use std::ops::ControlFlow;

use disk::{MemDisk, ReadAt, SectorSize, WriteAt};
use sha2::{Digest, Sha256};

use super::{Expected, verify};
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

fn everything_said() -> String {
    let files = [
        ("a/small", 600),
        ("a/empty", 0),
        ("b/Größe.mov", 5_000_001),
        ("nothing/", 0),
    ];
    let mut built = Recipe::new(64 * MIB, SectorSize::B512, &files).build(&[]);
    let mut said = String::new();
    let mut say = |what: &str, report: String| {
        writeln!(said, "{what}: {report}").expect("a string takes all")
    };
    say("drive", sha256(&built.disk));
    say("verified", judged(&built));
    let reel = place_of_data(&built);
    flip(&mut built.disk, reel + 4_194_304 + 17);
    say("one bit of the second block", judged(&built));
    flip(&mut built.disk, reel + 4_194_304 + 17);
    let area = built.layout.partition().start + built.layout.regions().information[0];
    flip(&mut built.disk, area + 200);
    say("one bit of a metadata area", judged(&built));

    say("journal", journal_said(JOURNAL));
    let mut altered = JOURNAL.to_vec();
    altered[JOURNAL.len() / 2] ^= 1;
    say("one bit of the journal", journal_said(&altered));
    say(
        "half a journal",
        journal_said(&JOURNAL[..JOURNAL.len() / 2]),
    );
    said
}

fn judged(built: &Built) -> String {
    let expected = Expected {
        manifest_hash: Some(built.manifest_hash),
        serial: Some(SERIAL.to_owned()),
        session: Some("s-1".to_owned()),
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
