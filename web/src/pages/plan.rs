//! Plan: what travels, where to, on which drives; what comes of it is computed here, at once.

use shared::api::{ApiError, FoldersReply};
use web_sys::{File, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::app::{Context, use_page};
use crate::draft::{Draft, Onto, SIZES};
use crate::parts::{
    DropZone, FolderDialog, Message, PageHead, PlanTable, ProblemList, Proven, Stowage, Trouble,
};
use crate::planning::{Listed, PlanView};
use crate::route::Route;
use crate::state::{Action, Origin, Planning, Source};
use crate::{checking::Tone, words};

/// The page.
#[component]
pub fn PlanPage() -> Html {
    let page = use_page();
    let choosing = use_state_eq(|| false);
    let view = page.state.plan.view().cloned();
    let decide = {
        let page = page.clone();
        Callback::from(move |names| {
            page.act(Action::Draft(Draft {
                names: Some(names),
                ..page.state.draft.clone()
            }));
        })
    };
    html! {
        <>
            <PageHead title="Plan" purpose="Say what should travel, where it should arrive and on which drives. Nothing is touched on this page." />
            <div class="columns">
                <div class="column">
                    { source_panel(&page, &choosing) }
                    { destination_panel(&page) }
                    { drives_panel(&page) }
                    { plan_panel(&page) }
                </div>
                <div class="column aside">
                    if let Some(plan) = view {
                        <ProblemList {plan} names={page.state.draft.names} on_decide={decide} />
                    }
                    { scan_notes(&page.state.source) }
                    <Proven />
                </div>
            </div>
            if *choosing {
                <Chooser on_done={let choosing = choosing.clone(); move |()| choosing.set(false)} />
            }
        </>
    }
}

fn source_panel(page: &Context, choosing: &UseStateHandle<bool>) -> Html {
    let state = &page.state;
    let connected = state.is_connected();
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
                page.effects.scan(folder.to_owned());
            }
        })
    };
    let on_files = {
        let effects = page.effects.clone();
        Callback::from(move |files: Vec<File>| {
            if let Some(file) = files.into_iter().next() {
                effects.read_listing(file);
            }
        })
    };
    html! {
        <section class="panel stack" aria-labelledby="source-title">
            <h2 id="source-title">{ "What should travel?" }</h2>
            <form onsubmit={scan} class="field">
                <label for="source-folder">{ "Source folder" }</label>
                <div class="with-buttons">
                    <input type="text" id="source-folder" class="mono" value={state.draft.folder.clone()} oninput={set_folder} disabled={!connected}
                        placeholder="/data/footage" spellcheck="false" autocomplete="off" aria-describedby="source-hint" />
                    <button type="button" id="browse" disabled={!connected} onclick={browse}>{ "Browse" }</button>
                    <button type="submit" id="scan" disabled={!connected || state.draft.folder.trim().is_empty()}>{ "Scan" }</button>
                </div>
                <span class="hint" id="source-hint">
                    { if connected { "A folder of the machine where the agent runs." } else { "Reading a folder needs the agent; a listing does not." } }
                </span>
            </form>
            <DropZone id="listing-file" accept=".csv,text/csv,text/plain" {on_files} button="Choose a listing"
                hint="or drop one here: a CSV of path,bytes" />
            { source_state(&state.source) }
        </section>
    }
}

fn source_state(source: &Source) -> Html {
    match source {
        Source::Nothing => html! {},
        Source::Reading { name, counts } => {
            let found = format!(
                "Reading {name}: {}, {} so far.",
                words::counted(counts.files, "file", "files"),
                words::size(counts.bytes)
            );
            html! { <p id="source-reading">{ found }</p> }
        }
        Source::Ready { origin, listed, .. } => summary(origin, listed),
        Source::Failed(error) => html! { <Trouble error={error.clone()} id="source-failed" /> },
    }
}

