//! Folders of the originals, which are read where a log alone proves nothing: typed, or chosen step by step.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::FolderChooser;
use super::storage_panel::focus_soon;
use crate::app::{Context, use_page};
use crate::state::Action;
use crate::state::storage::Turn;

/// One field a folder.
#[component]
pub fn StorageOriginals() -> Html {
    let page = use_page();
    // The field that a folder is chosen for.
    let choosing = use_state_eq(|| Option::<usize>::None);
    let fields = page.state.storage.originals.fields();
    let on_more = {
        let (page, next) = (page.clone(), fields.len());
        Callback::from(move |_: MouseEvent| {
            act(&page, Turn::MoreOriginals);
            focus_soon(field_id(next));
        })
    };
    let on_done = {
        let choosing = choosing.clone();
        Callback::from(move |()| choosing.set(None))
    };
    html! {
        <fieldset class="stack" id="storage-originals" aria-describedby="storage-originals-hint">
            <legend class="label">{ "Folders of the originals" }</legend>
            { for fields.iter().enumerate().map(|(place, folder)| field(&page, place, folder, &choosing)) }
            <p class="hint" id="storage-originals-hint">{ "On the agent's machine. They are read where a copy log has only the \
                CRC-64 of a file; without a log they prove nothing." }</p>
            <p><button type="button" id="storage-more-originals" onclick={on_more}>{ "Add a folder" }</button></p>
            if let Some(place) = *choosing {
                <FolderChooser title="Choose a folder of the originals" {on_done}
                    start={fields.get(place).cloned().unwrap_or_default()} on_take={into(&page, place)} />
            }
        </fieldset>
    }
}

fn field(
    page: &Context,
    place: usize,
    folder: &str,
    choosing: &UseStateHandle<Option<usize>>,
) -> Html {
    let number = place.saturating_add(1);
    let id = field_id(place);
    let oninput = {
        let into = into(page, place);
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            into.emit(input.value());
        })
    };
    let browse = {
        let choosing = choosing.clone();
        Callback::from(move |_: MouseEvent| choosing.set(Some(place)))
    };
    let remove = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| {
            act(&page, Turn::FewerOriginals(place));
            // What had the focus is gone.
            focus_soon(field_id(place.saturating_sub(1)));
        })
    };
    let several = page.state.storage.originals.fields().len() > 1;
    html! {
        <div class="with-buttons" key={place}>
            <input type="text" id={id.clone()} class="mono" value={folder.to_owned()} {oninput} spellcheck="false"
                placeholder="/data/footage" autocomplete="off" autocapitalize="none"
                aria-label={format!("Folder {number} of the originals")} />
            <button type="button" id={format!("{id}-browse")} onclick={browse}
                aria-label={format!("Browse for folder {number}")}>{ "Browse" }</button>
            if several {
                <button type="button" class="plain" id={format!("{id}-remove")} onclick={remove}
                    aria-label={format!("Remove folder {number}")}>{ "Remove" }</button>
            }
        </div>
    }
}

fn field_id(place: usize) -> String {
    format!("storage-original-{}", place.saturating_add(1))
}

fn into(page: &Context, place: usize) -> Callback<String> {
    let page = page.clone();
    Callback::from(move |folder: String| act(&page, Turn::Original(place, folder)))
}

fn act(page: &Context, turn: Turn) {
    page.act(Action::Storage(Box::new(turn)));
}
