//! The question before the erasing, in a real browser: another window with the same plan asks too, so that the answer
//! given here counts no more. Nothing is erased; the person is told and asked again.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tests::agent::Agent;
use tests::argosy::text;
use tests::browser::Browser;
use tests::window::Window;

const SERIAL: &str = "WD-ASKED4411";

/// Plans the agent's folder onto its drive, up to the dialog.
async fn review(browser: &Browser, agent: &Agent) -> Result<()> {
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#agent-state", "Agent connected")
        .await?;
    let folder = browser.wait("#source-folder").await?;
    folder.clear().await?;
    folder.send_keys(text(&agent.source)).await?;
    browser.click("#scan").await?;
    browser.wait_for_text("#source-summary", "3 files").await?;
    browser.wait("#container").await?.send_keys("film").await?;
    browser.click("#onto-these").await?;
    browser.click("[data-test='plan-pick-4411']").await?;
    browser.wait_for_text("#plan-sentence", "1 drive").await?;
    browser.click("#continue").await?;
    browser.click("#review").await?;
    browser.wait("#erase").await.map(drop)
}

#[tokio::test]
async fn an_answer_to_a_question_that_is_void_erases_nothing_and_is_asked_for_again() -> Result<()>
{
    let Some(browser) = Browser::start(1440, 1000).await? else {
        return Ok(());
    };
    let agent = Agent::start(&[SERIAL])?;
    review(&browser, &agent).await?;
    let window = Window::open(&agent)?;
    let jobs = window.send("GET", "/api/jobs", &json!(null))?;
    let job = jobs["jobs"][0]["id"].as_str().context("no job")?.to_owned();
    let path = format!("/api/jobs/{job}/question");
    let asked = window.send("POST", &path, &json!({"plan_hash": "another"}))?;
    ensure!(asked["question"].is_string(), "{asked}");

    let word = format!("[data-test='word-{SERIAL}']");
    browser.wait(&word).await?.send_keys("4411").await?;
    browser.click("#erase-confirm").await?;
    browser
        .wait_for_text("#erase-refused", "No drive was touched")
        .await?;
    let field = browser.wait(&word).await?;
    let typed = field.prop("value").await?.unwrap_or_default();
    ensure!(typed.is_empty(), "{typed:?} is still there");
    let violations = browser.accessibility_violations().await?;
    ensure!(violations.is_empty(), "in the dialog: {violations:#?}");
    browser.screenshot("question-void").await?;
    let image = std::fs::read(agent.folder().join(format!("{SERIAL}.img")))?;
    ensure!(image.iter().all(|byte| *byte == 0), "the drive was written");

    field.send_keys("4411").await?;
    browser.click("#erase-confirm").await?;
    browser
        .wait_for_text("[data-test='verdict']", "Verified")
        .await?;
    browser.close().await
}
