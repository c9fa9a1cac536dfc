//! Plan: what travels, where to, on which drives; what comes of it is computed here, at once.

mod comparison;
mod destination;
mod onto;
mod outcome;
mod picture;
mod ship;
mod source;

use shared::api::{JobSnapshot, JobState};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::app::{Context, use_page};
use crate::checking::Tone;
use crate::draft::Draft;
use crate::parts::{FolderChooser, Message, PageHead, ProblemList, Proven};
use crate::route::Route;
use crate::state::Action;
use crate::stopped::happened;
use destination::destination_panel;
use onto::onto_panel;
use outcome::outcome_panel;
use ship::ship_panel;
use source::{scan_notes, source_panel, unreadable};

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
    let rename = {
        let page = page.clone();
        Callback::from(move |(path, name): (String, Option<String>)| {
            let mut draft = page.state.draft.clone();
            match name {
                Some(name) => draft.renames.insert(path, name),
                None => draft.renames.remove(&path),
            };
            page.act(Action::Draft(draft));
            // The button that was pressed is gone with its line.
            picture::focus("problems-title");
        })
    };
    html! {
        <>
            <PageHead title="Plan"
                purpose="Say what should travel, where it should arrive and on which drives. \
                     Nothing is touched on this page." />
            { stopped_job(&page) }
            <div class="columns">
                <div class="column">
                    { source_panel(&page, &choosing) }
                    { destination_panel(&page) }
                    { onto_panel(&page) }
                    { outcome_panel(&page) }
                    if let Some(plan) = &view {
                        { ship_panel(&page, plan) }
                    }
                </div>
                <div class="column aside">
                    if let Some(plan) = view {
                        <ProblemList {plan} names={page.state.draft.names} on_decide={decide}
                            own={page.state.draft.renames.clone()} on_rename={rename} />
                    }
                    { unreadable(&page) }
                    { scan_notes(&page.state.source) }
                    <Proven />
                </div>
            </div>
            if *choosing {
                <FolderChooser title="Choose a source folder" start={page.state.draft.folder.clone()}
                    on_take={take_source(&page)}
                    on_done={let choosing = choosing.clone(); move |()| choosing.set(false)} />
            }
        </>
    }
}

/// Takes a source folder, which is scanned at once.
fn take_source(page: &Context) -> Callback<String> {
    let page = page.clone();
    Callback::from(move |folder: String| {
        page.act(Action::Draft(Draft {
            folder: folder.clone(),
            ..page.state.draft.clone()
        }));
        page.effects
            .scan(folder, page.state.draft.other_file_systems);
    })
}

/// The line that leads to the newest job that stopped before its end; none while another is at work.
fn stopped_job(page: &Context) -> Html {
    let jobs = &page.state.jobs;
    let is_at_work =
        |job: &JobSnapshot| matches!(job.state, JobState::Running | JobState::Cancelling);
    let stopped = jobs.iter().find(|job| job.can_resume());
    let Some(job) = stopped.filter(|_| !jobs.iter().any(is_at_work)) else {
        return html! {};
    };
    html! {
        <div class="before">
            <Message tone={Tone::Warn} title={format!("A run {}.", happened(job))} id="stopped-job">
                <p>
                    { format!("Session {}, from {}. Nothing is lost. ", job.session, job.source) }
                    <a href={Route::Run.fragment()}>{ "See how far it is, and go on with it" }</a>
                </p>
            </Message>
        </div>
    }
}

/// A text field's way into the draft.
fn edit(page: &Context, change: impl Fn(&mut Draft, String) + 'static) -> Callback<InputEvent> {
    let page = page.clone();
    Callback::from(move |event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let mut draft = page.state.draft.clone();
        change(&mut draft, input.value());
        page.act(Action::Draft(draft));
    })
}
