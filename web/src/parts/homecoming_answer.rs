//! How far drives are on their way home, and what came of it: one verdict, and a line a drive.

use shared::api::{
    ReceiveEnd, ReceiveFinding, ReceiveRun, ReceiveVerdict, ReceivedDrive, Receiving, StorageReport,
};
use yew::prelude::*;

use super::{Column, Gauge, Message, Table, Trouble};
use crate::app::use_page;
use crate::checking::Tone;
use crate::words::{self, sentence};

/// How it stands.
#[component]
pub fn HomecomingAnswer() -> Html {
    let page = use_page();
    match &page.state.homecoming.standing {
        Receiving::Nothing => html! {},
        Receiving::Running(run) => running(run),
        Receiving::Ended(end) => ended(end),
    }
}

fn running(run: &ReceiveRun) -> Html {
    let what = match (run.is_stopping, run.order.dry_run) {
        (true, _) => "Stopping: what is home stays.".to_owned(),
        (_, true) => "Looking at the drives.".to_owned(),
        _ => format!("Copying to {}.", run.order.to),
    };
    html! {
        <div class="stack" id="homecoming-working">
            <p class="quiet">{ what }</p>
            <div class="gauges">
                { for run.drives.iter().map(|drive| {
                    let waiting = match (drive.verdict, drive.total) {
                        (Some(ReceiveVerdict::Failed), _) => Some("not home"),
                        (Some(ReceiveVerdict::Planned), _) => Some("looked at"),
                        (None, 0) => Some("being opened and listed"),
                        _ => None,
                    };
                    html! {
                        <Gauge key={drive.path.clone()} name={drive.serial.clone()} done={drive.bytes} total={drive.total}
                            verified={drive.verdict == Some(ReceiveVerdict::Verified)} {waiting} />
                    }
                }) }
            </div>
            { for run.drives.iter().filter_map(|drive| {
                let error = drive.error.as_ref()?;
                Some(html! {
                    <p class="warning" key={drive.path.clone()}>{ format!("{}: {}", drive.serial, sentence(&error.message)) }</p>
                })
            }) }
        </div>
    }
}

fn ended(end: &ReceiveEnd) -> Html {
    let tone = match end.verdict {
        ReceiveVerdict::Verified | ReceiveVerdict::Planned => Tone::Good,
        ReceiveVerdict::Copied => Tone::Warn,
        ReceiveVerdict::Mismatch | ReceiveVerdict::Failed => Tone::Bad,
    };
    let what = format!(
        "{}, {}. Folder: {}",
        words::counted(end.files, "file", "files"),
        words::size(end.bytes),
        end.order.to
    );
    html! {
        <>
            if let Some(error) = &end.error {
                <Trouble error={error.clone()} id="homecoming-failed" />
            }
            <Message {tone} title={end.sentence.clone()} id="homecoming-verdict">
                <p class="quiet">{ what }</p>
                if !end.order.key_faults.is_empty() {
                    <p>{ format!("Not all of the keys are keys: {}.", end.order.key_faults.join("; ")) }</p>
                }
            </Message>
            { drives(end) }
            { findings(end) }
            { report(end) }
        </>
    }
}

fn drives(end: &ReceiveEnd) -> Html {
    if end.drives.is_empty() {
        return html! {};
    }
    let columns = vec![
        Column::words("Drive"),
        Column::words("What became of it"),
        Column::words("What to do now"),
        Column::number("Files"),
        Column::number("Size"),
        Column::words("Opened with"),
    ];
    let rows = end.drives.iter().map(|drive| {
        vec![
            html! { <span class="mono" data-test="homecoming-drive-end" data-verdict={drive.verdict.word()}>{ &drive.serial }</span> },
            html! { became(drive) },
            html! { next(drive, end.is_stopped) },
            html! { words::count(drive.files) },
            html! { words::size(drive.bytes) },
            html! { opened_with(drive) },
        ]
    });
    let rows: Vec<_> = rows.collect();
    html! { <Table id="homecoming-drives-end" caption="What became of each drive" {columns} {rows} /> }
}

