//! Volumes that mkntfs made and ntfs-3g filled, as we list and read them: equal to what ntfs-3g, sleuthkit and the `ntfs`
//! crate find.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::support::{Dice, Image, ImageFile, have, run};
use ntfs_image::read::{ReparseTag, Volume, VolumeError};

const TOOLS: [&str; 3] = ["mkntfs", "ntfs-3g", "fusermount"];

/// Path to (is it a folder, content).
type Tree = BTreeMap<String, (bool, Vec<u8>)>;

/// Fills a mounted volume with what is hard to read.
fn fill(at: &Path, names: u64) {
    let mut dice = Dice(7);
    fs::create_dir_all(at.join("a/b/c/d/e/f/g/h/i/j/k/l")).expect("deep");
    fs::write(at.join("a/b/c/d/e/f/g/h/i/j/k/l/deep"), b"deep down").expect("deep");
    fs::create_dir(at.join("big")).expect("big");
    for number in 0..names {
        let pad = "n".repeat(usize::try_from(dice.below(40)).expect("small"));
        let length = [0, 1, 100, 700, 900, 5000][usize::try_from(dice.below(6)).expect("small")];
        let name = format!("big/Name {number} {pad} \u{fc}\u{1f980}");
        fs::write(at.join(name), dice.bytes(length)).expect("a file");
    }
    fs::write(at.join("long ".repeat(51)), b"255 units").expect("long");
    fragment(at, &mut dice);
    let sparse = File::create(at.join("sparse")).expect("sparse");
    sparse.write_all_at(b"start", 0).expect("sparse");
    sparse
        .write_all_at(&dice.bytes(70_000), 5 << 20)
        .expect("sparse");
    sparse.set_len(9 << 20).expect("sparse");
    let many = File::create(at.join("sparse in many pieces")).expect("sparse");
    for piece in 0..1500 {
        many.write_all_at(&dice.bytes(10), piece * 131_072)
            .expect("sparse");
    }
    File::create(at.join("grown"))
        .and_then(|f| f.set_len(3 << 20))
        .expect("grown");
    fs::hard_link(at.join("sparse"), at.join("a/hard link")).expect("link");
}

/// Writes eight files in turns, so that none of them is in one piece.
fn fragment(at: &Path, dice: &mut Dice) {
    let mut files: Vec<File> = (0..8)
        .map(|number| File::create(at.join(format!("fragmented {number}"))).expect("fragmented"))
        .collect();
    for _ in 0..120 {
        for file in &mut files {
            file.write_all(&dice.bytes(4096)).expect("room");
            file.sync_all().expect("room");
        }
    }
    // Reading starts in the middle of what the next lines change.
    files[0].seek(SeekFrom::Start(100_001)).expect("seek");
    files[0].write_all(b"changed").expect("room");
}

/// Returns what the operating system sees below `at`.
fn seen_by_ntfs_3g(at: &Path, path: &str, tree: &mut Tree) {
    for entry in fs::read_dir(at).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = format!("{path}\\{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("a type").is_dir() {
            seen_by_ntfs_3g(&entry.path(), &path, tree);
            tree.insert(path, (true, Vec::new()));
        } else {
            tree.insert(path, (false, fs::read(entry.path()).expect("a file")));
        }
    }
}

/// Returns what we see.
fn seen_by_us(volume: &Volume<ImageFile>) -> Tree {
    let mut tree = Tree::new();
    for found in volume.walk() {
        let (path, entry) = found.expect("a clean volume");
        if entry.is_folder {
            tree.insert(path, (true, Vec::new()));
            continue;
        }
        let file = volume.open_file(entry.id).expect("a plain file");
        assert_eq!(file.bytes(), entry.bytes, "{path}");
        assert_eq!(file.modified(), entry.modified, "{path}");
        let mut content = vec![0xee; usize::try_from(file.bytes()).expect("small")];
        volume.read(&file, 0, &mut content).expect("readable");
        tree.insert(path, (false, content));
    }
    tree
}

