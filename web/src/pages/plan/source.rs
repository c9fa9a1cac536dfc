//! What should travel: a folder through the agent, or a listing.

use web_sys::File;
use yew::prelude::*;

use super::edit;
use crate::app::Context;
use crate::draft::{Draft, Onto};
use crate::listed::Listed;
use crate::parts::{DropZone, Trouble};
use crate::state::{Action, Origin, Source};
use crate::words;

pub(super) fn source_panel(page: &Context, choosing: &UseStateHandle<bool>) -> Html {
    let state = &page.state;
    let connected = state.is_connected();
    let hint = if connected {
        "A folder of the machine where the agent runs."
    } else {
        "Reading a folder needs the agent; a listing does not."
    };
    let set_folder = edit(page, |draft, folder| draft.folder = folder);
    let browse = {
        let choosing = choosing.clone();
        Callback::from(move |_: MouseEvent| choosing.set(true))
    };
    let scan = {
        let page = page.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let folder = page.state.draft.folder.trim();
            if !folder.is_empty() {
                page.effects
                    .scan(folder.to_owned(), page.state.draft.other_file_systems);
            }
        })
    };
    let sample = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| {
            page.act(Action::Draft(Draft {
                onto: Onto::WhatIf,
                size: "16 TB".to_owned(),
                ..page.state.draft.clone()
            }));
            page.effects.open_sample();
        })
    };
    let on_files = {
        let page = page.clone();
        Callback::from(move |files: Vec<File>| {
            if let Some(file) = files.into_iter().next() {
                let other_file_systems = page.state.draft.other_file_systems;
                page.effects.read_listing(file, other_file_systems);
            }
        })
    };
    html! {
        <section class="panel stack" aria-labelledby="source-title">
            <h2 id="source-title">{ "What should travel?" }</h2>
            <form onsubmit={scan} class="field">
                <label for="source-folder">{ "Source folder" }</label>
                <div class="with-buttons">
                    <input type="text" id="source-folder" class="mono"
                        value={state.draft.folder.clone()} oninput={set_folder}
                        disabled={!connected}
                        placeholder="/data/footage" spellcheck="false" autocomplete="off"
                        aria-describedby="source-hint" />
                    <button type="button" id="browse" disabled={!connected} onclick={browse}>
                        { "Browse" }
                    </button>
                    <button type="submit" id="scan"
                        disabled={!connected || state.draft.folder.trim().is_empty()}>
                        { "Scan" }
                    </button>
                </div>
                <span class="hint" id="source-hint">
                    { hint }
                </span>
                { other_file_systems(page, connected) }
            </form>
            <DropZone id="listing-file" accept=".argosy-scan,.csv,text/csv,text/plain" {on_files}
                button="Choose a listing"
                hint="or drop one here: a scan that argosy scan --out saved, a dataset.csv, or a CSV of path,bytes" />
            <div class="field">
                <p class="hint" id="sample-hint">
                    { "Nothing at hand? A film of 200 TB, made up: 40 camera rolls, proxies, sound and plates." }
                </p>
                <p>
                    <button type="button" id="open-sample" aria-describedby="sample-hint"
                        onclick={sample}>
                        { "Plan the sample film" }
                    </button>
                </p>
            </div>
            { source_state(&state.source) }
        </section>
    }
}

/// Whether what is mounted below the folder travels too. What was scanned, or is being, is scanned anew when that changes.
fn other_file_systems(page: &Context, connected: bool) -> Html {
    let checked = page.state.draft.other_file_systems;
    let onchange = {
        let page = page.clone();
        Callback::from(move |_: Event| {
            page.act(Action::Draft(Draft {
                other_file_systems: !checked,
                ..page.state.draft.clone()
            }));
            let folder = match &page.state.source {
                Source::Ready {
                    origin: Origin::Folder(folder),
                    ..
                } => folder,
                Source::Reading { name, .. } if name == page.state.draft.folder.trim() => name,
                _ => return,
            };
            page.effects.scan(folder.clone(), !checked);
        })
    };
    html! {
        <label class="choice">
            <input type="checkbox" id="other-file-systems" {checked} disabled={!connected} {onchange} />
            <span>{ "Also what other file systems hold that are mounted below it" }</span>
        </label>
    }
}

