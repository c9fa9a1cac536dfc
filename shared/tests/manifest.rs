//! Manifests: what we write is what other XML tools read, and what the public samples look like is
//! what we read.
#![expect(clippy::arithmetic_side_effects, reason = "numbers of our own")]

use proptest::prelude::*;
use shared::hash::{md5, upper_hex};
use shared::manifest::{
    Attached, BlobKind, Disposition, ManifestError, ManifestFault, ManifestFile, ManifestReader,
    ManifestWriter, Ranges, part_count,
};
use std::io::{Read, Write as _};
use std::process::{Command, Stdio};

fn written(files: &[ManifestFile]) -> Vec<u8> {
    let mut writer = ManifestWriter::new(Vec::new(), "WD-WMATV123456", "reels#1").expect("memory");
    for file in files {
        writer.file(file).expect("good");
    }
    writer.finish().expect("memory").inner
}

fn file(path: &str, bytes: u64, kind: BlobKind) -> ManifestFile {
    let hashes = (0..part_count(bytes, kind))
        .map(|index| md5(&index.to_le_bytes()))
        .collect();
    ManifestFile::new(
        format!("\\reels#1\\{path}"),
        format!("film/{path}"),
        bytes,
        kind,
        hashes,
    )
}

fn read(manifest: &[u8]) -> Result<Vec<ManifestFile>, ManifestError> {
    ManifestReader::new(manifest)?.collect()
}

fn fault(manifest: &str) -> (u64, String) {
    let error = read(manifest.as_bytes()).expect_err("must be refused");
    (error.line, error.fault.to_string())
}

/// One byte at a time, as slow media do.
struct Drip<'a>(&'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = 1.min(into.len());
        self.0.read(&mut into[..count])
    }
}

/// Runs a program of another house; `None` when it is not installed and need not be.
fn oracle(program: &str, arguments: &[&str], input: &[u8]) -> Option<(bool, Vec<u8>)> {
    let spawned = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else {
        assert!(
            std::env::var_os("ARGOSY_REQUIRE_ORACLES").is_none(),
            "{program} is required and not installed"
        );
        println!("skipped: {program} is not installed");
        return None;
    };
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(input)
        .expect("the program reads its input");
    let output = child.wait_with_output().expect("the program ends");
    Some((output.status.success(), output.stdout))
}

/// Names that hurt: markup, white space that XML folds, emoji, decomposed and right-to-left
/// letters, the last code points.
const NAMES: [&str; 12] = [
    "plain.mov",
    "a & b <c> \"d\" 'e'.txt",
    "tab\tline\nreturn\rend",
    " leading and trailing ",
    "]]>",
    "&amp;&#65;",
    "🎬\u{200d}🏴\u{e0067}",
    "o\u{308}",
    "שלום",
    "\u{85}\u{2028}\u{a0}",
    "\u{fffd}\u{10ffff}",
    "\u{7f}\u{80}",
];

#[test]
fn xmllint_takes_every_name_and_gives_it_back() {
    let files: Vec<_> = NAMES
        .iter()
        .map(|name| file(name, 5_000_000, BlobKind::Block))
        .collect();
    let manifest = written(&files);
    let Some((well_formed, _)) = oracle("xmllint", &["--noout", "--nonet", "-"], &manifest) else {
        return;
    };
    assert!(well_formed);
    for (index, name) in NAMES.iter().enumerate() {
        let path = format!(
            "string(/DriveManifest/Drive/BlobList/Blob[{}]/FilePath)",
            index + 1
        );
        let (found, text) =
            oracle("xmllint", &["--xpath", &path, "-"], &manifest).expect("it ran above");
        assert!(found);
        let text = String::from_utf8(text).expect("UTF-8");
        assert_eq!(
            text.strip_suffix('\n').unwrap_or(&text),
            format!("\\reels#1\\{name}")
        );
    }
}

