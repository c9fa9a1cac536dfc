//! The comparison of everything that was prepared with a storage account: asked for here, made by the agent.

use gloo::timers::callback::Timeout;
use shared::api::{Secret, StorageQuestion, StorageRequest};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::prelude::*;

use super::{StorageAnswer, StorageFields};
use crate::app::{Context, use_page};
use crate::state::State;
use crate::state::storage::{Opener, command};

/// A field that cannot stay as it is: its id, and why.
pub(super) type Fault = (&'static str, &'static str);

/// The panel.
#[component]
pub fn StoragePanel() -> Html {
    let page = use_page();
    let fault = use_state_eq(|| Option::<Fault>::None);
    let secret = use_node_ref();
    let comparing = page.state.storage.is_comparing();
    let onsubmit = {
        let (page, fault, secret) = (page.clone(), fault.clone(), secret.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if page.state.storage.is_comparing() {
                return;
            }
            match request(&page.state, &secret) {
                Ok(request) => {
                    fault.set(None);
                    page.effects.compare_storage(request);
                }
                Err(wrong) => {
                    focus_soon(wrong.0);
                    fault.set(Some(wrong));
                }
            }
        })
    };
    let on_stop = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| page.effects.stop_comparing())
    };
    html! {
        <section class="panel stack" id="storage" aria-labelledby="storage-title">
            <h2 id="storage-title">{ "Is all of it in storage?" }</h2>
            <p class="quiet">{ "Every file that was prepared, by the journals of the whole job, is compared with what the \
                storage account has, and one verdict is given. Nothing is changed anywhere." }</p>
            if page.state.is_connected() {
                <form class="stack" {onsubmit} novalidate=true autocomplete="off">
                    <StorageFields fault={*fault} {secret} />
                    <p class="actions">
                        <button type="submit" class="primary" id="storage-compare"
                            aria-disabled={comparing.then_some("true")}>
                            { if comparing { "Comparing" } else { "Compare" } }
                        </button>
                        if comparing {
                            <button type="button" id="storage-stop" onclick={on_stop}>{ "Stop" }</button>
                        }
                    </p>
                </form>
            } else {
                { without_agent(&page) }
            }
            <StorageAnswer />
        </section>
    }
}

/// What to do where there is no agent to speak to the account.
fn without_agent(page: &Context) -> Html {
    let line = command(&page.state.checks);
    let on_copy = {
        let (page, line) = (page.clone(), line.clone());
        Callback::from(move |_: MouseEvent| {
            page.effects
                .copy_text(line.clone(), "The command is copied.".to_owned());
        })
    };
    html! {
        <>
            <p id="storage-no-agent">{ "This needs the agent: the page alone speaks to no storage account, and what was \
                prepared is in the plan and the side files beside the journals. The same on a command line, where those are:" }</p>
            <p><code class="command" id="storage-command">{ line }</code></p>
            <p class="actions">
                <button type="button" id="storage-copy" onclick={on_copy}>{ "Copy the command" }</button>
            </p>
            <p class="hint">{ "The file sas.txt holds a shared access signature; for a token of Microsoft Entra it is \
                --token-file. Before the drives travel, add --before-shipping: that lists what is already where they go." }</p>
        </>
    }
}

/// Returns what the agent is asked; the field of what opens the account is empty then.
fn request(state: &State, secret: &NodeRef) -> Result<StorageRequest, Fault> {
    let storage = &state.storage;
    let (folder, session) = match storage.job(&state.jobs, &state.checks) {
        Some(job) => (job.journal_dir.clone(), job.session.clone()),
        None => (
            storage.folder.trim().to_owned(),
            storage.session_in_folder(&state.checks).trim().to_owned(),
        ),
    };
    if session.is_empty() {
        return Err(("storage-session", "Type the name of the session."));
    }
    if folder.is_empty() {
        return Err(("storage-folder", "Name the folder that has the journals."));
    }
    let store = storage.store.trim();
    if store.is_empty() {
        return Err(("storage-account", "Type the account's address."));
    }
    let field = secret.cast::<HtmlInputElement>();
    let word = field.as_ref().map(HtmlInputElement::value);
    let word = word.filter(|word| !word.trim().is_empty());
    let word = word.ok_or(match storage.opener {
        Opener::Signature => ("storage-signature", "Paste a shared access signature."),
        Opener::Token => ("storage-token", "Paste an access token."),
    })?;
    if let Some(field) = field {
        field.set_value("");
    }
    let question = if storage.before_shipping {
        StorageQuestion::InTheWay
    } else {
        StorageQuestion::Arrived {
            read_back: storage.read_back,
            logs: storage.logs.to_vec(),
            originals: storage.originals.folders(),
        }
    };
    let word = Some(Secret::new(word));
    let (signature, token) = match storage.opener {
        Opener::Signature => (word, None),
        Opener::Token => (None, word),
    };
    Ok(StorageRequest {
        folder,
        session,
        store: store.to_owned(),
        signature,
        token,
        question,
    })
}

/// Gives a field the focus, once it was drawn.
pub(super) fn focus_soon(id: impl Into<String>) {
    let id = id.into();
    Timeout::new(0, move || {
        if let Some(field) = gloo::utils::document().get_element_by_id(&id) {
            // What cannot be focused is still marked.
            let _ = field.unchecked_into::<HtmlElement>().focus();
        }
    })
    .forget();
}
