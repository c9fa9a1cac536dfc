//! The documents of a hand-over, and the drives that they are about. A key is covered until somebody asks for it.

use std::rc::Rc;

use shared::plan::DRIVES_PER_JOB;
use yew::prelude::*;

use super::{Message, Serial};
use crate::app::{Context, use_page};
use crate::checking::Tone;
use crate::handing::{Handed, HandedOver, Made, Paper, cover};
use crate::state::Action;
use crate::state::handing::Change;
use crate::words::{self, sentence};

/// Properties of [`Documents`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// What was made.
    pub handed: Rc<Handed>,
}

/// The list.
#[component]
pub fn Documents(props: &Props) -> Html {
    let page = use_page();
    let Handed::Made(made) = props.handed.as_ref() else {
        return html! {};
    };
    let cautions: Vec<&String> = made
        .drives
        .iter()
        .flat_map(|drive| &drive.cautions)
        .collect();
    html! {
        <div class="stack" id="documents">
            <h3 id="documents-title">{ title(made) }</h3>
            if made.jobs.len() > 1 {
                <p id="documents-jobs">{ several(made) }</p>
            }
            if !cautions.is_empty() {
                <Message tone={Tone::Warn} title="Before they ship">
                    <ul>{ for cautions.into_iter().map(|caution| html! { <li>{ sentence(caution) }</li> }) }</ul>
                </Message>
            }
            <ul class="papers">{ for made.documents.iter().map(|paper| document(&page, made, paper)) }</ul>
            <h3>{ "The drives" }</h3>
            <ul class="papers">{ for made.drives.iter().map(|drive| key(&page, drive)) }</ul>
            <p class="hint">{ "What holds a key goes to the service, never into the parcel: whoever has it and the \
                drive can read everything on it." }</p>
        </div>
    }
}

fn title(made: &Made) -> String {
    let count = u64::try_from(made.documents.len()).unwrap_or(u64::MAX);
    let documents = words::counted(count, "document", "documents");
    format!(
        "{documents} for {}",
        made.whom.words().0.replacen("The", "the", 1)
    )
}

fn several(made: &Made) -> String {
    let jobs: Vec<String> = made
        .jobs
        .iter()
        .map(|(name, drives)| format!("{name} with {}", words::counted(*drives, "drive", "drives")))
        .collect();
    format!(
        "A job takes at most {DRIVES_PER_JOB} drives, so these are {} jobs: {}.",
        made.jobs.len(),
        jobs.join(", ")
    )
}

fn document(page: &Context, made: &Made, paper: &Paper) -> Html {
    let holds = match paper.keys {
        0 => "Holds no key.".to_owned(),
        1 => "Holds the key of a drive.".to_owned(),
        keys => format!("Holds the keys of {keys} drives."),
    };
    let on_save = {
        let (page, paper) = (page.clone(), paper.clone());
        Callback::from(move |_: MouseEvent| {
            page.effects
                .save_text(&paper.name, paper.kind(), &paper.text);
        })
    };
    let on_copy = {
        let (page, paper) = (page.clone(), paper.clone());
        Callback::from(move |_: MouseEvent| {
            let said = format!("{} is copied.", paper.name);
            page.effects.copy_text(paper.text.clone(), said);
        })
    };
    let named = || html! { <span class="visually-hidden">{ format!(" {}", paper.name) }</span> };
    let save = if paper.keys > 0 {
        "Download with the key"
    } else {
        "Download"
    };
    html! {
        <li data-test="document" data-name={paper.name.clone()}>
            <div class="spread">
                <span><span class="mono name">{ &paper.name }</span>{ " " }
                    <span class={if paper.keys > 0 { "warning" } else { "quiet" }}>{ holds }</span></span>
                <span class="buttons">
                    <button type="button" data-test={format!("save-{}", paper.name)} onclick={on_save}>
                        { save }{ named() }</button>
                    <button type="button" onclick={on_copy}>{ "Copy" }{ named() }</button>
                </span>
            </div>
            <details>
                <summary>{ "Read" }{ named() }</summary>
                <pre class="paper" tabindex="0" role="region" aria-label={paper.name.clone()}>
                    { paper.covered(&made.drives, &page.state.handing.shown) }
                </pre>
            </details>
        </li>
    }
}

fn key(page: &Context, drive: &HandedOver) -> Html {
    let shown = page.state.handing.shown.contains(&drive.serial);
    let onclick = {
        let (page, serial) = (page.clone(), drive.serial.clone());
        Callback::from(move |_: MouseEvent| {
            page.act(Action::Handing(Box::new(Change::Key(serial.clone()))));
        })
    };
    let key = if shown {
        drive.key.clone()
    } else {
        cover(&drive.key)
    };
    let what = if shown {
        "Hide the key"
    } else {
        "Show the key"
    };
    html! {
        <li data-test="handed-drive">
            <div class="spread">
                <span><Serial serial={drive.serial.clone()} /><span class="quiet">
                    { format!(" {}, {}", words::counted(drive.files, "file", "files"), words::size(drive.bytes)) }
                </span></span>
                <button type="button" {onclick} data-test={format!("show-key-{}", drive.serial)}
                    aria-pressed={if shown { "true" } else { "false" }}>
                    { what }<span class="visually-hidden">{ format!(" of drive {}", drive.serial) }</span>
                </button>
            </div>
            <dl class="facts">
                <dt>{ "Recovery password" }</dt>
                <dd class="mono" data-test="handed-key">
                    if shown { { key } } else {
                        <span aria-hidden="true">{ key }</span><span class="visually-hidden">{ "hidden" }</span>
                    }
                </dd>
                <dt>{ "MD5 of its manifest" }</dt>
                <dd class="mono">{ &drive.manifest_hash }</dd>
            </dl>
        </li>
    }
}
