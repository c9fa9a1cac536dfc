//! The store client against Microsoft's emulator, with the service's own SDK for Python as the one that looks.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

use agent::blobs::{
    Authorization, BlobHeaders, BlobName, BlockId, Condition, Endpoint, Include, Made, Metadata,
    Patience, Store, StoreFault, StoredKind, md5_of,
};
use agent::pipeline::Cancel;
use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use serde_json::{Value, json};
use tests::argosy::text;
use tests::azurite::{ACCOUNT, Azurite, account_signature};
use tests::oracle;
use tests::source::noise;

const MIB: usize = 1 << 20;

fn opened(azurite: &Azurite, permissions: &str, patience: Patience) -> Result<Store> {
    let signature = account_signature(permissions);
    Ok(Store::open(
        Endpoint::parse(&azurite.url())?,
        Authorization::signature(signature.as_bytes())?,
        patience,
        Cancel::default(),
    )?)
}

/// Returns what the service's own SDK finds.
fn seen(azurite: &Azurite) -> Result<Option<Value>> {
    let Some(python) = oracle::python()? else {
        return Ok(None);
    };
    let script = oracle::repository().join("tests/readers/store.py");
    let said = oracle::run(
        text(&python),
        &[text(&script), &azurite.connection_string()],
    )?;
    Ok(Some(serde_json::from_str(&said)?))
}

fn headers() -> BlobHeaders {
    BlobHeaders {
        content_type: Some("video/mp4".to_owned()),
        content_encoding: Some("identity".to_owned()),
        content_language: Some("de".to_owned()),
        cache_control: Some("no-store".to_owned()),
        content_disposition: None,
        content_md5: Some([7; 16]),
    }
}

