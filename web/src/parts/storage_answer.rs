//! What a comparison with a storage account came to: one verdict, and what is not as it should be.

use shared::api::{StorageFinding, StorageReply, StorageReport, StorageVerdict};
use yew::prelude::*;

use super::{Column, Message, Table, Trouble};
use crate::app::use_page;
use crate::checking::Tone;
use crate::state::storage::Work;
use crate::words::{self, sentence};

/// The answer, or how far it is.
#[component]
pub fn StorageAnswer() -> Html {
    let page = use_page();
    match &page.state.storage.work {
        Work::Nothing => html! {},
        Work::Comparing {
            session,
            listed,
            read,
        } => {
            let mut far = format!(
                "Session {session}: {} listed so far",
                words::counted(*listed, "blob", "blobs")
            );
            if *read > 0 {
                far += &format!(", {} read", words::size(*read));
            }
            html! { <p class="quiet" id="storage-working">{ format!("{far}.") }</p> }
        }
        Work::Stopped => html! {
            <Message tone={Tone::Warn} id="storage-stopped"
                title="Stopped before the end: nothing is said of any file." />
        },
        Work::Failed(error) => html! { <Trouble error={error.clone()} id="storage-failed" /> },
        Work::Told(session, reply) => told(session, reply),
    }
}

fn told(session: &str, reply: &StorageReply) -> Html {
    let tone = tone(reply.verdict);
    let drives = reply.drives.join(", ");
    let what = format!(
        "Session {session}, {}, {}. Drives by their journals: {drives}.",
        words::counted(reply.files, "file", "files"),
        words::size(reply.bytes)
    );
    let may_prove = reply.verdict == StorageVerdict::Unproven && reply.unproven > 0;
    html! {
        <>
            <Message {tone} title={reply.sentence.clone()} id="storage-verdict">
                <p class="quiet">{ what }</p>
                if may_prove {
                    <p>{ "What would prove them: the service's verbose log, added above, with the originals where it has \
                        CRC-64s only; or reading them back." }</p>
                }
            </Message>
            if !reply.findings.is_empty() {
                { findings(session, reply) }
            }
        </>
    }
}

fn findings(session: &str, reply: &StorageReply) -> Html {
    let columns = vec![
        Column::words("Blob"),
        Column::words("What is so"),
        Column::number("Size"),
        Column::words("Drive"),
    ];
    let rows: Vec<_> = reply.findings.iter().map(row).collect();
    html! {
        <>
            <Table id="storage-findings" caption="What is not as it should be" {columns} {rows} />
            if reply.findings_left_out > 0 {
                <p id="storage-more">{ format!("And {}.",
                    words::counted(reply.findings_left_out, "more", "more")) }</p>
            }
            <Report session={session.to_owned()} report={reply.report.clone()} />
        </>
    }
}

/// Properties of [`Report`].
#[derive(Properties, PartialEq)]
struct ReportProps {
    /// Whose it is.
    session: AttrValue,
    report: StorageReport,
}

/// All findings, as a file to be saved.
#[component]
fn Report(props: &ReportProps) -> Html {
    let page = use_page();
    match &props.report {
        StorageReport::Kept { id, bytes } => {
            let (session, id) = (props.session.clone(), id.clone());
            let onclick = Callback::from(move |_: MouseEvent| {
                page.effects.save_storage_report(&session, id.clone());
            });
            html! {
                <p class="actions">
                    <button type="button" id="storage-save-report" {onclick}
                        aria-describedby="storage-report-hint">{ "Save all findings" }</button>
                    <span class="hint" id="storage-report-hint">{ format!("A CSV file of {}, as argosy confirm --report \
                        writes it. The agent has it until the next comparison.", words::size(*bytes)) }</span>
                </p>
            }
        }
        StorageReport::Lost { why } => html! {
            <p class="field-error" id="storage-report-lost">{ format!("A file of all findings could not be made: {why}.") }</p>
        },
    }
}

fn row(finding: &StorageFinding) -> Vec<Html> {
    let drive = finding.drive.clone().unwrap_or_default();
    let subject = match finding.blob.as_str() {
        "" => "The whole session".to_owned(),
        blob => blob.to_owned(),
    };
    let size = if finding.code.is_of_a_file() {
        words::size(finding.bytes)
    } else {
        String::new()
    };
    vec![
        html! { <span class="named mono" data-test="storage-finding" data-code={finding.code.word()}>{ subject }</span> },
        html! { sentence(&finding.message) },
        html! { size },
        html! { <span class="mono nowrap">{ drive }</span> },
    ]
}

const fn tone(verdict: StorageVerdict) -> Tone {
    match verdict {
        StorageVerdict::Confirmed | StorageVerdict::Free => Tone::Good,
        StorageVerdict::Unproven => Tone::Warn,
        StorageVerdict::Incomplete | StorageVerdict::Taken => Tone::Bad,
    }
}
