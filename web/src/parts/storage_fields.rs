//! What a comparison with a storage account is asked with: which journals, which account, and what opens it.

use shared::api::JobSnapshot;
use web_sys::{File, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::storage_panel::Fault;
use super::{DropZone, FolderChooser, StorageOriginals};
use crate::app::{Context, use_page};
use crate::state::Action;
use crate::state::storage::{Opener, Turn, Whose, ended};
use crate::words;

/// Properties of [`StorageFields`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The field that cannot stay as it is.
    pub fault: Option<Fault>,
    /// The field of what opens the account: nothing but the browser holds what is in it.
    pub secret: NodeRef,
}

/// The fields.
#[component]
pub fn StorageFields(props: &Props) -> Html {
    let page = use_page();
    let choosing = use_state_eq(|| false);
    let state = &page.state;
    let job = state.storage.job(&state.jobs, &state.checks);
    let on_take = turn(&page, Turn::Folder);
    let on_done = {
        let choosing = choosing.clone();
        Callback::from(move |()| choosing.set(false))
    };
    html! {
        <>
            <fieldset class="stack">
                <legend class="label">{ "What is asked?" }</legend>
                { question(&page, false, "storage-arrived", "Is all of it there?",
                    "Once the service has imported the drives: what is missing, different, or there by name and size only.") }
                { question(&page, true, "storage-before", "Is anything in its way?",
                    "Before the drives travel: blobs that are already where these files go. Today's service overwrites them.") }
            </fieldset>
            { whose(&page, job) }
            if job.is_none() {
                { folder(&page, props, &choosing) }
            }
            { account(&page, props) }
            if !state.storage.before_shipping {
                { proofs(&page) }
            }
            if *choosing {
                <FolderChooser title="Choose the folder with the journals" start={state.storage.folder.clone()}
                    {on_take} {on_done} />
            }
        </>
    }
}

fn question(page: &Context, before: bool, id: &'static str, title: &str, about: &str) -> Html {
    let onchange = {
        let page = page.clone();
        Callback::from(move |_: Event| act(&page, Turn::BeforeShipping(before)))
    };
    let about_id = format!("{id}-about");
    html! {
        <div>
            <label class="choice">
                <input type="radio" name="storage-question" {id} {onchange}
                    checked={page.state.storage.before_shipping == before} aria-describedby={about_id.clone()} />
                <span>{ title }</span>
            </label>
            <p class="hint indent" id={about_id}>{ about }</p>
        </div>
    }
}

/// Which journals: those of a job of the agent, or of a folder.
fn whose(page: &Context, chosen: Option<&JobSnapshot>) -> Html {
    let jobs: Vec<&JobSnapshot> = ended(&page.state.jobs).collect();
    if jobs.is_empty() {
        return html! {};
    }
    let onchange = {
        let page = page.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let whose = match select.value() {
                id if id.is_empty() => Whose::Folder,
                id => Whose::Job(id),
            };
            act(&page, Turn::Whose(whose));
        })
    };
    html! {
        <div class="field">
            <label for="storage-job">{ "Whose journals?" }</label>
            <select id="storage-job" {onchange}>
                { for jobs.into_iter().map(|job| html! {
                    <option value={job.id.clone()} selected={chosen.is_some_and(|chosen| chosen.id == job.id)}>
                        { title(job) }
                    </option>
                }) }
                <option value="" selected={chosen.is_none()}>{ "Those of another session, in a folder" }</option>
            </select>
        </div>
    }
}

fn title(job: &JobSnapshot) -> String {
    let drives = u64::try_from(job.drives.len()).unwrap_or(u64::MAX);
    let drives = words::counted(drives, "drive", "drives");
    format!("{}: {drives} to {}", job.session, job.destination)
}

fn folder(page: &Context, props: &Props, choosing: &UseStateHandle<bool>) -> Html {
    let storage = &page.state.storage;
    let session = storage.session_in_folder(&page.state.checks);
    let browse = {
        let choosing = choosing.clone();
        Callback::from(move |_: MouseEvent| choosing.set(true))
    };
    html! {
        <div class="fields">
            <div class="field short">
                <label for="storage-session">{ "Session" }</label>
                { input(page, props, "storage-session", session, "reel-1", Turn::Session) }
                { told(props, "storage-session") }
            </div>
            <div class="field">
                <label for="storage-folder">{ "Folder of its journals" }</label>
                <div class="with-buttons">
                    { input(page, props, "storage-folder", storage.folder.clone(), "/home/me/journals", Turn::Folder) }
                    <button type="button" id="storage-browse" onclick={browse}>{ "Browse" }</button>
                </div>
                { told(props, "storage-folder") }
                <span class="hint">{ "On the agent's machine; the plan and the side files are beside the journals." }</span>
            </div>
        </div>
    }
}