fn assert_equal(ours: &Tree, theirs: &Tree) {
    let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(ours), names(theirs));
    for (path, content) in ours {
        assert!(Some(content) == theirs.get(path), "{path} differs");
    }
}

fn compare_with_ntfs_3g(sector: u64, cluster: u64, bytes: u64, names: u64) {
    if !have(&TOOLS) {
        return;
    }
    let image = Image::mkntfs(bytes, sector, cluster);
    let mut theirs = Tree::new();
    {
        let mount = image.mount("rw");
        fill(&mount.at, names);
    }
    {
        let mount = image.mount("ro");
        seen_by_ntfs_3g(&mount.at, "", &mut theirs);
    }
    let volume = Volume::open(image.open()).expect("a volume");
    assert_eq!(volume.label().expect("a label"), "Oracle volume");
    assert_eq!(volume.cluster_bytes(), cluster);
    assert_equal(&seen_by_us(&volume), &theirs);
    find_every_name(&volume);
    read_at_odd_offsets(&volume);
    compare_with_fls(&image, &theirs);
    if cluster <= 4096 {
        compare_with_the_ntfs_crate(&image, &theirs);
    }
}

fn find_every_name(volume: &Volume<ImageFile>) {
    for found in volume.walk() {
        let (path, entry) = found.expect("a clean volume");
        assert_eq!(
            volume.find(&path).expect("a clean volume").as_ref(),
            Some(&entry)
        );
        let other_case = path.to_uppercase().replace('\\', "/");
        let found = volume.find(&other_case).expect("a clean volume");
        assert_eq!(found.map(|found| found.id), Some(entry.id), "{other_case}");
    }
    assert_eq!(volume.find("\\big\\Name 0").expect("a clean volume"), None);
    assert_eq!(volume.find("\\sparse\\x").expect("a clean volume"), None);
}

fn read_at_odd_offsets(volume: &Volume<ImageFile>) {
    for name in ["fragmented 0", "sparse in many pieces"] {
        let entry = volume.find(name).expect("clean").expect("there");
        let file = volume.open_file(entry.id).expect("a file");
        let mut whole = vec![0; usize::try_from(file.bytes()).expect("small")];
        volume.read(&file, 0, &mut whole).expect("readable");
        let mut dice = Dice(3);
        for _ in 0..300 {
            let at = dice.below(file.bytes());
            let length = dice.below((file.bytes() - at).min(200_000) + 1);
            let mut part = vec![0xee; usize::try_from(length).expect("small")];
            volume.read(&file, at, &mut part).expect("readable");
            let at = usize::try_from(at).expect("small");
            assert!(part == whole[at..][..part.len()], "{at} {length}");
        }
        assert!(volume.read(&file, file.bytes() - 1, &mut [0; 2]).is_err());
    }
}

fn compare_with_fls(image: &Image, theirs: &Tree) {
    if !have(&["fls"]) {
        return;
    }
    let path = image.path().display().to_string();
    let listing = run("fls", &["-r", "-p", "-u", &path]);
    // "r/r 64-128-1:\tname"; streams have a colon in the name, NTFS's own names start with a dollar sign.
    let names: BTreeMap<String, bool> = listing
        .lines()
        .filter_map(|line| line.split_once(":\t"))
        .filter(|(_, name)| !name.starts_with('$') && !name.contains(':'))
        .map(|(kind, name)| {
            (
                format!("\\{}", name.replace('/', "\\")),
                kind.starts_with("d/"),
            )
        })
        .collect();
    let expected: BTreeMap<String, bool> = theirs
        .iter()
        .map(|(path, (folder, _))| (path.clone(), *folder))
        .collect();
    assert_eq!(names, expected);
}

