//! Is all of it in storage? Asked on the Check page, over Microsoft's emulator: what the page says is what the command line says.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::Value;
use tests::agent::Agent;
use tests::argosy::{json, text};
use tests::azurite::{Azurite, access_token};
use tests::browser::Browser;
use tests::import_bench::Bench;
use tests::page::{
    downloaded, downloads_to, drop_file, drop_files, focus_by_tab, focus_soon, has_focus,
    is_accessible_where, open_one_file, plan, press, press_on, type_into, type_the_word,
};
use tests::source::noise;

const SERIAL: &str = "WD-7K4411";
const MIB: usize = 1 << 20;
const SIZES: [(u32, u32); 4] = [(360, 1600), (768, 1400), (1440, 1400), (3840, 2160)];

/// Gives the signature and asks, by keyboard; waits for a verdict that says this.
async fn compare(browser: &Browser, signature: &str, said: &str) -> Result<()> {
    type_into(browser, "#storage-signature", signature).await?;
    press_on(browser, "#storage-compare").await?;
    browser.wait_for_text("#storage-verdict", said).await
}

/// Chooses the question that the arrows lead to.
async fn ask(browser: &Browser, id: &str) -> Result<()> {
    focus_by_tab(browser, "[name='storage-question']:checked").await?;
    if !has_focus(browser, id).await? {
        press(browser, Key::Down).await?;
    }
    ensure!(has_focus(browser, id).await?, "no way to {id}");
    press(browser, Key::Space).await
}

/// Returns the sorts of findings that the page shows, with their blobs.
async fn findings(browser: &Browser) -> Result<Vec<(String, String)>> {
    let script = "return [...document.querySelectorAll('[data-test=storage-finding]')] \
        .map(e => [e.dataset.code, e.textContent])";
    let found = browser.client.execute(script, vec![]).await?;
    let mut found: Vec<(String, String)> = serde_json::from_value(found)?;
    found.sort();
    Ok(found)
}

/// Makes sure that the signature is nowhere.
async fn is_kept_nowhere(browser: &Browser, agent: &Agent, signature: &str) -> Result<()> {
    let (_, secret) = signature.rsplit_once("sig=").context("a signature")?;
    is_nowhere(browser, agent, secret).await
}

/// Makes sure that a secret is neither in the page, nor in what it keeps, nor in any file of the agent's.
async fn is_nowhere(browser: &Browser, agent: &Agent, secret: &str) -> Result<()> {
    let script = "return [document.documentElement.outerHTML, location.href, JSON.stringify(sessionStorage), \
        JSON.stringify(localStorage), ...[...document.querySelectorAll('input')].map(e => e.value)].join(' ')";
    let page = browser.client.execute(script, vec![]).await?;
    let page = page.as_str().context("a text")?;
    ensure!(page.contains("storage-account"), "not the page: {page}");
    ensure!(!page.contains(secret), "the secret is in the page");
    let mut folders = vec![agent.folder().to_owned()];
    let mut files = 0_u64;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.metadata()?.len() < 16 << 20 {
                files = files.saturating_add(1);
                let content = fs::read(entry.path())?;
                let is_in = memmem(&content, secret.as_bytes());
                ensure!(!is_in, "the secret is in {}", entry.path().display());
            }
        }
    }
    ensure!(files > 0, "no file was looked at");
    Ok(())
}

fn memmem(content: &[u8], wanted: &[u8]) -> bool {
    content.windows(wanted.len()).any(|part| part == wanted)
}

/// Sends the agent's drive into the store, as the service does; returns its logs.
fn ingest(agent: &Agent, bench: &Bench) -> Result<Vec<String>> {
    let image = agent.folder().join(format!("{SERIAL}.img"));
    let (journal, logs) = (agent.journal(SERIAL), bench.path("logs"));
    let store = bench.store();
    let mut words = vec!["ingest", "--drive", text(&image)];
    words.extend(["--journal", text(&journal), "--log-dir", text(&logs)]);
    words.extend(["--log-level", "verbose"]);
    words.extend(store.iter().map(String::as_str));
    let (code, report) = json(&words)?;
    ensure!(code == 0, "{report}");
    let logs = report["logs"].as_array().context("logs")?;
    let logs = logs.iter().filter_map(Value::as_str);
    Ok(logs.map(str::to_owned).collect())
}