fn account(page: &Context, props: &Props) -> Html {
    let store = page.state.storage.store.clone();
    let example = "https://ACCOUNT.blob.core.windows.net";
    html! {
        <>
            <div class="field">
                <label for="storage-account">{ "Storage account" }</label>
                { input(page, props, "storage-account", store, example, Turn::Store) }
                { told(props, "storage-account") }
            </div>
            <div class="fields">
                { opener(page) }
                { secret(page, props) }
            </div>
        </>
    }
}

/// What opens the account: which sort of it.
fn opener(page: &Context) -> Html {
    let chosen = page.state.storage.opener;
    let onchange = {
        let page = page.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let opener = match select.value().as_str() {
                "token" => Opener::Token,
                _ => Opener::Signature,
            };
            act(&page, Turn::Opener(opener));
        })
    };
    html! {
        <div class="field">
            <label for="storage-opener">{ "Opened with" }</label>
            <select id="storage-opener" {onchange}>
                <option value="signature" selected={chosen == Opener::Signature}>{ "Shared access signature" }</option>
                <option value="token" selected={chosen == Opener::Token}>{ "Microsoft Entra token" }</option>
            </select>
        </div>
    }
}

/// The covered field. Each sort has one of its own, so that no word of the one is taken for the other.
fn secret(page: &Context, props: &Props) -> Html {
    let (id, label, hint) = match page.state.storage.opener {
        Opener::Signature => (
            "storage-signature",
            "Shared access signature",
            html! { "It has to allow listing, and reading where blobs are read back." },
        ),
        Opener::Token => (
            "storage-token",
            "Access token",
            html! {
                <>
                    { "As " }
                    <code class="command">{ "az account get-access-token --resource https://storage.azure.com --query accessToken -o tsv" }</code>
                    { " prints it, for somebody with the role Storage Blob Data Reader. It lasts about an hour, and travels \
                        over https only." }
                </>
            },
        ),
    };
    let is_wrong = props.fault.is_some_and(|(field, _)| field == id);
    let about = format!("{id}-hint");
    let described = if is_wrong {
        format!("{id}-fault")
    } else {
        about.clone()
    };
    html! {
        <div class="field" key={id}>
            <label for={id}>{ label }</label>
            <input type="password" {id} class="mono" ref={props.secret.clone()} autocomplete="off"
                spellcheck="false" aria-invalid={is_wrong.then_some("true")} aria-describedby={described} />
            { told(props, id) }
            <span class="hint" id={about}>{ hint }{ " The agent has it for this one comparison; nothing keeps it." }</span>
        </div>
    }
}

/// What may prove more than the lists of the account do.
fn proofs(page: &Context) -> Html {
    let storage = &page.state.storage;
    let on_files = {
        let page = page.clone();
        Callback::from(move |files: Vec<File>| page.effects.take_storage_logs(files))
    };
    let on_none = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| act(&page, Turn::NoLogs))
    };
    let read_back = storage.read_back;
    let on_read_back = {
        let page = page.clone();
        Callback::from(move |_: Event| act(&page, Turn::ReadBack(!read_back)))
    };
    let names: Vec<&str> = storage.logs.iter().map(|log| log.name.as_str()).collect();
    html! {
        <>
            <DropZone id="storage-logs" accept=".xml,text/xml" multiple=true {on_files} button="Add copy logs"
                hint="or drop them here: the service's verbose, copy and error logs. What they prove need not be read back." />
            if !storage.untaken.is_empty() {
                <p class="field-error" id="storage-untaken" role="alert">{ &storage.untaken }</p>
            }
            if !names.is_empty() {
                <p class="spread" id="storage-logs-taken">
                    <span class="mono small">{ names.join(", ") }</span>
                    <button type="button" class="plain" id="storage-no-logs" onclick={on_none}>{ "Without logs" }</button>
                </p>
            }
            <StorageOriginals />
            <label class="choice">
                <input type="checkbox" id="storage-read-back" checked={read_back} onchange={on_read_back} />
                <span>{ "Read back from storage what its lists do not prove: every byte of it comes over your line" }</span>
            </label>
        </>
    }
}

fn input(
    page: &Context,
    props: &Props,
    id: &'static str,
    value: String,
    example: &'static str,
    into: fn(String) -> Turn,
) -> Html {
    let page = page.clone();
    let oninput = Callback::from(move |event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        act(&page, into(input.value()));
    });
    let is_wrong = props.fault.is_some_and(|(field, _)| field == id);
    html! {
        <input type="text" {id} class="mono" {value} {oninput} placeholder={example} spellcheck="false"
            autocomplete="off" autocapitalize="none" aria-invalid={is_wrong.then_some("true")}
            aria-describedby={is_wrong.then(|| format!("{id}-fault"))} />
    }
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

fn turn<T: 'static>(page: &Context, into: fn(T) -> Turn) -> Callback<T> {
    let page = page.clone();
    Callback::from(move |value: T| act(&page, into(value)))
}

fn act(page: &Context, turn: Turn) {
    page.act(Action::Storage(Box::new(turn)));
}