fn compare_with_the_ntfs_crate(image: &Image, theirs: &Tree) {
    let mut disk = std::io::BufReader::new(File::open(image.path()).expect("the image"));
    let mut ntfs = ntfs::Ntfs::new(&mut disk).expect("a volume");
    ntfs.read_upcase_table(&mut disk).expect("a table");
    let mut names = BTreeMap::new();
    let mut folders = vec![(String::new(), 5)];
    while let Some((path, record)) = folders.pop() {
        let folder = ntfs.file(&mut disk, record).expect("a record");
        let index = folder.directory_index(&mut disk).expect("a folder");
        let mut entries = index.entries();
        while let Some(entry) = entries.next(&mut disk) {
            let entry = entry.expect("an entry");
            let name = entry.key().expect("a key").expect("a key");
            let record = entry.file_reference().file_record_number();
            if record < 24 || name.namespace() == ntfs::structured_values::NtfsFileNamespace::Dos {
                continue;
            }
            let path = format!("{path}\\{}", name.name().to_string_lossy());
            names.insert(path.clone(), (name.is_directory(), name.data_size()));
            if name.is_directory() {
                folders.push((path, record));
            }
        }
    }
    let length = |content: &Vec<u8>| u64::try_from(content.len()).expect("small");
    let expected: BTreeMap<String, (bool, u64)> = theirs
        .iter()
        .map(|(path, (folder, content))| (path.clone(), (*folder, length(content))))
        .collect();
    let sizes: BTreeMap<String, (bool, u64)> = names
        .into_iter()
        .map(|(path, (folder, bytes))| (path, (folder, if folder { 0 } else { bytes })))
        .collect();
    assert_eq!(sizes, expected);
}

#[test]
fn a_volume_with_512_byte_sectors_reads_as_others_read_it() {
    compare_with_ntfs_3g(512, 4096, 96 << 20, 1500);
}

#[test]
fn a_volume_with_4096_byte_sectors_reads_as_others_read_it() {
    compare_with_ntfs_3g(4096, 4096, 96 << 20, 600);
}

#[test]
fn a_volume_with_64_kib_clusters_reads_as_others_read_it() {
    compare_with_ntfs_3g(512, 65_536, 512 << 20, 1500);
}

#[test]
fn a_volume_with_512_byte_clusters_reads_as_others_read_it() {
    compare_with_ntfs_3g(512, 512, 96 << 20, 1500);
}

#[test]
fn a_volume_whose_file_table_is_in_hundreds_of_pieces_reads_as_others_read_it() {
    if !have(&TOOLS) {
        return;
    }
    let image = Image::mkntfs(24 << 20, 512, 512);
    let mut theirs = Tree::new();
    {
        let mount = image.mount("rw");
        let mut number = 0;
        let name = |number: u32| mount.at.join(format!("filler {number}"));
        while fs::write(name(number), [7; 2048]).is_ok() {
            number += 1;
        }
        for gap in (0..=number).step_by(2) {
            fs::remove_file(name(gap)).expect("there");
        }
        let mut empty = 0;
        while empty < 12_000 && File::create(mount.at.join(format!("empty {empty}"))).is_ok() {
            empty += 1;
        }
        assert!(empty > number, "{empty} more files, {number} before");
    }
    {
        let mount = image.mount("ro");
        seen_by_ntfs_3g(&mount.at, "", &mut theirs);
    }
    let about = run("ntfsinfo", &["-fi0", &image.path().display().to_string()]);
    assert!(
        about.contains("$ATTRIBUTE_LIST"),
        "the table has an attribute list"
    );
    let volume = Volume::open(image.open()).expect("a volume");
    assert_equal(&seen_by_us(&volume), &theirs);
}

