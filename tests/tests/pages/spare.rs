//! A drive that is pulled in the middle of its run, and the spare that takes its place, all on the page and by keyboard.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use fantoccini::key::Key;
use tests::agent::Agent;
use tests::argosy::{assert_verified, json, text};
use tests::browser::Browser;
use tests::page::{focus_by_tab, has_focus, is_accessible, plan_of, press, type_the_word};

const DEAD: &str = "WD-PAGE7K4411";
const SPARE: &str = "ZR2-PAGE09KX";

/// Fills a drive and takes it away while it is written to: what stood for it is no more when it is read back.
async fn pulled_in_the_middle(browser: &Browser) -> Result<Agent> {
    let agent = Agent::with_drives_of("4GB", &[DEAD, SPARE])?;
    fs::File::create_new(agent.source.join("long.mov"))?.set_len(2_000_000_000)?;
    plan_of(browser, &agent, "4 files").await?;
    type_the_word(browser, DEAD).await?;
    browser.click("#erase-confirm").await?;
    let start = Instant::now();
    let says = |word: &[u8]| {
        let journal = fs::read(agent.journal(DEAD));
        journal.is_ok_and(|journal| journal.windows(word.len()).any(|bytes| bytes == word))
    };
    while !says(b"ArgosyDurable") {
        ensure!(
            start.elapsed() < Duration::from_secs(60),
            "nothing of the drive is durable after a minute"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fs::remove_file(agent.folder().join(format!("{DEAD}.img")))?;
    ensure!(!says(b"ArgosyVerifying"), "it was pulled after writing");
    Ok(agent)
}

/// Chooses the spare and opens the question, from the keyboard.
async fn choose(browser: &Browser) -> Result<()> {
    focus_by_tab(browser, "#spare-4411").await?;
    press(browser, Key::Down).await?;
    focus_by_tab(browser, "[data-test='use-spare-4411']").await?;
    press(browser, Key::Enter).await?;
    browser.wait("#erase").await?;
    Ok(())
}

#[tokio::test]
async fn a_drive_that_was_pulled_gets_a_spare_by_keyboard_and_is_no_part_of_the_run_any_more()
-> Result<()> {
    let Some(browser) = Browser::start(1280, 1000).await? else {
        return Ok(());
    };
    let mut agent = pulled_in_the_middle(&browser).await?;
    let verdict = "[data-test='verdict']";
    browser.wait_for_text(verdict, "Failed").await?;
    let said = browser.text("#main").await?;
    ensure!(!said.contains("Verified"), "a pulled drive: {said}");
    browser.click("#spare-4411").await?;
    press(&browser, Key::Escape).await?;
    is_accessible(&browser, "spare-wanted").await?;
    // Without a choice nothing is asked, and the page says what is missing.
    browser.click("[data-test='use-spare-4411']").await?;
    browser
        .wait_for_text("[data-test='replace-4411']", "Choose the drive")
        .await?;
    choose(&browser).await?;
    press(&browser, Key::Escape).await?;
    choose(&browser).await?;
    is_accessible(&browser, "spare-question").await?;
    let word = format!("[data-test='word-{SPARE}']");
    focus_by_tab(&browser, &word).await?;
    let field = browser.wait(&word).await?;
    field.send_keys("4411").await?;
    focus_by_tab(&browser, "#erase-confirm").await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("#erase", "Nothing was touched")
        .await?;
    ensure!(has_focus(&browser, &word).await?, "the wrong word is left");
    ensure!(
        !agent.journal(SPARE).exists(),
        "the drive was begun without its word"
    );
    field.clear().await?;
    field.send_keys("09KX").await?;
    focus_by_tab(&browser, "#erase-confirm").await?;
    press(&browser, Key::Enter).await?;
    browser.wait_for_text(verdict, "Verified").await?;
    ensure!(
        has_focus(&browser, "[data-test='job'] h2").await?,
        "the focus is lost"
    );
    browser.gone("[data-test='resume-panel']").await?;
    is_accessible(&browser, "spare-filled").await?;

    let image = agent.folder().join(format!("{SPARE}.img"));
    let journal = agent.journal(SPARE);
    assert_verified(&image, &journal)?;
    let (code, said) = json(&["journal", "check", text(&agent.journal(DEAD))])?;
    ensure!(code == 0, "the dead drive's journal has its end: {said}");

    agent.forget_drive(DEAD);
    agent.start_again()?;
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#agent-state", "Agent connected")
        .await?;
    browser.click("[data-test='nav-run']").await?;
    browser.wait_for_text("#main", "Verified").await?;
    browser.gone("[data-test='resume-panel']").await?;
    browser.close().await
}
