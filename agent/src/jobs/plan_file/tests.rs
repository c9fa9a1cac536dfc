//! Plans, written and read back.

use super::*;

fn gathered() -> Gathered {
    let mut listing = Listing::new();
    for (path, bytes, kind) in [
        ("a", 5, Kind::File),
        ("b \"\n\u{1f600}", 0, Kind::Folder),
        ("b \"\n\u{1f600}/c", 7, Kind::File),
    ] {
        listing.push(path, bytes, FileTime(131), kind).expect("few");
    }
    let session = "planned".parse().expect("a session");
    let destination = "film/reels/".parse().expect("a destination");
    Gathered {
        listing,
        mapping: Mapping::of_source(session, destination),
        roots: vec![PathBuf::from("/srv/film")],
        attached: vec![Attached {
            metadata: Some(b"<Metadata/>".to_vec()),
            properties: None,
        }],
        skipped: Vec::new(),
        unreadable: UnreadableCounts::default(),
        unique_bytes: None,
        notes: Vec::new(),
        words: ("/srv/film".to_owned(), "film/reels/".to_owned()),
        reach: None,
        sums: None,
    }
}

fn written(folder: &Path) -> PathBuf {
    written_of(folder, &gathered())
}

fn written_of(folder: &Path, gathered: &Gathered) -> PathBuf {
    let plan = Plan {
        drives: Vec::new(),
        lower_bound: 0,
        proven: true,
        why: String::new(),
        assumed: Vec::new(),
        left_out: Vec::new(),
        problems: Vec::new(),
    };
    let head = Head::new(gathered, Moment(1), "xts-aes-128", true);
    let hash = write(
        &Shelves::of_folders(&[folder.to_owned()]),
        "p.plan",
        &head,
        &gathered.listing,
        &plan,
    )
    .expect("a new file");
    let path = folder.join("p.plan");
    let bytes = std::fs::read(&path).expect("just written");
    assert_eq!(hash, <[u8; 32]>::from(Sha256::digest(bytes)));
    path
}

#[test]
fn a_plan_comes_back_as_it_was_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let read = read_for(&written(folder.path()), "planned").expect("just written");
    let read = read.gathered;
    let expected = gathered();
    assert_eq!(
        (&read.mapping, &read.roots, &read.words),
        (&expected.mapping, &expected.roots, &expected.words)
    );
    assert_eq!(read.attached[0].metadata, expected.attached[0].metadata);
    assert!(read.listing.iter().eq(expected.listing.iter()));
}

#[test]
fn a_plan_that_was_cut_off_anywhere_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = written(folder.path());
    let bytes = std::fs::read(&path).expect("just written");
    for length in (0..bytes.len() - 1).step_by(7).chain([bytes.len() - 2]) {
        std::fs::write(&path, &bytes[..length]).expect("it is ours");
        assert!(read_for(&path, "planned").is_err(), "{length}");
    }
}

#[test]
fn a_folder_on_two_drives_comes_back_on_both() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let drive = |serial: &str, entries: &[u32]| shared::plan::PlannedDrive {
        serial: serial.to_owned(),
        disk_bytes: 1,
        sector: disk::SectorSize::B512,
        kept: None,
        capacity_bytes: 1,
        used_bytes: 1,
        files: 1,
        file_bytes: 5,
        entries: entries.to_vec(),
    };
    let plan = Plan {
        drives: vec![drive("A", &[0, 1]), drive("B", &[1, 2])],
        lower_bound: 2,
        proven: true,
        why: String::new(),
        assumed: Vec::new(),
        left_out: Vec::new(),
        problems: Vec::new(),
    };
    let mut head = Head::new(&gathered(), Moment(1), "xts-aes-128", true);
    let head_drive = |serial: &str| HeadDrive {
        identity: DriveIdentity {
            serial: serial.to_owned(),
            serial_source: shared::job::SerialSource::Image,
            model: String::new(),
            wwn: String::new(),
            bytes: 1,
            sector_bytes: 512,
        },
        path: PathBuf::from(serial),
        free_space: FreeSpace::Blank,
        sealed: String::new(),
        edges: Edges::default(),
        capacity_bytes: 1,
        used_bytes: 1,
        kept: None,
    };
    head.drives = vec![head_drive("A"), head_drive("B")];
    let shelves = Shelves::of_folders(&[folder.path().to_owned()]);
    let hash = write(&shelves, "two.plan", &head, &gathered().listing, &plan);
    let read = read(&folder.path().join("two.plan")).expect("just written");
    assert_eq!(read.entries, [vec![0, 1], vec![1, 2]]);
    assert_eq!(read.hash, hash.expect("a new file"));
    // No other drive, and none twice: the line is named.
    let text = std::fs::read_to_string(folder.path().join("two.plan")).expect("just written");
    assert!(text.contains("false,0]\n"));
    for place in ["2", "-2", "[0,0]", "[1,-1]"] {
        let altered = text.replacen("false,0]", &format!("false,{place}]"), 1);
        let refused = read_from(altered.as_bytes(), "p").expect_err(place);
        assert!(refused.to_string().contains("line 2"), "{refused}");
    }
}

#[test]
fn a_plan_of_an_export_keeps_what_is_known_of_its_blobs_and_only_a_resume_takes_it() {
    use shared::plan::export::{Export, StoredKind, StoredProperties};
    let mut gathered = gathered();
    let blob = |path: Option<&str>| ExportBlob {
        path: path.map(Into::into),
        snapshot: path.map(|_| "2026-11-28T10:51:43.1234567Z".into()),
        kind: StoredKind::Page,
        etag: "\"0x8D8\"".into(),
        properties: StoredProperties {
            content_type: Some("video/mp4".into()),
            ..StoredProperties::default()
        },
        metadata: vec![("Project".into(), "alpha".into())],
    };
    gathered.listing = Listing::new();
    for path in ["c/a", "c/b"] {
        let pushed = gathered.listing.push(path, 5, FileTime(131), Kind::File);
        pushed.expect("few");
    }
    gathered.mapping.export = Some(Export {
        store: "https://a.blob.core.windows.net".to_owned(),
        left: Vec::new(),
        blobs: Arc::new(vec![blob(None), blob(Some("c/b?"))]),
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = written_of(folder.path(), &gathered);
    let back = read(&path).expect("just written");
    assert_eq!(back.gathered.mapping, gathered.mapping);
    let refused = read_for(&path, "planned").expect_err("a resume's");
    assert!(refused.error.message.contains("argosy resume"), "{refused}");
}