#[test]
fn pythons_expat_agrees_on_structure_and_hashes() {
    const SCRIPT: &str = "
import sys, hashlib, base64, struct, xml.etree.ElementTree as E
data = sys.stdin.buffer.read()
root = E.fromstring(data)
assert root.tag == 'DriveManifest' and root.get('Version') == '2014-11-01'
assert root.find('Drive/DriveId').text == 'WD-WMATV123456'
assert root.find('Drive/BlobList').get('Id') == 'reels#1-0'
assert root.find('Drive/StorageAccountKey') is None and root.find('Drive/ContainerSas') is None
for blob in root.iter('Blob'):
    length, at = int(blob.find('Length').text), 0
    parts = list(blob.find('BlockList') if blob.find('BlockList') is not None else blob.find('PageRangeList'))
    assert len(parts) <= 50000 or parts[0].tag == 'PageRange'
    for index, part in enumerate(parts):
        assert int(part.get('Offset')) == at
        at += int(part.get('Length'))
        assert part.get('Hash') == hashlib.md5(struct.pack('<Q', index)).hexdigest().upper()
        if part.tag == 'Block':
            assert base64.b64decode(part.get('Id')) == struct.pack('<I', index)
        else:
            assert int(part.get('Offset')) % 512 == 0 and int(part.get('Length')) % 512 == 0
    assert at == length
print(hashlib.md5(data).hexdigest().upper(), len(data), end='')
";
    let files = [
        file("empty", 0, BlobKind::Block),
        file("one", 1, BlobKind::Block),
        file("disk.vhd", (9 << 20) + 512, BlobKind::Page),
        file("long", (50_000 * (4 << 20)) + 1, BlobKind::Block),
    ];
    let manifest = written(&files);
    let Some((right, said)) = oracle("python3", &["-c", SCRIPT], &manifest) else {
        return;
    };
    assert!(right, "python found a difference");
    let ours = format!("{} {}", upper_hex(&md5(&manifest)), manifest.len());
    assert_eq!(String::from_utf8(said).expect("ASCII"), ours);
}

#[test]
fn what_is_written_is_read_back_even_byte_by_byte() {
    let mut files: Vec<_> = NAMES
        .iter()
        .map(|name| file(name, 10 << 20, BlobKind::Page))
        .collect();
    files[0].metadata = Some(Attached {
        path: "\\reels#1\\m & m.xml".into(),
        hash: [7; 16],
    });
    files[1].properties = Some(Attached {
        path: "\\reels#1\\p.xml".into(),
        hash: [8; 16],
    });
    files[2].disposition = Some(Disposition::Overwrite);
    files.push(file("long", (50_000 * (4 << 20)) + 1, BlobKind::Block));
    files.push(file("share", (9 << 20) + 1, BlobKind::File));
    files.push(file("nothing in the share", 0, BlobKind::File));
    let manifest = written(&files);
    assert_eq!(read(&manifest).expect("our own"), files);
    let slow: Result<Vec<_>, _> = ManifestReader::new(Drip(&manifest))
        .expect("our own")
        .collect();
    assert_eq!(slow.expect("our own"), files);
    let summary = ManifestReader::new(manifest.as_slice())
        .expect("our own")
        .finish()
        .expect("our own");
    assert_eq!((summary.md5, summary.files), (md5(&manifest), 15));
    assert_eq!(summary.bytes, u64::try_from(manifest.len()).expect("small"));
}

/// Block ids of the form "MD5/" + base64(MD5), an account key, free text, defaults of a list and
/// their override: azure-import-export.md 4.1. Hash 700CE7E2...546B belongs to id
/// MD5/cAzn4h7VVSWXf696qp5Uaw==.
const IMPORT: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<!-- as a 2017 tool writes it -->
<DriveManifest Version="2014-11-01">
  <Drive>
    <DriveId>9WM35C3U</DriveId>
    <StorageAccountKey>not-a-key==</StorageAccountKey>
    <ClientCreator>WAImportExport</ClientCreator>
    <BlobList Id="session#1-0">
      <MetadataPath Hash="4D0000000000000000000000000000AA">\session#1\meta.xml</MetadataPath>
      <PropertiesPath Hash="4d0000000000000000000000000000bb">\session#1\props.xml</PropertiesPath>
      <Blob>
        <BlobPath>pictures/koala.jpg</BlobPath>
        <FilePath>\session#1\pictures\koala.jpg</FilePath>
        <ClientData>keep me</ClientData>
        <Length>12124</Length>
        <ImportDisposition>overwrite</ImportDisposition>
        <BlockList>
          <Block Offset="0" Length="6062" Id="MD5/cAzn4h7VVSWXf696qp5Uaw==" Hash="700CE7E21ED55525977FAF7AAA9E546B" />
          <Block Offset="6062" Length="6062" Id="MD5/cAzn4h7VVSWXf696qp5Uaw==" Hash="700CE7E21ED55525977FAF7AAA9E546B" />
        </BlockList>
        <PropertiesPath Hash="4D0000000000000000000000000000CC">\session#1\own.xml</PropertiesPath>
      </Blob>
    </BlobList>
    <BlobList>
      <Blob><BlobPath>$root/a</BlobPath><FilePath>\a</FilePath><Length>0</Length><BlockList/></Blob>
    </BlobList>
  </Drive>
