//! The Ledger page: with the agent, and from one file with neither agent nor network.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::{Value, json};
use tests::agent::Agent;
use tests::argosy::{json, text};
use tests::browser::Browser;
use tests::oracle;
use tests::page::{
    downloaded, downloads_to, drop_file, focus_by_tab, has_focus, is_accessible, is_accessible_at,
    open_one_file, press, type_into,
};

const SIZES: [(u32, u32); 4] = [(360, 1600), (768, 1400), (1440, 1400), (3840, 2160)];

/// The journal of a verified drive, kept since the first released version.
fn journal() -> Result<Vec<u8>> {
    let journal = oracle::repository().join("shared/tests/golden/drive-1.jrn");
    Ok(fs::read(journal)?)
}

/// Runs `argosy jobs` over a ledger.
fn jobs(state: &Path, arguments: &[&str]) -> Result<Value> {
    let mut all = vec!["jobs"];
    all.extend(arguments);
    all.extend(["--state-dir", text(state)]);
    let (code, said) = json(&all)?;
    ensure!(code == 0, "{arguments:?}: {said}");
    Ok(said)
}

/// Chooses what a shipment is now and writes it down, by keyboard.
async fn move_to(browser: &Browser, state: &str) -> Result<()> {
    // Tab leads to the choices, the arrows through them.
    let wanted = format!("#to-{state}");
    focus_by_tab(browser, "#move input").await?;
    for _ in 0..4 {
        if has_focus(browser, &wanted).await? {
            break;
        }
        press(browser, Key::Down).await?;
    }
    ensure!(has_focus(browser, &wanted).await?, "no way to {state}");
    press(browser, Key::Space).await?;
    focus_by_tab(browser, "#move-on").await?;
    press(browser, Key::Enter).await?;
    browser
        .wait_for_text("#shipment .steps [aria-current]", state)
        .await
}

/// Opens the part of the page that is folded away, by keyboard.
async fn unfold(browser: &Browser, id: &str) -> Result<()> {
    focus_by_tab(browser, &format!("#{id} > summary")).await?;
    press(browser, Key::Enter).await
}

#[tokio::test]
async fn a_shipment_is_opened_filled_and_moved_on_by_keyboard_and_the_command_line_sees_the_same()
-> Result<()> {
    let Some(browser) = Browser::start(1440, 1400).await? else {
        return Ok(());
    };
    let agent = Agent::start(&[])?;
    let state = agent.folder().join("state");
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#agent-state", "Agent connected")
        .await?;
    browser.click("[data-test='nav-ledger']").await?;
    browser.wait("#ledger-empty").await?;
    is_accessible(&browser, "ledger-empty").await?;

    type_into(&browser, "#new-name", "reel-1").await?;
    focus_by_tab(&browser, "#new-import").await?;
    press(&browser, Key::Space).await?;
    focus_by_tab(&browser, "#new-open").await?;
    press(&browser, Key::Enter).await?;
    browser.wait_for_text("#shipment-title", "reel-1").await?;
    // Shipping cannot be chosen yet, and says why.
    browser
        .wait_for_text("#to-shipping-why", "say which drives are in it")
        .await?;
    ensure!(
        browser
            .wait("#to-shipping")
            .await?
            .attr("disabled")
            .await?
            .is_some(),
        "what cannot follow can be chosen"
    );
    unfold(&browser, "add-drive").await?;
    drop_file(&browser, "ledger-journals", "drive-1.jrn", &journal()?).await?;
    browser
        .wait_for_text("#shipment-drives", "verified")
        .await?;
    // The same drive twice is refused in words, and nothing of it is written down.
    drop_file(&browser, "ledger-journals", "drive-1.jrn", &journal()?).await?;
    browser
        .wait_for_text("#ledger-refused", "part of it already")
        .await?;
    is_accessible_at(&browser, "ledger-refused", &SIZES[..1]).await?;
    browser.resize(1440, 1400).await?;

    unfold(&browser, "add-parcel").await?;
    type_into(&browser, "#parcel-carrier", "DHL").await?;
    type_into(&browser, "#parcel-tracking", "JD014").await?;
    press(&browser, Key::Enter).await?;
    browser.wait_for_text("#parcels", "JD014").await?;
    browser
        .wait_for_text("#to-shipping-why", "where the drives come back to")
        .await?;
    unfold(&browser, "add-address").await?;
    for (field, typed) in [
        ("recipientName", "Ann O'Neill"),
        ("streetAddress1", "Herengracht 1"),
        ("city", "Amsterdam"),
        ("postalCode", "1000 AA"),
        ("countryOrRegion", "NL"),
        ("phone", "+31 20 1234567"),
        ("email", "ann@example.com"),
    ] {
        type_into(&browser, &format!("#ledger-returnAddress-{field}"), typed).await?;
    }
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("#return-address", "Ann O'Neill")
        .await?;
    move_to(&browser, "shipping").await?;
    move_to(&browser, "received").await?;
    move_to(&browser, "transferring").await?;
    is_accessible_at(&browser, "ledger", &SIZES).await?;
    browser.resize(1440, 1400).await?;

    let serial = jobs(&state, &["show", "reel-1"])?["shipment"]["drives"][0]["serial"].clone();
    let serial = serial.as_str().context("a serial")?;
    focus_by_tab(&browser, &format!("[data-test='drive-to-{serial}']")).await?;
    press(&browser, Key::Down).await?;
    focus_by_tab(&browser, "#move-drives").await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("#shipment-drives", "transferring")
        .await?;
    // Meanwhile a command writes too: nothing is written down beside what the person has not seen.
    jobs(&state, &["note", "reel-1", "the carrier called"])?;
    unfold(&browser, "add-note").await?;
    type_into(&browser, "#ledger-note", "dock 3").await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("#ledger-refused", "entries by now")
        .await?;
    browser
        .wait_for_text("#shipments", "the carrier called")
        .await?;
    type_into(&browser, "#ledger-note", "dock 3").await?;
    // Twice before there is an answer: it is meant once.
    let enter = format!("{0}{0}", char::from(Key::Enter));
    browser
        .client
        .active_element()
        .await?
        .send_keys(&enter)
        .await?;
    browser.wait_for_text("#shipments", "dock 3").await?;
    browser.gone("#ledger-refused").await?;

    let shipment = jobs(&state, &["show", "reel-1"])?["shipment"].clone();
    ensure!(
        shipment["state"] == "transferring" && shipment["drives"][0]["state"] == "transferring",
        "{shipment}"
    );
    let entries = shipment["entries"].as_array().context("entries")?;
    let notes = entries
        .iter()
        .filter(|entry| entry["change"]["text"] == "dock 3");
    ensure!(notes.count() == 1, "{shipment}");
    let saved = agent.folder().join("saved");
    downloads_to(&browser, &saved).await?;
    browser.click("#ledger-save").await?;
    let saved = downloaded(&saved, "ledger.json").await?;
    let written = agent.folder().join("written.json");
    jobs(&state, &["export", "--to", text(&written)])?;
    ensure!(
        fs::read(&saved)? == fs::read(&written)?,
        "page and command line export different files"
    );
    browser.close().await
}

