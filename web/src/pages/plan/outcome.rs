//! What comes of it: how many drives, why not fewer, what goes where.

use std::rc::Rc;

use shared::plan::DRIVES_PER_JOB;
use yew::prelude::*;

use super::picture::Picture;
use crate::app::Context;
use crate::checking::Tone;
use crate::draft::Onto;
use crate::effects::PlanForm;
use crate::parts::{Message, PlanTable, PrintSheet, Trouble};
use crate::planning::PlanView;
use crate::route::Route;
use crate::state::{Origin, Planning, Source};
use crate::words;

pub(super) fn outcome_panel(page: &Context) -> Html {
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
            "These are too many files for a browser to plan. Go on to the drives; the agent \
                 plans and shows what comes of it."
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

fn plan(page: &Context, view: &Rc<PlanView>, stale: bool) -> Html {
    let count = u64::try_from(view.drives.len()).unwrap_or(u64::MAX);
    let stay = words::counted(view.left_out_count, "entry stays", "entries stay");
    let rate = page.state.draft.shipping.drive_rate();
    let destination = page.state.draft.chosen_destination();
    html! {
        <div class="plan-parts" aria-busy={stale.then_some("true")} id="plan-result">
            <p class="sentence" id="plan-sentence">
                { words::counted(count, "drive", "drives") }{ "." }
            </p>
            <p id="plan-why">{ &view.why }</p>
            if let Some(jobs) = several_jobs(view) {
                <p id="plan-jobs">{ jobs }</p>
            }
            <Picture plan={view.clone()} />
            <details open=true>
                <summary>{ "In numbers" }</summary>
                <PlanTable plan={view.clone()} {rate} />
            </details>
            if view.left_out_count > 0 {
                <Message tone={Tone::Warn} id="plan-left-out"
                    title={format!("{stay} behind.")}>
                    <p>{ "Names that cannot go as they are: the list is beside this, and the \
                         saved plan names every one." }</p>
                </Message>
            }
            if !view.assumed.is_empty() {
                <p class="small quiet" id="plan-assumed">{ format!("Taken for granted: {}.", view.assumed.join("; ")) }</p>
            }
            { downloads(page, view, stale) }
            <PrintSheet plan={view.clone()} hash={page.state.plan_hash.clone()} session={page.state.draft.session.clone()}
                destination={destination.unwrap_or_default()} />
        </div>
    }
}

/// Says that the drives are several jobs of the service; nothing while they are one.
fn several_jobs(view: &PlanView) -> Option<String> {
    let jobs = view.jobs();
    let count = u64::try_from(jobs.len()).unwrap_or(u64::MAX);
    let drives: Vec<String> = jobs.map(|drives| drives.len().to_string()).collect();
    (count > 1).then(|| {
        format!(
            "They travel as {count} import jobs, of {} drives: the service takes at most {DRIVES_PER_JOB} in one.",
            drives.join(" and ")
        )
    })
}

/// The plan to take away, and the way on.
fn downloads(page: &Context, view: &Rc<PlanView>, stale: bool) -> Html {
    let save = |form: PlanForm| {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| {
            page.effects
                .save_plan(page.state.draft.session.clone(), form);
        })
    };
    let print = Callback::from(|_: MouseEvent| {
        // A browser that cannot print says so itself.
        let _ = gloo::utils::window().print();
    });
    let why_not = dataset(page).err();
    let save_dataset = {
        let page = page.clone();
        Callback::from(move |_: MouseEvent| {
            if let Ok((folder, destination)) = dataset(&page) {
                page.effects.save_dataset(folder, &destination);
            }
        })
    };
    let renamed = u64::try_from(view.renames.len()).unwrap_or(u64::MAX);
    html! {
        <>
            <p class="actions">
                <button type="button" id="save-plan" disabled={stale}
                    onclick={save(PlanForm::Json)}>{ "Save plan.json" }</button>
                <button type="button" id="save-list" disabled={stale}
                    onclick={save(PlanForm::List)}>{ "Save file list" }</button>
                <button type="button" id="save-dataset" disabled={why_not.is_some()}
                    onclick={save_dataset}>{ "Save dataset.csv" }</button>
                <button type="button" id="print" onclick={print}>{ "Print" }</button>
                { continue_link(page) }
            </p>
            if let Some(why_not) = why_not {
                <p class="hint" id="dataset-missing">{ why_not }</p>
            } else if renamed > 0 {
                <p class="hint" id="dataset-renames">
                    { format!("dataset.csv has no place for {}; plan.json and the job have them.",
                        words::counted(renamed, "new name", "new names")) }
                </p>
            }
        </>
    }
}

fn source_folder(page: &Context) -> Option<&str> {
    match &page.state.source {
        Source::Ready {
            origin: Origin::Folder(folder),
            ..
        } => Some(folder),
        _ => None,
    }
}

/// Returns the folder and the destination that dataset.csv names, or as a sentence why there is none yet.
fn dataset(page: &Context) -> Result<(&str, String), &'static str> {
    let draft = &page.state.draft;
    let folder = source_folder(page).ok_or(
        "dataset.csv names the source folder, which a listing does not: scan the folder first.",
    )?;
    let destination = draft
        .chosen_destination()
        .ok_or(match draft.destination_fault() {
            Some(_) => "dataset.csv needs a destination that is well formed.",
            None => "dataset.csv needs a destination.",
        })?;
    Ok((folder, destination))
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
            <a class="button primary last" id="continue" href={Route::Drives.fragment()}>
                { "Continue to drives" }
            </a>
        }
    }
}
