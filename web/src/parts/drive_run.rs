//! One drive of a job: how far, how fast, what is missing, and in the end its one verdict.

use shared::api::{DriveSnapshot, JobState};
use shared::job::{DriveState, LeftOut, Stage, Verdict};
use yew::prelude::*;

use super::{Gauge, Serial, Trace, name_of};
use crate::checking::Tone;
use crate::milestones::stage_name;
use crate::stopped::stopped;
use crate::words;

/// Properties of [`DriveRun`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The drive.
    pub drive: DriveSnapshot,
    /// Where its job stands.
    pub job_state: JobState,
    /// Whether its job is not at work and can be gone on with.
    pub can_resume: bool,
    /// Its last speeds.
    pub speeds: Vec<u64>,
    /// What can be done with it when it is done.
    #[prop_or_default]
    pub children: Html,
}

/// The panel of a drive.
#[component]
pub fn DriveRun(props: &Props) -> Html {
    let drive = &props.drive;
    let id = format!("drive-{}", shared::blob_name::file_name(&drive.serial));
    let reads = drive.state == DriveState::At(Stage::Written) && !is_over(drive, props.job_state);
    let stopped = props.can_resume.then(|| stopped(drive)).flatten();
    let is_over = stopped.is_some() || is_over(drive, props.job_state);
    let stage = if stopped.is_some() && matches!(drive.state, DriveState::At(_)) {
        "stopped"
    } else if reads {
        "reading back"
    } else {
        stage_name(&drive.state)
    };
    html! {
        <section class="panel drive-run" aria-labelledby={id.clone()} data-test="drive-run"
            data-serial={drive.serial.clone()}>
            <div class="spread">
                <h3 {id}>
                    { name_of(&drive.model, "") }{ " " }
                    <Serial serial={drive.serial.clone()} />
                </h3>
                <span class="stage" data-test="stage">{ stage }</span>
            </div>
            // Of a drive that an earlier run of the agent left, only its journal tells how far it is, and that in words.
            if stopped.is_none() || drive.progress.bytes_total > 0 {
                { gauges(drive) }
            }
            if !is_over {
                { speed(drive, &props.speeds) }
            }
            { paces(drive) }
            if !drive.checked.is_empty() {
                <p class="quiet small" data-test="checked">
                    { format!("Checked for errors before copying: {}.", drive.checked) }
                </p>
            }
            { left_out(drive) }
            if let Some(said) = stopped {
                <p class="verdict" data-tone={if said.tone == Tone::Bad { "bad" } else { "warn" }}
                    data-test="verdict">{ said.what }</p>
                <p>{ said.safe }{ " " }{ said.next }</p>
                { findings(drive) }
                { props.children.clone() }
            } else if is_over {
                { verdict(drive) }
                { findings(drive) }
                { props.children.clone() }
            }
        </section>
    }
}

fn gauges(drive: &DriveSnapshot) -> Html {
    let progress = &drive.progress;
    // Of a drive that an earlier run of the agent finished there are no numbers.
    let is_proven = matches!(drive.state, DriveState::Verified | DriveState::Incomplete);
    if progress.bytes_total == 0 && is_proven {
        return html! {
            <div class="gauges">
                <Gauge name="written" done=1 total=1 waiting="all" />
                <Gauge name="verified" verified=true done=1 total=1 waiting="all" />
            </div>
        };
    }
    let not_begun = if drive.state == DriveState::PLANNED {
        "not begun"
    } else {
        "beginning"
    };
    html! {
        <div class="gauges">
            <Gauge name="written" done={progress.bytes_written} total={progress.bytes_total}
                waiting={(progress.bytes_total == 0).then_some(not_begun)} />
            <Gauge name="verified" verified=true done={progress.bytes_verified}
                total={progress.verify_total} waiting={verify_word(drive)} />
        </div>
    }
}

fn verify_word(drive: &DriveSnapshot) -> Option<&'static str> {
    let at_work = matches!(
        drive.state,
        DriveState::At(Stage::Verifying { .. }) | DriveState::Verified | DriveState::Incomplete
    );
    (!at_work && drive.progress.bytes_verified == 0).then_some("after writing")
}

fn speed(drive: &DriveSnapshot, speeds: &[u64]) -> Html {
    if drive.progress.rate == 0 {
        return html! {};
    }
    let left = drive.progress.seconds_left.map_or_else(
        || "time left not known yet".to_owned(),
        |seconds| {
            if seconds == 0 {
                "nearly done".to_owned()
            } else {
                format!("{} left", words::duration(seconds))
            }
        },
    );
    html! {
        <>
            <p class="figures">
                <b class="nowrap" data-test="rate">{ words::rate(drive.progress.rate) }</b>
                <span class="nowrap" data-test="time-left">{ left }</span>
            </p>
            <Trace speeds={speeds.to_vec()} />
        </>
    }
}