</DriveManifest>
"#;

#[test]
fn a_manifest_of_the_windows_tool_is_read() {
    let mut reader = ManifestReader::new(IMPORT.as_bytes()).expect("public grammar");
    assert_eq!(
        (reader.drive_id(), reader.version(), reader.list_id()),
        ("9WM35C3U", "2014-11-01", Some("session#1-0"))
    );
    let koala = reader.next_file().expect("good").expect("one");
    assert_eq!(koala.ranges, Ranges::Listed(vec![(0, 6062), (6062, 6062)]));
    assert_eq!(
        koala
            .parts()
            .map(|part| upper_hex(&part.hash))
            .collect::<Vec<_>>(),
        vec!["700CE7E21ED55525977FAF7AAA9E546B"; 2]
    );
    assert_eq!(koala.disposition, Some(Disposition::Overwrite));
    assert_eq!(
        koala.metadata.expect("the list's").path,
        "\\session#1\\meta.xml"
    );
    assert_eq!(
        koala.properties.expect("its own").path,
        "\\session#1\\own.xml"
    );
    let empty = reader.next_file().expect("good").expect("two");
    assert_eq!(
        (empty.blob.as_str(), empty.bytes, empty.metadata),
        ("$root/a", 0, None)
    );
    assert!(reader.next_file().expect("end").is_none());
    assert!(reader.next_file().expect("still the end").is_none());
}

/// An export sample: version 2011-10-01, no credential, sparse page ranges (Length 163840, ranges
/// to 135168), index ids.
const EXPORT: &str = r#"<DriveManifest Version="2011-10-01"><Drive><DriveId>9WM35C3U</DriveId>
<ClientCreator>Windows Azure Import/Export service</ClientCreator><BlobList>
<Blob><BlobPath>vhds/d.vhd</BlobPath><FilePath>\vhds\d.vhd</FilePath><Snapshot>2013-09-10T00:00:00Z</Snapshot><Length>163840</Length>
<PageRangeList><PageRange Offset="0" Length="65536" Hash="F0000000000000000000000000000000"/>
<PageRange Offset="131072" Length="4096" Hash="F0000000000000000000000000000001"/></PageRangeList></Blob>
<Blob><BlobPath>a/b</BlobPath><FilePath>\a\b</FilePath><Length>5442</Length><BlockList>
<Block Offset="0" Length="2721" Id="AAAAAA==" Hash="F0000000000000000000000000000000"/>
<Block Offset="2721" Length="2721" Id="AQAAAA==" Hash="F0000000000000000000000000000000"/></BlockList></Blob>
</BlobList></Drive></DriveManifest>"#;

#[test]
fn an_export_manifest_with_sparse_pages_is_read() {
    let files = read(EXPORT.as_bytes()).expect("public grammar");
    assert_eq!(
        files[0].ranges,
        Ranges::Listed(vec![(0, 65536), (131_072, 4096)])
    );
    assert_eq!(files[0].kind, BlobKind::Page);
    assert_eq!(files[1].hashes.len(), 2);
}

