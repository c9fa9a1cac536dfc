//! Run: what is being filled, how far it is, and what came of it.

use gloo::timers::callback::Timeout;
use shared::api::{Drive, DriveSnapshot, JobSnapshot, JobState, ReplaceRequest};
use shared::job::{DriveState, Verdict};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::question;
use crate::app::{Context, use_page};
use crate::checking::Tone;
use crate::milestones::stage_name;
use crate::parts::{DriveRun, Message, Modal, PageHead, Password, ResumePanel};
use crate::route::Route;
use crate::state::{Action, Link, Start};
use crate::stopped::stopped;
use crate::words;

/// The page.
#[component]
pub fn RunPage() -> Html {
    let page = use_page();
    let stopping = use_state_eq(|| Option::<String>::None);
    html! {
        <>
            <PageHead title="Run"
                purpose="Drives being filled and read back. Closing this page stops nothing; the \
                     agent goes on." />
            <div class="column single">
                if page.state.link == Link::Lost {
                    <Message tone={Tone::Warn} title="The agent does not answer.">
                        <p>{ "What stands below is what it said last. Each drive's journal holds \
                             how far it really is. If the agent ended, start argosy serve again and \
                             open the address that it prints: it offers to go on." }</p>
                    </Message>
                }
                { jobs(&page, &stopping) }
            </div>
            { stop_dialog(&page, &stopping) }
            { question::dialog(&page, focus_newest) }
        </>
    }
}

fn jobs(page: &Context, stopping: &UseStateHandle<Option<String>>) -> Html {
    let shown: Vec<&JobSnapshot> = page
        .state
        .jobs
        .iter()
        .filter(|job| was_begun(job))
        .collect();
    if shown.is_empty() {
        return html! {
            <section class="panel" id="no-jobs">
                <p>{ "Nothing is running, and nothing has run." }</p>
                <p class="actions">
                    <a class="button" href={Route::Plan.fragment()}>{ "Plan a job" }</a>
                </p>
            </section>
        };
    }
    html! { <>{ for shown.into_iter().map(|job| view(page, job, stopping)) }</> }
}

fn view(page: &Context, job: &JobSnapshot, stopping: &UseStateHandle<Option<String>>) -> Html {
    let id = format!("job-{}", shared::blob_name::file_name(&job.id));
    let stop = {
        let (stopping, job) = (stopping.clone(), job.id.clone());
        Callback::from(move |_: MouseEvent| stopping.set(Some(job.clone())))
    };
    let status = {
        let (page, text) = (page.clone(), status(job));
        Callback::from(move |_: MouseEvent| page.act(Action::Say(text.clone())))
    };
    html! {
        <section class="column" aria-labelledby={id.clone()} data-test="job"
            data-job={job.id.clone()}>
            <div class="spread">
                <h2 id={id.clone()} tabindex="-1">{ title(page, job) }</h2>
                <span class="stage" data-test="job-state">{ state_name(job) }</span>
            </div>
            <p class="quiet">
                { format!("from {} to {}, begun {} UTC", job.source, job.destination, begun(job)) }
            </p>
            if can_resume(page, job) {
                { resume_panel(page, job, id) }
            }
            { for job.drives.iter().map(|drive| drive_panel(page, job, drive)) }
            <p class="actions">
                <button type="button" data-test="read-status" onclick={status}>
                    { "Read status" }
                </button>
                if job.state == JobState::Running {
                    <button type="button" class="last" data-test="cancel" onclick={stop}>
                        { "Cancel" }
                    </button>
                }
                if job.state == JobState::Cancelling {
                    <span class="last quiet">
                        { "Stopping: the last bytes are being made safe." }
                    </span>
                }
            </p>
        </section>
    }
}

/// Returns what a job is called: its session, and its drives where the session has a job for a spare besides.
fn title(page: &Context, job: &JobSnapshot) -> String {
    let jobs = page.state.jobs.iter().filter(|other| was_begun(other));
    if jobs.filter(|other| other.session == job.session).count() < 2 {
        return format!("Session {}", job.session);
    }
    let drives = job.drives.iter();
    let last = drives.map(|drive| words::serial_parts(&drive.serial).1);
    format!(
        "Session {}: {}",
        job.session,
        last.collect::<Vec<_>>().join(", ")
    )
}

