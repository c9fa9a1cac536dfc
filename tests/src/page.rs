//! What a person does with the page, step by step.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::json;

use crate::agent::Agent;
use crate::argosy::text;
use crate::browser::Browser;
use crate::oracle;

/// Goes through planning until the plan's sentence stands on the page.
///
/// # Errors
/// When the page is not so, or the browser does not answer.
pub async fn plan(browser: &Browser, agent: &Agent) -> Result<()> {
    plan_of(browser, agent, "3 files").await
}

/// Does the same with a source that the page should say this of.
///
/// # Errors
/// When the page is not so, or the browser does not answer.
pub async fn plan_of(browser: &Browser, agent: &Agent, summary: &str) -> Result<()> {
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#agent-state", "Agent connected")
        .await?;
    ensure!(
        !browser
            .client
            .current_url()
            .await?
            .as_str()
            .contains("token"),
        "the token is still in the address"
    );
    let folder = browser.wait("#source-folder").await?;
    folder.clear().await?;
    folder.send_keys(text(&agent.source)).await?;
    browser.click("#scan").await?;
    browser.wait_for_text("#source-summary", summary).await?;
    browser.wait("#container").await?.send_keys("film").await?;
    browser.wait("#prefix").await?.send_keys("reels").await?;
    browser.click("#onto-these").await?;
    browser.click("[data-test='plan-pick-4411']").await?;
    browser.wait_for_text("#plan-sentence", "1 drive").await
}

/// Opens the dialog and types the last four of the serial 4411.
///
/// # Errors
/// When the page is not so, or the browser does not answer.
pub async fn type_the_word(browser: &Browser, serial: &str) -> Result<()> {
    browser.click("#continue").await?;
    browser.click("#review").await?;
    browser.wait("#erase").await?;
    let word = format!("[data-test='word-{serial}']");
    Ok(browser.wait(&word).await?.send_keys("4411").await?)
}

/// Looks at the page in light and dark, narrow and wide, and leaves pictures of it.
///
/// # Errors
/// When the page is not so, or the browser does not answer.
pub async fn is_accessible(browser: &Browser, name: &str) -> Result<()> {
    is_accessible_at(browser, name, &[(360, 1300), (1280, 1000)]).await
}

/// Does the same in windows of these widths and heights.
///
/// # Errors
/// When the page is not so, or the browser does not answer.
pub async fn is_accessible_at(browser: &Browser, name: &str, sizes: &[(u32, u32)]) -> Result<()> {
    is_accessible_where(browser, name, "#app", sizes).await
}

/// Does the same with this element at the top of the picture.
///
/// # Errors
/// When the page is not so, or the browser does not answer.
pub async fn is_accessible_where(
    browser: &Browser,
    name: &str,
    css: &str,
    sizes: &[(u32, u32)],
) -> Result<()> {
    for scheme in ["light", "dark"] {
        browser.prefer_colours(scheme).await?;
        for (width, height) in sizes.iter().copied() {
            browser.resize(width, height).await?;
            let violations = browser.accessibility_violations().await?;
            ensure!(
                violations.is_empty(),
                "{name}, {scheme}, {width} px: {violations:#?}"
            );
            let script = "return document.documentElement.scrollWidth";
            let wide = browser.client.execute(script, vec![]).await?;
            if wide.as_u64() > Some(u64::from(width)) {
                let outside = browser.client.execute(OUTSIDE, vec![]).await?;
                bail!("{name} is {wide} px wide in a window of {width}: {outside:#}");
            }
            // In a window of another width it stands elsewhere.
            let show = "document.querySelector(arguments[0]).scrollIntoView()";
            browser.client.execute(show, vec![json!(css)]).await?;
            let picture = format!("{name}-{scheme}-{width}");
            browser.screenshot(&picture).await?;
        }
    }
    Ok(())
}

/// The innermost elements that reach out of the window.
const OUTSIDE: &str = "return [...document.querySelectorAll('body *')] \
    .filter(e => e.getBoundingClientRect().right > innerWidth) \
    .map(e => e.outerHTML.slice(0, 120)).slice(-5)";

/// Presses Tab until this element has the focus.
///
/// # Errors
/// When the page is not so, or the browser does not answer.
pub async fn focus_by_tab(browser: &Browser, css: &str) -> Result<()> {
    browser.wait(css).await?;
    for _ in 0..80 {
        if has_focus(browser, css).await? {
            return Ok(());
        }
        press(browser, Key::Tab).await?;
    }
    anyhow::bail!("80 presses of Tab do not reach {css}")
}

/// Returns whether an element has the focus.
///
/// # Errors
/// When the browser does not answer.
pub async fn has_focus(browser: &Browser, css: &str) -> Result<bool> {
    let script = "return document.activeElement.matches(arguments[0])";
    Ok(browser.client.execute(script, vec![json!(css)]).await? == true)
}

