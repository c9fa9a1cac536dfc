//! What stands over a job that stopped before its end: what happened, that nothing is lost, and the button that goes on.

use shared::api::{Drive, DriveSnapshot, JobSnapshot, PickedDrive, ReplaceRequest};
use shared::job::DriveState;
use yew::prelude::*;

use super::{Message, SpareForm, Trouble};
use crate::checking::Tone;
use crate::state::Resume;
use crate::stopped::{abort_command, happened};

/// Properties of [`ResumePanel`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The job; it can be gone on with.
    pub job: JobSnapshot,
    /// What came of the last try.
    pub resume: Option<Resume>,
    /// Whether the agent answers.
    pub connected: bool,
    /// Drives that may take the place of one of the job's.
    pub spares: Vec<Drive>,
    /// Whether the agent plans onto one.
    pub planning: bool,
    /// The person wants to go on.
    pub on_resume: Callback<()>,
    /// The person chose a spare for a drive.
    pub on_replace: Callback<ReplaceRequest>,
}

/// The panel.
#[component]
pub fn ResumePanel(props: &Props) -> Html {
    let job = &props.job;
    let is_asked = props.resume == Some(Resume::Asked);
    let can_press = props.connected && !is_asked;
    let press = {
        let on_resume = props.on_resume.clone();
        Callback::from(move |_: MouseEvent| {
            if can_press {
                on_resume.emit(());
            }
        })
    };
    let refused = match &props.resume {
        Some(Resume::Refused(error)) => Some(error.clone()),
        _ => None,
    };
    // Not disabled but said to be: a button that has the focus keeps it.
    let off = (!can_press).then_some("true");
    html! {
        <div class="column" data-test="resume-panel">
            <Message tone={Tone::Warn} title={format!("This run {}.", happened(job))}>
                <p>{ "Nothing is lost: your source was only read, and each drive's journal holds \
                     how far it is. Plug in the drives below that are not finished and press \
                     Resume. What is written stays, what is finished is not touched, and nothing \
                     is erased again." }</p>
                <p class="actions">
                    <button type="button" class="primary" data-test="resume" aria-disabled={off}
                        onclick={press}>
                        { "Resume" }
                    </button>
                    if is_asked {
                        <span role="status">{ "Looking for the drives and reading the journals." }</span>
                    } else if !props.connected {
                        <span>{ "This needs the agent." }</span>
                    }
                </p>
            </Message>
            if let Some(error) = refused {
                <Trouble {error} id="resume-refused" />
                <p class="hint">{ "Words that begin with -- are options of argosy resume, for a \
                     terminal on the agent's machine." }</p>
            }
            { others(props) }
        </div>
    }
}

/// A spare for a drive that died, and what the page does not do itself.
fn others(props: &Props) -> Html {
    let job = &props.job;
    let left = || job.drives.iter().filter(|drive| drive.can_resume());
    let failed = |drive: &DriveSnapshot| matches!(drive.state, DriveState::Failed { .. });
    html! {
        <details data-test="resume-others" open={left().any(failed)}>
            <summary>{ "A drive is dead, or you want to give this run up" }</summary>
            <div class="stack">
                <p>{ "A spare takes the place of a dead drive, and only that drive's files are \
                     copied again. From then on the dead drive is no part of this run. The other \
                     drives wait for Resume until the spare is filled." }</p>
                { for left().map(|drive| spare_form(props, &drive.serial)) }
                <p>{ "To give the run up, so that its drives can be filled anew, in a terminal on \
                     the agent's machine:" }</p>
                <p><code class="command">{ abort_command(job) }</code></p>
            </div>
        </details>
    }
}

fn spare_form(props: &Props, serial: &str) -> Html {
    let on_choose = {
        let (on_replace, serial) = (props.on_replace.clone(), serial.to_owned());
        Callback::from(move |spare: PickedDrive| {
            let serial = serial.clone();
            on_replace.emit(ReplaceRequest { serial, spare });
        })
    };
    html! {
        <SpareForm key={serial.to_owned()} serial={serial.to_owned()} spares={props.spares.clone()}
            ready={props.connected && !props.planning} planning={props.planning} {on_choose} />
    }
}