fn resume_panel(page: &Context, job: &JobSnapshot, heading: String) -> Html {
    let on_resume = {
        let (effects, job) = (page.effects.clone(), job.id.clone());
        Callback::from(move |()| {
            let heading = heading.clone();
            effects.resume(job.clone(), move || focus(&heading));
        })
    };
    let on_replace = {
        let (effects, job) = (page.effects.clone(), job.id.clone());
        Callback::from(move |request: ReplaceRequest| effects.replace(job.clone(), request))
    };
    html! {
        <ResumePanel job={job.clone()} resume={page.state.resumes.get(&job.id).cloned()}
            connected={page.state.is_connected()} spares={spares(page, job)}
            planning={page.state.start == Start::Planning} {on_resume} {on_replace} />
    }
}

/// While a spare is filled for a session, nothing else of it is gone on with.
fn can_resume(page: &Context, job: &JobSnapshot) -> bool {
    let is_at_work = |other: &JobSnapshot| {
        other.session == job.session
            && matches!(other.state, JobState::Running | JobState::Cancelling)
    };
    job.can_resume() && !page.state.jobs.iter().any(is_at_work)
}

/// Returns the drives that may be erased and are not of this job.
fn spares(page: &Context, job: &JobSnapshot) -> Vec<Drive> {
    let is_of_job = |drive: &Drive| job.drives.iter().any(|own| own.serial == drive.serial);
    let drives = page.state.drive_list().iter();
    let usable =
        drives.filter(|drive| drive.erasable && !drive.serial.is_empty() && !is_of_job(drive));
    usable.cloned().collect()
}

/// The dialog and the button that opened it are gone: the keyboard goes on from the new job's heading, once it is drawn.
fn focus_newest() {
    Timeout::new(100, || {
        let newest = gloo::utils::document().query_selector("[data-test='job'] h2");
        if let Ok(Some(heading)) = newest {
            let _ = heading.unchecked_into::<HtmlElement>().focus();
        }
    })
    .forget();
}

/// The button that had the focus is gone: the keyboard goes on from the job's heading.
fn focus(id: &str) {
    if let Some(heading) = gloo::utils::document().get_element_by_id(id) {
        // A heading that cannot be focused is only not announced.
        let _ = heading.unchecked_into::<HtmlElement>().focus();
    }
}

fn drive_panel(page: &Context, job: &JobSnapshot, drive: &DriveSnapshot) -> Html {
    let key = (job.id.clone(), drive.serial.clone());
    let speeds = page.state.traces.get(&key).cloned().unwrap_or_default();
    html! {
        <DriveRun key={drive.serial.clone()} drive={drive.clone()} job_state={job.state}
            can_resume={can_resume(page, job)} {speeds}>
            { hand_over(page, job, drive, key) }
        </DriveRun>
    }
}

/// What a person takes along once a drive has come to its end.
fn hand_over(
    page: &Context,
    job: &JobSnapshot,
    drive: &DriveSnapshot,
    key: (String, String),
) -> Html {
    let usable = matches!(
        drive.verdict,
        Some(Verdict::Verified | Verdict::Incomplete | Verdict::Written)
    );
    let journal = {
        let (effects, job, serial, name) = (
            page.effects.clone(),
            job.id.clone(),
            drive.serial.clone(),
            drive.journal.clone(),
        );
        Callback::from(move |_: MouseEvent| {
            effects.save_journal(job.clone(), serial.clone(), file_name(&name))
        })
    };
    if !usable {
        return html! {
            if drive.verdict.is_some() {
                <p class="actions">
                    <button type="button" data-test="save-journal" onclick={journal}>
                        { "Save journal" }
                    </button>
                </p>
            }
        };
    }
    let shown = page.state.keys.get(&key).cloned().map(AttrValue::from);
    let on_show = {
        let (page, key) = (page.clone(), key.clone());
        Callback::from(move |show: bool| {
            if show {
                page.effects.show_key(key.0.clone(), key.1.clone());
            } else {
                page.act(Action::Key(key.clone(), None));
            }
        })
    };
    let on_copy = {
        let effects = page.effects.clone();
        Callback::from(move |password: String| effects.copy_key(password))
    };
    let on_save = {
        let (effects, serial) = (page.effects.clone(), drive.serial.clone());
        Callback::from(move |password: String| effects.save_key(&serial, &password))
    };
    html! {
        <>
            <Password serial={drive.serial.clone()} {shown} {on_show} {on_copy} {on_save} />
            <p class="actions">
                <button type="button" class="primary" data-test="save-journal" onclick={journal}>
                    { "Save journal" }
                </button>
                <a class="button" href={Route::Check.fragment()}>{ "Check it" }</a>
            </p>
        </>
    }
}

