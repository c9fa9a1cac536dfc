//! What drives are copied home with: which drives, their keys, where to, and under which names.

use shared::api::{Drive, ReceiveNames};
use web_sys::{File, HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

use super::drive_card::holds;
use super::storage_panel::Fault;
use super::{DropZone, FolderChooser, Serial, Trouble};
use crate::app::{Context, use_page};
use crate::state::homecoming::{Turn, may_be_received};
use crate::state::{Action, Drives};
use crate::words;

/// Properties of [`HomecomingFields`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The field that cannot stay as it is.
    pub fault: Option<Fault>,
    /// The field of the keys: nothing but the browser holds what is in it.
    pub keys: NodeRef,
}

/// The fields.
#[component]
pub fn HomecomingFields(props: &Props) -> Html {
    let page = use_page();
    html! {
        <>
            { drives(&page, props) }
            { keys(&page, props) }
            <Destination fault={props.fault} />
            <fieldset class="stack">
                <legend class="label">{ "What are files called?" }</legend>
                { names(&page, ReceiveNames::Blobs, "homecoming-as-blobs", "As their blobs are called",
                    "CONTAINER/NAME, by the manifest of each drive. What is no blob goes into the folder .argosy.") }
                { names(&page, ReceiveNames::Drive, "homecoming-as-drive", "As they are called on the drive",
                    "The folders of each drive, side by side.") }
            </fieldset>
        </>
    }
}

fn drives(page: &Context, props: &Props) -> Html {
    let look_again = {
        let effects = page.effects.clone();
        Callback::from(move |_: MouseEvent| effects.refresh_drives())
    };
    let all = page.state.drive_list();
    let offered: Vec<&Drive> = all.iter().filter(|drive| may_be_received(drive)).collect();
    let others = u64::try_from(all.len().saturating_sub(offered.len())).unwrap_or(u64::MAX);
    let on_all = {
        let page = page.clone();
        let paths: Vec<String> = offered.iter().map(|drive| drive.path.clone()).collect();
        Callback::from(move |_: MouseEvent| act(&page, Turn::PickAll(paths.clone())))
    };
    html! {
        <fieldset class="stack" id="homecoming-drives">
            <legend class="label">{ "Which drives?" }</legend>
            { match &page.state.drives {
                Drives::Failed(error) => html! { <Trouble error={error.clone()} /> },
                Drives::Unknown | Drives::Looking => html! { <p class="quiet">{ "Looking at the drives." }</p> },
                Drives::Seen(_) if offered.is_empty() => html! {
                    <p id="homecoming-no-drives">{ "No drive with BitLocker or NTFS is attached. An image is offered too when \
                        the agent knows it: " }<code>{ "argosy serve --drive drive.img" }</code></p>
                },
                Drives::Seen(_) => html! {
                    <ul>{ for (1_u32..).zip(&offered).map(|(number, drive)| choice(page, props, number, drive)) }</ul>
                },
            } }
            if others > 0 {
                <p class="hint">{ format!("{} not offered: neither BitLocker nor NTFS.",
                    words::counted(others, "drive is", "drives are")) }</p>
            }
            { told(props, "homecoming-drive-1") }
            { told(props, "homecoming-refresh") }
            <p class="buttons">
                if offered.len() > 1 {
                    <button type="button" id="homecoming-all" onclick={on_all}>{ "Choose all" }</button>
                }
                <button type="button" id="homecoming-refresh" onclick={look_again}>{ "Look at the drives again" }</button>
            </p>
        </fieldset>
    }
}

fn choice(page: &Context, props: &Props, number: u32, drive: &Drive) -> Html {
    let id = format!("homecoming-drive-{number}");
    let is_wrong = props.fault.is_some_and(|(field, _)| field == id);
    let checked = page.state.homecoming.is_picked(drive);
    let onchange = {
        let (page, path) = (page.clone(), drive.path.clone());
        Callback::from(move |_: Event| act(&page, Turn::Pick(path.clone(), !checked)))
    };
    html! {
        <li key={drive.path.clone()}>
            <label class="choice">
                <input type="checkbox" {id} {checked} {onchange} data-test="homecoming-drive"
                    data-serial={drive.serial.clone()} aria-invalid={is_wrong.then_some("true")}
                    aria-describedby={is_wrong.then_some("homecoming-drive-1-fault")} />
                <span>
                    if drive.serial.is_empty() {
                        { "Without a serial" }
                    } else {
                        <Serial serial={drive.serial.clone()} />
                    }
                    { format!(", {}", words::size(drive.bytes)) }
                    <span class="hint">{ format!(": {}. ", holds(drive)) }<span class="mono">{ &drive.path }</span></span>
                </span>
            </label>
        </li>
    }
}