#[tokio::test]
async fn another_sdk_reads_what_the_store_client_wrote_whatever_the_name() -> Result<()> {
    let Some(azurite) = Azurite::start()? else {
        return Ok(());
    };
    let store = opened(&azurite, "rwdlac", Patience::default())?;
    assert_eq!(store.make_container("film").await?, Made::New);
    assert_eq!(store.make_container("film").await?, Made::Before);
    let metadata: Metadata = [("project".to_owned(), "alpha".to_owned())].into();
    let names = [
        "film/plain.txt",
        "film/two  blanks/50% #1?+&=;'().bin",
        "film/Überblick/🎬 撮影.mov",
        "film/a//b",
        "film/ends with.dot./x",
    ];
    let content = noise(5 * MIB + 17, 1);
    let given = headers();
    for name in names {
        let blob = BlobName::parse(name)?;
        let parts = content.chunks(4 * MIB);
        let mut ids = Vec::new();
        for (number, part) in (0..).zip(parts) {
            let id = BlockId::of(number).context("an id")?;
            let part = Bytes::copy_from_slice(part);
            let md5 = md5_of(&part);
            store.stage_block(&blob, id, part, md5).await?;
            ids.push(id);
        }
        let lengths: Vec<_> = ids.iter().copied().zip([4_194_304, 1_048_593]).collect();
        assert_eq!(store.staged_blocks(&blob).await?, lengths, "{name}");
        let committed = store.commit(&blob, &ids, &given, &metadata, &Condition::Missing);
        let etag = committed.await?;
        let facts = store.facts(&blob, None).await?.context("the blob")?;
        assert_eq!((facts.etag, facts.headers), (etag, headers()), "{name}");
        assert_eq!(store.committed_blocks(&blob).await?, lengths, "{name}");
    }
    let Some(seen) = seen(&azurite)? else {
        return Ok(());
    };
    assert_eq!(seen.as_object().context("blobs")?.len(), names.len());
    let sha256 = tests::source::sha256(&mut content.as_slice())?;
    for name in names {
        let blob = &seen[name];
        assert_eq!(blob["sha256"], json!(sha256), "{name}: {blob}");
        assert_eq!(blob["metadata"], json!({"project": "alpha"}));
        assert_eq!(blob["content_type"], json!("video/mp4"));
        assert_eq!(blob["cache_control"], json!("no-store"));
        assert_eq!(blob["content_md5"], json!("BwcHBwcHBwcHBwcHBwcHBw=="));
        assert_eq!(
            blob["blocks"],
            json!([["AAAAAA==", 4_194_304], ["AQAAAA==", 1_048_593]])
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_is_in_an_account_is_listed_and_read_back_in_ranges() -> Result<()> {
    let Some(azurite) = Azurite::start()? else {
        return Ok(());
    };
    let store = opened(&azurite, "rwdlac", Patience::default())?;
    for container in ["aaa", "aab", "bbb"] {
        store.make_container(container).await?;
    }
    assert_eq!(store.containers("aa").await?, ["aaa", "aab"]);
    assert_eq!(store.containers("").await?.len(), 3);
    let metadata: Metadata = [("owner".to_owned(), "lab7".to_owned())].into();
    let (content, given) = (noise(3 * MIB, 3), headers());
    let disk = BlobName::parse("aaa/disks/disk #1.vhd")?;
    let made = store.create_page_blob(&disk, 8 << 20, &given, &metadata, &Condition::Missing);
    made.await?;
    let pages = Bytes::from(content.clone());
    let md5 = md5_of(&pages);
    store.put_pages(&disk, 4 << 20, pages.clone(), md5).await?;
    let facts = store.facts(&disk, None).await?.context("the page blob")?;
    assert_eq!((facts.kind, facts.bytes), (StoredKind::Page, 8 << 20));
    let ranges = store
        .page_ranges(&disk, None, None, Some(&facts.etag))
        .await?;
    assert_eq!(ranges, [(4 << 20, 3 << 20)]);
    for (within, held) in [
        (0..5 << 20, vec![(4 << 20, 1 << 20)]),
        (0..4 << 20, vec![]),
        (5 << 20..8 << 20, vec![(5 << 20, 2 << 20)]),
    ] {
        let ranges = store.page_ranges(&disk, None, Some(within), Some(&facts.etag));
        assert_eq!(ranges.await?, held);
    }
    let gone = store.page_ranges(&disk, None, None, Some("\"0x1\""));
    assert!(gone.await.expect_err("another version").is_conflict());
    let part = 5 << 20..(5 << 20) + 700;
    let read = store.read(&disk, None, part, Some(&facts.etag)).await?;
    assert_eq!(read, content[MIB..MIB + 700]);
    let gone = store.read(&disk, None, 0..10, Some("\"0x1\"")).await;
    assert!(gone.expect_err("another version").is_conflict());

    let note = BlobName::parse("aaa/note")?;
    let nothing = BlobHeaders::default();
    let put = store.put(&note, Bytes::new(), &nothing, &metadata, &Condition::Any);
    let etag = put.await?;
    let again = store.put(
        &note,
        Bytes::new(),
        &nothing,
        &metadata,
        &Condition::Missing,
    );
    assert!(again.await.expect_err("it is there").is_conflict());
    let day = Bytes::from_static(b"day 3");
    let (none, over) = (Metadata::new(), Condition::Is(etag));
    store
        .put(&note, day.clone(), &nothing, &none, &over)
        .await?;
    let again = store.put(&note, day, &nothing, &none, &over).await;
    assert!(again.expect_err("it has changed").is_conflict());
    let page = store
        .page_of_blobs(
            "aaa",
            "",
            None,
            Include {
                metadata: true,
                snapshots: true,
            },
        )
        .await?;
    let names: Vec<_> = page.blobs.iter().map(|blob| blob.name.as_str()).collect();
    assert_eq!(
        (names, page.next),
        (vec!["disks/disk #1.vhd", "note"], None)
    );
    let [listed_disk, listed_note] = page.blobs.as_slice() else {
        panic!("two blobs");
    };
    assert_eq!(listed_disk.facts.etag, facts.etag);
    assert_eq!(listed_disk.facts.metadata, metadata);
    assert_eq!(listed_note.facts.metadata, Metadata::new());
    assert_eq!(
        listed_note.facts.headers.content_md5,
        Some(md5_of(b"day 3"))
    );
    assert_eq!(
        store.facts(&BlobName::parse("nobody/where")?, None).await?,
        None
    );
    Ok(())
}

#[tokio::test]
async fn damage_on_the_way_and_a_wrong_signature_are_told_and_the_signature_never_is() -> Result<()>
{
    let Some(azurite) = Azurite::start()? else {
        return Ok(());
    };
    let store = opened(&azurite, "rwdlac", Patience::default())?;
    store.make_container("film").await?;
    let blob = BlobName::parse("film/a")?;
    let id = BlockId::of(0).context("an id")?;
    let damaged = store
        .stage_block(&blob, id, Bytes::from_static(b"abc"), [0; 16])
        .await;
    let damaged = damaged.expect_err("the service compares");
    assert_eq!(damaged.status(), Some(400), "{damaged}");
    let reader = opened(&azurite, "rl", Patience::default())?;
    let refused = reader
        .stage_block(&blob, id, Bytes::from_static(b"abc"), md5_of(b"abc"))
        .await;
    let refused = refused.expect_err("it may only read");
    assert!(refused.is_forbidden(), "{refused}");
    let shown = format!("{refused} {refused:?} {reader:?}");
    assert!(!shown.contains("sig="), "{shown}");
    Ok(())
}

#[tokio::test]
async fn a_service_that_comes_back_is_waited_for_and_one_that_does_not_is_given_up() -> Result<()> {
    let Some(mut azurite) = Azurite::start()? else {
        return Ok(());
    };
    let store = opened(&azurite, "rwdlac", Patience::default())?;
    azurite.kill()?;
    let impatient = Patience {
        attempts: 2,
        first_wait: Duration::from_millis(10),
        ..Patience::default()
    };
    let given_up = opened(&azurite, "rwdlac", impatient)?
        .make_container("film")
        .await;
    let given_up = given_up.expect_err("nobody is there");
    assert!(
        matches!(given_up.fault, StoreFault::NoAnswer { .. }),
        "{given_up}"
    );
    let waiting = tokio::spawn(async move { store.make_container("film").await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    azurite.start_again()?;
    assert_eq!(waiting.await??, Made::New);
    Ok(())
}

/// Answers one request after the other with these bodies; returns their first lines.
fn answers(listener: TcpListener, bodies: [String; 2]) -> JoinHandle<Result<Vec<String>>> {
    std::thread::spawn(move || {
        let mut asked = Vec::new();
        for body in bodies {
            let (mut client, _) = listener.accept()?;
            let mut lines = BufReader::new(client.try_clone()?).lines();
            asked.push(lines.next().context("a request")??);
            while !lines.next().context("a head")??.is_empty() {}
            let length = body.len();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\n";
            write!(client, "{head}Content-Length: {length}\r\n\r\n{body}")?;
        }
        Ok(asked)
    })
}

#[tokio::test]
async fn a_list_of_pages_that_comes_in_parts_is_taken_whole() -> Result<()> {
    // The emulator never parts one. Form of the answers: "Get Page Ranges" of the service's reference.
    let page = |ranges: &str, next: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><PageList>{ranges}<NextMarker>{next}</NextMarker></PageList>"
        )
    };
    let range = |start: u64, end: u64| {
        format!("<PageRange><Start>{start}</Start><End>{end}</End></PageRange>")
    };
    let first = page(&(range(0, 511) + &range(1024, 1535)), "2!8!abc=");
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/{ACCOUNT}", listener.local_addr()?);
    let served = answers(listener, [first, page(&range(4096, 8191), "")]);
    let store = Store::open(
        Endpoint::parse(&url)?,
        Authorization::signature(account_signature("r").as_bytes())?,
        Patience::default(),
        Cancel::default(),
    )?;
    let disk = BlobName::parse("film/disk.vhd")?;
    let ranges = store.page_ranges(&disk, None, Some(0..8192), Some("\"0x1\""));
    assert_eq!(ranges.await?, [(0, 512), (1024, 512), (4096, 4096)]);
    let asked = served.join().map_err(|_| anyhow!("the server ended"))??;
    assert!(!asked[0].contains("marker="), "{asked:?}");
    assert!(asked[1].contains("marker=2%218%21abc%3D"), "{asked:?}");
    Ok(())
}
