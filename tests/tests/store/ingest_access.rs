//! What opens the store: a signature that is nowhere shown, a token that only travels over HTTPS.

use std::fs;

use anyhow::{Context, Result};
use tests::argosy::{argosy, json, text};
use tests::azurite::{Azurite, access_token};
use tests::import_bench::Bench;

#[test]
fn the_signature_is_nowhere_and_nothing_travels_in_the_open() -> Result<()> {
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    bench.write("a.txt", b"a")?;
    bench.prepare(&["WD-8"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let signature = fs::read_to_string(&bench.signature)?;
    let (_, secret) = signature.split_once("sig=").context("a signature")?;
    // Refused by the store: that is where an address would be told.
    fs::write(&bench.signature, signature.replace("sig=", "sig=A"))?;
    let refused = argosy(
        &bench
            .arguments("WD-8", &bench.azurite.url())
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    )?;
    assert_eq!(refused.status.code(), Some(1));
    let mut all = [refused.stdout, refused.stderr].concat();
    fs::write(&bench.signature, &signature)?;
    let sent = argosy(
        &bench
            .arguments("WD-8", &bench.azurite.url())
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    )?;
    assert_eq!(
        sent.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&sent.stderr)
    );
    all.extend([sent.stdout, sent.stderr].concat());
    for file in fs::read_dir(bench.path("logs"))? {
        all.extend(fs::read(file?.path())?);
    }
    let all = String::from_utf8_lossy(&all);
    assert!(all.contains("BlobRequestForbidden"), "{all}");
    assert!(!all.contains(secret) && !all.contains("sig="), "{all}");

    let (image, journal) = (bench.image("WD-8"), bench.journal("WD-8"));
    let (token, logs) = (bench.path("token"), bench.path("logs"));
    fs::write(&token, "a-token")?;
    let common = [
        "ingest",
        "--drive",
        text(&image),
        "--journal",
        text(&journal),
        "--log-dir",
        text(&logs),
        "--store",
    ];
    let url = bench.azurite.url();
    let signed = text(&bench.signature);
    for (store, option, file, words) in [
        (
            "http://account.blob.core.windows.net",
            "--sas-file",
            signed,
            "everybody on the way",
        ),
        (
            url.as_str(),
            "--token-file",
            text(&token),
            "only sent over https",
        ),
        (
            "https://a.blob.core.windows.net/?sv=1&sig=x",
            "--sas-file",
            signed,
            "does not belong into --store",
        ),
    ] {
        let (code, report) = json(&[&common[..], &[store, option, file]].concat())?;
        let said = report["error"]["message"].as_str().unwrap_or_default();
        assert!(code == 2 && said.contains(words), "{store}: {report}");
    }
    Ok(())
}

#[test]
fn a_token_opens_the_store_over_https_and_a_certificate_that_nobody_trusts_does_not() -> Result<()>
{
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let Some(azurite) = Azurite::start_encrypted()? else {
        return Ok(());
    };
    bench.write("a.txt", b"a")?;
    bench.prepare(&["WD-10"], "72MB", &["@,film/,BlockBlob,rename,None,None"])?;
    let (url, token) = (azurite.url(), access_token());
    let (code, said) = bench.ingest_by_token("WD-10", &url, &token, None)?;
    assert!(
        code == Some(4) && said.contains("https cannot be used here"),
        "{said}"
    );
    let (code, said) = bench.ingest_by_token("WD-10", &url, &token, azurite.certificate())?;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 file"), "{said}");
    Ok(())
}
