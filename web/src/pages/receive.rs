//! Receive: a drive that came back, opened in the browser. Needs no agent.

use std::rc::Rc;

use web_sys::File;
use yew::prelude::*;

use crate::app::{Context, use_page};
use crate::checking::Tone;
use crate::parts::{ComparePanel, DropZone, KeyForm, Message, PageHead, Proven, TreeView, Trouble};
use crate::receiving::DriveView;
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
    let is_open = matches!(page.state.receive.drive, Drive::Open(_));
    html! {
        <>
            <PageHead title="Receive"
                purpose="Open the image of a drive that came back, see what is on it, save its files and prove them. \
                    It is read here, in the browser, where it lies." />
            <div class="columns">
                <div class="column">
                    <DropZone id="drive-image" large={!is_open} {on_files} button="Choose a drive image"
                        hint="or drop it here: the image of a whole drive or of its volume, of any length. \
                            On Linux: dd if=/dev/sdX of=drive.img bs=4M" />
                    { drive(&page) }
                </div>
                <div class="column aside">
                    <section class="note" aria-labelledby="receive-note">
                        <h2 id="receive-note">{ "What happens here" }</h2>
                        <p>{ "The drive is only read, a piece at a time. It is decrypted in this browser; neither \
                            its key nor its content leaves the machine." }</p>
                        <p>{ "BitLocker of Windows 7 and later, and plain NTFS. To copy a whole drive at once use " }
                            <code>{ "argosy unpack" }</code>{ "." }</p>
                    </section>
                    <Proven />
                </div>
            </div>
        </>
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
