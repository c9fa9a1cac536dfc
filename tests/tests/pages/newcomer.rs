//! The page in a real browser, as a newcomer uses it: from a folder to a verified drive, and a journal checked offline.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::json;
use tests::agent::Agent;
use tests::argosy::{assert_verified, json, text};
use tests::browser::Browser;
use tests::oracle;
use tests::page::{
    downloaded, downloads_to, drop_file, focus_by_tab, has_focus, is_accessible, is_accessible_at,
    open_one_file, plan, plan_of, press, type_the_word,
};
use tests::source::noise;

const SERIAL: &str = "WD-PAGE7K4411";
const OTHER: &str = "ZR2-PAGE09KX";

/// Confirms with the last four of the serial and waits for the verdict.
async fn run(browser: &Browser) -> Result<()> {
    browser.click("#continue").await?;
    browser.click("#review").await?;
    browser.wait("#erase").await?;
    let word = format!("[data-test='word-{SERIAL}']");
    browser.wait(&word).await?.send_keys("9999").await?;
    browser.click("#erase-confirm").await?;
    browser
        .wait_for_text("#erase", "Nothing was touched")
        .await?;
    let violations = browser.accessibility_violations().await?;
    ensure!(violations.is_empty(), "in the dialog: {violations:#?}");
    browser.screenshot("erase").await?;
    let field = browser.wait(&word).await?;
    field.clear().await?;
    field.send_keys("4411").await?;
    browser.click("#erase-confirm").await?;
    browser
        .wait_for_text("[data-test='verdict']", "Verified")
        .await
}

/// Waits until the judgement over what was dropped has this tone, and returns its words.
async fn judged(browser: &Browser, tone: &str) -> Result<String> {
    browser
        .wait(&format!("[data-test='check'][data-tone='{tone}']"))
        .await?;
    browser.text("#check-results").await
}

#[tokio::test]
async fn a_newcomer_fills_a_drive_and_checks_its_journal() -> Result<()> {
    let Some(browser) = Browser::start(1440, 1000).await? else {
        return Ok(());
    };
    let agent = Agent::start(&[SERIAL, OTHER])?;
    plan(&browser, &agent).await?;
    browser.resize(1280, 1560).await?;
    browser.client.execute("scrollTo(0, 0)", vec![]).await?;
    browser.screenshot("plan").await?;
    run(&browser).await?;
    browser.screenshot("run").await?;

    let saved = agent.folder().join("saved");
    downloads_to(&browser, &saved).await?;
    browser.click("[data-test='show-password']").await?;
    browser.wait("[data-test='password'] .group").await?;
    let groups = browser
        .client
        .find_all(Locator::Css("[data-test='password'] .group"))
        .await?;
    ensure!(
        groups.len() == 8,
        "{} groups of the recovery password",
        groups.len()
    );
    browser.click("[data-test='save-journal']").await?;
    let journal = fs::read(downloaded(&saved, ".jrn").await?)?;

    browser.click("[data-test='nav-check']").await?;
    browser.wait("[data-test='check-files-drop']").await?;
    drop_file(&browser, "check-files", "drive.jrn", &journal).await?;
    let words = judged(&browser, "good").await?;
    ensure!(
        words.contains("4411"),
        "the judgement names no drive: {words}"
    );
    browser.screenshot("check-good").await?;

    let mut altered = journal.clone();
    let place = altered.len() / 2;
    *altered.get_mut(place).context("place")? ^= 1;
    drop_file(&browser, "check-files", "drive.jrn", &altered).await?;
    let words = judged(&browser, "bad").await?;
    ensure!(words.contains("byte 0x"), "no place is named: {words}");
    browser.screenshot("check-bad").await?;
    let image = agent.folder().join(format!("{SERIAL}.img"));
    let journal = downloaded(&saved, ".jrn").await?;
    assert_verified(&image, &journal)?;
    browser.close().await
}

/// A file system of its own on a folder; let go when dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(folder: PathBuf) -> Result<Self> {
        fs::create_dir(&folder)?;
        oracle::run("mount", &["-t", "tmpfs", "none", text(&folder)])?;
        Ok(Self(folder))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Err(error) = oracle::run("umount", &[text(&self.0)]) {
            eprintln!("{error:#}");
        }
    }
}