/// The covered field, and a place for a file.
fn keys(page: &Context, props: &Props) -> Html {
    let home = &page.state.homecoming;
    let on_files = {
        let (page, keys) = (page.clone(), props.keys.clone());
        Callback::from(move |files: Vec<File>| {
            let file = files.into_iter().next();
            if let (Some(file), Some(field)) = (file, keys.cast::<HtmlTextAreaElement>()) {
                page.effects.take_keys_file(file, field);
            }
        })
    };
    // What is typed then is no file's any more.
    let oninput = {
        let page = page.clone();
        Callback::from(move |_: InputEvent| act(&page, Turn::Keys(Ok(String::new()))))
    };
    let is_wrong = is_wrong(props, "homecoming-keys");
    let described = if is_wrong {
        "homecoming-keys-fault"
    } else {
        "homecoming-keys-hint"
    };
    html! {
        <>
            <div class="field">
                <label for="homecoming-keys">{ "Their keys" }</label>
                <textarea id="homecoming-keys" class="mono covered" rows="3" ref={props.keys.clone()} {oninput} autocomplete="off"
                    spellcheck="false" autocapitalize="none" aria-invalid={is_wrong.then_some("true")}
                    aria-describedby={described} />
                { told(props, "homecoming-keys") }
                <span class="hint" id="homecoming-keys-hint">{ "Lines of SERIAL KEY, a recovery password alone, or what the \
                    service lists. They are covered, the agent has them for this one time, and nothing keeps them." }</span>
            </div>
            <DropZone id="homecoming-key-file" {on_files} button="Choose a keys file"
                hint="or drop it here: what az import-export bit-locker-key list printed, or lines of text." />
            if !home.untaken.is_empty() {
                <p class="field-error" id="homecoming-keys-untaken" role="alert">{ &home.untaken }</p>
            } else if !home.keys_from.is_empty() {
                <p class="small" id="homecoming-keys-taken" role="status">{ "The keys are those of " }
                    <span class="mono">{ &home.keys_from }</span>{ "." }</p>
            }
        </>
    }
}

/// Properties of [`Destination`].
#[derive(Properties, PartialEq)]
struct DestinationProps {
    fault: Option<Fault>,
}

/// Where everything goes.
#[component]
fn Destination(props: &DestinationProps) -> Html {
    let page = use_page();
    let choosing = use_state_eq(|| false);
    let set_choosing = |value: bool| {
        let choosing = choosing.clone();
        move || choosing.set(value)
    };
    let browse = {
        let open = set_choosing(true);
        Callback::from(move |_: MouseEvent| open())
    };
    let on_done = {
        let close = set_choosing(false);
        Callback::from(move |()| close())
    };
    let on_take = {
        let page = page.clone();
        Callback::from(move |folder: String| act(&page, Turn::To(folder)))
    };
    let oninput = {
        let page = page.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            act(&page, Turn::To(input.value()));
        })
    };
    let fault = props.fault.filter(|(field, _)| *field == "homecoming-to");
    let to = page.state.homecoming.to.clone();
    let described = if fault.is_some() {
        "homecoming-to-fault"
    } else {
        "homecoming-to-hint"
    };
    html! {
        <div class="field">
            <label for="homecoming-to">{ "Where to" }</label>
            <div class="with-buttons">
                <input type="text" id="homecoming-to" class="mono" value={to.clone()} {oninput} placeholder="/data/back"
                    spellcheck="false" autocomplete="off" autocapitalize="none"
                    aria-invalid={fault.map(|_| "true")} aria-describedby={described} />
                <button type="button" id="homecoming-browse" onclick={browse}>{ "Browse" }</button>
            </div>
            if let Some((_, why)) = fault {
                <span class="field-error" id="homecoming-to-fault">{ why }</span>
            }
            <span class="hint" id="homecoming-to-hint">{ "A folder of the agent's machine; it is made when it is not there." }</span>
            if *choosing {
                <FolderChooser title="Choose where everything goes" start={to} {on_take} {on_done} />
            }
        </div>
    }
}

fn names(page: &Context, names: ReceiveNames, id: &'static str, title: &str, about: &str) -> Html {
    let onchange = {
        let page = page.clone();
        Callback::from(move |_: Event| act(&page, Turn::Names(names)))
    };
    let about_id = format!("{id}-about");
    html! {
        <div>
            <label class="choice">
                <input type="radio" name="homecoming-names" {id} {onchange}
                    checked={page.state.homecoming.names == names} aria-describedby={about_id.clone()} />
                <span>{ title }</span>
            </label>
            <p class="hint indent" id={about_id}>{ about }</p>
        </div>
    }
}

fn is_wrong(props: &Props, id: &'static str) -> bool {
    props.fault.is_some_and(|(field, _)| field == id)
}

/// The fault of a field, beside it.
fn told(props: &Props, id: &'static str) -> Html {
    match props.fault {
        Some((field, why)) if field == id => html! {
            <span class="field-error" id={format!("{id}-fault")}>{ why }</span>
        },
        _ => html! {},
    }
}

fn act(page: &Context, turn: Turn) {
    page.act(Action::Homecoming(Box::new(turn)));
}
