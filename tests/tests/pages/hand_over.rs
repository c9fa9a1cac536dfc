//! The hand-over on the Check page, from one file with no agent: what it saves is what the command line writes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::{Value, json};
use tests::argosy::text;
use tests::browser::Browser;
use tests::oracle;
use tests::page::{
    downloaded, downloads_to, drop_file, drop_files, focus_by_tab, has_focus, is_accessible_where,
    open_one_file, press,
};

/// A text that a shell, JSON and HTML would take apart.
const AWKWARD: &str = "Ann O'Neill & \"Söhne\" <1>";

/// The journal of a verified drive, kept since the first released version.
fn golden_journal() -> Result<Vec<u8>> {
    let journal = oracle::repository().join("shared/tests/golden/drive-1.jrn");
    Ok(fs::read(journal)?)
}

/// What the form is filled with: the field's id, and its text.
fn fields() -> Vec<(&'static str, &'static str)> {
    let account = "/subscriptions/1/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";
    vec![
        ("name", "reel-1"),
        ("subscription", "11111111-2222-3333-4444-555555555555"),
        ("resourceGroup", "film"),
        ("location", "westeurope"),
        ("storageAccountId", account),
        ("returnAddress-recipientName", AWKWARD),
        ("returnAddress-streetAddress1", "Herengracht 1"),
        ("returnAddress-city", "Amsterdam"),
        ("returnAddress-postalCode", "1000 AA"),
        ("returnAddress-countryOrRegion", "NL"),
        ("returnAddress-phone", "+31 20 1234567"),
        ("returnAddress-email", "ann@example.com"),
        ("returnShipping-carrierName", "DHL"),
        ("returnShipping-carrierAccountNumber", "4711"),
        ("deliveryPackage-carrierName", "UPS"),
    ]
}

/// Drops the golden journal and waits for the hand-over to stand below its judgement.
async fn checked(browser: &Browser) -> Result<()> {
    open_one_file(browser).await?;
    browser.click("[data-test='nav-check']").await?;
    browser.wait("[data-test='check-files-drop']").await?;
    drop_file(browser, "check-files", "drive-1.jrn", &golden_journal()?).await?;
    browser.wait("#hand-over").await?;
    Ok(())
}

/// Has the command line write what the page should have saved, and compares every file.
fn same_as_command_line(folder: &Path, whom: &str, saved: &Path) -> Result<()> {
    let journal = oracle::repository().join("shared/tests/golden/drive-1.jrn");
    let (to, details) = (folder.join(whom), folder.join("shipment.json"));
    let mut arguments = vec!["journal", "handoff", text(&journal), "--for", whom];
    arguments.extend(["--details", text(&details), "--to", text(&to)]);
    let (code, report) = tests::argosy::json(&arguments)?;
    ensure!(code == 0, "the command line says {code}: {report}");
    let written = fs::read_dir(&to)?.collect::<Result<Vec<_>, _>>()?;
    for entry in &written {
        let path = entry.path();
        let name = path.file_name().context("a name")?;
        let ours = fs::read(saved.join(name)).with_context(|| format!("{whom}: {name:?}"))?;
        ensure!(ours == fs::read(&path)?, "{whom}: {name:?} differs");
    }
    let count = fs::read_dir(saved)?.count();
    let expected = written.len();
    ensure!(
        expected > 0 && count == expected,
        "{whom}: the page saved {count} files, the command line {expected}"
    );
    Ok(())
}

/// Makes the documents by keyboard and saves every one of them into a folder of their own.
async fn make_and_save(browser: &Browser, folder: &Path, whom: &str) -> Result<()> {
    let choice = format!("#for-{whom}");
    // Above what was saved last: out from under the page's head, as somebody does who looks for it.
    let script = format!("document.querySelector('{choice}').scrollIntoView({{block: 'nearest'}})");
    browser.client.execute(&script, vec![]).await?;
    browser.click(&choice).await?;
    focus_by_tab(browser, "#hand-over-make").await?;
    press(browser, Key::Enter).await?;
    browser.wait("#documents").await?;
    let saved = folder.join(format!("{whom} saved"));
    downloads_to(browser, &saved).await?;
    let names =
        "return [...document.querySelectorAll('[data-test=document]')].map(e => e.dataset.name)";
    let names = browser.client.execute(names, vec![]).await?;
    for name in names.as_array().context("a list")? {
        let name = name.as_str().context("a name")?;
        browser.click(&format!("[data-test='save-{name}']")).await?;
        downloaded(&saved, name).await?;
    }
    same_as_command_line(folder, whom, &saved)
}

