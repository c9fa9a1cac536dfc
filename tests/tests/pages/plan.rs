//! The Plan page from one file, as somebody with no agent and no network uses it: the sample film, the picture, the
//! names, the line against drives.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::{Value, json};
use tests::browser::Browser;
use tests::page::{
    focus_by_tab, has_focus, is_accessible_at, is_accessible_where, longest_task, open_one_file,
    press, watch_tasks,
};

/// Opens the page's one file and has it plan the sample: two clicks with the double-click that opens it.
async fn open_sample(browser: &Browser) -> Result<()> {
    open_one_file(browser).await?;
    watch_tasks(browser).await?;
    browser.click("#open-sample").await?;
    browser.wait_for_text("#plan-sentence", "drives").await
}

/// Keeps the page from answering for a while, and marks it when that was noted.
const STAND_STILL: &str = "setTimeout(() => { \
        const end = performance.now() + 300; \
        while (performance.now() < end); \
    }); \
    setInterval(() => { \
        if (window.longest >= 250) document.documentElement.dataset.stoodStill = ''; \
    }, 50);";

async fn run(browser: &Browser, script: &str) -> Result<Value> {
    Ok(browser.client.execute(script, vec![]).await?)
}

#[tokio::test]
async fn the_sample_film_is_planned_from_one_file_without_freezing_the_page() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1000).await? else {
        return Ok(());
    };
    open_sample(&browser).await?;
    for (css, text) in [
        ("#source-summary [data-test='source-bytes']", "201 TB"),
        ("#plan-sentence", "13 drives."),
        (
            "#plan-jobs",
            "They travel as 2 import jobs, of 10 and 3 drives: the service takes at most 10 in one.",
        ),
    ] {
        let found = browser.text(css).await?;
        ensure!(found == text, "{css} says {found:?}, not {text:?}");
    }
    let longest = longest_task(&browser).await?;
    run(&browser, STAND_STILL).await?;
    browser.wait("html[data-stood-still]").await?;
    println!("longest task of the page while the film is planned: {longest} ms");
    ensure!(
        longest < 500.0,
        "the page stood still for {longest} ms: the film is not planned in a worker"
    );
    let sentence = browser.text("#plan-why").await?;
    ensure!(
        sentence.contains("12 drives cannot"),
        "no proof: {sentence}"
    );
    let times = browser.text("#stowage-times").await?;
    ensure!(
        times == "Times: write and read back, at 200 MB/s.",
        "the times are of {times:?}"
    );
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
    let sizes = [(360, 1000), (1280, 1400)];
    is_accessible_where(&browser, "film-inside", "#inside", &sizes).await?;
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
async fn the_button_that_opened_a_drive_closes_it_and_keeps_the_focus() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    open_sample(&browser).await?;
    let state = "const button = document.querySelector('#look-0'); \
        return [button.ariaExpanded, button.getAttribute('aria-controls')]";
    ensure!(run(&browser, state).await? == json!(["false", null]));
    browser.click("#look-0").await?;
    until_focus(&browser, "#inside-title").await?;
    ensure!(run(&browser, state).await? == json!(["true", "inside"]));
    let looks = "const cursor = part => getComputedStyle(part).cursor; \
        const parts = [...document.querySelectorAll('#inside .bar g')]; \
        const folders = document.querySelectorAll('#inside-table tbody button').length; \
        return [parts.filter(part => cursor(part) === 'zoom-in').length, folders, parts.length]";
    let looks = run(&browser, looks).await?;
    ensure!(
        looks[0] == looks[1] && looks[2].as_u64() > Some(0),
        "parts with a lens, folders, parts: {looks}"
    );
    // On a drive the top folders have the colours of the legend.
    let colours = "const colour = row => row.querySelector('.swatch rect').className.baseVal; \
        const legend = new Map([...document.querySelectorAll('#stowage ~ figcaption .legend li')] \
            .map(item => [item.querySelector('span').textContent, colour(item)])); \
        return [...document.querySelectorAll('#inside-table tbody tr')].map(row => \
            [legend.get(row.querySelector('.named button').textContent) ?? null, colour(row)])";
    let colours = run(&browser, colours).await?;
    let pairs = colours.as_array().context("rows of the table")?;
    ensure!(
        pairs.len() > 2 && pairs.iter().all(|pair| pair[0] == pair[1]),
        "colours in the legend and on the drive: {colours}"
    );
    let sizes = [(1280, 1400)];
    is_accessible_where(&browser, "film-drive", "#inside", &sizes).await?;
    run(&browser, "document.querySelector('#look-0').focus()").await?;
    press(&browser, Key::Enter).await?;
    browser.gone("#inside").await?;
    ensure!(
        has_focus(&browser, "#look-0").await?,
        "the focus is lost with the folder"
    );
    ensure!(run(&browser, state).await? == json!(["false", null]));
    browser.close().await
}

#[tokio::test]
async fn one_click_mends_one_name_and_another_takes_it_back() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    open_sample(&browser).await?;
    let count = |text: String| -> Result<u64> {
        let number = text.split(' ').next().and_then(|first| first.parse().ok());
        number.with_context(|| format!("a count at the beginning of {text:?}"))
    };
    let before = count(browser.text("#plan-left-out .title").await?)?;
    browser.click("[data-test='problem-list'] .mend").await?;
    let start = Instant::now();
    let mut after = before;
    while after == before && start.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        after = count(browser.text("#plan-left-out .title").await?)?;
    }
    ensure!(
        after.checked_add(1) == Some(before),
        "{before} names, then {after}"
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
        .wait_for_text("#plan-left-out .title", &before.to_string())
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
    let even = browser.text("#ship .tick text").await?;
    let size = even.strip_prefix("even at ").context("a size")?.to_owned();
    browser
        .wait_for_text("#ship-made-of", &format!("From {size} up to 1 PB"))
        .await?;
    let sizes = [(360, 1800), (1280, 1400)];
    is_accessible_where(&browser, "film-ship-even", "#ship", &sizes).await?;
    let line = browser.wait("#ship-line").await?;
    line.clear().await?;
    line.send_keys("40000").await?;
    browser.wait_for_text("#ship-sentence", "Send it").await?;
    browser.gone("#ship .tick").await?;
    browser.click("#ship details summary").await?;
    is_accessible_where(&browser, "film-ship", "#ship", &sizes).await?;
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
    browser.wait(".sheet .command").await?;
    browser
        .devtools("Emulation.setEmulatedMedia", json!({"media": "print"}))
        .await?;
    let shown = run(
        &browser,
        "const shown = css => document.querySelector(css).checkVisibility(); \
         return [shown('.sheet'), shown('.actions'), shown('#ship'), shown('#plan-assumed'), \
            document.querySelectorAll('.sheet thead th[scope=col]').length, \
            document.querySelectorAll('.sheet tbody tr').length, \
            document.querySelectorAll('#plan-table tbody tr').length, shown('#open-sample')]",
    )
    .await?;
    let row = |place: usize| shown.get(place).cloned().unwrap_or_default();
    ensure!(
        row(0) == true && row(1) == false && row(2) == false && row(3) == true,
        "sheet, actions, ship, what is assumed: {shown}"
    );
    ensure!(row(7) == false, "the way to the sample: {shown}");
    ensure!(
        row(4) == 7 && row(5) == 13 && row(6) == 13,
        "headings, rows of the sheet and of the table: {shown}"
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
