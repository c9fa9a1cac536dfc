//! The Plan page from one file, as somebody with no agent and no network uses it: the sample film, the picture, the
//! names, the line against drives.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use fantoccini::key::Key;
use serde_json::{Value, json};
use tests::browser::Browser;
use tests::oracle;
use tests::page::{focus_by_tab, has_focus, is_accessible_at, press};

/// Opens the page's one file and has it plan the sample: two clicks with the double-click that opens it.
async fn open_sample(browser: &Browser) -> Result<()> {
    let site = std::env::var_os("ARGOSY_SITE").map_or_else(
        || oracle::repository().join("target/site"),
        std::path::PathBuf::from,
    );
    let page = site.join("argosy.html");
    ensure!(
        page.exists(),
        "no {}: `cargo xtask web --single-file` makes it",
        page.display()
    );
    let address = format!("file://{}", page.display());
    browser.client.goto(&address).await?;
    browser.wait_for_text("#agent-state", "No agent").await?;
    browser.client.execute(WATCH, vec![]).await?;
    browser.click("#open-sample").await?;
    browser.wait_for_text("#plan-sentence", "drives").await
}

/// Notes every task of the page that keeps it from answering.
const WATCH: &str = "window.longest = 0; \
    new PerformanceObserver(list => { for (const task of list.getEntries()) \
        window.longest = Math.max(window.longest, task.duration); }) \
    .observe({type: 'longtask'});";

async fn run(browser: &Browser, script: &str) -> Result<Value> {
    Ok(browser.client.execute(script, vec![]).await?)
}

#[tokio::test]
async fn the_sample_film_is_planned_from_one_file_without_freezing_the_page() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1000).await? else {
        return Ok(());
    };
    open_sample(&browser).await?;
    let summary = browser.text("#source-summary").await?;
    ensure!(
        summary.contains("200 TB") || summary.contains("199 TB") || summary.contains("201 TB"),
        "the sample is {summary}"
    );
    let longest = run(&browser, "return window.longest").await?;
    println!("longest task of the page while the film is planned: {longest} ms");
    ensure!(
        longest.as_f64().is_some_and(|ms| ms < 500.0),
        "the page stood still for {longest} ms: the film is not planned in a worker"
    );
    let sentence = browser.text("#plan-why").await?;
    ensure!(sentence.contains("cannot"), "no proof: {sentence}");
    let sizes = [(360, 740), (768, 1024), (1440, 2600), (3840, 2160)];
    is_accessible_at(&browser, "film", &sizes).await?;
    browser.close().await
}

#[tokio::test]
async fn a_drive_is_looked_into_by_keyboard_down_and_up_again() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    open_sample(&browser).await?;
    focus_by_tab(&browser, "#look-0").await?;
    press(&browser, Key::Enter).await?;
    browser.wait("#inside-table tbody tr").await?;
    until_focus(&browser, "#inside-title").await?;
    focus_by_tab(&browser, "#inside-table button").await?;
    let first = browser.text("#inside-table button").await?;
    press(&browser, Key::Enter).await?;
    browser.wait_for_text(".way", &first).await?;
    until_focus(&browser, "#inside-title").await?;
    let shares = "return [...document.querySelectorAll('#inside .bar rect.part')] \
        .reduce((sum, part) => sum + parseFloat(part.getAttribute('width')), 0)";
    let wide = run(&browser, shares).await?.as_f64().unwrap_or(0.0);
    ensure!((99.0..=100.0).contains(&wide), "the bar is {wide} % full");
    browser
        .client
        .execute("document.querySelector('#inside').scrollIntoView()", vec![])
        .await?;
    is_accessible_at(&browser, "film-inside", &[(360, 1000), (1280, 1400)]).await?;
    let way = "return document.querySelector('.way')?.textContent ?? ''";
    for _ in 0..4 {
        let before = run(&browser, way).await?;
        press(&browser, Key::Escape).await?;
        let start = Instant::now();
        while run(&browser, way).await? == before {
            ensure!(
                start.elapsed() < Duration::from_secs(20),
                "Escape leads nowhere from {before}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if has_focus(&browser, "#look-0").await? {
            break;
        }
        until_focus(&browser, "#inside-title").await?;
    }
    until_focus(&browser, "#look-0").await?;
    browser.gone("#inside").await?;
    browser.close().await
}