fn source_state(source: &Source) -> Html {
    match source {
        Source::Nothing => html! {},
        Source::Reading { name, counts, .. } if counts.files == 0 => {
            html! { <p id="source-reading">{ format!("Reading {name}.") }</p> }
        }
        Source::Reading {
            name,
            counts,
            folders_left,
        } => {
            let files = words::counted(counts.files, "file", "files");
            let size = words::size(counts.bytes);
            let left = match folders_left {
                0 => String::new(),
                left => format!(
                    ", {} to go through",
                    words::counted(*left, "folder", "folders")
                ),
            };
            html! { <p id="source-reading">{ format!("Reading {name}: {files}, {size} so far{left}.") }</p> }
        }
        Source::Ready { origin, listed, .. } => summary(origin, listed),
        Source::Failed(error) => html! { <Trouble error={error.clone()} id="source-failed" /> },
    }
}

fn summary(origin: &Origin, listed: &Listed) -> Html {
    let (Origin::Folder(name) | Origin::File(name)) = origin;
    html! {
        <p class="figures" id="source-summary">
            <b data-test="source-files">{ words::counted(listed.files, "file", "files") }</b>
            <b data-test="source-bytes">{ words::size(listed.bytes) }</b>
            if listed.folders > 0 {
                <span>{ words::counted(listed.folders, "folder", "folders") }</span>
            }
            <span class="quiet">{ "in " }<span class="mono">{ name }</span></span>
        </p>
    }
}

/// Says in red what cannot be read, and asks whether it may stay behind.
pub(super) fn unreadable(page: &Context) -> Html {
    let Source::Ready { listed, .. } = &page.state.source else {
        return html! {};
    };
    let counts = listed.unreadable;
    if counts.is_none() {
        return html! {};
    }
    let what = format!(
        "{} cannot be read by the person who runs the agent.",
        counts.words(words::size)
    );
    let checked = page.state.draft.leave_unreadable;
    let onchange = {
        let page = page.clone();
        Callback::from(move |_: Event| {
            page.act(Action::Draft(Draft {
                leave_unreadable: !checked,
                ..page.state.draft.clone()
            }));
        })
    };
    html! {
        <div class="message" data-tone="bad" role="alert" id="unreadable">
            <p class="title">{ what }</p>
            <p>{ "Without a word from you no drive is erased. To read everything: sudo argosy serve --read-as root." }</p>
            <label class="choice">
                <input type="checkbox" id="leave-unreadable" {checked} {onchange} />
                <span>{ "They stay behind, and are named in the journal" }</span>
            </label>
        </div>
    }
}

pub(super) fn scan_notes(source: &Source) -> Html {
    let Source::Ready { listed, .. } = source else {
        return html! {};
    };
    if listed.notes.is_empty() && listed.left_out_count == 0 {
        return html! {};
    }
    let stay = words::counted(listed.left_out_count, "entry does", "entries do");
    let named = u64::try_from(listed.left_out.len()).unwrap_or(u64::MAX);
    html! {
        <section class="note stack" id="scan-notes" aria-labelledby="scan-notes-title">
            <h2 id="scan-notes-title">{ "Found while scanning" }</h2>
            { for listed.notes.iter().map(|note| html! { <p>{ note }</p> }) }
            if listed.left_out_count > 0 {
                <details>
                    <summary>{ format!("{stay} not travel") }</summary>
                    <ul class="stack small">
                        { for listed.left_out.iter().map(|left| html! {
                            <li><span class="mono">
                                { &left.path }</span>{ format!(": {}", left.reason.text()) }
                            </li>
                        }) }
                    </ul>
                    if listed.left_out_count > named {
                        <p class="quiet">
                            { format!("and {} more", words::count(listed.left_out_count.saturating_sub(named))) }
                        </p>
                    }
                </details>
            }
        </section>
    }
}
