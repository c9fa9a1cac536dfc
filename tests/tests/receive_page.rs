//! The Receive page: drives opened in the browser, compared and copied out of, with no agent.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of our own")]

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::{Value, json};
use tests::agent::Agent;
use tests::argosy::{argosy, json, text};
use tests::browser::Browser;
use tests::by_hand::{Mounted, PARTITION};
use tests::oracle;
use tests::page::{
    downloaded, downloads_to, drop_file, focus_by_tab, has_focus, is_accessible_where,
    open_one_file, press,
};
use tests::source::noise;

const SERIAL: &str = "BACK0001";
const SESSION: &str = "back-1";
const PASSPHRASE: &str = " a passphrase, with blanks ";
/// What the widest and the narrowest windows are.
const SIZES: [(u32, u32); 4] = [(360, 1300), (768, 1100), (1440, 1200), (3840, 2160)];

/// A drive that came back: its image, its keys, and what it was filled from.
struct Back {
    folder: tempfile::TempDir,
    image: PathBuf,
    source: PathBuf,
    password: String,
}

impl Back {
    fn new(cipher: &str, size: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let (image, source, journals) = (at("drive.img"), at("footage"), at("journals"));
        let made = [
            "new-drive",
            text(&image),
            "--size",
            size,
            "--serial",
            SERIAL,
        ];
        let made = argosy(&made)?;
        ensure!(made.status.success(), "{made:?}");
        fs::create_dir_all(&journals)?;
        fs::create_dir_all(&source)?;
        fill(&source)?;
        let (passphrase, keys) = (at("passphrase"), at("keys"));
        fs::write(&passphrase, PASSPHRASE)?;
        fs::create_dir(&keys)?;
        let mut prepare = vec![
            "prepare",
            "--session",
            SESSION,
            "--to",
            "film/",
            "--show-keys",
        ];
        let places = [
            ("--journal-dir", &journals),
            ("--source", &source),
            ("--drive", &image),
            ("--passphrase-file", &passphrase),
            ("--bek", &keys),
        ];
        prepare.extend(["--cipher", cipher]);
        prepare.extend(places.iter().flat_map(|(name, place)| [*name, text(place)]));
        let (code, said) = json(&prepare)?;
        ensure!(code == 0, "prepare said {code}: {said}");
        let password = said["drives"][0]["recovery_password"].as_str();
        Ok(Self {
            image,
            source,
            password: password.context("no password")?.to_owned(),
            folder,
        })
    }

    /// A drive with a few files, of which one has several pieces.
    fn small(cipher: &str) -> Result<Self> {
        Self::new(cipher, "128MB", |source| {
            fs::create_dir_all(source.join("A001/empty"))?;
            fs::write(source.join("A001/clip one.mov"), noise(19_000_001, 1))?;
            fs::write(source.join("A001/clip two.mov"), noise(5_000_000, 2))?;
            Ok(fs::write(source.join("Überblick 🎬.txt"), "Day 3")?)
        })
    }

    /// Gives the image to the page, as a person does with the button.
    async fn give(&self, browser: &Browser) -> Result<()> {
        let input = browser.wait("#drive-image").await?;
        Ok(input.send_keys(text(&self.image)).await?)
    }

    /// Gives the image and opens it with its recovery password.
    async fn open(&self, browser: &Browser) -> Result<()> {
        self.give(browser).await?;
        browser
            .wait("#drive-key")
            .await?
            .send_keys(&self.password)
            .await?;
        press(browser, Key::Enter).await?;
        browser.wait("#tree").await?;
        Ok(())
    }

    /// Goes with the arrow keys to a file of the tree, opening the folders on its way.
    async fn go_to(&self, browser: &Browser, path: &[&str]) -> Result<()> {
        focus_by_tab(browser, "#tree").await?;
        press(browser, Key::Home).await?;
        for (level, name) in path.iter().enumerate() {
            for _ in 0..60 {
                if chosen(browser).await? == *name {
                    break;
                }
                press(browser, Key::Down).await?;
            }
            ensure!(
                chosen(browser).await? == *name,
                "the keys do not lead to {name}"
            );
            if level + 1 < path.len() {
                press(browser, Key::Right).await?;
                browser
                    .wait(&format!("#tree [aria-level='{}']", level + 2))
                    .await?;
                press(browser, Key::Right).await?;
            }
        }
        Ok(())
    }
}

/// Returns the name on the line that a screen reader would read.
async fn chosen(browser: &Browser) -> Result<String> {
    let script = "const tree = document.querySelector('#tree'); \
        return document.getElementById(tree.getAttribute('aria-activedescendant')) \
            ?.querySelector('.name').textContent ?? ''";
    let name = browser.client.execute(script, vec![]).await?;
    Ok(name.as_str().unwrap_or_default().to_owned())
}

/// Opens the page's one file at Receive.
async fn receive(browser: &Browser) -> Result<()> {
    open_one_file(browser).await?;
    browser.click("[data-test='nav-receive']").await?;
    browser.wait("[data-test='drive-image-drop']").await?;
    Ok(())
}