fn stop_dialog(page: &Context, stopping: &UseStateHandle<Option<String>>) -> Html {
    let Some(job) = (**stopping).clone() else {
        return html! {};
    };
    let leave = {
        let stopping = stopping.clone();
        Callback::from(move |()| stopping.set(None))
    };
    let stay = {
        let leave = leave.clone();
        Callback::from(move |_: MouseEvent| leave.emit(()))
    };
    let stop = {
        let (effects, leave) = (page.effects.clone(), leave.clone());
        Callback::from(move |_: MouseEvent| {
            effects.cancel(job.clone());
            leave.emit(());
        })
    };
    let buttons = html! {
        <>
            <button type="button" autofocus=true onclick={stay}>{ "Go on" }</button>
            <button type="button" class="danger" id="stop-confirm" onclick={stop}>
                { "Stop the run" }
            </button>
        </>
    };
    html! {
        <Modal id="stop" title="Stop this run?" {buttons} on_leave={leave}>
            <p>{ "Drives that are not finished cannot be used as they are. Your source is \
                 untouched. You can go on later from where it stops." }</p>
        </Modal>
    }
}

fn state_name(job: &JobSnapshot) -> &'static str {
    let cancelled = |drive: &DriveSnapshot| matches!(drive.state, DriveState::Cancelled { .. });
    match (job.state, job.verdict) {
        (JobState::Ended, Some(Verdict::Failed)) if job.drives.iter().any(cancelled) => "cancelled",
        (JobState::Ended, Some(Verdict::Verified)) => "verified",
        (JobState::Ended, Some(Verdict::Incomplete)) => "incomplete",
        (JobState::Ended, Some(Verdict::Written)) => "written, not read back",
        (JobState::Ended, Some(Verdict::Failed)) => "failed",
        (JobState::Ended, None) => "ended",
        (JobState::WaitsForConfirmation, _) => "waiting",
        (JobState::Running, _) => "running",
        (JobState::Cancelling, _) => "stopping",
        (JobState::Interrupted, _) => "stopped",
    }
}

/// A job that waits for its words, or was left at that point, touched nothing and is not shown.
fn was_begun(job: &JobSnapshot) -> bool {
    let untouched = job
        .drives
        .iter()
        .all(|drive| drive.state == DriveState::PLANNED);
    job.state != JobState::WaitsForConfirmation && !(job.state == JobState::Ended && untouched)
}

/// Returns everything about a job in sentences, for those who ask.
fn status(job: &JobSnapshot) -> String {
    let drives: Vec<String> = job
        .drives
        .iter()
        .map(|drive| {
            if let Some(said) = stopped(drive).filter(|_| job.can_resume()) {
                let (_, last) = words::serial_parts(&drive.serial);
                return format!("Drive {last}: {}", said.what);
            }
            let progress = &drive.progress;
            let left = progress
                .seconds_left
                .map(|seconds| format!(", {} left", words::duration(seconds)))
                .unwrap_or_default();
            format!(
                "Drive {}: {}, {} written, {} verified{left}.",
                words::serial_parts(&drive.serial).1,
                stage_name(&drive.state),
                words::share(progress.bytes_written, progress.bytes_total),
                words::share(progress.bytes_verified, progress.verify_total),
            )
        })
        .collect();
    format!(
        "Session {}: {}. {}",
        job.session,
        state_name(job),
        drives.join(" ")
    )
}

fn begun(job: &JobSnapshot) -> String {
    let text = job.started.to_string();
    text.get(..16).unwrap_or(&text).to_owned()
}

/// A journal is named by the agent's own path; the browser saves under its last part.
fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}
