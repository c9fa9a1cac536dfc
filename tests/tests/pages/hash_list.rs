//! A hash list for a drive that is filled from the page: chosen by keyboard, found on the drive by the ASC's own tool.

use std::fs;

use anyhow::{Result, ensure};
use fantoccini::key::Key;
use tests::agent::Agent;
use tests::argosy::{assert_verified, json, recovery_password, text};
use tests::ascmhl::{flip, judged, list_below};
use tests::browser::Browser;
use tests::oracle;
use tests::page::{focus_by_tab, is_accessible_where, plan, press, type_the_word};

const SERIAL: &str = "WD-PAGE7K4411";

#[tokio::test]
async fn a_person_at_the_keyboard_gets_a_hash_list_on_the_drive() -> Result<()> {
    let Some(python) = oracle::python()? else {
        return Ok(());
    };
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    let agent = Agent::start(&[SERIAL])?;
    plan(&browser, &agent).await?;
    focus_by_tab(&browser, "#more-choices summary").await?;
    press(&browser, Key::Enter).await?;
    focus_by_tab(&browser, "#hash-list").await?;
    press(&browser, Key::Space).await?;
    // The MD5 of a whole file is the one that its blob gets: that choice is made with it.
    browser.wait("#content-md5:checked:disabled").await?;
    browser.wait_for_text("#plan-sentence", "1 drive").await?;
    let sizes = [(360, 1300), (1280, 1400)];
    is_accessible_where(&browser, "hash-list", "#more-choices", &sizes).await?;
    // The agent asks first where a drive would use another number of bytes than the page computed.
    type_the_word(&browser, SERIAL).await?;
    browser.click("#erase-confirm").await?;
    let verdict = "[data-test='verdict']";
    browser.wait_for_text(verdict, "Verified").await?;
    let (image, journal) = (
        agent.folder().join(format!("{SERIAL}.img")),
        agent.journal(SERIAL),
    );
    assert_verified(&image, &journal)?;
    let (key, home) = (agent.folder().join("key"), agent.folder().join("home"));
    fs::write(&key, recovery_password(&journal)?)?;
    let unpack = ["unpack", "--drive", text(&image), "--key-file", text(&key)];
    let (code, said) = json(&[&unpack[..], &["--to", text(&home)]].concat())?;
    ensure!(code == 0 && said["verdict"] == "verified", "{code}: {said}");
    let (code, said) = judged(&python, &home)?;
    ensure!(code == 0 && said.contains("clip one.mov: OK"), "{said}");
    let list = fs::read_to_string(list_below(&home)?)?;
    ensure!(list.matches("<hash>").count() == 3, "{list}");
    flip(&home.join("argosy-1/A001/clip one.mov"))?;
    let (code, said) = judged(&python, &home)?;
    ensure!(code != 0 && said.contains("clip one.mov"), "{said}");
    browser.close().await
}

#[tokio::test]
async fn a_session_that_has_the_lists_name_is_refused_where_it_is_typed() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    let agent = Agent::start(&[SERIAL])?;
    plan(&browser, &agent).await?;
    browser.click("#more-choices summary").await?;
    browser.click("#hash-list").await?;
    let session = browser.wait("#session").await?;
    session.clear().await?;
    session.send_keys("ascmhl").await?;
    browser.wait_for_text("#session-fault", "hash list").await?;
    browser.click("#hash-list").await?;
    browser.gone("#session-fault").await?;
    browser.wait_for_text("#plan-sentence", "1 drive").await?;
    browser.close().await
}