#[tokio::test]
async fn one_click_mends_one_name_and_another_takes_it_back() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    open_sample(&browser).await?;
    let count = |text: &str| -> Option<u64> { text.split(' ').next()?.parse().ok() };
    let before = count(&browser.text("#plan-left-out .title").await?);
    browser.click("[data-test='problem-list'] .mend").await?;
    let start = Instant::now();
    let mut after = before;
    while after == before && start.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        after = count(&browser.text("#plan-left-out .title").await?);
    }
    ensure!(
        after.and_then(|after| after.checked_add(1)) == before,
        "{before:?} names, then {after:?}"
    );
    ensure!(
        has_focus(&browser, "#problems-title").await?,
        "the focus is lost"
    );
    browser.wait_for_text("#problems", "1 new name").await?;
    is_accessible_at(&browser, "film-mended", &[(1280, 1400)]).await?;
    run(
        &browser,
        "document.querySelectorAll('#problems details').forEach(d => d.open = true)",
    )
    .await?;
    let undo = "[...document.querySelectorAll('.mend')].find(b => b.textContent.startsWith('Take it back')).click()";
    run(&browser, undo).await?;
    browser
        .wait_for_text("#plan-left-out .title", &before.unwrap_or(0).to_string())
        .await?;
    browser.close().await
}

#[tokio::test]
async fn a_quicker_line_turns_the_answer_round_and_a_wrong_number_is_told() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    open_sample(&browser).await?;
    browser
        .wait_for_text("#ship-sentence", "Ship drives")
        .await?;
    let line = browser.wait("#ship-line").await?;
    line.clear().await?;
    line.send_keys("40000").await?;
    browser.wait_for_text("#ship-sentence", "Send it").await?;
    run(&browser, "document.querySelector('#ship').scrollIntoView()").await?;
    browser.click("#ship details summary").await?;
    is_accessible_at(&browser, "film-ship", &[(360, 1800), (1280, 1400)]).await?;
    line.clear().await?;
    line.send_keys("fast").await?;
    browser
        .wait_for_text("#ship-line-fault", "whole number")
        .await?;
    browser.gone("#ship-sentence").await?;
    browser.close().await
}

#[tokio::test]
async fn on_paper_the_plan_is_a_packing_list_without_the_controls() -> Result<()> {
    let Some(browser) = Browser::start(900, 1400).await? else {
        return Ok(());
    };
    open_sample(&browser).await?;
    browser
        .devtools("Emulation.setEmulatedMedia", json!({"media": "print"}))
        .await?;
    let shown = run(
        &browser,
        "const shown = css => document.querySelector(css).checkVisibility(); \
         return [shown('.sheet'), shown('.actions'), shown('#ship'), \
            document.querySelectorAll('.sheet tbody tr').length, \
            document.querySelectorAll('#plan-table tbody tr').length]",
    )
    .await?;
    let row = |place: usize| shown.get(place).cloned().unwrap_or_default();
    ensure!(
        row(0) == true && row(1) == false && row(2) == false && row(3) == row(4),
        "sheet, actions, ship, rows: {shown}"
    );
    run(
        &browser,
        "document.querySelector('.sheet').scrollIntoView()",
    )
    .await?;
    browser.screenshot("film-print").await?;
    browser.close().await
}

/// Waits until an element has the focus.
async fn until_focus(browser: &Browser, css: &str) -> Result<()> {
    let start = Instant::now();
    while !has_focus(browser, css).await? {
        ensure!(
            start.elapsed() < Duration::from_secs(20),
            "{css} does not get the focus"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