/// Presses a key where the focus is.
///
/// # Errors
/// When the browser does not answer.
pub async fn press(browser: &Browser, key: Key) -> Result<()> {
    // The keyboard's own keys: an element that takes files takes no others from a driver.
    let value = char::from(key);
    let keys = KeyActions::new("keyboard".to_owned())
        .then(KeyAction::Down { value })
        .then(KeyAction::Up { value });
    Ok(browser.client.perform_actions(keys).await?)
}

/// Presses a button that Tab leads to.
///
/// # Errors
/// When no Tab leads there, or the browser does not answer.
pub async fn press_on(browser: &Browser, css: &str) -> Result<()> {
    focus_by_tab(browser, css).await?;
    press(browser, Key::Enter).await
}

/// Types where Tab leads to, in place of what stands there.
///
/// # Errors
/// When no Tab leads there, or the browser does not answer.
pub async fn type_into(browser: &Browser, css: &str, typed: &str) -> Result<()> {
    focus_by_tab(browser, css).await?;
    let active = browser.client.active_element().await?;
    active.clear().await?;
    Ok(active.send_keys(typed).await?)
}

/// Waits until an element has the focus.
///
/// # Errors
/// When it does not come to have it.
pub async fn focus_soon(browser: &Browser, css: &str) -> Result<()> {
    browser.wait(&format!("{css}:focus")).await.map(drop)
}

/// Opens the page's one file, as a double-click does: no agent, no network.
///
/// # Errors
/// When there is none, or the browser does not answer.
pub async fn open_one_file(browser: &Browser) -> Result<()> {
    let site = std::env::var_os("ARGOSY_SITE")
        .map_or_else(|| oracle::repository().join("target/site"), PathBuf::from);
    let page = site.join("argosy.html");
    ensure!(
        page.exists(),
        "no {}: `cargo xtask web --single-file` makes it",
        page.display()
    );
    let address = format!("file://{}", page.display());
    browser.client.goto(&address).await?;
    browser.wait_for_text("#agent-state", "No agent").await
}

/// Has the page note every task from now on that keeps it from answering for 50 ms or more. A browser that cannot would note
/// none, and is refused.
///
/// # Errors
/// When the browser cannot, or does not answer.
pub async fn watch_tasks(browser: &Browser) -> Result<()> {
    let script = "if (!PerformanceObserver.supportedEntryTypes.includes('longtask'))
            throw new Error('this browser does not tell long tasks');
        window.longest = 0;
        new PerformanceObserver(list => { for (const task of list.getEntries())
            window.longest = Math.max(window.longest, task.duration); })
        .observe({type: 'longtask'});";
    browser.client.execute(script, vec![]).await.map(drop)?;
    Ok(())
}

/// Returns the milliseconds of the longest such task; 0 when there was none.
///
/// # Errors
/// When the page was not watched, or the browser does not answer.
pub async fn longest_task(browser: &Browser) -> Result<f64> {
    let longest = browser.client.execute("return window.longest", vec![]);
    longest.await?.as_f64().context("nobody watched the page")
}

/// Lets the browser save files into `folder`.
///
/// # Errors
/// When the browser does not answer.
pub async fn downloads_to(browser: &Browser, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let parameters = json!({"behavior": "allow", "downloadPath": text(folder)});
    browser
        .devtools("Browser.setDownloadBehavior", parameters)
        .await
}

/// Waits for a file with this ending to be there as a whole.
///
/// # Errors
/// When nothing of the kind is there after half a minute.
pub async fn downloaded(folder: &Path, ending: &str) -> Result<PathBuf> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if text(&path).ends_with(ending) && fs::metadata(&path).is_ok_and(|file| file.len() > 0)
            {
                return Ok(path);
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("nothing that ends in {ending} was saved")
}

/// Drops a small file onto the zone of this name, as a person does with the mouse.
///
/// # Errors
/// When the browser does not answer.
pub async fn drop_file(browser: &Browser, zone: &str, name: &str, bytes: &[u8]) -> Result<()> {
    let files = [(name.to_owned(), bytes.to_vec())];
    drop_files(browser, zone, &files).await
}

/// Drops several.
///
/// # Errors
/// When the browser does not answer.
pub async fn drop_files(browser: &Browser, zone: &str, files: &[(String, Vec<u8>)]) -> Result<()> {
    let script = "const [zone, files] = arguments; const data = new DataTransfer();
        for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name));
        document.querySelector(`[data-test='${zone}-drop']`).dispatchEvent(
            new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: data}));";
    let arguments = vec![json!(zone), json!(files)];
    browser.client.execute(script, arguments).await?;
    Ok(())
}
