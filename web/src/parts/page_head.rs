//! The heading of a page, and the one sentence that says what it is for.

use yew::prelude::*;

/// Properties of [`PageHead`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The heading.
    pub title: AttrValue,
    /// The sentence.
    pub purpose: AttrValue,
}

/// The head of a page; a turned page begins here for those who do not see it.
#[component]
pub fn PageHead(props: &Props) -> Html {
    html! {
        <div class="page-head">
            <h1 id="page-title" tabindex="-1">{ &props.title }</h1>
            <p>{ &props.purpose }</p>
        </div>
    }
}
