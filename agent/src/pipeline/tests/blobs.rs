//! What the hash list of an export says of its blobs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use shared::hash::md5;
use shared::mhl::Creator;
use shared::plan::export::{Export, ExportBlob, StoredKind, StoredProperties};
use shared::plan::{Entry, ListedPath};

use super::super::long_blobs::{Past, long_blobs};
use super::*;

/// Returns the ground as an export of its files; the store has a hash of the first large one and of the last that is none
/// of theirs, so that it shows whose counts. The areas of BitLocker cut all large ones but the last in two.
fn exported(said: [u8; 16]) -> Ground {
    let mut ground = ground();
    let content_md5: Box<str> = BASE64.encode(said).into();
    let has_one = |path: ListedPath<'_>| path == "large 0" || path == "large 3";
    let blob = |(_, entry): (u32, Entry<'_>)| ExportBlob {
        path: None,
        snapshot: None,
        kind: StoredKind::Block,
        etag: "0x1".into(),
        properties: StoredProperties {
            content_md5: has_one(entry.path).then(|| content_md5.clone()),
            ..StoredProperties::default()
        },
        metadata: Vec::new(),
    };
    ground.mapping.export = Some(Export {
        store: "http://127.0.0.1/".to_owned(),
        left: Vec::new(),
        blobs: Arc::new(ground.listing.iter().map(blob).collect()),
    });
    ground.mapping.mhl = Some(Creator {
        host: "tested".to_owned(),
        version: "0".to_owned(),
    });
    ground
}

#[test]
fn what_a_store_says_of_a_blob_counts_where_one_attempt_read_all_of_it_and_the_rest_is_read_back() {
    let said = [7; 16];
    let ground = exported(said);
    let (mut device, _, filled) = ground.fill(usize::MAX, "export.side");
    filled.expect("a drive that lives");
    let (work, index_of) = (ground.work(), HashIndex::new(&ground.work()));
    let hashes = SideReader::open(&ground.shelves(), "export.side").expect("just written");
    let entry = |number: u32| {
        let path = format!("large {number}");
        let mut all = ground.listing.iter();
        all.find(|(_, entry)| entry.path == path.as_str())
            .expect("it is there")
            .0
    };
    let starts = |number: u32| {
        let node = work.layout.node_of(entry(number)).expect("planned");
        let mut all = work.layout.segments();
        let is_it = |what| {
            what == What::FileData {
                file: node,
                from: 0,
            }
        };
        all.find(|segment| is_it(segment.what)).expect("large").at
    };
    let length = (33 << 20) + 17;
    let content = |number: u32| vec![u8::try_from(number).expect("few") + 1; length];
    let (meter, cancel) = (Meter::default(), Cancel::default());
    let out = work.layout.node_of(entry(1));
    let left_out = |node: Node| Some(node) == out;
    let ways = (&hashes, &index_of);
    let bytes = u64::try_from(length).expect("short");
    // An attempt that begins with a blob has all of it; one that begins in its middle has not.
    for (resumed_at, last, read) in [
        ([starts(3)], said, 2),
        ([starts(3) + (1 << 20)], md5(&content(3)), 3),
    ] {
        meter.set(0);
        let past = Past {
            resumed_at: &resumed_at,
            meter: &meter,
            cancel: &cancel,
        };
        let found = long_blobs(&work, &device, ways, &left_out, &past).expect("whole");
        let expected = [(0, md5(&content(0))), (2, md5(&content(2))), (3, last)];
        let expected = expected.map(|(number, hash)| (entry(number), hash));
        assert_eq!(found, expected.into());
        assert_eq!(meter.bytes(), read * bytes);
        // The one that is left out would have been read too.
        assert_eq!(bytes_read_back(&work, &resumed_at), (read + 1) * bytes);
    }
    let past = Past {
        resumed_at: &[],
        meter: &meter,
        cancel: &cancel,
    };
    // One byte of a blob that is read back is found; at one that is not, nobody looks here.
    for (number, is_read) in [(3, false), (2, true)] {
        let at = starts(number) + (20 << 20);
        let mut byte = [0];
        device.disk.read_at(at, &mut byte).expect("in bounds");
        device.disk.write_at(at, &[byte[0] ^ 1]).expect("in bounds");
        let again = long_blobs(&work, &device, ways, &left_out, &past);
        match again {
            Err(PipelineError::Forgot { at: told }) => assert_eq!((told, is_read), (at, true)),
            again => assert!(again.is_ok() && !is_read, "{again:?}"),
        }
    }
    cancel.cancel();
    let stopped = long_blobs(&work, &device, ways, &left_out, &past);
    assert!(matches!(stopped, Err(PipelineError::Cancelled)));
}