#[tokio::test]
async fn what_the_page_hands_over_is_what_the_command_line_writes_byte_for_byte() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    checked(&browser).await?;
    let folder = tempfile::tempdir()?;
    focus_by_tab(&browser, "#for-portal").await?;
    press(&browser, Key::Space).await?;
    // Down leads through the choices, as everywhere.
    press(&browser, Key::Down).await?;
    ensure!(has_focus(&browser, "#for-az-cli").await?, "no way down");
    // Enter in a field asks for the documents: the first that is empty is named, and has the focus.
    browser.click("#hand-over-make").await?;
    browser
        .wait_for_text("#details-name-fault", "empty")
        .await?;
    for (field, typed) in fields() {
        browser
            .wait(&format!("#details-{field}"))
            .await?
            .send_keys(typed)
            .await?;
    }
    press(&browser, Key::Enter).await?;
    let tracking = "#details-deliveryPackage-trackingNumber";
    browser
        .wait_for_text(&format!("{tracking}-fault"), "empty")
        .await?;
    let sizes = [(360, 1300), (768, 1100), (1440, 1400), (3840, 2160)];
    is_accessible_where(&browser, "hand-over-fault", "#hand-over", &sizes).await?;
    ensure!(
        has_focus(&browser, tracking).await?,
        "no focus on the fault"
    );
    press_text(&browser, "1Z 999").await?;

    let saved = folder.path().join("details");
    downloads_to(&browser, &saved).await?;
    browser.click("#details-save").await?;
    let details = downloaded(&saved, "shipment.json").await?;
    fs::copy(&details, folder.path().join("shipment.json"))?;
    let read: Value = serde_json::from_slice(&fs::read(&details)?)?;
    ensure!(read["returnAddress"]["recipientName"] == AWKWARD, "{read}");

    for whom in ["az-cli", "import-export", "databox", "portal"] {
        make_and_save(&browser, folder.path(), whom).await?;
    }
    browser.close().await
}

/// Types where the focus is.
async fn press_text(browser: &Browser, typed: &str) -> Result<()> {
    let active = browser.client.active_element().await?;
    Ok(active.send_keys(typed).await?)
}

#[tokio::test]
async fn keys_are_covered_until_asked_for_and_details_can_be_loaded() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    checked(&browser).await?;
    let (_, mut details) = tests::argosy::json(&["journal", "handoff", "--template"])?;
    let address = details["returnAddress"]
        .as_object_mut()
        .context("address")?;
    address.values_mut().for_each(|text| *text = json!(AWKWARD));
    details["returnShipping"]["carrierAccountNumber"] = json!("4711");
    browser.click("#for-databox").await?;
    browser.wait("[data-test='details-file-drop']").await?;
    drop_file(&browser, "details-file", "shipment.json", b"{\"nam\":1}").await?;
    browser
        .wait_for_text("#details-unloaded", "unknown field")
        .await?;
    let json = details.to_string();
    drop_file(&browser, "details-file", "shipment.json", json.as_bytes()).await?;
    browser.gone("#details-unloaded").await?;
    browser.click("#hand-over-make").await?;
    browser.wait("#documents").await?;

    let key = recovery_password()?;
    browser.click("[data-test='document'] summary").await?;
    let seen = "return document.querySelector('#documents').innerText";
    let text = browser.client.execute(seen, vec![]).await?;
    let text = text.as_str().context("a text")?;
    ensure!(
        text.contains("bitLockerKey") && !text.contains(&key),
        "a key is shown"
    );
    let sizes = [(360, 1300), (768, 1100), (1440, 1400), (3840, 2160)];
    is_accessible_where(&browser, "hand-over", "#documents", &sizes).await?;
    focus_by_tab(&browser, "[data-test^='show-key-']").await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("[data-test='handed-key']", &key)
        .await?;
    browser.wait_for_text(".paper", &key).await?;
    is_accessible_where(&browser, "hand-over-key", "#documents", &sizes[..1]).await?;
    press(&browser, Key::Enter).await?;
    browser.wait_for_text("#documents", "Show the key").await?;
    browser.close().await
}

