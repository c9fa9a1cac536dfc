//! Check: journals, manifests and drive images, judged in the browser, which needs no agent; and what was prepared, compared
//! with a storage account, which does.

use web_sys::File;
use yew::prelude::*;

use crate::app::use_page;
use crate::parts::{DriveCheckPanel, DropZone, HandOver, PageHead, Proven, StoragePanel, Trouble};
use crate::state::Checks;

/// The page.
#[component]
pub fn CheckPage() -> Html {
    let page = use_page();
    let on_files = {
        let effects = page.effects.clone();
        Callback::from(move |files: Vec<File>| effects.check(files))
    };
    html! {
        <>
            <PageHead title="Check"
                purpose="Prove journals, manifests and drive images, here in the browser. \
                     Nothing is uploaded, no agent is needed. With the agent: whether all of it is in storage." />
            <div class="columns">
                <div class="column">
                    <DropZone id="check-files" large=true multiple=true {on_files}
                        button="Choose files"
                        hint="or drop them here: journals (.jrn), DriveManifest.xml, a drive \
                             image with its journal. Several at once, several drives at once." />
                    { findings(&page.state.checks, &page.state.progress) }
                    <StoragePanel />
                </div>
                <div class="column aside">
                    <section class="note" aria-labelledby="check-note">
                        <h2 id="check-note">{ "What is looked at" }</h2>
                        <p>{ "The chain of the journal's records; whether its recovery password \
                             opens the drive's sealed key block; whether the manifest is the one it names. \
                             With a drive image: every byte of every file." }</p>
                        <p>{ "The chain finds damage, not forgery." }</p>
                    </section>
                    <Proven />
                </div>
            </div>
        </>
    }
}

fn findings(checks: &Checks, progress: &str) -> Html {
    match checks {
        Checks::Nothing => html! {},
        Checks::Working(names) => {
            let text = if progress.is_empty() {
                format!("Checking {}.", names.join(", "))
            } else {
                format!(
                    "{}.",
                    crate::words::sentence(progress).trim_end_matches('.')
                )
            };
            html! { <p class="quiet" id="check-working">{ text }</p> }
        }
        Checks::Done(drives, journals) => html! {
            <>
                <div class="column" id="check-results">
                    { for drives.iter().map(|check| html! { <DriveCheckPanel check={check.clone()} /> }) }
                </div>
                if *journals > 0 {
                    <HandOver journals={*journals} />
                }
            </>
        },
        Checks::Failed(error) => html! { <Trouble error={error.clone()} id="check-failed" /> },
    }
}