fn became(drive: &ReceivedDrive) -> String {
    let found = u64::try_from(drive.findings.len()).unwrap_or(u64::MAX);
    let found = found.saturating_add(drive.findings_left_out);
    match (drive.verdict, &drive.error) {
        (_, Some(error)) => sentence(&error.message),
        (ReceiveVerdict::Verified, _) => {
            "Home, each file compared with the drive's manifest.".to_owned()
        }
        (ReceiveVerdict::Copied, _) => format!("Home as it is. {}", drive.unproven),
        (ReceiveVerdict::Planned, _) => "Looked at: all of it can be copied.".to_owned(),
        (ReceiveVerdict::Mismatch, _) => {
            let wrong = words::counted(found, "thing is", "things are");
            format!("Not all of it is as it should be: {wrong} wrong.")
        }
        (ReceiveVerdict::Failed, _) => match drive.findings.last() {
            Some(last) => format!("Not all of it is home: {}", sentence(&last.message)),
            None => "Not all of it is home.".to_owned(),
        },
    }
}

fn next(drive: &ReceivedDrive, is_stopped: bool) -> String {
    match (drive.verdict, &drive.error) {
        (ReceiveVerdict::Verified, _) => "Nothing.".to_owned(),
        (ReceiveVerdict::Planned, _) => "Copy home.".to_owned(),
        (ReceiveVerdict::Copied, _) => {
            "Compare it with something of your own before the drive is used again.".to_owned()
        }
        (ReceiveVerdict::Mismatch, _) => {
            "Keep the drive, and look for these files elsewhere: they are named below.".to_owned()
        }
        (_, Some(error)) if !error.next.is_empty() => sentence(&error.next),
        (ReceiveVerdict::Failed, _) if is_stopped => {
            "Copy home again: it goes on where it stopped.".to_owned()
        }
        (ReceiveVerdict::Failed, _) => {
            "See to what is named, then copy home again: it goes on from there. Try another cable or port when the drive fails."
                .to_owned()
        }
    }
}

fn opened_with(drive: &ReceivedDrive) -> String {
    match &drive.key {
        Some(key) => match &key.serial {
            Some(serial) => format!("the key of {serial}"),
            None => format!("key {}", words::count(key.number)),
        },
        None => "not opened".to_owned(),
    }
}

fn findings(end: &ReceiveEnd) -> Html {
    let all = end.drives.iter();
    let all = all.flat_map(|drive| drive.findings.iter().map(move |finding| (drive, finding)));
    let rows: Vec<_> = all.map(|(drive, finding)| row(drive, finding)).collect();
    if rows.is_empty() {
        return html! {};
    }
    let more = end.drives.iter().map(|drive| drive.findings_left_out);
    let more = more.fold(0_u64, u64::saturating_add);
    let columns = vec![
        Column::words("File"),
        Column::words("What is so"),
        Column::words("Drive"),
    ];
    html! {
        <>
            <Table id="homecoming-findings" caption="What is not as it should be" {columns} {rows} />
            if more > 0 {
                <p id="homecoming-more">{ format!("And {} more.", words::count(more)) }</p>
            }
        </>
    }
}

fn row(drive: &ReceivedDrive, finding: &ReceiveFinding) -> Vec<Html> {
    let file = finding.file.as_deref().unwrap_or("The whole drive");
    let at = finding.offset;
    let at = at.map_or_else(String::new, |offset| {
        format!(" At byte {}.", words::count(offset))
    });
    vec![
        html! { <span class="named mono" data-test="homecoming-finding" data-code={finding.code.clone()}>{ file }</span> },
        html! { format!("{}{at}", sentence(&finding.message)) },
        html! { <span class="mono nowrap">{ &drive.serial }</span> },
    ]
}

fn report(end: &ReceiveEnd) -> Html {
    match &end.report {
        StorageReport::Kept { id, bytes } => {
            html! { <Report id={id.clone()} bytes={*bytes} /> }
        }
        StorageReport::Lost { why } => html! {
            <p class="field-error" id="homecoming-report-lost">{ format!("A file of all of it could not be made: {why}.") }</p>
        },
    }
}

/// Properties of [`Report`].
#[derive(Properties, PartialEq)]
struct ReportProps {
    id: AttrValue,
    bytes: u64,
}

/// Every file and finding, as a file to be saved.
#[component]
fn Report(props: &ReportProps) -> Html {
    let page = use_page();
    let id = props.id.clone();
    let onclick = Callback::from(move |_: MouseEvent| {
        page.effects.save_receive_report(id.to_string());
    });
    html! {
        <p class="actions">
            <button type="button" id="homecoming-save-report" {onclick}
                aria-describedby="homecoming-report-hint">{ "Save the report" }</button>
            <span class="hint" id="homecoming-report-hint">{ format!("A CSV file of {} with a row for every file and every \
                finding, as argosy receive --report writes it. The agent has it until the next time.",
                words::size(props.bytes)) }</span>
        </p>
    }
}