/// Names folders of the originals by keyboard, one that is none at first, and asks what they prove together with today's log.
async fn ask_the_originals(
    browser: &Browser,
    agent: &Agent,
    logs: &[String],
    signature: &str,
) -> Result<()> {
    add_logs(browser, logs, "VerboseLog").await?;
    type_into(browser, "#storage-original-1", "footage").await?;
    type_into(browser, "#storage-signature", signature).await?;
    press(browser, Key::Enter).await?;
    browser
        .wait_for_text(
            "#storage-failed",
            "The folder of the originals is not a whole path",
        )
        .await?;
    let state = agent.folder().join("state");
    type_into(browser, "#storage-original-1", text(&state)).await?;
    compare(browser, signature, "by name and size").await?;
    browser
        .wait_for_text("#storage-findings", "its original was not found")
        .await?;
    press_on(browser, "#storage-more-originals").await?;
    focus_soon(browser, "#storage-original-2").await?;
    type_into(browser, "#storage-original-2", text(&agent.source)).await?;
    press_on(browser, "#storage-original-2-browse").await?;
    browser
        .wait_for_text("#folder-path", text(&agent.source))
        .await?;
    press_on(browser, "#folder-take").await?;
    browser.gone("#folder-path").await?;
    is_accessible_where(browser, "storage-originals", "#storage-originals", &SIZES).await?;
    compare(browser, signature, "nothing here is the only copy").await?;
    press_on(browser, "#storage-original-1-remove").await?;
    focus_soon(browser, "#storage-original-1").await?;
    compare(browser, signature, "nothing here is the only copy").await?;
    type_into(browser, "#storage-original-1", "").await?;
    press_on(browser, "#storage-no-logs").await?;
    compare(browser, signature, "by name and size").await
}

/// Saves all findings by keyboard, and returns what is in the file.
async fn saved_report(browser: &Browser, folder: &Path) -> Result<String> {
    downloads_to(browser, folder).await?;
    press_on(browser, "#storage-save-report").await?;
    let file = downloaded(folder, ".findings.csv").await?;
    Ok(fs::read_to_string(file)?)
}

/// Drops those logs onto the page that have this word in their names.
async fn add_logs(browser: &Browser, logs: &[String], word: &str) -> Result<()> {
    let mut files = Vec::new();
    for log in logs.iter().filter(|log| log.contains(word)) {
        let name = Path::new(log).file_name().context("a name")?;
        files.push((name.to_string_lossy().into_owned(), fs::read(log)?));
    }
    ensure!(!files.is_empty(), "none of {logs:?} has {word} in its name");
    drop_files(browser, "storage-logs", &files).await?;
    let (last, _) = files.last().context("a log")?;
    browser.wait_for_text("#storage-logs-taken", last).await
}

