//! Where it should arrive, and the choices that most people leave as they are.

use shared::api::SurfaceCheck;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::edit;
use crate::app::Context;
use crate::draft::Draft;
use crate::state::Action;

pub(super) fn destination_panel(page: &Context) -> Html {
    let draft = &page.state.draft;
    let fault = draft.destination_fault();
    let session_fault = draft.session_fault();
    let set_container = edit(page, |draft, text| draft.container = text);
    let set_prefix = edit(page, |draft, text| draft.prefix = text);
    let set_session = edit(page, |draft, text| draft.session = text);
    let preview = if draft.container.trim().is_empty() {
        "A container of your storage account, and if you like what blob names begin with."
            .to_owned()
    } else {
        format!(
            "The file a/b.mov becomes the blob {}a/b.mov",
            draft.destination()
        )
    };
    html! {
        <section class="panel stack" aria-labelledby="destination-title">
            <h2 id="destination-title">{ "Where should it arrive?" }</h2>
            <div class="fields">
                { text_field("container", "Container", &draft.container, "film", fault.as_deref(), set_container) }
                { text_field("prefix", "Prefix (optional)", &draft.prefix, "reels", None, set_prefix) }
            </div>
            <p class="hint" id="destination-preview">{ preview }</p>
            <details id="more-choices">
                <summary>{ "More choices" }</summary>
                <div class="fields">
                    { text_field("session", "Session", &draft.session, "reels-1", session_fault.as_deref(), set_session) }
                    { cipher_field(page) }
                    { check_field(page) }
                </div>
                { content_md5(page) }
                if page.state.creator.is_some() {
                    { hash_list(page) }
                }
            </details>
        </section>
    }
}

fn text_field(
    id: &'static str,
    label: &'static str,
    value: &str,
    example: &'static str,
    fault: Option<&str>,
    oninput: Callback<InputEvent>,
) -> Html {
    let fault_id = format!("{id}-fault");
    html! {
        <div class="field">
            <label for={id}>{ label }</label>
            <input type="text" {id} value={value.to_owned()} placeholder={example} {oninput}
                spellcheck="false" autocomplete="off"
                autocapitalize="none" aria-invalid={fault.map(|_| "true")}
                aria-describedby={fault.map(|_| fault_id.clone())} />
            if let Some(fault) = fault {
                <span class="field-error" id={fault_id}>{ fault }</span>
            }
        </div>
    }
}

fn cipher_field(page: &Context) -> Html {
    let draft = &page.state.draft;
    let onchange = {
        let page = page.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            page.act(Action::Draft(Draft {
                cipher: select.value(),
                ..page.state.draft.clone()
            }));
        })
    };
    let choices = [
        ("xts-aes-128", "XTS-AES 128 (Windows 10 and later)"),
        ("xts-aes-256", "XTS-AES 256 (Windows 10 and later)"),
        ("cbc-aes-128", "AES-CBC 128 (Windows 7 too)"),
        ("cbc-aes-256", "AES-CBC 256 (Windows 7 too)"),
    ];
    html! {
        <div class="field">
            <label for="cipher">{ "Encryption" }</label>
            <select id="cipher" {onchange}>
                { for choices.into_iter().map(|(value, text)| html! {
                    <option {value} selected={draft.cipher == value}>{ text }</option>
                }) }
            </select>
        </div>
    }
}

/// How each drive is tried before it is filled; what the check finds stands on the Run page.
fn check_field(page: &Context) -> Html {
    let chosen = page.state.draft.check;
    let choices = [
        (
            "quick",
            "Quick: places all over it, seconds",
            SurfaceCheck::Quick,
        ),
        ("full", "Full: every sector, hours", SurfaceCheck::Full),
        ("none", "None", SurfaceCheck::None),
    ];
    let onchange = {
        let page = page.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let value = select.value();
            if let Some((.., check)) = choices.into_iter().find(|(name, ..)| *name == value) {
                page.act(Action::Draft(Draft {
                    check,
                    ..page.state.draft.clone()
                }));
            }
        })
    };
    html! {
        <div class="field">
            <label for="check-drives">{ "Check before filling" }</label>
            <select id="check-drives" {onchange}>
                { for choices.into_iter().map(|(value, text, check)| html! {
                    <option {value} selected={chosen == check}>{ text }</option>
                }) }
            </select>
        </div>
    }
}

fn content_md5(page: &Context) -> Html {
    let Draft {
        content_md5, mhl, ..
    } = page.state.draft;
    let onchange = {
        let page = page.clone();
        Callback::from(move |_: Event| {
            page.act(Action::Draft(Draft {
                content_md5: !content_md5,
                ..page.state.draft.clone()
            }));
        })
    };
    html! {
        <label class="choice">
            <input type="checkbox" id="content-md5" checked={content_md5 || mhl} disabled={mhl} {onchange} />
            <span>{ "Give each blob its Content-MD5 (one small file more for each, on the drive)" }</span>
        </label>
    }
}

/// A list that travels with the drive; the MD5 of a whole file is the one that its blob gets.
fn hash_list(page: &Context) -> Html {
    let checked = page.state.draft.mhl;
    let onchange = {
        let page = page.clone();
        Callback::from(move |_: Event| {
            page.act(Action::Draft(Draft {
                mhl: !checked,
                ..page.state.draft.clone()
            }));
        })
    };
    html! {
        <label class="choice">
            <input type="checkbox" id="hash-list" {checked} {onchange} />
            <span>
                { "Put a hash list onto each drive (ASC MHL), as film sets and labs check footage with; each blob gets its Content-MD5 too" }
            </span>
        </label>
    }
}
