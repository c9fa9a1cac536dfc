//! What goes to the service with the drives: who it is for, what it wants to know, and the documents.

use yew::prelude::*;

use super::{DetailsForm, Documents, Message, Trouble};
use crate::app::{Context, use_page};
use crate::checking::Tone;
use crate::handing::{Handed, Whom};
use crate::state::Action;
use crate::state::handing::{Answer, Change, Handing};
use crate::words::{self, sentence};

/// Properties of [`HandOver`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// How many journals there are.
    pub journals: u64,
}

/// The hand-over of the journals that were checked last.
#[component]
pub fn HandOver(props: &Props) -> Html {
    let page = use_page();
    let handing = &page.state.handing;
    let working = handing.answer == Answer::Working;
    let onsubmit = {
        let page = page.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let (Some(order), false) = (page.state.handing.order(), working) {
                page.effects.hand_over(order);
            }
        })
    };
    let of = words::counted(props.journals, "journal", "journals");
    html! {
        <section class="panel stack" id="hand-over" aria-labelledby="hand-over-title">
            <h2 id="hand-over-title">{ "Hand over" }</h2>
            <p class="quiet">{ format!("What the service wants to know of the drives, from the {of} above. \
                It is made here; what you type stays in this page.") }</p>
            <form class="stack" {onsubmit} novalidate=true>
                <fieldset class="stack">
                    <legend class="label">{ "What is it for?" }</legend>
                    { for Whom::ALL.into_iter().map(|whom| choice(&page, whom)) }
                </fieldset>
                if handing.whom.is_some_and(Whom::wants_details) {
                    <DetailsForm />
                }
                if handing.whom.is_some() {
                    <p class="actions">
                        <button type="submit" class="primary" id="hand-over-make"
                            aria-disabled={working.then_some("true")}>
                            { if working { "Judging the journals" } else { "Make the documents" } }
                        </button>
                    </p>
                }
            </form>
            { answer(handing) }
        </section>
    }
}

fn choice(page: &Context, whom: Whom) -> Html {
    let (title, about) = whom.words();
    let onchange = {
        let page = page.clone();
        Callback::from(move |_: Event| {
            page.act(Action::Handing(Box::new(Change::For(whom))));
        })
    };
    let id = format!("for-{}", whom.word());
    let about_id = format!("{id}-about");
    html! {
        <div>
            <label class="choice">
                <input type="radio" name="hand-over-for" {id} {onchange}
                    checked={page.state.handing.whom == Some(whom)}
                    aria-describedby={about_id.clone()} />
                <span>{ title }</span>
            </label>
            <p class="hint indent" id={about_id}>{ about }</p>
        </div>
    }
}

fn answer(handing: &Handing) -> Html {
    match &handing.answer {
        Answer::Nothing | Answer::Working => html! {},
        Answer::Failed(error) => {
            html! { <Trouble error={error.clone()} id="hand-over-failed" /> }
        }
        Answer::Is(handed) => match handed.as_ref() {
            Handed::Refused(refused) => html! {
                <Message tone={Tone::Bad} id="hand-over-refused" title="Nothing was handed over.">
                    <ul>
                        { for refused.iter().map(|(file, why)| html! {
                            <li>
                                if !file.is_empty() {
                                    <span class="mono">{ file }</span>{ ": " }
                                }
                                { sentence(why) }
                            </li>
                        }) }
                    </ul>
                    <p>{ "What is wrong stands in full above. The drives were not touched." }</p>
                </Message>
            },
            // It stands beside its field, which has the focus.
            Handed::Field { .. } => html! {},
            Handed::Made(_) => html! { <Documents handed={handed.clone()} /> },
        },
    }
}