fn summary(origin: &Origin, listed: &Listed) -> Html {
    let (Origin::Folder(name) | Origin::File(name)) = origin;
    html! {
        <p class="figures" id="source-summary">
            <b>{ words::counted(listed.files, "file", "files") }</b>
            <b>{ words::size(listed.bytes) }</b>
            if listed.folders > 0 {
                <span>{ words::counted(listed.folders, "folder", "folders") }</span>
            }
            <span class="quiet">{ "in " }<span class="mono">{ name }</span></span>
        </p>
    }
}

fn destination_panel(page: &Context) -> Html {
    let draft = &page.state.draft;
    let fault = draft.destination_fault();
    let session_fault = draft.session_fault();
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
                { text_field("container", "Container", &draft.container, "film", fault.as_deref(), edit(page, |draft, text| draft.container = text)) }
                { text_field("prefix", "Prefix (optional)", &draft.prefix, "reels", None, edit(page, |draft, text| draft.prefix = text)) }
            </div>
            <p class="hint" id="destination-preview">{ preview }</p>
            <details>
                <summary>{ "More choices" }</summary>
                <div class="fields">
                    { text_field("session", "Session", &draft.session, "reels-1", session_fault.as_deref(), edit(page, |draft, text| draft.session = text)) }
                    { cipher_field(page) }
                </div>
                { content_md5(page) }
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
            <input type="text" {id} value={value.to_owned()} placeholder={example} {oninput} spellcheck="false" autocomplete="off"
                autocapitalize="none" aria-invalid={fault.map(|_| "true")} aria-describedby={fault.map(|_| fault_id.clone())} />
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
                { for choices.into_iter().map(|(value, text)| html! { <option {value} selected={draft.cipher == value}>{ text }</option> }) }
            </select>
        </div>
    }
}

fn content_md5(page: &Context) -> Html {
    let checked = page.state.draft.content_md5;
    let onchange = {
        let page = page.clone();
        Callback::from(move |_: Event| {
            page.act(Action::Draft(Draft {
                content_md5: !checked,
                ..page.state.draft.clone()
            }));
        })
    };
    html! {
        <label class="choice">
            <input type="checkbox" id="content-md5" {checked} {onchange} />
            <span>{ "Give each blob its Content-MD5 (a small file more on the drive for each)" }</span>
        </label>
    }
}

fn drives_panel(page: &Context) -> Html {
    let draft = &page.state.draft;
    let onto = |onto: Onto| {
        let page = page.clone();
        Callback::from(move |_: Event| {
            page.act(Action::Draft(Draft {
                onto,
                ..page.state.draft.clone()
            }))
        })
    };
    let fault = draft.size_fault().filter(|_| draft.onto == Onto::WhatIf);
    let picked = u64::try_from(page.state.picked_drives().count()).unwrap_or(u64::MAX);
    html! {
        <section class="panel stack" aria-labelledby="onto-title">
            <h2 id="onto-title">{ "On which drives?" }</h2>
            <fieldset class="stack">
                <legend class="visually-hidden">{ "On which drives?" }</legend>
                <label class="choice">
                    <input type="radio" name="onto" id="onto-what-if" checked={draft.onto == Onto::WhatIf} onchange={onto(Onto::WhatIf)} />
                    <span>{ "What if: as many as it takes, of one size" }</span>
                </label>
                if draft.onto == Onto::WhatIf {
                    <div class="fields indent">
                        { size_field(page, fault.as_deref()) }
                    </div>
                }
                <label class="choice">
                    <input type="radio" name="onto" id="onto-these" checked={draft.onto == Onto::These} onchange={onto(Onto::These)} />
                    <span>{ "These drives" }{ if picked == 0 { String::new() } else { format!(": {picked} chosen") } }</span>
                </label>
                if draft.onto == Onto::These {
                    <div class="indent">{ these(page) }</div>
                }
            </fieldset>
        </section>
    }
}