/// What holds up each pass, in the words of the command line.
fn paces(drive: &DriveSnapshot) -> Html {
    let progress = &drive.progress;
    let passes = [
        ("Writing", progress.writing),
        ("Reading back", progress.verifying),
    ];
    let words = passes.into_iter().filter_map(|(what, pace)| {
        let words = pace.words()?;
        Some(
            html! { <p class="quiet small" data-test="pace">{ format!("{what} is {words}.") }</p> },
        )
    });
    html! { <>{ for words }</> }
}

fn left_out(drive: &DriveSnapshot) -> Html {
    if drive.left_out_count == 0 {
        return html! {};
    }
    let named = u64::try_from(drive.left_out.len()).unwrap_or(u64::MAX);
    let more = drive.left_out_count.saturating_sub(named);
    html! {
        <details data-test="left-out">
            <summary>{ left_out_title(drive) }</summary>
            <ul class="stack small">{ for drive.left_out.iter().map(left_out_file) }</ul>
            if more > 0 {
                <p class="quiet">
                    { format!("and {} more, all named in {}.left-out.csv beside the journal",
                        words::count(more), drive.serial) }
                </p>
            }
        </details>
    }
}

/// Files that failed while being copied are told apart from what the plan had said would stay behind.
fn left_out_title(drive: &DriveSnapshot) -> String {
    if drive
        .left_out
        .iter()
        .any(|file| file.reason.makes_incomplete())
    {
        format!(
            "{} left out",
            words::counted(drive.left_out_count, "file", "files")
        )
    } else {
        format!(
            "{} behind, as the plan said",
            words::counted(drive.left_out_count, "entry stayed", "entries stayed")
        )
    }
}

fn left_out_file(file: &LeftOut) -> Html {
    html! {
        <li><span class="mono">{ &file.path }</span>{ format!(": {}", file.reason.text()) }</li>
    }
}

/// Returns whether a drive has come to its end. Between writing and reading back it has not, whatever it is called then.
fn is_over(drive: &DriveSnapshot, job_state: JobState) -> bool {
    match drive.verdict {
        Some(Verdict::Written) => !matches!(job_state, JobState::Running | JobState::Cancelling),
        Some(_) => true,
        None => matches!(
            drive.state,
            DriveState::Failed { .. } | DriveState::Cancelled { .. }
        ),
    }
}

/// The one verdict, in words. Success is not said while anything failed.
fn verdict(drive: &DriveSnapshot) -> Html {
    let serial = &drive.serial;
    let (tone, text, next) = match (&drive.state, drive.verdict) {
        (_, Some(Verdict::Verified)) => (
            "good",
            format!("Verified: every byte on {serial} was read back and matches."),
            "",
        ),
        (_, Some(Verdict::Incomplete)) => (
            "warn",
            format!(
                "Incomplete: {} could not be copied as planned and {} not on {serial}; all the \
                     rest is proven.",
                words::counted(drive.left_out_count, "file", "files"),
                if drive.left_out_count == 1 {
                    "is"
                } else {
                    "are"
                }
            ),
            "Your source is untouched. Send the files above with another drive, or run this one \
                 again.",
        ),
        (DriveState::Failed { .. } | DriveState::Cancelled { .. }, _) if drive.is_closed => (
            "warn",
            format!("Given up: {serial} is not finished and cannot be used as it is."),
            "Your source is untouched. What was to be on it travels on the spare that took its \
             place; without one, plan it again when you like.",
        ),
        (DriveState::Failed { why, .. }, _) => (
            "bad",
            format!("Failed: {}", words::sentence(why)),
            "Your source is untouched. Do not ship this drive. When the other drives of this run are \
             done, you can go on with it, or put a spare in its place.",
        ),
        (DriveState::Cancelled { .. }, _) => (
            "warn",
            "Cancelled: this drive is not finished and cannot be used as it is.".to_owned(),
            "Your source is untouched. When the run has stopped, you can go on with it.",
        ),
        (_, Some(Verdict::Written)) => (
            "warn",
            format!(
                "Written, and not read back: nothing proves yet that {serial} holds what was sent."
            ),
            "",
        ),
        (_, Some(Verdict::Failed)) => (
            "bad",
            format!("Failed: {serial} is not usable."),
            "Your source is untouched. Do not ship this drive.",
        ),
        _ => return html! {},
    };
    html! {
        <>
            <p class="verdict" data-tone={tone} data-test="verdict">{ text }</p>
            if !next.is_empty() {
                <p>{ next }</p>
            }
        </>
    }
}

fn findings(drive: &DriveSnapshot) -> Html {
    html! {
        <>
            if !drive.findings.is_empty() {
                <ul class="stack small" data-test="run-findings">
                    { for drive.findings.iter().map(|finding| html! {
                        <li>
                            { words::sentence(&finding.message) }{ " " }
                            <span class="mono">{ &finding.place }</span>
                        </li>
                    }) }
                </ul>
            }
        </>
    }
}