/// In the words of the public log of the same tool (azure-import-export.md, 4.2).
#[test]
fn files_of_a_share_are_read_and_nothing_of_a_blob_in_them() {
    const FILES: &str = r#"<DriveManifest Version="2014-11-01"><Drive><DriveId>9WM35C3U</DriveId><FileList>
<File><FileStoragePath>share/dir/name</FileStoragePath><FilePath>\AzureFile\share\dir\name</FilePath><Length>20</Length>
<ImportDisposition>rename</ImportDisposition><FileRangeList><FileRange Offset="0" Length="20" Hash="F0000000000000000000000000000000"/></FileRangeList></File>
</FileList></Drive></DriveManifest>"#;
    let files = read(FILES.as_bytes()).expect("the words of the log");
    assert_eq!(
        (files[0].kind, files[0].blob.as_str(), files[0].bytes),
        (BlobKind::File, "share/dir/name", 20)
    );
    for (from, to, words) in [
        ("FileStoragePath>share", "BlobPath>share", "<BlobPath>"),
        ("Length=\"20\" Hash", "Length=\"19\" Hash", "20"),
        ("Offset=\"0\"", "Offset=\"1\"", "1"),
        (
            "FileRangeList><FileRange",
            "BlockList><Block",
            "<BlockList>",
        ),
        (
            "Length=\"20\" Hash",
            "Length=\"20\" Id=\"AAAAAA==\" Hash",
            "no Id",
        ),
    ] {
        let (_, said) = fault(&FILES.replace(from, to));
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn every_rule_of_the_grammar_is_checked_where_it_breaks() {
    for (from, to, line, words) in [
        ("2014-11-01", "2013-01-01", 3, "expected 2014-11-01"),
        ("<DriveId>9WM35C3U</DriveId>", "", 8, "has no <DriveId>"),
        (
            "<DriveId>9WM35C3U</DriveId>",
            "<DriveId> </DriveId>",
            5,
            "DriveId is",
        ),
        (
            "<ClientCreator>",
            "<DriveId>x</DriveId><ClientCreator>",
            7,
            "more than one <DriveId>",
        ),
        (
            "\"6062\" Length",
            "\"6063\" Length",
            18,
            "begins at byte 6063; expected 6062",
        ),
        ("<Length>12124", "<Length>12125", 21, "end at byte 12124"),
        ("<Length>12124", "<Length>-12124", 14, "a number of bytes"),
        (
            "<Length>12124",
            "<Length>99999999999999999999",
            14,
            "a number of bytes",
        ),
        ("Hash=\"700", "Hash=\"70", 17, "32 hexadecimal"),
        (
            " Id=\"MD5/cAzn4h7VVSWXf696qp5Uaw==\" Hash",
            " Hash",
            18,
            "the blocks before it have none",
        ),
        (
            "Id=\"MD5/cAzn4h7VVSWXf696qp5Uaw==\"",
            "Id=\"AAAA\"",
            18,
            "not as long",
        ),
        (
            "Id=\"MD5/cAzn4h7VVSWXf696qp5Uaw==\"",
            "Id=\"*\"",
            17,
            "no base64",
        ),
        (
            "Hash=\"700",
            "Color=\"1\" Hash=\"700",
            17,
            "the attribute Color",
        ),
        ("overwrite<", "Overwrite<", 15, "expected rename"),
        (
            "<FilePath>\\session#1\\pictures",
            "<FilePath>\\session#1\\..",
            12,
            "from the drive's root",
        ),
        (
            "<FilePath>\\session#1\\pictures",
            "<FilePath>session#1\\pictures",
            12,
            "from the drive's root",
        ),
        (
            "<BlobPath>pictures/",
            "<BlobPath>/pictures/",
            11,
            "without a leading slash",
        ),
        (
            "<FilePath>\\session#1\\pictures\\koala.jpg</FilePath>",
            "",
            21,
            "has no <FilePath>",
        ),
        (
            "<ClientData>keep me</ClientData>",
            "<Length>1</Length>",
            14,
            "more than one Length",
        ),
        (
            "<ClientData>keep me</ClientData>",
            "<Surprise/>",
            13,
            "<Blob> cannot hold <Surprise>",
        ),
        (
            "<ClientData>keep me</ClientData>",
            "stray",
            12,
            "the text \"stray\"",
        ),
        ("keep me", "<b/>", 13, "<ClientData> cannot hold <b>"),
        ("keep me", "&unknown;", 13, "&unknown;"),
        ("</DriveManifest>", "</DriveManifest><More/>", 29, "<More>"),
        ("</DriveManifest>", "", 29, "ends inside <DriveManifest>"),
        (
            "</BlockList>\n        <Prop",
            "</PageRangeList>\n        <Prop",
            19,
            "not well-formed",
        ),
        (
            "encoding=\"utf-8\"",
            "encoding=\"utf-16\"",
            1,
            "encoding utf-16",
        ),
        (
            "<!-- as a 2017 tool writes it -->",
            "<!DOCTYPE a [<!ENTITY b \"c\">]>",
            2,
            "a document type",
        ),
    ] {
        assert!(IMPORT.contains(from), "{from}");
        let (found_line, found) = fault(&IMPORT.replacen(from, to, 1));
        assert!(found.contains(words), "{from} -> {to}: {found}");
        assert!(
            found_line.abs_diff(line) <= 1,
            "{from} -> {to}: line {found_line}, expected about {line}"
        );
    }
    for (from, to, words) in [
        ("Offset=\"131072\"", "Offset=\"65535\"", "65536 or later"),
        ("Offset=\"131072\"", "Offset=\"131073\"", "multiples of 512"),
        ("Length=\"4096\"", "Length=\"0\"", "512 bytes to 4 MiB"),
        (
            "Length=\"4096\"",
            "Length=\"4194816\"",
            "512 bytes to 4 MiB",
        ),
        ("Length=\"4096\"", "Length=\"65536\"", "end at byte 196608"),
        ("<Length>163840", "<Length>163841", "multiple of 512"),
        (
            "Offset=\"131072\"",
            "Offset=\"18446744073709551104\"",
            "beyond any file",
        ),
    ] {
        assert!(EXPORT.contains(from), "{from}");
        let (_, found) = fault(&EXPORT.replacen(from, to, 1));
        assert!(found.contains(words), "{from} -> {to}: {found}");
    }
}

#[test]
fn more_than_50_000_blocks_are_refused() {
    let block = |index: u64| {
        format!(
            "<Block Offset=\"{index}\" Length=\"1\" Hash=\"{:032}\"/>",
            0
        )
    };
    let blocks: String = (0..50_001).map(block).collect();
    let manifest = EXPORT.replace(
        "<Length>5442</Length><BlockList>",
        &format!("<Length>50001</Length><BlockList>{blocks}"),
    );
    assert!(fault(&manifest).1.contains("at most 50,000"));
}

#[test]
fn a_file_over_64_mib_needs_block_ids() {
    let huge = EXPORT
        .replace(" Id=\"AAAAAA==\"", "")
        .replace(" Id=\"AQAAAA==\"", "")
        .replace("Length=\"2721\"", "Length=\"40000000\"")
        .replace("Offset=\"2721\"", "Offset=\"40000000\"")
        .replace("<Length>5442", "<Length>80000000");
    assert!(fault(&huge).1.contains("need ids"));
}

#[test]
fn a_hostile_manifest_takes_no_memory() {
    struct Endless(&'static [u8], u64);
    impl Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if !self.0.is_empty() {
                return self.0.read(into);
            }
            self.1 += u64::try_from(into.len()).expect("small");
            assert!(self.1 < 4 << 20, "it went on reading");
            into.fill(b'a');
            Ok(into.len())
        }
    }
    for start in [
        "<",
        "<a b=\"",
        "<!--",
        "<?",
        "<![CDATA[",
        "&",
        "<!DOCTYPE ",
        "</",
    ] {
        let full = Box::leak(
            format!("<DriveManifest Version=\"2014-11-01\"><Drive><DriveId>{start}")
                .into_boxed_str(),
        );
        let error = ManifestReader::new(Endless(full.as_bytes(), 0))
            .err()
            .expect("refused");
        assert!(
            matches!(error.fault, ManifestFault::Io(_)),
            "{start}: {error}"
        );
    }
    let deep = format!(
        "<DriveManifest Version=\"2014-11-01\"><Drive>{}",
        "<a>".repeat(100_000)
    );
    assert!(ManifestReader::new(deep.as_bytes()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn a_changed_byte_never_panics_and_never_loops(at in 0..IMPORT.len(), byte: u8, cut in 0..IMPORT.len()) {
        let mut bytes = IMPORT.as_bytes().to_vec();
        bytes[at] = byte;
        drop(read(&bytes));
        drop(read(&bytes[..cut.max(at)]));
    }

    #[test]
    fn a_manifest_cut_anywhere_is_refused(cut in 0..IMPORT.len() - 1) {
        prop_assert!(read(&IMPORT.as_bytes()[..cut]).is_err());
    }
}