#[tokio::test]
async fn what_is_mounted_below_the_source_travels_when_the_person_says_so() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    if !oracle::have(&["mount", "umount"])? {
        return Ok(());
    }
    let agent = Agent::start(&[SERIAL])?;
    let mounted = Mounted::new(agent.source.join("card"))?;
    fs::write(mounted.0.join("clip three.mov"), noise(1_000_000, 3))?;
    plan_of(&browser, &agent, "3 files").await?;
    // What was scanned is scanned anew, each time.
    for files in ["4 files", "3 files", "4 files"] {
        focus_by_tab(&browser, "#other-file-systems").await?;
        press(&browser, Key::Space).await?;
        browser.wait_for_text("#source-summary", files).await?;
    }
    browser.wait_for_text("#plan-sentence", "1 drive").await?;
    type_the_word(&browser, SERIAL).await?;
    browser.click("#erase-confirm").await?;
    browser
        .wait_for_text("[data-test='verdict']", "Verified")
        .await?;
    let image = agent.folder().join(format!("{SERIAL}.img"));
    let (drive, journal) = (text(&image), agent.journal(SERIAL));
    let (code, said) = json(&["verify", "--drive", drive, "--journal", text(&journal)])?;
    ensure!(
        code == 0 && said["files"] == 4,
        "verify says {code}: {said}"
    );
    browser.close().await
}

#[tokio::test]
async fn a_file_that_changes_before_its_copy_is_named_and_the_drive_is_not_called_verified()
-> Result<()> {
    let Some(browser) = Browser::start(1200, 1100).await? else {
        return Ok(());
    };
    let agent = Agent::start(&[SERIAL])?;
    plan(&browser, &agent).await?;
    type_the_word(&browser, SERIAL).await?;
    fs::write(agent.source.join("A001/clip two.mov"), "cut again")?;
    browser.click("#erase-confirm").await?;
    let verdict = "[data-test='verdict']";
    browser.wait_for_text(verdict, "Incomplete").await?;
    browser.click("[data-test='left-out'] summary").await?;
    browser
        .wait_for_text("[data-test='left-out']", "clip two.mov")
        .await?;
    let violations = browser.accessibility_violations().await?;
    ensure!(violations.is_empty(), "{violations:#?}");
    browser.screenshot("run-incomplete").await?;
    browser.close().await
}

#[tokio::test]
async fn a_run_that_is_cancelled_stops_and_says_what_the_drive_is_now() -> Result<()> {
    let Some(browser) = Browser::start(1200, 1100).await? else {
        return Ok(());
    };
    let agent = Agent::with_drives_of("64GB", &[SERIAL])?;
    // A hole of 50 GB: minutes of writing if nothing stops it.
    fs::File::create_new(agent.source.join("long.mov"))?.set_len(50_000_000_000)?;
    plan_of(&browser, &agent, "4 files").await?;
    type_the_word(&browser, SERIAL).await?;
    browser.click("#erase-confirm").await?;
    browser.click("[data-test='cancel']").await?;
    browser.wait("#stop").await?;
    browser.click("#stop-confirm").await?;
    browser
        .wait_for_text("[data-test='verdict']", "Cancelled")
        .await?;
    browser.screenshot("run-cancelled").await?;
    let image = agent.folder().join(format!("{SERIAL}.img"));
    let (code, said) = json(&["check-drive", text(&image), "--key", "clear"])?;
    ensure!(
        code != 0 && said["verdict"] != "clean",
        "what is not whole is not recognised as a drive: {code} {said}"
    );
    browser.close().await
}

