//! The Receive page: drives opened in the browser with every kind of key, with no agent.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::Value;
use tests::argosy::text;
use tests::browser::Browser;
use tests::came_back::{Back, PASSPHRASE, SESSION, SIZES, receive, sha256};
use tests::oracle;
use tests::page::{
    downloaded, downloads_to, drop_file, focus_by_tab, has_focus, is_accessible_where, press,
};
use tests::source::noise;

#[tokio::test]
async fn a_drive_is_opened_by_keyboard_its_file_is_saved_as_the_source_has_it_and_all_is_verified()
-> Result<()> {
    let Some(browser) = Browser::start(1280, 1200).await? else {
        return Ok(());
    };
    let back = Back::small("xts-aes-128")?;
    receive(&browser).await?;
    is_accessible_where(&browser, "receive", "#app", &SIZES).await?;
    back.give(&browser).await?;
    browser
        .wait_for_text("#locked", "recovery password")
        .await?;
    ensure!(
        has_focus(&browser, "#drive-key").await?,
        "no focus on the key"
    );
    // One digit is another: told without asking the drive. Then a whole one of another drive.
    let last = if back.password.ends_with('1') {
        '2'
    } else {
        '1'
    };
    let mut mistyped = back.password.clone();
    mistyped.pop();
    mistyped.push(last);
    for (wrong, why) in [
        (mistyped.as_str(), "mistake"),
        (
            "000011-000022-000033-000044-000055-000066-000077-000088",
            "does not open this drive",
        ),
    ] {
        let field = browser.wait("#drive-key").await?;
        field.clear().await?;
        field.send_keys(wrong).await?;
        press(&browser, Key::Enter).await?;
        wait_for_fault(&browser, why).await?;
    }
    is_accessible_where(&browser, "receive-wrong-key", "#locked", &SIZES).await?;
    let field = browser.wait("#drive-key").await?;
    field.clear().await?;
    // As somebody reads it off a sheet.
    field.send_keys(&back.password.replace('-', " ")).await?;
    press(&browser, Key::Enter).await?;
    browser.wait("#tree").await?;

    back.go_to(&browser, &[SESSION, "A001", "clip one.mov"])
        .await?;
    browser.wait_for_text("#chosen", "19 MB").await?;
    is_accessible_where(&browser, "receive-tree", "#drive", &SIZES).await?;
    let saved = back.folder.path().join("saved");
    downloads_to(&browser, &saved).await?;
    browser
        .client
        .execute("delete window.showSaveFilePicker", vec![])
        .await?;
    focus_by_tab(&browser, "#tree").await?;
    press(&browser, Key::Enter).await?;
    browser.wait_for_text("#saved", "is saved").await?;
    let file = downloaded(&saved, "clip one.mov").await?;
    let source = back.source.join("A001/clip one.mov");
    ensure!(sha256(&file)? == sha256(&source)?, "the saved file differs");

    focus_by_tab(&browser, "#compare-start").await?;
    let start = Instant::now();
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("[data-test='check-verdict']", "Verified")
        .await?;
    println!("24 MB compared within {:?}", start.elapsed());
    is_accessible_where(&browser, "receive-verified", "#drive", &SIZES).await?;
    browser.close().await
}

async fn wait_for_fault(browser: &Browser, why: &str) -> Result<()> {
    browser.wait_for_text("#drive-key-fault", why).await?;
    ensure!(has_focus(browser, "#drive-key").await?, "the focus is lost");
    Ok(())
}

#[tokio::test]
async fn every_kind_of_key_opens_the_drive() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1200).await? else {
        return Ok(());
    };
    let back = Back::small("cbc-aes-256")?;
    receive(&browser).await?;
    let bek = fs::read_dir(back.folder.path().join("keys"))?;
    let bek = bek.map(|entry| entry.map(|entry| entry.path()));
    let bek = bek.collect::<Result<Vec<_>, _>>()?;
    let bek = bek.first().context("no key file")?;
    let key_file = fs::read(bek)?;
    // The other key files: nothing, and the right one with a byte changed.
    let mut other = key_file.clone();
    if let Some(byte) = other.last_mut() {
        *byte ^= 1;
    }
    back.give(&browser).await?;
    browser.wait("[data-test='key-file-drop']").await?;
    drop_file(&browser, "key-file", "other.BEK", &other).await?;
    browser.wait("#drive-key-fault").await?;
    drop_file(&browser, "key-file", "own.BEK", &key_file).await?;
    browser.wait_for_text("#drive", "cbc-aes-256").await?;
    browser.gone("#locked").await?;
    for typed in [PASSPHRASE.to_owned(), external_key(&key_file)?] {
        back.give(&browser).await?;
        browser.wait("#drive-key").await?.send_keys(&typed).await?;
        browser.click("#unlock").await?;
        browser.wait("#tree").await?;
    }
    browser.close().await
}

/// Returns the 32 bytes of a key file in base64, as Python does that.
fn external_key(bek: &[u8]) -> Result<String> {
    let key = bek.last_chunk::<32>().context("short")?;
    let script = format!("import base64; print(base64.b64encode(bytes({key:?})).decode())");
    Ok(oracle::run("python3", &["-c", &script])?.trim().to_owned())
}

#[tokio::test]
async fn a_volume_that_windows_encrypted_opens_with_its_passphrase_and_with_no_other() -> Result<()>
{
    let Some(browser) = Browser::start(1280, 1200).await? else {
        return Ok(());
    };
    let packed = oracle::repository().join("../shared/windows-bitlocker/images.tar.xz");
    if !packed.is_file() {
        println!(
            "skipped: volumes that Windows encrypted (no {})",
            packed.display()
        );
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let name = "bitlk-aes-xts-128.img";
    let status = Command::new("tar")
        .args(["xJSf", text(&packed), "-C", text(folder.path()), name])
        .status()?;
    ensure!(status.success(), "tar failed");
    receive(&browser).await?;
    let image = folder.path().join(name);
    browser
        .wait("#drive-image")
        .await?
        .send_keys(text(&image))
        .await?;
    browser.wait_for_text("#locked", "passphrase").await?;
    browser
        .wait("#drive-key")
        .await?
        .send_keys("python")
        .await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("#drive-key-fault", "does not open this drive")
        .await?;
    let field = browser.wait("#drive-key").await?;
    field.clear().await?;
    field.send_keys("anaconda").await?;
    let start = Instant::now();
    press(&browser, Key::Enter).await?;
    // Its file system was taken out of this sample: what the key opened says so.
    browser
        .wait_for_text("#drive-failed", "its file system cannot be read")
        .await?;
    println!(
        "a passphrase of Windows opens its volume within {:?}",
        start.elapsed()
    );
    is_accessible_where(
        &browser,
        "receive-failed",
        "#app",
        &[(360, 1300), (1280, 1000)],
    )
    .await?;
    browser.close().await
}

#[tokio::test]
async fn what_is_no_drive_is_refused_in_words() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1000).await? else {
        return Ok(());
    };
    receive(&browser).await?;
    drop_file(&browser, "drive-image", "holiday.jpg", &noise(100_000, 3)).await?;
    browser.wait_for_text("#drive-failed", "only read").await?;
    let words: Value = browser
        .client
        .execute(
            "return document.querySelector('#drive-failed').innerText",
            vec![],
        )
        .await?;
    ensure!(
        words
            .as_str()
            .is_some_and(|words| words.contains("holiday.jpg")),
        "{words}"
    );
    browser.close().await
}