#[tokio::test]
async fn a_journal_that_is_not_right_is_not_handed_over_and_the_reason_is_the_command_lines()
-> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    checked(&browser).await?;
    let golden = golden_journal()?;
    let folder = tempfile::tempdir()?;
    let redacted = redacted()?;
    let unfinished = golden
        .get(..golden.len().saturating_sub(300))
        .context("short")?;
    let mut damaged = golden.clone();
    let middle = damaged.len() / 2;
    *damaged.get_mut(middle).context("place")? ^= 1;
    let files = [
        ("unfinished.jrn".to_owned(), unfinished.to_vec()),
        ("damaged.jrn".to_owned(), damaged),
        ("redacted.jrn".to_owned(), redacted),
    ];
    drop_files(&browser, "check-files", &files).await?;
    browser.wait_for_text("#hand-over", "3 journals").await?;
    browser.click("#for-portal").await?;
    browser.click("#hand-over-make").await?;
    for (name, bytes) in &files {
        let path = folder.path().join(name);
        fs::write(&path, bytes)?;
        let to = folder.path().join("to");
        let refused = [
            "journal",
            "handoff",
            text(&path),
            "--for",
            "portal",
            "--to",
            text(&to),
        ];
        let (code, said) = tests::argosy::json(&refused)?;
        ensure!(code != 0, "the command line hands {name} over");
        let why = said["error"]["message"].as_str().context("a reason")?;
        // The page's sentence begins with a capital and ends with a full stop.
        let why = why.get(1..).context("a reason")?.trim_end_matches('.');
        browser.wait_for_text("#hand-over-refused", why).await?;
        browser.wait_for_text("#hand-over-refused", name).await?;
    }
    let made = browser.client.find_all(Locator::Css("#documents")).await?;
    ensure!(made.is_empty(), "there are documents all the same");
    let sizes = [(360, 1300), (1280, 1200)];
    is_accessible_where(&browser, "hand-over-refused", "#hand-over", &sizes).await?;
    // The same drive twice in one shipment.
    let twice = [
        ("one.jrn".to_owned(), golden.clone()),
        ("two.jrn".to_owned(), golden),
    ];
    drop_files(&browser, "check-files", &twice).await?;
    browser.wait_for_text("#hand-over", "2 journals").await?;
    browser.click("#hand-over-make").await?;
    let why = "of the journals are of drive";
    browser.wait_for_text("#hand-over-refused", why).await?;
    let (to, mut arguments) = (folder.path().join("twice"), vec!["journal", "handoff"]);
    let paths = twice.each_ref().map(|(name, _)| folder.path().join(name));
    for ((_, bytes), path) in twice.iter().zip(&paths) {
        fs::write(path, bytes)?;
        arguments.push(text(path));
    }
    arguments.extend(["--for", "portal", "--to", text(&to)]);
    let (code, said) = tests::argosy::json(&arguments)?;
    let error = said["error"]["message"].as_str().unwrap_or_default();
    ensure!(
        code == 2 && error.contains(why),
        "the command line says {code}: {said}"
    );
    ensure!(!to.exists(), "it wrote something all the same");
    browser.close().await
}

/// Returns the golden journal without its key.
fn redacted() -> Result<Vec<u8>> {
    let journal = oracle::repository().join("shared/tests/golden/drive-1.jrn");
    let output = tests::argosy::argosy(&["journal", "redact", text(&journal)])?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{errors}");
    Ok(output.stdout)
}

/// Returns the golden journal's recovery password, as it stands in it.
fn recovery_password() -> Result<String> {
    let journal = String::from_utf8_lossy(&golden_journal()?).into_owned();
    let digits = |text: &&str| text.len() == 55 && text.split('-').count() == 8;
    let mut words = journal.split(|letter: char| !letter.is_ascii_digit() && letter != '-');
    Ok(words
        .find(digits)
        .context("no recovery password")?
        .to_owned())
}