/// Has an agent fill a drive and dies with it in the middle of writing; then another agent stands over the same state.
async fn killed_in_the_middle(browser: &Browser) -> Result<Agent> {
    let mut agent = Agent::with_drives_of("4GB", &[SERIAL])?;
    fs::write(agent.source.join("noise.mov"), noise(100_000_000, 3))?;
    // Durable marks stand a gibibyte apart: there is one, and then time to die before the end.
    fs::File::create_new(agent.source.join("long.mov"))?.set_len(2_000_000_000)?;
    plan_of(browser, &agent, "5 files").await?;
    type_the_word(browser, SERIAL).await?;
    browser.click("#erase-confirm").await?;
    let says = |journal: &[u8], word: &str| {
        let word = word.as_bytes();
        journal.windows(word.len()).any(|bytes| bytes == word)
    };
    let start = Instant::now();
    while !fs::read(agent.journal(SERIAL)).is_ok_and(|journal| says(&journal, "ArgosyDurable")) {
        ensure!(
            start.elapsed() < Duration::from_secs(60),
            "nothing of the drive is durable after a minute"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    agent.start_again()?;
    let journal = fs::read(agent.journal(SERIAL))?;
    ensure!(!says(&journal, "ArgosyMending"), "it died after writing");
    Ok(agent)
}

#[tokio::test]
async fn a_run_whose_agent_was_killed_is_gone_on_with_by_keyboard_and_ends_verified() -> Result<()>
{
    let Some(browser) = Browser::start(1280, 1000).await? else {
        return Ok(());
    };
    let agent = killed_in_the_middle(&browser).await?;
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#stopped-job", "stopped before its end")
        .await?;
    is_accessible(&browser, "stopped-start").await?;
    focus_by_tab(&browser, "#stopped-job a").await?;
    press(&browser, Key::Enter).await?;
    let verdict = "[data-test='verdict']";
    browser.wait_for_text(verdict, "are safely written").await?;
    browser.click("[data-test='resume-others'] summary").await?;
    is_accessible(&browser, "stopped-run").await?;

    let image = agent.folder().join(format!("{SERIAL}.img"));
    let away = agent.folder().join("away.img");
    fs::rename(&image, &away)?;
    let resume = "[data-test='resume']";
    focus_by_tab(&browser, resume).await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("#resume-refused", "is not here")
        .await?;
    for words in ["Nothing was written", "--replace", SERIAL] {
        browser.wait_for_text("#resume-refused", words).await?;
    }
    ensure!(
        has_focus(&browser, resume).await?,
        "a refusal takes the focus away"
    );
    is_accessible(&browser, "stopped-refused").await?;
    fs::rename(&away, &image)?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("[data-test='job-state']", "running")
        .await?;
    browser.screenshot("resumed-running").await?;
    ensure!(
        has_focus(&browser, "[data-test='job'] h2").await?,
        "the focus is lost"
    );
    browser.wait_for_text(verdict, "Verified").await?;
    is_accessible(&browser, "resumed").await?;

    let journal = agent.journal(SERIAL);
    assert_verified(&image, &journal)?;
    browser.close().await
}

#[tokio::test]
async fn the_check_works_when_the_agent_is_gone() -> Result<()> {
    let Some(browser) = Browser::start(1200, 900).await? else {
        return Ok(());
    };
    let mut agent = Agent::start(&[SERIAL])?;
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#agent-state", "Agent connected")
        .await?;
    agent.kill()?;
    browser.click("[data-test='nav-check']").await?;
    browser.wait("[data-test='check-files-drop']").await?;
    drop_file(&browser, "check-files", "drive.jrn", &golden_journal()?).await?;
    judged(&browser, "good").await?;
    browser.close().await
}

#[tokio::test]
async fn one_file_opens_without_agent_or_network() -> Result<()> {
    let Some(browser) = Browser::start(1200, 900).await? else {
        return Ok(());
    };
    open_one_file(&browser).await?;

    let listing = tempfile::Builder::new().suffix(".csv").tempfile()?;
    fs::write(
        listing.path(),
        "path,bytes\nreel/A001.mov,7000000000000\nreel/A002.mov,6000000000000\nnotes.txt,12\n",
    )?;
    browser
        .wait("#listing-file")
        .await?
        .send_keys(text(listing.path()))
        .await?;
    browser.wait_for_text("#source-summary", "3 files").await?;
    browser.wait("#container").await?.send_keys("film").await?;
    let size = browser.wait("#drive-size").await?;
    size.clear().await?;
    size.send_keys("8TB").await?;
    browser.wait_for_text("#plan-sentence", "2 drives").await?;
    browser.screenshot("one-file").await?;

    browser.click("[data-test='nav-check']").await?;
    browser.wait("[data-test='check-files-drop']").await?;
    drop_file(&browser, "check-files", "drive.jrn", &golden_journal()?).await?;
    judged(&browser, "good").await?;
    browser.close().await
}

#[tokio::test]
async fn every_page_is_accessible_in_light_and_dark_and_at_every_width() -> Result<()> {
    let Some(browser) = Browser::start(1440, 1000).await? else {
        return Ok(());
    };
    // As long as a serial can be, and without a place to break it.
    let long = "AN0SERIAL0OF0FORTY0LETTERS0AND0NO0BLANKS";
    let agent = Agent::start(&[SERIAL, OTHER, long])?;
    plan(&browser, &agent).await?;
    for page in ["plan", "drives", "run", "check"] {
        browser.click(&format!("[data-test='nav-{page}']")).await?;
        browser.wait("h1").await?;
        let sizes = [(360, 740), (768, 1024), (1440, 1000), (3840, 2160)];
        is_accessible_at(&browser, page, &sizes).await?;
    }
    browser.close().await
}

#[tokio::test]
async fn what_the_person_may_not_read_stands_in_red_and_stays_behind_only_when_they_say_so()
-> Result<()> {
    if oracle::run("id", &["-u"])?.trim() != "0" {
        println!("skipped: only root can be another person");
        return Ok(());
    }
    let Some(browser) = Browser::start(1280, 1000).await? else {
        return Ok(());
    };
    let mut agent = Agent::start(&[SERIAL])?;
    let locked = agent.source.join("locked.mov");
    fs::write(&locked, noise(2_000_000, 3))?;
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o600))?;
    agent.start_for(65534)?;
    plan(&browser, &agent).await?;
    browser
        .wait_for_text("#unreadable", "1 file (2 MB) cannot be read")
        .await?;
    let code = browser.text("#agent-code .mono").await?;
    ensure!(
        code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()),
        "the agent's code is {code:?}"
    );
    is_accessible(&browser, "unreadable").await?;
    browser.click("#continue").await?;
    browser.click("#review").await?;
    browser.wait_for_text("#main", "--leave-unreadable").await?;
    ensure!(
        browser.text("#main").await?.contains("locked.mov"),
        "the file is not named"
    );
    is_accessible(&browser, "unreadable-refused").await?;
    browser.click("[data-test='nav-plan']").await?;
    browser.click("#leave-unreadable").await?;
    type_the_word(&browser, SERIAL).await?;
    browser.click("#erase-confirm").await?;
    browser
        .wait_for_text("[data-test='verdict']", "Verified")
        .await?;
    browser
        .wait_for_text(
            "[data-test='left-out']",
            "1 entry stayed behind, as the plan said",
        )
        .await?;
    browser.close().await
}