#[tokio::test]
async fn a_job_of_the_page_is_asked_after_before_and_after_it_travels_by_keyboard() -> Result<()> {
    let Some(browser) = Browser::start(1440, 1400).await? else {
        return Ok(());
    };
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let signature = fs::read_to_string(&bench.signature)?;
    let agent = Agent::start(&[SERIAL])?;
    plan(&browser, &agent).await?;
    type_the_word(&browser, SERIAL).await?;
    browser.click("#erase-confirm").await?;
    browser
        .wait_for_text("[data-test='verdict']", "Verified")
        .await?;
    browser.click("[data-test='nav-check']").await?;
    browser
        .wait_for_text("#storage-job", "1 drive to film/reels/")
        .await?;
    // What is missing is named beside its field, which has the focus.
    press_on(&browser, "#storage-compare").await?;
    browser
        .wait_for_text("#storage-account-fault", "address")
        .await?;
    is_accessible_where(&browser, "storage-fault", "#storage", &SIZES).await?;
    ensure!(has_focus(&browser, "#storage-account").await?, "no focus");
    type_into(&browser, "#storage-account", &bench.azurite.url()).await?;
    ask(&browser, "#storage-before").await?;
    compare(
        &browser,
        &signature,
        "Nothing is there yet where the 3 files",
    )
    .await?;
    is_kept_nowhere(&browser, &agent, &signature).await?;

    let logs = ingest(&agent, &bench)?;
    compare(&browser, &signature, "3 of the 3 files").await?;
    ensure!(
        findings(&browser)
            .await?
            .iter()
            .all(|(code, _)| code == "exists")
    );
    ask(&browser, "#storage-arrived").await?;
    compare(&browser, &signature, "by name and size").await?;
    is_accessible_where(&browser, "storage-unproven", "#storage-verdict", &SIZES).await?;
    ask_the_originals(&browser, &agent, &logs, &signature).await?;
    focus_by_tab(&browser, "#storage-read-back").await?;
    press(&browser, Key::Space).await?;
    compare(&browser, &signature, "nothing here is the only copy").await?;
    focus_by_tab(&browser, "#storage-read-back").await?;
    press(&browser, Key::Space).await?;
    add_logs(&browser, &logs, "verbose.xml").await?;
    compare(&browser, &signature, "All 3 files are in Azure").await?;
    browser
        .wait_for_text("#storage-verdict", "by the service's own log")
        .await?;
    is_accessible_where(&browser, "storage-confirmed", "#storage", &SIZES).await?;

    bench.put_over(&[("film/reels/A001/clip one.mov", "gone:")])?;
    compare(&browser, &signature, "1 is missing").await?;
    let missing = (
        "missing".to_owned(),
        "film/reels/A001/clip one.mov".to_owned(),
    );
    let found = findings(&browser).await?;
    ensure!(found == [missing], "{found:?}");
    is_accessible_where(&browser, "storage-missing", "#storage-verdict", &SIZES).await?;
    let saved = saved_report(&browser, &agent.folder().join("saved")).await?;
    let verbose = logs.iter().find(|log| log.ends_with("verbose.xml"));
    let words = ["--copy-log", verbose.context("a log")?];
    let written = bench.findings(&agent.journal(SERIAL), &words)?;
    ensure!(saved == written, "{saved}");
    is_kept_nowhere(&browser, &agent, &signature).await?;
    browser.close().await
}

#[tokio::test]
async fn the_journals_of_a_folder_are_those_of_the_session_that_was_dropped_and_faults_are_in_words()
-> Result<()> {
    let Some(browser) = Browser::start(1440, 1400).await? else {
        return Ok(());
    };
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let signature = fs::read_to_string(&bench.signature)?;
    bench.write("a & b.txt", b"one block")?;
    bench.write("long.bin", &noise(40 * MIB + 5, 1))?;
    bench.write("other.bin", &noise(40 * MIB, 2))?;
    let row = "@,film/in/,,overwrite,None,None";
    bench.prepare_with(&["WD-1", "WD-2"], "72MB", &[row], &["--content-md5"])?;
    let agent = Agent::start(&[])?;
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#agent-state", "Agent connected")
        .await?;
    browser.click("[data-test='nav-check']").await?;
    let journal = fs::read(bench.journal("WD-1"))?;
    browser.wait("[data-test='check-files-drop']").await?;
    drop_file(&browser, "check-files", "WD-1.jrn", &journal).await?;
    browser.wait("#check-results").await?;
    let session = "return document.querySelector('#storage-session').value";
    let session = browser.client.execute(session, vec![]).await?;
    ensure!(session == "reel-1", "the session is {session}");
    type_into(
        &browser,
        "#storage-account",
        &format!("{}?sig=hush", bench.azurite.url()),
    )
    .await?;
    let nowhere = bench.path("nowhere");
    type_into(&browser, "#storage-folder", text(&nowhere)).await?;
    type_into(&browser, "#storage-signature", &signature).await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("#storage-failed", "has a query or a password")
        .await?;
    ensure!(!browser.text("#storage-failed").await?.contains("hush"));
    type_into(&browser, "#storage-account", &bench.azurite.url()).await?;
    type_into(&browser, "#storage-signature", &signature).await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("#storage-failed", "There is no journal of session reel-1")
        .await?;
    is_accessible_where(&browser, "storage-failed", "#storage", &SIZES[..2]).await?;
    type_into(&browser, "#storage-folder", text(&bench.path("journals"))).await?;
    // A signature that opens nothing.
    type_into(&browser, "#storage-signature", "sv=2021-08-06&sig=wrong").await?;
    press(&browser, Key::Enter).await?;
    browser.wait_for_text("#storage-failed", "403").await?;
    compare(&browser, &signature, "Not all of 3 files are in Azure").await?;
    let all = findings(&browser).await?;
    let missing = all.iter().filter(|(code, _)| code == "missing").count();
    ensure!(missing == 3, "{all:?}");
    for serial in ["WD-1", "WD-2"] {
        let (code, report) = bench.ingest(serial, &[])?;
        ensure!(code == 0, "{report}");
    }
    // Both drives of the session, though the journal of one was dropped.
    compare(&browser, &signature, "nothing here is the only copy").await?;
    browser
        .wait_for_text("#storage-verdict", "WD-1, WD-2")
        .await?;

    // A store that never answers is not waited for any longer than the person wants.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}/devstoreaccount1", silent.local_addr()?);
    type_into(&browser, "#storage-account", &address).await?;
    type_into(&browser, "#storage-signature", &signature).await?;
    press(&browser, Key::Enter).await?;
    browser.wait("#storage-working").await?;
    press_on(&browser, "#storage-stop").await?;
    browser
        .wait_for_text("#storage-stopped", "nothing is said")
        .await?;
    browser.close().await
}

