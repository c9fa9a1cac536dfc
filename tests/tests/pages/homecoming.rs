//! Whole drives that came back, copied home on the Receive page by the agent: by keyboard, and without the page.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use fantoccini::key::Key;
use tests::agent::Agent;
use tests::argosy::{json, recovery_password, text};
use tests::browser::Browser;
use tests::came_back::sha256;
use tests::page::{
    downloaded, downloads_to, drop_file, focus_soon, has_focus, is_accessible_where, press,
    press_on, type_into,
};
use tests::source::noise;

const SERIALS: [&str; 2] = ["WD-7K4411", "ST-9Z5522"];
const SIZES: [(u32, u32); 4] = [(360, 1600), (768, 1400), (1440, 1400), (3840, 2160)];

/// An agent whose two drives were filled, each from a folder of its own, and their keys.
struct Back {
    agent: Agent,
    sources: [PathBuf; 2],
    passwords: [String; 2],
}

impl Back {
    fn new() -> Result<Self> {
        let agent = Agent::start(&SERIALS)?;
        let more = agent.folder().join("more");
        fs::create_dir_all(more.join("B001"))?;
        fs::write(more.join("B001/clip three.mov"), noise(7_000_003, 3))?;
        let sources = [agent.source.clone(), more];
        let mut passwords = Vec::new();
        for (serial, source) in SERIALS.iter().zip(&sources) {
            passwords.push(fill(&agent, serial, source)?);
        }
        let [first, second] = <[String; 2]>::try_from(passwords).unwrap_or_default();
        Ok(Self {
            agent,
            sources,
            passwords: [first, second],
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.agent.folder().join(name)
    }

    /// Makes sure that what is home is what the drives were filled from.
    fn is_home(&self, to: &Path) -> Result<()> {
        let all = [
            (0, "A001/clip one.mov"),
            (0, "A001/clip two.mov"),
            (0, "notes/Überblick 🎬.txt"),
            (1, "B001/clip three.mov"),
        ];
        for (drive, file) in all {
            let (source, home) = (self.sources[drive].join(file), to.join("film").join(file));
            ensure!(sha256(&home)? == sha256(&source)?, "{file} is another");
        }
        Ok(())
    }
}

/// Fills a drive from a folder; returns its recovery password.
fn fill(agent: &Agent, serial: &str, source: &Path) -> Result<String> {
    let image = agent.folder().join(format!("{serial}.img"));
    let journals = agent.folder().join("journals of others");
    let session = format!("of-{serial}");
    let mut prepare = vec!["prepare", "--session", &session, "--source", text(source)];
    prepare.extend(["--to", "film/", "--drive", text(&image), "--no-verify"]);
    prepare.extend(["--journal-dir", text(&journals)]);
    let (code, said) = json(&prepare)?;
    ensure!(code == 0, "prepare said {code}: {said}");
    recovery_password(&journals.join(format!("{serial}.jrn")))
}

async fn open(browser: &Browser, agent: &Agent) -> Result<()> {
    browser.client.goto(&agent.address).await?;
    browser
        .wait_for_text("#agent-state", "Agent connected")
        .await?;
    browser.click("[data-test='nav-receive']").await?;
    browser.wait("#homecoming-drive-2").await.map(drop)
}

/// Makes sure that no key is in the page, nor in what it keeps.
async fn is_nowhere(browser: &Browser, secret: &str) -> Result<()> {
    let script = "return [document.documentElement.outerHTML, location.href, JSON.stringify(sessionStorage), \
        JSON.stringify(localStorage), ...[...document.querySelectorAll('input, textarea')].map(e => e.value)].join(' ')";
    let page = browser.client.execute(script, vec![]).await?;
    let page = page.as_str().unwrap_or_default();
    ensure!(page.contains("homecoming-keys"), "not the page: {page}");
    ensure!(!page.contains(secret), "the key is in the page");
    Ok(())
}

#[tokio::test]
async fn two_drives_come_home_by_keyboard_as_their_sources_are() -> Result<()> {
    let Some(browser) = Browser::start(1440, 1400).await? else {
        return Ok(());
    };
    let back = Back::new()?;
    let home = back.path("home");
    open(&browser, &back.agent).await?;
    // What is missing is named beside its field, which has the focus.
    press_on(&browser, "#homecoming-start").await?;
    browser
        .wait_for_text("#homecoming-drive-1-fault", "at least one drive")
        .await?;
    focus_soon(&browser, "#homecoming-drive-1").await?;
    is_accessible_where(&browser, "homecoming-fault", "#homecoming", &SIZES).await?;
    press(&browser, Key::Space).await?;
    press_on(&browser, "#homecoming-start").await?;
    browser
        .wait_for_text("#homecoming-keys-fault", "Paste the keys")
        .await?;
    focus_soon(&browser, "#homecoming-keys").await?;
    let covered =
        "return getComputedStyle(document.querySelector('#homecoming-keys')).webkitTextSecurity";
    let covered = browser.client.execute(covered, vec![]).await?;
    ensure!(covered == "disc", "the keys are to be read: {covered}");
    let [first, second] = &back.passwords;
    let keys = format!("{} {second}\n{} {first}", SERIALS[1], SERIALS[0]);
    type_into(&browser, "#homecoming-keys", &keys).await?;
    press_on(&browser, "#homecoming-all").await?;
    type_into(&browser, "#homecoming-to", "home").await?;
    press_on(&browser, "#homecoming-look").await?;
    browser
        .wait_for_text("#homecoming-refused", "not a whole path")
        .await?;
    type_into(&browser, "#homecoming-to", text(&home)).await?;
    press_on(&browser, "#homecoming-look").await?;
    browser
        .wait_for_text("#homecoming-verdict", "of 2 drives would be copied")
        .await?;
    ensure!(!home.exists(), "it was only to be looked at");
    is_accessible_where(&browser, "homecoming-looked", "#homecoming", &SIZES).await?;

    press_on(&browser, "#homecoming-start").await?;
    browser
        .wait_for_text("#homecoming-verdict", "Everything is home")
        .await?;
    let told = "return document.querySelector('#milestones').textContent";
    let told = browser.client.execute(told, vec![]).await?;
    ensure!(
        told.as_str()
            .is_some_and(|told| told.contains("Everything is home")),
        "{told}"
    );
    back.is_home(&home)?;
    for serial in SERIALS {
        browser
            .wait_for_text("#homecoming-drives-end", &format!("the key of {serial}"))
            .await?;
    }
    is_accessible_where(&browser, "homecoming-home", "#homecoming-verdict", &SIZES).await?;
    is_nowhere(&browser, &first[..13]).await?;
    let saved = back.path("saved");
    downloads_to(&browser, &saved).await?;
    press_on(&browser, "#homecoming-save-report").await?;
    let rows = fs::read_to_string(downloaded(&saved, "received.csv").await?)?;
    ensure!(rows.starts_with("drive,status,file,"), "{rows}");
    ensure!(rows.contains("film/B001/clip three.mov"), "{rows}");
    // A page that is opened later sees it too.
    browser.client.refresh().await?;
    browser
        .wait_for_text("#homecoming-verdict", "Everything is home")
        .await?;
    browser.close().await
}

/// Recovery passwords that open nothing: trying them all takes minutes.
fn wrong_keys() -> String {
    let group = |number: u32| format!("{:06}", number.saturating_mul(11));
    let keys = (1..=400).map(|number| format!("{}\n", vec![group(number); 8].join("-")));
    keys.collect()
}

#[tokio::test]
async fn what_the_page_began_goes_on_without_it_and_is_stopped_from_there_again() -> Result<()> {
    let Some(browser) = Browser::start(1440, 1400).await? else {
        return Ok(());
    };
    let back = Back::new()?;
    let home = back.path("home");
    open(&browser, &back.agent).await?;
    press_on(&browser, "#homecoming-all").await?;
    type_into(&browser, "#homecoming-to", text(&home)).await?;
    drop_file(&browser, "homecoming-key-file", "key.bin", b"a\0b").await?;
    browser
        .wait_for_text("#homecoming-keys-untaken", "no keys file")
        .await?;
    drop_file(
        &browser,
        "homecoming-key-file",
        "wrong.txt",
        wrong_keys().as_bytes(),
    )
    .await?;
    browser
        .wait_for_text("#homecoming-keys-taken", "wrong.txt")
        .await?;
    press_on(&browser, "#homecoming-start").await?;
    browser
        .wait_for_text("#homecoming-working", "being opened and listed")
        .await?;
    is_accessible_where(
        &browser,
        "homecoming-working",
        "#homecoming-working",
        &SIZES,
    )
    .await?;
    browser.client.goto("about:blank").await?;
    browser.client.back().await?;
    browser
        .wait_for_text("#homecoming-working", SERIALS[1])
        .await?;
    press_on(&browser, "#homecoming-stop").await?;
    browser
        .wait_for_text("#homecoming-verdict", "Stopped before the end")
        .await?;
    browser
        .wait_for_text("#homecoming-drives-end", "Copy home again")
        .await?;

    // The keys of that file are not in the field any more, and are not said to be.
    browser.gone("#homecoming-keys-taken").await?;
    // One key opens one drive: the other one costs it nothing, and the person is told what to do.
    press_on(&browser, "#homecoming-all").await?;
    type_into(&browser, "#homecoming-to", text(&home)).await?;
    type_into(&browser, "#homecoming-keys", &back.passwords[0]).await?;
    press_on(&browser, "#homecoming-start").await?;
    browser
        .wait_for_text("#homecoming-verdict", "1 of 2 drives failed")
        .await?;
    browser
        .wait_for_text("#homecoming-drives-end", "See that the keys are this job's")
        .await?;
    ensure!(home.join("film/A001/clip one.mov").is_file());
    is_accessible_where(&browser, "homecoming-failed", "#homecoming-verdict", &SIZES).await?;
    type_into(&browser, "#homecoming-keys", &back.passwords.join("\n")).await?;
    press_on(&browser, "#homecoming-start").await?;
    browser
        .wait_for_text("#homecoming-verdict", "Everything is home")
        .await?;
    back.is_home(&home)?;
    ensure!(
        has_focus(&browser, "#homecoming-start").await?,
        "the focus is lost"
    );
    browser.close().await
}
