//! The judgement over one drive's files.

use yew::prelude::*;

use super::{Mark, Serial};
use crate::checking::{DriveCheck, Line, Tone};

/// Properties of [`DriveCheckPanel`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The judgement.
    pub check: DriveCheck,
}

/// A panel: the verdict, then a line for each thing that was looked at, wrong ones first.
#[component]
pub fn DriveCheckPanel(props: &Props) -> Html {
    let check = &props.check;
    let tone = match check.tone {
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
    };
    html! {
        <section class="panel" data-test="check" data-tone={tone}
            data-serial={check.serial.clone()}>
            <div class="spread">
                <h2>
                    if check.serial.is_empty() {
                        { check.files.join(", ") }
                    } else {
                        { "Drive " }<Serial serial={check.serial.clone()} />
                    }
                </h2>
                if !check.serial.is_empty() {
                    <span class="quiet small">{ check.files.join(", ") }</span>
                }
            </div>
            <p class="verdict" data-tone={tone} data-test="check-verdict">{ &check.verdict }</p>
            <ul class="findings">{ for check.lines.iter().map(line) }</ul>
        </section>
    }
}

fn line(line: &Line) -> Html {
    html! {
        <li>
            <span><Mark tone={line.tone} /></span>
            <span>
                { &line.text }
                if !line.place.is_empty() {
                    <span class="place">{ &line.place }</span>
                }
            </span>
        </li>
    }
}