#[tokio::test]
async fn a_token_of_microsoft_entra_opens_the_account_by_keyboard_and_is_kept_nowhere() -> Result<()>
{
    let Some(browser) = Browser::start(1440, 1400).await? else {
        return Ok(());
    };
    let Some(bench) = Bench::new()? else {
        return Ok(());
    };
    let Some(azurite) = Azurite::start_encrypted()? else {
        return Ok(());
    };
    bench.write("a.txt", b"a")?;
    bench.prepare(&["WD-5"], "72MB", &["@,film/in/,,overwrite,None,None"])?;
    let mut agent = Agent::start(&[])?;
    agent.start_trusting(azurite.certificate().context("a certificate")?)?;
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#agent-state", "Agent connected")
        .await?;
    browser.click("[data-test='nav-check']").await?;
    type_into(&browser, "#storage-session", "reel-1").await?;
    type_into(&browser, "#storage-folder", text(&bench.path("journals"))).await?;
    type_into(&browser, "#storage-account", &bench.azurite.url()).await?;
    type_into(&browser, "#storage-signature", "sig=hush").await?;
    focus_by_tab(&browser, "#storage-opener").await?;
    press(&browser, Key::Down).await?;
    // What was typed as a signature is not taken for a token.
    press_on(&browser, "#storage-compare").await?;
    browser
        .wait_for_text("#storage-token-fault", "Paste an access token")
        .await?;
    focus_soon(&browser, "#storage-token").await?;
    let token = access_token();
    type_into(&browser, "#storage-token", &token).await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text("#storage-failed", "only sent over https")
        .await?;
    type_into(&browser, "#storage-account", &azurite.url()).await?;
    type_into(&browser, "#storage-token", &token).await?;
    is_accessible_where(&browser, "storage-token", "#storage", &SIZES).await?;
    press_on(&browser, "#storage-compare").await?;
    browser
        .wait_for_text(
            "#storage-verdict",
            "The one file is not in Azure as it was prepared",
        )
        .await?;
    ask(&browser, "#storage-before").await?;
    type_into(&browser, "#storage-token", &token).await?;
    press(&browser, Key::Enter).await?;
    browser
        .wait_for_text(
            "#storage-verdict",
            "Nothing is there yet where the one file",
        )
        .await?;
    is_nowhere(&browser, &agent, &token).await?;
    is_nowhere(&browser, &agent, "sig=hush").await?;
    browser.close().await
}

#[tokio::test]
async fn without_an_agent_the_page_says_so_and_gives_the_command() -> Result<()> {
    let Some(browser) = Browser::start(1280, 1400).await? else {
        return Ok(());
    };
    open_one_file(&browser).await?;
    browser.click("[data-test='nav-check']").await?;
    browser
        .wait_for_text("#storage-no-agent", "needs the agent")
        .await?;
    let journal = tests::oracle::repository().join("shared/tests/golden/drive-1.jrn");
    drop_file(&browser, "check-files", "drive-1.jrn", &fs::read(journal)?).await?;
    browser
        .wait_for_text(
            "#storage-command",
            "argosy confirm --journal drive-1.jrn --store",
        )
        .await?;
    is_accessible_where(&browser, "storage-no-agent", "#storage", &SIZES).await?;
    browser.close().await
}
