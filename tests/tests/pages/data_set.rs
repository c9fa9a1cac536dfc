//! A dataset.csv that somebody has already, dropped onto the Plan page: with an agent it is planned, without one the page
//! says what is missing, and what it cannot plan it names.

use anyhow::{Result, ensure};
use fantoccini::Locator;
use tests::agent::Agent;
use tests::argosy::text;
use tests::browser::Browser;
use tests::page::{drop_file, is_accessible_where, open_one_file};

const HEADER: &str =
    "BasePath,DstBlobPathOrPrefix,BlobType,Disposition,MetadataFile,PropertiesFile";

async fn drop_rows(browser: &Browser, rows: &str) -> Result<()> {
    let csv = format!("{HEADER}\r\n{rows}\r\n");
    drop_file(browser, "listing-file", "dataset.csv", csv.as_bytes()).await
}

async fn value(browser: &Browser, css: &str) -> Result<String> {
    let field = browser.client.find(Locator::Css(css)).await?;
    Ok(field.prop("value").await?.unwrap_or_default())
}

#[tokio::test]
async fn a_data_set_is_scanned_and_planned_by_the_agents_page() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    let agent = Agent::start(&["WD-PAGE7K4411"])?;
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#agent-state", "Agent connected")
        .await?;
    let base = text(&agent.source);
    drop_rows(
        &browser,
        &format!("{base}/,film/reels/,BlockBlob,rename,None,None"),
    )
    .await?;
    browser.wait_for_text("#source-summary", "3 files").await?;
    for (css, expected) in [
        ("#source-folder", format!("{base}/")),
        ("#container", "film".to_owned()),
        ("#prefix", "reels/".to_owned()),
    ] {
        let found = value(&browser, css).await?;
        ensure!(found == expected, "{css} is {found:?}, not {expected:?}");
    }
    browser.wait_for_text("#plan-sentence", "1 drive").await?;
    // What the page would do otherwise is said, and not only for a moment.
    browser
        .wait_for_text("#scan-notes", "block blobs throughout")
        .await?;
    let sizes = [(360, 1000), (1280, 1400)];
    is_accessible_where(&browser, "data-set", "#source-summary", &sizes).await?;
    browser.close().await
}

#[tokio::test]
async fn without_an_agent_a_data_set_is_filled_in_and_the_page_says_what_is_missing() -> Result<()>
{
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    open_one_file(&browser).await?;
    drop_rows(&browser, "E:\\lab\\,film/reels/,,rename,None,None").await?;
    browser
        .wait_for_text("#source-failed", "only the agent can see")
        .await?;
    let container = value(&browser, "#container").await?;
    ensure!(container == "film", "the container is {container:?}");
    for (rows, said) in [
        (
            "/a/,film/,,rename,None,None\r\n/b/,film/,,rename,None,None",
            "It has 2 rows",
        ),
        (
            "/a/,film/,,overwrite,None,None",
            "what becomes of blobs that are there",
        ),
        ("/a/,Film/,,rename,None,None", "dataset.csv: line 2"),
    ] {
        drop_rows(&browser, rows).await?;
        browser.wait_for_text("#source-failed", said).await?;
    }
    browser.close().await
}
