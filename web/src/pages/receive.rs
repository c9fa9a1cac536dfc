//! Receive: drives that came back. The agent copies them home; the image of one is opened in the browser, which needs no agent.

use std::rc::Rc;

use web_sys::File;
use yew::prelude::*;

use crate::app::{Context, use_page};
use crate::checking::Tone;
use crate::parts::{
    ComparePanel, DropZone, HomecomingPanel, KeyForm, Message, PageHead, Proven, TreeView, Trouble,
};
use crate::receiving::DriveView;
use crate::state::Link;
use crate::state::receive::Drive;
use crate::words;

/// The page.
#[component]
pub fn ReceivePage() -> Html {
    let page = use_page();
    let on_files = {
        let receiver = page.effects.receiver.clone();
        Callback::from(move |files: Vec<File>| {
            if let Some(file) = files.into_iter().next() {
                receiver.look(file);
            }
        })
    };
    // One that does not answer for a moment goes on all the same.
    let has_agent = matches!(page.state.link, Link::Connected | Link::Lost);
    let is_open = matches!(page.state.receive.drive, Drive::Open(_));
    html! {
        <>
            <PageHead title="Receive" purpose={purpose(has_agent)} />
            <div class="columns">
                <div class="column">
                    if has_agent {
                        <HomecomingPanel />
                    }
                    <DropZone id="drive-image" large={!is_open && !has_agent} {on_files} button="Choose a drive image"
                        hint="or drop it here: the image of a whole drive or of its volume, of any length. \
                            On Linux: dd if=/dev/sdX of=drive.img bs=4M" />
                    { drive(&page) }
                </div>
                <div class="column aside">
                    <section class="note" aria-labelledby="receive-note">
                        <h2 id="receive-note">{ "What happens here" }</h2>
                        <p>{ "An image is only read, a piece at a time. It is decrypted in this browser; neither \
                            its key nor its content leaves the machine." }</p>
                        <p>{ "BitLocker of Windows 7 and later, and plain NTFS." }</p>
                        { whole_drives(has_agent) }
                    </section>
                    <Proven />
                </div>
            </div>
        </>
    }
}

const fn purpose(has_agent: bool) -> &'static str {
    if has_agent {
        "Copy drives that came back home, all at once. Or open the image of one here, in the browser, where it lies: see what \
         is on it, save its files and prove them."
    } else {
        "Open the image of a drive that came back, see what is on it, save its files and prove them. \
         It is read here, in the browser, where it lies."
    }
}

/// Where whole drives are copied.
fn whole_drives(has_agent: bool) -> Html {
    if has_agent {
        return html! {
            <p>{ "Whole drives are copied by the agent. The same on a command line: " }<code>{ "argosy receive" }</code>{ "." }</p>
        };
    }
    html! {
        <p>{ "Whole drives are copied home by the agent: " }<code>{ "argosy serve" }</code>{ " on the machine that has them \
            opens this page with a list of them. On a command line it is " }<code>{ "argosy receive" }</code>{ "." }</p>
    }
}

fn drive(page: &Context) -> Html {
    match &page.state.receive.drive {
        Drive::Nothing => html! {},
        Drive::Looking(name) => {
            html! { <p class="quiet" id="drive-looking">{ format!("Looking at {name}.") }</p> }
        }
        Drive::Locked { locked, trying } => {
            html! { <KeyForm locked={locked.clone()} trying={*trying} /> }
        }
        Drive::Failed(error) => html! { <Trouble error={error.clone()} id="drive-failed" /> },
        Drive::Open(view) => open(view),
    }
}

fn open(view: &Rc<DriveView>) -> Html {
    let label = if view.label.is_empty() {
        view.name.clone()
    } else {
        view.label.clone()
    };
    let lock = if view.cipher.is_empty() {
        "NTFS, not encrypted".to_owned()
    } else {
        format!("BitLocker, {}", view.cipher)
    };
    html! {
        <>
            <section class="panel stack" id="drive" aria-labelledby="drive-title">
                <div class="spread">
                    <h2 id="drive-title">{ label }</h2>
                    <span class="quiet small">{ format!("{}, {}, {lock}", view.name, words::size(view.bytes)) }</span>
                </div>
                if !view.warnings.is_empty() {
                    <Message tone={Tone::Warn} title="It opens, but not everything around it is right."
                        id="drive-warnings">
                        <ul>{ for view.warnings.iter().map(|warning| html! { <li>{ warning }</li> }) }</ul>
                    </Message>
                }
                <TreeView />
            </section>
            <ComparePanel manifest={view.manifest.clone()} />
        </>
    }
}