#[tokio::test]
async fn a_ledger_file_is_read_and_gone_on_with_where_there_is_no_agent() -> Result<()> {
    let Some(browser) = Browser::start(1440, 1400).await? else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let (here, file) = (
        folder.path().join("here"),
        folder.path().join("ledger.json"),
    );
    let journal = oracle::repository().join("shared/tests/golden/drive-1.jrn");
    let new = ["new", "reel-1", "--direction", "import", "--service", "own"];
    jobs(&here, &[&new[..], &["--journal", text(&journal)]].concat())?;
    let sent = ["sent", "reel-1", "--carrier", "DHL", "--tracking", "JD014"];
    jobs(&here, &sent)?;
    jobs(&here, &["move", "reel-1", "shipping"])?;
    jobs(&here, &["export", "--to", text(&file)])?;
    let told = fs::read_to_string(&file)?;

    open_one_file(&browser).await?;
    browser.click("[data-test='nav-ledger']").await?;
    browser.wait("[data-test='ledger-file-drop']").await?;
    // A file that was edited is not believed, and says where.
    let edited = told.replacen("\"shipping\"", "\"packaging\"", 1);
    drop_file(&browser, "ledger-file", "edited.json", edited.as_bytes()).await?;
    browser
        .wait_for_text("#ledger-refused", "packaging cannot follow")
        .await?;
    browser.gone("#shipment").await?;
    drop_file(&browser, "ledger-file", "ledger.json", told.as_bytes()).await?;
    browser.wait_for_text("#shipment-title", "reel-1").await?;
    browser.wait_for_text("#parcels", "JD014").await?;
    is_accessible_at(&browser, "ledger-file", &SIZES).await?;
    browser.resize(1440, 1400).await?;
    move_to(&browser, "received").await?;
    browser.wait("#ledger-unsaved").await?;
    is_accessible_at(&browser, "ledger-unsaved", &SIZES[..1]).await?;
    browser.resize(1440, 1400).await?;

    let saved = folder.path().join("saved");
    downloads_to(&browser, &saved).await?;
    browser.click("#ledger-save").await?;
    let saved = downloaded(&saved, "ledger.json").await?;
    browser.gone("#ledger-unsaved").await?;
    jobs(&here, &["import", text(&saved)])?;
    let shipment = jobs(&here, &["show", "reel-1"])?["shipment"].clone();
    ensure!(
        shipment["state"] == "received" && shipment["drives"][0]["state"] == json!("received"),
        "{shipment}"
    );
    browser.close().await
}
