//! Drives: what the agent sees, what is on it, and which of it is to be used.

use shared::api::{Drive, FreeSpace};
use yew::prelude::*;

use super::question;
use crate::app::{Context, go, use_page};
use crate::parts::{DriveCard, Message, PageHead, Trouble};
use crate::route::Route;
use crate::state::{Action, Drives, Link, Origin, Source, Start};
use crate::{checking::Tone, words};

/// The page.
#[component]
pub fn DrivesPage() -> Html {
    let page = use_page();
    html! {
        <>
            <PageHead title="Drives"
                purpose="Choose the drives to fill. Nothing is chosen for you, and nothing is \
                     touched before you have typed what is printed on each drive's label." />
            <div class="column">
                { list(&page) }
                { next_step(&page) }
            </div>
            { question::dialog(&page, || go(Route::Run)) }
        </>
    }
}

fn list(page: &Context) -> Html {
    match (&page.state.drives, &page.state.link) {
        (Drives::Seen(drives), _) if !drives.is_empty() => {
            // What can be used comes first; what is locked stays in the list, with its reason.
            let (usable, locked): (Vec<&Drive>, Vec<&Drive>) =
                drives.iter().partition(|drive| drive.erasable);
            html! {
                <>
                    { refresh(page) }
                    <ul class="cards" id="drive-list">
                        { for usable.into_iter().chain(locked).map(|drive| card(page, drive)) }
                    </ul>
                </>
            }
        }
        (Drives::Seen(_), _) => html! {
            <>
                <Message tone={Tone::Warn} title="No drive is attached.">
                    <p>{ "Attach one, or give the agent an image file: argosy new-drive \
                         drive.img --size 64GB, then argosy serve --drive drive.img" }</p>
                </Message>
                { refresh(page) }
            </>
        },
        (Drives::Failed(error), _) => {
            html! { <><Trouble error={error.clone()} />{ refresh(page) }</> }
        }
        (_, Link::Absent | Link::Locked) => html! {
            <Message tone={Tone::Warn} title="Drives need the agent." id="drives-need-agent">
                <p>{ "Start " }<code>{ "argosy serve" }</code>{ " on the machine that has the \
                     drives, and open the address that it prints. Planning and checking work without it." }</p>
            </Message>
        },
        _ => html! { <p class="quiet">{ "Looking at the drives." }</p> },
    }
}

fn refresh(page: &Context) -> Html {
    let effects = page.effects.clone();
    html! {
        <p class="actions">
            <button type="button" id="drives-refresh" onclick={move |_| effects.refresh_drives()}>
                { "Look again" }
            </button>
        </p>
    }
}

fn card(page: &Context, drive: &Drive) -> Html {
    let picked = page.state.draft.picked.get(&drive.path).copied();
    let on_pick = {
        let (page, path) = (page.clone(), drive.path.clone());
        Callback::from(move |picked| page.act(Action::Pick(path.clone(), picked)))
    };
    let on_free_space = {
        let (page, path) = (page.clone(), drive.path.clone());
        Callback::from(move |choice: FreeSpace| page.act(Action::FreeSpace(path.clone(), choice)))
    };
    html! {
        <DriveCard key={drive.path.clone()} drive={drive.clone()} {picked} {on_pick} {on_free_space} />
    }
}

/// What stands between here and the question, or the button that asks it.
fn next_step(page: &Context) -> Html {
    if !page.state.is_connected() {
        return html! {};
    }
    let state = &page.state;
    let source = match &state.source {
        Source::Ready {
            origin: Origin::Folder(folder),
            ..
        } => Some(folder.clone()),
        _ => None,
    };
    let view = state.ready_plan().cloned();
    let missing = state
        .draft
        .missing(source.as_deref(), view.as_deref(), state.drive_list());
    let picked = u64::try_from(state.picked_drives().count()).unwrap_or(u64::MAX);
    let planning = state.start == Start::Planning;
    let start = |accept: bool| {
        let (page, source, view) = (page.clone(), source.clone(), view.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(source) = source.as_ref().filter(|_| !planning) {
                let drives = page.state.drive_list();
                let request =
                    page.state
                        .draft
                        .start_request(source, view.as_deref(), drives, accept);
                page.effects.start(request);
            }
        })
    };
    html! {
        <section class="panel" id="next-step" aria-labelledby="next-step-title">
            <h2 id="next-step-title">{ "Next" }</h2>
            { summary(page, picked) }
            if let Some(missing) = missing {
                <p data-test="missing">{ missing }</p>
                <p class="actions">
                    <a class="button" href={Route::Plan.fragment()}>{ "Back to the plan" }</a>
                </p>
            } else {
                { trouble(&state.start, &start(true)) }
                <p class="actions">
                    <a class="button" href={Route::Plan.fragment()}>{ "Back to the plan" }</a>
                    <button type="button" id="review" class="primary last"
                        aria-disabled={planning.then_some("true")} onclick={start(false)}>
                        { if planning { "The agent lists and plans" } else { "Review and erase" } }
                    </button>
                </p>
            }
        </section>
    }
}

fn summary(page: &Context, picked: u64) -> Html {
    let bytes = page
        .state
        .picked_drives()
        .fold(0_u64, |sum, drive| sum.saturating_add(drive.bytes));
    let chosen = format!(
        "{} chosen, {}.",
        words::counted(picked, "drive", "drives"),
        words::size(bytes)
    );
    let plan = match &page.state.plan {
        crate::state::Planning::Ready(view) if picked > 0 => {
            let needed = u64::try_from(view.drives.len()).unwrap_or(u64::MAX);
            let names: Vec<&str> = view
                .drives
                .iter()
                .map(|drive| drive.serial.as_str())
                .collect();
            format!(
                " The plan fills {}: {}.",
                words::counted(needed, "of them", "of them"),
                names.join(", ")
            )
        }
        crate::state::Planning::Failed(error) if picked > 0 => format!(" {}", error.message),
        _ => String::new(),
    };
    html! { <p id="picked-summary">{ chosen }{ plan }</p> }
}

fn trouble(start: &Start, accept: &Callback<MouseEvent>) -> Html {
    match start {
        Start::Failed(error) => html! { <Trouble error={error.clone()} id="start-failed" /> },
        Start::Differs(reply) => html! {
            <Message tone={Tone::Warn}
                title="The agent's plan differs from what this page showed." id="differs">
                <ul>
                    { for reply.differences.iter().map(|difference| html! {
                        <li>{ words::sentence(&difference.message) }</li>
                    }) }
                </ul>
                <p>{ "Nothing was touched. Files may have changed since the scan." }</p>
                <p class="actions">
                    <button type="button" id="accept-differences" onclick={accept.clone()}>
                        { "Take the agent's plan" }
                    </button>
                </p>
            </Message>
        },
        _ => html! {},
    }
}