/// Returns the SHA-256 of a file, as another program has it.
fn sha256(path: &Path) -> Result<String> {
    let said = oracle::run("sha256sum", &["-b", text(path)])?;
    Ok(said
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned())
}

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
async fn a_hundred_thousand_files_are_a_quick_tree_a_comparison_stops_and_a_file_goes_to_its_place()
-> Result<()> {
    let Some(browser) = Browser::start(1280, 1200).await? else {
        return Ok(());
    };
    let back = Back::new("xts-aes-128", "300MB", |source| {
        let many = source.join("many");
        fs::create_dir(&many)?;
        for number in 0..100_000 {
            fs::write(many.join(format!("frame {number:06}.dpx")), "")?;
        }
        Ok(fs::write(source.join("long.mov"), noise(30_000_001, 4))?)
    })?;
    // From an agent, whose policy of what a page may do is another than that of the one file.
    let agent = Agent::start(&["ZR2-PAGE09KX"])?;
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#agent-state", "Agent connected")
        .await?;
    browser.click("[data-test='nav-receive']").await?;
    back.open(&browser).await?;

    back.go_to(&browser, &[SESSION, "many", "frame 000000.dpx"])
        .await?;
    let start = Instant::now();
    // Behind them come the last file of the session, Windows' folder and the manifest.
    press(&browser, Key::End).await?;
    wait_for_chosen(&browser, "DriveManifest.xml").await?;
    up(&browser, 3).await?;
    wait_for_chosen(&browser, "Show more: 20,000 so far of 100,000").await?;
    for told in ["40,000", "60,000", "80,000"] {
        press(&browser, Key::Enter).await?;
        wait_for_chosen(&browser, "frame ").await?;
        press(&browser, Key::End).await?;
        up(&browser, 3).await?;
        wait_for_chosen(&browser, &format!("Show more: {told} so far")).await?;
    }
    press(&browser, Key::Enter).await?;
    wait_for_chosen(&browser, "frame 080000.dpx").await?;
    press(&browser, Key::End).await?;
    up(&browser, 3).await?;
    wait_for_chosen(&browser, "frame 099999.dpx").await?;
    println!(
        "from the first of 100,000 files to the last: {:?}",
        start.elapsed()
    );
    let drawn = "return document.querySelectorAll('#tree .line').length";
    let drawn = browser.client.execute(drawn, vec![]).await?;
    ensure!(drawn.as_u64() < Some(100), "{drawn} lines are drawn");
    is_accessible_where(
        &browser,
        "receive-many",
        "#drive",
        &[(360, 1300), (1440, 1200)],
    )
    .await?;

    focus_by_tab(&browser, "#compare-start").await?;
    press(&browser, Key::Enter).await?;
    browser.wait("#compare-stop").await?;
    is_accessible_where(&browser, "receive-comparing", "#compare", &[(360, 1300)]).await?;
    browser.click("#compare-stop").await?;
    browser
        .wait_for_text("#compare-stopped", "nothing is proven")
        .await?;
    is_accessible_where(&browser, "receive-stopped", "#compare", &[(360, 1300)]).await?;

    // After it the drive is open still. The browser's own dialog cannot be answered here: the place is one of the page's.
    let place = "window.showSaveFilePicker = async ({suggestedName}) => \
        (await navigator.storage.getDirectory()).getFileHandle(suggestedName, {create: true})";
    browser.client.execute(place, vec![]).await?;
    focus_by_tab(&browser, "#tree").await?;
    press(&browser, Key::End).await?;
    up(&browser, 2).await?;
    wait_for_chosen(&browser, "long.mov").await?;
    press(&browser, Key::Enter).await?;
    browser.wait_for_text("#saved", "long.mov is saved").await?;
    let hash = browser
        .client
        .execute_async(SHA256_IN_PLACE, vec![])
        .await?;
    let source = sha256(&back.source.join("long.mov"))?;
    ensure!(
        hash == source.as_str(),
        "what was written in place is {hash}"
    );
    browser.close().await
}

/// Presses the arrow up so many times.
async fn up(browser: &Browser, times: u32) -> Result<()> {
    for _ in 0..times {
        press(browser, Key::Up).await?;
    }
    Ok(())
}

/// Says the SHA-256 of the file that was written into the page's own place.
const SHA256_IN_PLACE: &str = "const done = arguments[arguments.length - 1]; (async () => { \
    const folder = await navigator.storage.getDirectory(); \
    const file = await (await folder.getFileHandle('long.mov')).getFile(); \
    const hash = await crypto.subtle.digest('SHA-256', await file.arrayBuffer()); \
    return [...new Uint8Array(hash)].map(byte => byte.toString(16).padStart(2, '0')).join(''); \
    })().then(done, error => done(String(error)))";

async fn wait_for_chosen(browser: &Browser, name: &str) -> Result<()> {
    let start = Instant::now();
    loop {
        let found = chosen(browser).await?;
        if found.starts_with(name) {
            return Ok(());
        }
        ensure!(
            start.elapsed().as_secs() < 60,
            "the line is {found:?}, not {name:?}"
        );
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
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
