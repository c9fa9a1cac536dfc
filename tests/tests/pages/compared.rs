//! Drives compared with their manifest on the Receive page.

use std::fs;
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tests::argosy::{json, text};
use tests::browser::Browser;
use tests::by_hand::{Mounted, PARTITION};
use tests::came_back::{Back, SIZES, receive};
use tests::oracle;
use tests::page::{downloaded, downloads_to, is_accessible_where};
use tests::source::noise;

#[tokio::test]
async fn a_flipped_bit_is_named_with_its_file_and_place() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1200).await? else {
        return Ok(());
    };
    let back = Back::small("xts-aes-256")?;
    let (file, offset) = flip(&back)?;
    receive(&browser).await?;
    back.open(&browser).await?;
    browser.click("#compare-start").await?;
    browser
        .wait_for_text("#compare [data-test='check'][data-tone='bad']", &file)
        .await?;
    let words = browser.text("#compare").await?;
    ensure!(
        words.contains("Not verified") && words.contains(&format!("byte {offset:#x}")),
        "the page says: {words}"
    );
    is_accessible_where(&browser, "receive-flipped", "#compare", &SIZES).await?;
    browser.close().await
}

/// Flips a bit of a file's content, and returns the file and the block that the command line finds it in.
fn flip(back: &Back) -> Result<(String, u64)> {
    let image = fs::File::options()
        .read(true)
        .write(true)
        .open(&back.image)?;
    for mib in 20..120 {
        let mut byte = [0];
        let at = mib << 20;
        image.read_exact_at(&mut byte, at)?;
        image.write_all_at(&[byte[0] ^ 4], at)?;
        let key = back.folder.path().join("password");
        fs::write(&key, &back.password)?;
        let verify = [
            "verify",
            "--drive",
            text(&back.image),
            "--key-file",
            text(&key),
        ];
        let (_, said) = json(&verify)?;
        let finding = said["findings"].as_array().and_then(|all| {
            all.iter()
                .find(|finding| finding["code"] == "content")
                .cloned()
        });
        if let Some(finding) = finding {
            let file = finding["file"].as_str().context("no file")?.to_owned();
            return Ok((file, finding["offset"].as_u64().context("no offset")?));
        }
        image.write_all_at(&byte, at)?;
    }
    anyhow::bail!("no byte of a file was found")
}

#[tokio::test]
async fn a_drive_that_other_programs_wrote_to_is_read_and_its_export_manifest_is_used() -> Result<()>
{
    let Some(browser) = Browser::start(1280, 1200).await? else {
        return Ok(());
    };
    if !oracle::have(&["dislocker-fuse", "ntfs-3g"])? {
        return Ok(());
    }
    let back = Back::small("xts-aes-128")?;
    let strange = noise(3_000_017, 9);
    {
        let mounted = Mounted::new(&back.image, PARTITION, &back.password)?;
        let root = mounted.path();
        fs::rename(
            root.join("DriveManifest.xml"),
            root.join("BACK0001.manifest"),
        )?;
        fs::create_dir_all(root.join("System Volume Information"))?;
        fs::write(
            root.join("System Volume Information/WPSettings.dat"),
            [0; 12],
        )?;
        fs::create_dir(root.join("by ntfs-3g"))?;
        fs::write(root.join("by ntfs-3g/strange.bin"), &strange)?;
    }
    receive(&browser).await?;
    back.open(&browser).await?;
    browser
        .wait_for_text("#compare", "BACK0001.manifest")
        .await?;
    back.go_to(&browser, &["by ntfs-3g", "strange.bin"]).await?;
    let saved = back.folder.path().join("saved");
    downloads_to(&browser, &saved).await?;
    browser
        .client
        .execute("delete window.showSaveFilePicker", vec![])
        .await?;
    browser.click("#save-file").await?;
    let file = downloaded(&saved, "strange.bin").await?;
    ensure!(fs::read(file)? == strange, "the saved file differs");
    // What the manifest does not name is told, and nothing else: Windows' own folder is none of it.
    browser.click("#compare-start").await?;
    browser
        .wait_for_text("#compare [data-test='check-verdict']", "Not verified")
        .await?;
    let lines = "return [...document.querySelectorAll('#compare .findings .place')].map(e => e.textContent)";
    let places = browser.client.execute(lines, vec![]).await?;
    ensure!(places == json!(["\\by ntfs-3g\\strange.bin"]), "{places}");
    {
        let mounted = Mounted::new(&back.image, PARTITION, &back.password)?;
        fs::remove_dir_all(mounted.path().join("by ntfs-3g"))?;
    }
    back.open(&browser).await?;
    browser.click("#compare-start").await?;
    browser
        .wait_for_text("#compare [data-test='check-verdict']", "Verified")
        .await?;
    browser.close().await
}