fn size_field(page: &Context, fault: Option<&str>) -> Html {
    let oninput = edit(page, |draft, size| draft.size = size);
    html! {
        <div class="field short">
            <label for="drive-size">{ "Size of one drive" }</label>
            <input type="text" id="drive-size" list="drive-sizes" value={page.state.draft.size.clone()} {oninput} autocomplete="off"
                aria-invalid={fault.map(|_| "true")} aria-describedby={fault.map(|_| "drive-size-fault")} />
            <datalist id="drive-sizes">{ for SIZES.iter().map(|size| html! { <option value={*size} /> }) }</datalist>
            if let Some(fault) = fault {
                <span class="field-error" id="drive-size-fault">{ fault }</span>
            }
        </div>
    }
}

fn these(page: &Context) -> Html {
    let drives = page.state.drive_list();
    if drives.is_empty() {
        let text = if page.state.is_connected() {
            "No drive is attached."
        } else {
            "Drives need the agent."
        };
        return html! { <p class="hint">{ text }</p> };
    }
    let erasable = drives.iter().filter(|drive| drive.erasable);
    html! {
        <ul>
            { for erasable.map(|drive| {
                let checked = page.state.draft.picked.contains_key(&drive.path);
                let onchange = {
                    let (page, path) = (page.clone(), drive.path.clone());
                    Callback::from(move |_: Event| page.act(Action::Pick(path.clone(), !checked)))
                };
                html! {
                    <li><label class="choice">
                        <input type="checkbox" {checked} {onchange} data-test={format!("plan-pick-{}", words::serial_parts(&drive.serial).1)} />
                        <span><crate::parts::Serial serial={drive.serial.clone()} />{ format!(" {}", words::size(drive.bytes)) }</span>
                    </label></li>
                }
            }) }
        </ul>
    }
}

fn plan_panel(page: &Context) -> Html {
    let content = match &page.state.plan {
        Planning::Nothing => nothing_yet(page),
        Planning::Working(None) => html! { <p class="quiet" id="plan-working">{ "Planning." }</p> },
        Planning::Working(Some(view)) => plan(page, view, true),
        Planning::Ready(view) => plan(page, view, false),
        Planning::Failed(error) => html! { <Trouble error={error.clone()} id="plan-failed" /> },
    };
    html! {
        <section class="panel" id="plan" aria-labelledby="plan-title">
            <h2 id="plan-title">{ "The plan" }</h2>
            { content }
        </section>
    }
}

fn nothing_yet(page: &Context) -> Html {
    let text = match &page.state.source {
        Source::Ready { listed, .. } if !listed.can_plan => {
            "These are too many files for a browser to plan. Go on to the drives; the agent plans and shows what comes of it."
        }
        Source::Ready { .. } if page.state.draft.onto == Onto::These => {
            "Choose drives, or plan with a size."
        }
        Source::Ready { .. } => "Something above is not well formed yet.",
        _ => "As soon as there is something to send, the drives it takes are shown here.",
    };
    html! {
        <>
            <p class="quiet" id="plan-nothing">{ text }</p>
            { continue_button(page) }
        </>
    }
}

fn plan(page: &Context, view: &std::rc::Rc<PlanView>, stale: bool) -> Html {
    let count = u64::try_from(view.drives.len()).unwrap_or(u64::MAX);
    let save = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| {
            page.effects.save_plan(page.state.draft.session.clone())
        })
    };
    let print = Callback::from(|_: MouseEvent| {
        // A browser that cannot print says so itself.
        let _ = gloo::utils::window().print();
    });
    html! {
        <div class="plan-parts" aria-busy={stale.then_some("true")} id="plan-result">
            <p class="sentence" id="plan-sentence">{ words::counted(count, "drive", "drives") }{ "." }</p>
            <p id="plan-why">{ &view.why }</p>
            <Stowage plan={view.clone()} />
            <details open=true>
                <summary>{ "In numbers" }</summary>
                <PlanTable plan={view.clone()} />
            </details>
            if view.left_out_count > 0 {
                <Message tone={Tone::Warn} id="plan-left-out"
                    title={format!("{} behind.", words::counted(view.left_out_count, "entry stays", "entries stay"))}>
                    <p>{ "Names that cannot go as they are: the list is beside this, and the saved plan names every one." }</p>
                </Message>
            }
            if !view.assumed.is_empty() {
                <p class="hint">{ format!("Taken for granted: {}.", view.assumed.join("; ")) }</p>
            }
            <p class="actions">
                <button type="button" id="save-plan" disabled={stale} onclick={save}>{ "Save plan" }</button>
                <button type="button" onclick={print}>{ "Print" }</button>
                { continue_link(page) }
            </p>
        </div>
    }
}