#[tokio::test]
async fn a_question_that_ends_says_so_and_is_extended_by_one_key_and_what_was_typed_stays()
-> Result<()> {
    let Some(browser) = Browser::start(1280, 1000).await? else {
        return Ok(());
    };
    let agent = Agent::start(&[SERIAL])?;
    plan(&browser, &agent).await?;
    // The page's clock goes sixty times as fast; the agent's does not.
    let hurry = "const real = window.setTimeout; \
        window.setTimeout = (call, wait, ...rest) => real(call, wait / 60, ...rest);";
    browser.client.execute(hurry, vec![]).await?;
    type_the_word(&browser, SERIAL).await?;
    browser
        .wait_for_text("#erase-ending", "ends in 30 s")
        .await?;
    is_accessible(&browser, "erase-ending").await?;
    let word = format!("[data-test='word-{SERIAL}']");
    focus_by_tab(&browser, "#erase-extend").await?;
    press(&browser, Key::Enter).await?;
    browser.gone("#erase-ending").await?;
    let script = "return document.querySelector(arguments[0]).value";
    let value = browser.client.execute(script, vec![json!(word)]).await?;
    ensure!(value == "4411", "what was typed is {value}");
    // The second time somebody types on.
    browser.wait("#erase-ending").await?;
    let field = browser.wait(&word).await?;
    field.send_keys("x").await?;
    browser.gone("#erase-ending").await?;
    field.clear().await?;
    field.send_keys("4411").await?;
    browser.click("#erase-confirm").await?;
    browser
        .wait_for_text("[data-test='verdict']", "Verified")
        .await?;
    browser.close().await
}

#[tokio::test]
async fn the_keyboard_reaches_the_plan_and_leaves_the_erase_dialog() -> Result<()> {
    let Some(browser) = Browser::start(1440, 1000).await? else {
        return Ok(());
    };
    let agent = Agent::start(&[SERIAL, OTHER])?;
    plan(&browser, &agent).await?;
    focus_by_tab(&browser, "#continue").await?;
    press(&browser, Key::Enter).await?;
    focus_by_tab(&browser, "#review").await?;
    press(&browser, Key::Enter).await?;
    browser.wait("#erase").await?;
    let focused = browser
        .client
        .execute("return document.activeElement.id", vec![])
        .await?;
    ensure!(
        focused == "erase-cancel",
        "the focus is on {focused}, not on Cancel"
    );
    press(&browser, Key::Escape).await?;
    let start = Instant::now();
    while !browser
        .client
        .find_all(Locator::Css("#erase[open], #erase"))
        .await?
        .is_empty()
    {
        ensure!(
            start.elapsed() < Duration::from_secs(10),
            "Escape does not close the dialog"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    browser.close().await
}

/// The journal of a verified drive, kept since the first released version.
fn golden_journal() -> Result<Vec<u8>> {
    Ok(fs::read(
        oracle::repository().join("shared/tests/golden/drive-1.jrn"),
    )?)
}
