//! A long tree on the Receive page: quick, and a comparison or a file on its way can be stopped.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use tests::agent::Agent;
use tests::browser::Browser;
use tests::came_back::{Back, SESSION, chosen, sha256};
use tests::page::{focus_by_tab, is_accessible_where, press};
use tests::source::noise;

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
    damage_backup_table(&back.image)?;
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
    // A folder that is opened meanwhile waits for the worker, and comes when that is stopped.
    focus_by_tab(&browser, "#tree").await?;
    press(&browser, Key::End).await?;
    up(&browser, 1).await?;
    wait_for_chosen(&browser, "System Volume Information").await?;
    press(&browser, Key::Right).await?;
    focus_by_tab(&browser, "#compare-stop").await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("#compare-stopped", "nothing is proven")
        .await?;
    browser
        .wait("#tree .line[aria-selected='true'][aria-expanded='true']")
        .await?;
    focus_by_tab(&browser, "#tree").await?;
    press(&browser, Key::Left).await?;
    // What was wrong by then is told.
    browser
        .wait_for_text("#compare [data-test='check']", "backup")
        .await?;
    is_accessible_where(&browser, "receive-stopped", "#compare", &[(360, 1300)]).await?;
    browser.resize(1280, 1600).await?;

    // After it the drive is open still. The browser's own dialog cannot be answered here: the place is one of the page's.
    browser.client.execute(PLACE, vec![]).await?;
    focus_by_tab(&browser, "#tree").await?;
    press(&browser, Key::End).await?;
    up(&browser, 2).await?;
    wait_for_chosen(&browser, "long.mov").await?;
    press(&browser, Key::Enter).await?;
    browser.click("#saving button").await?;
    browser.wait_for_text("#saved", "was not saved").await?;
    let left = browser.client.execute_async(LEFT, vec![]).await?;
    ensure!(left == 0, "what was stopped left {left} files");
    focus_by_tab(&browser, "#tree").await?;
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

/// Damages the second copy of the partition table, which nothing needs that opens the drive.
fn damage_backup_table(image: &Path) -> Result<()> {
    let file = fs::File::options().write(true).open(image)?;
    let last = file.metadata()?.len().checked_sub(512).context("short")?;
    Ok(file.write_all_at(&[0; 16], last)?)
}

/// Presses the arrow up so many times.
async fn up(browser: &Browser, times: u32) -> Result<()> {
    for _ in 0..times {
        press(browser, Key::Up).await?;
    }
    Ok(())
}

/// A place of the page's own, with a disk slow enough that somebody can stop.
const PLACE: &str = "window.showSaveFilePicker = async ({suggestedName}) => { \
    const folder = await navigator.storage.getDirectory(); \
    const handle = await folder.getFileHandle(suggestedName, {create: true}); \
    const create = handle.createWritable.bind(handle); \
    handle.createWritable = async () => { \
        const stream = await create(); \
        const write = stream.write.bind(stream); \
        stream.write = async piece => { \
            await new Promise(later => setTimeout(later, 700)); \
            return write(piece); \
        }; \
        return stream; \
    }; \
    return handle; }";

/// Counts the files in the page's own place.
const LEFT: &str = "const done = arguments[arguments.length - 1]; (async () => { \
    const folder = await navigator.storage.getDirectory(); \
    let count = 0; \
    for await (const name of folder.keys()) count += 1; \
    return count; \
    })().then(done, error => done(String(error)))";

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