fn continue_button(page: &Context) -> Html {
    let from_folder = matches!(
        &page.state.source,
        Source::Ready {
            origin: Origin::Folder(_),
            ..
        }
    );
    html! {
        if from_folder {
            <p class="actions">{ continue_link(page) }</p>
        }
    }
}

fn continue_link(page: &Context) -> Html {
    html! {
        if page.state.is_connected() {
            <a class="button primary last" id="continue" href={Route::Drives.fragment()}>{ "Continue to drives" }</a>
        }
    }
}

fn scan_notes(source: &Source) -> Html {
    let Source::Ready { listed, .. } = source else {
        return html! {};
    };
    if listed.notes.is_empty() && listed.left_out_count == 0 {
        return html! {};
    }
    let named = u64::try_from(listed.left_out.len()).unwrap_or(u64::MAX);
    html! {
        <section class="note stack" id="scan-notes" aria-labelledby="scan-notes-title">
            <h2 id="scan-notes-title">{ "Found while scanning" }</h2>
            { for listed.notes.iter().map(|note| html! { <p>{ note }</p> }) }
            if listed.left_out_count > 0 {
                <details>
                    <summary>{ format!("{} not travel", words::counted(listed.left_out_count, "entry does", "entries do")) }</summary>
                    <ul class="stack small">
                        { for listed.left_out.iter().map(|left| html! {
                            <li><span class="mono">{ &left.path }</span>{ format!(": {}", left.reason.text()) }</li>
                        }) }
                    </ul>
                    if listed.left_out_count > named {
                        <p class="quiet">{ format!("and {} more", words::count(listed.left_out_count.saturating_sub(named))) }</p>
                    }
                </details>
            }
        </section>
    }
}

/// A text field's way into the draft.
fn edit(page: &Context, change: fn(&mut Draft, String)) -> Callback<InputEvent> {
    let page = page.clone();
    Callback::from(move |event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let mut draft = page.state.draft.clone();
        change(&mut draft, input.value());
        page.act(Action::Draft(draft));
    })
}

#[derive(Properties, PartialEq)]
struct ChooserProps {
    on_done: Callback<()>,
}

/// Steps through folders until one is taken, which is then scanned.
#[component]
fn Chooser(props: &ChooserProps) -> Html {
    let page = use_page();
    let found = use_state(|| Option::<Result<FoldersReply, ApiError>>::None);
    let on_step = {
        let (effects, found) = (page.effects.clone(), found.clone());
        Callback::from(move |path: Option<String>| {
            let found = found.clone();
            effects.folders(path, move |reply| found.set(Some(reply)));
        })
    };
    let on_take = {
        let (page, done) = (page.clone(), props.on_done.clone());
        Callback::from(move |folder: String| {
            page.act(Action::Draft(Draft {
                folder: folder.clone(),
                ..page.state.draft.clone()
            }));
            page.effects.scan(folder);
            done.emit(());
        })
    };
    html! {
        <FolderDialog start={page.state.draft.folder.clone()} found={(*found).clone()} {on_step} {on_take} on_leave={props.on_done.clone()} />
    }
}
