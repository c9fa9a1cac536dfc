//! Small pictures. None of them says anything that is not beside it in words.

use yew::prelude::*;

use crate::checking::Tone;
use crate::route::Route;

/// Properties of [`Icon`].
#[derive(Properties, PartialEq)]
pub struct IconProps {
    /// The page it stands for.
    pub route: Route,
}

/// The picture of a page in the navigation.
#[component]
pub fn Icon(props: &IconProps) -> Html {
    let path = match props.route {
        Route::Plan => "M3 4h14M3 10h14M3 16h8",
        Route::Drives => "M3 5h14v10H3z M3 12h14 M14 13.5h.5",
        Route::Run => "M6 4l10 6-10 6z",
        Route::Check => "M4 10.5l4 4 8-9",
        Route::Ledger => "M5 3h11v14H5z M8 3v14 M11 7h3 M11 10h3",
        Route::Receive => "M10 3v9 M6 8.5l4 4 4-4 M3 12v5h14v-5",
    };
    html! {
        <svg viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d={path} /></svg>
    }
}

/// Properties of [`Mark`].
#[derive(Properties, PartialEq)]
pub struct MarkProps {
    /// What it says.
    pub tone: Tone,
}

/// The mark before a line of a judgement: a tick, a bar or a cross, and the same as a word for those who do not see it.
#[component]
pub fn Mark(props: &MarkProps) -> Html {
    let (path, class, word) = match props.tone {
        Tone::Good => ("M4 10.5l4 4 8-9", "tone-good", "Proven: "),
        Tone::Warn => ("M10 4v8 M10 15.5v.5", "tone-warn", "Open: "),
        Tone::Bad => ("M5 5l10 10 M15 5L5 15", "tone-bad", "Wrong: "),
    };
    html! {
        <>
            <svg viewBox="0 0 20 20" class={class} stroke-width="2.4" stroke-linecap="round"
                aria-hidden="true" focusable="false">
                <path d={path} />
            </svg>
            <span class="visually-hidden">{ word }</span>
        </>
    }
}