#[test]
fn what_is_not_the_files_content_is_refused_by_name() {
    if !have(&TOOLS) {
        return;
    }
    let image = Image::mkntfs_with(32 << 20, &["-C"]);
    {
        let mount = image.mount("rw,compression,streams_interface=windows,special_files=wsl");
        fs::write(mount.at.join("squeezed"), vec![b'a'; 200_000]).expect("room");
        fs::write(mount.at.join("small"), b"resident").expect("room");
        fs::write(mount.at.join("small:first"), b"1").expect("a stream");
        fs::write(mount.at.join("small:second"), vec![2; 5000]).expect("a stream");
        std::os::unix::fs::symlink("small", mount.at.join("link")).expect("a link");
    }
    let volume = Volume::open(image.open()).expect("a volume");
    let entry = |name| volume.find(name).expect("clean").expect("there");
    let opened = |name| volume.open_file(entry(name).id);
    assert!(matches!(
        opened("squeezed"),
        Err(VolumeError::Compressed { .. })
    ));
    let link = ReparseTag(0xa000_001d);
    assert_eq!(entry("link").reparse, Some(link));
    assert!(matches!(opened("link"), Err(VolumeError::Reparse { tag, .. }) if tag == link));
    let small = opened("small").expect("resident data is never compressed");
    let mut content = [0; 8];
    volume.read(&small, 0, &mut content).expect("readable");
    assert_eq!(&content, b"resident");
    let streams: Vec<(&str, u64)> = small
        .streams()
        .iter()
        .map(|s| (s.name.as_str(), s.bytes))
        .collect();
    assert_eq!(streams, [("first", 1), ("second", 5000)]);
}

/// Images of volumes that Windows made cannot be kept here: `ARGOSY_NTFS_IMAGES=FOLDER` names a folder of them, each a bare
/// volume. They are read, never written.
#[test]
fn volumes_of_windows_are_clean_and_read_as_ntfs_3g_reads_them() {
    let Ok(folder) = std::env::var("ARGOSY_NTFS_IMAGES") else {
        eprintln!("skipped: ARGOSY_NTFS_IMAGES names no folder of images");
        return;
    };
    assert!(have(&TOOLS));
    for path in fs::read_dir(folder).expect("a folder") {
        let image = Image::of(&path.expect("a file").path());
        let name = fs::read_link(image.path()).expect("a link");
        let report = ntfs_image::check::check(&image.open(), 10).expect("a volume");
        assert_eq!(report.findings, [], "{}", name.display());
        let volume = Volume::open(image.open()).expect("a volume");
        let mount = image.mount("ro,norecover");
        for found in volume.walk() {
            let (path, entry) = found.expect("a clean volume");
            let theirs = mount
                .at
                .join(path.trim_start_matches('\\').replace('\\', "/"));
            let about = fs::symlink_metadata(&theirs).expect("ntfs-3g sees it too");
            assert_eq!(about.is_dir(), entry.is_folder, "{path}");
            assert!(volume.find(&path).expect("sound").is_some(), "{path}");
            if entry.is_folder || entry.reparse.is_some() {
                continue;
            }
            match volume.open_file(entry.id) {
                Ok(file) => assert_same_bytes(&volume, &file, &theirs),
                Err(VolumeError::Compressed { .. } | VolumeError::Encrypted { .. }) => {}
                Err(error) => panic!("{path}: {error}"),
            }
        }
    }
}

fn assert_same_bytes(volume: &Volume<ImageFile>, file: &ntfs_image::read::File, theirs: &Path) {
    let open = File::open(theirs).expect("readable");
    assert_eq!(open.metadata().expect("a file").len(), file.bytes());
    let (mut ours, mut other) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    for at in (0..file.bytes()).step_by(1 << 20) {
        let length = usize::try_from((file.bytes() - at).min(1 << 20)).expect("small");
        volume
            .read(file, at, &mut ours[..length])
            .expect("readable");
        open.read_exact_at(&mut other[..length], at)
            .expect("readable");
        assert!(
            ours[..length] == other[..length],
            "{} at {at}",
            theirs.display()
        );
    }
}
