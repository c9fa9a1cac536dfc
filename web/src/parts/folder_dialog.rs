//! Choosing a folder of the agent's machine: step in, step out, take it.

use shared::api::{ApiError, FolderEntry, FoldersReply};
use yew::prelude::*;

use super::{Modal, Trouble};
use crate::words;

/// Properties of [`FolderDialog`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// What it asks for.
    pub title: AttrValue,
    /// Where it begins; empty for home.
    pub start: AttrValue,
    /// What was found last; none while it is asked for.
    pub found: Option<Result<FoldersReply, ApiError>>,
    /// The person steps into a folder: its path.
    pub on_step: Callback<Option<String>>,
    /// The person takes a folder.
    pub on_take: Callback<String>,
    /// The person leaves it.
    pub on_leave: Callback<()>,
}

/// The dialog.
#[component]
pub fn FolderDialog(props: &Props) -> Html {
    {
        let (on_step, start) = (props.on_step.clone(), props.start.clone());
        use_effect_with((), move |()| {
            on_step.emit(Some(start.to_string()).filter(|start| !start.is_empty()));
        });
    }
    let leave = {
        let on_leave = props.on_leave.clone();
        Callback::from(move |_: MouseEvent| on_leave.emit(()))
    };
    let current = match &props.found {
        Some(Ok(found)) => Some(found),
        _ => None,
    };
    let take = {
        let (on_take, path) = (
            props.on_take.clone(),
            current.map(|found| found.path.clone()),
        );
        Callback::from(move |_: MouseEvent| {
            if let Some(path) = path.clone() {
                on_take.emit(path);
            }
        })
    };
    let buttons = html! {
        <>
            <button type="button" autofocus=true onclick={leave}>{ "Cancel" }</button>
            <button type="button" class="primary" id="folder-take" disabled={current.is_none()}
                onclick={take}>{ "Take this folder" }</button>
        </>
    };
    html! {
        <Modal id="folders" title={props.title.clone()} {buttons}
            on_leave={props.on_leave.clone()}>
            { match &props.found {
                None => html! { <p class="quiet" role="status">{ "Asking the agent." }</p> },
                Some(Err(error)) => html! {
                    <>
                        <Trouble error={error.clone()} />
                        <button type="button" onclick={step(&props.on_step, None)}>
                            { "Begin at home" }
                        </button>
                    </>
                },
                Some(Ok(found)) => view(found, &props.on_step),
            } }
        </Modal>
    }
}

fn view(found: &FoldersReply, on_step: &Callback<Option<String>>) -> Html {
    let up = found.parent.clone();
    let folders = u64::try_from(found.folders.len()).unwrap_or(u64::MAX);
    let holds = format!(
        "{} and {} in it",
        words::counted(folders, "folder", "folders"),
        words::counted(found.files, "file", "files")
    );
    html! {
        <>
            <p class="actions places">
                { for found.places.iter().map(|place| html! {
                    <button type="button" class="plain"
                        onclick={step(on_step, Some(place.path.clone()))}>{ &place.name }</button>
                }) }
            </p>
            <p><span class="crumb" id="folder-path">
                { &found.path }</span><br /><span class="quiet small">{ holds }</span>
            </p>
            <ul class="folders" aria-label="Folders">
                if up.is_some() {
                    <li><button type="button" data-test="folder-up" onclick={step(on_step, up)}>
                        { ".. up" }</button>
                    </li>
                }
                { for found.folders.iter().map(|folder| entry(folder, on_step)) }
            </ul>
        </>
    }
}

fn entry(folder: &FolderEntry, on_step: &Callback<Option<String>>) -> Html {
    let text = if folder.readable {
        folder.name.clone()
    } else {
        format!("{} (may not be read)", folder.name)
    };
    html! {
        <li key={folder.path.clone()}>
            <button type="button" data-test="folder" disabled={!folder.readable}
                onclick={step(on_step, Some(folder.path.clone()))}>{ text }</button>
        </li>
    }
}

fn step(on_step: &Callback<Option<String>>, path: Option<String>) -> Callback<MouseEvent> {
    let on_step = on_step.clone();
    Callback::from(move |_| on_step.emit(path.clone()))
}
