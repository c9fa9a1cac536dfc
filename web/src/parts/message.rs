//! What a person is told: a title, and what belongs to it.

use shared::api::ApiError;
use yew::prelude::*;

use crate::checking::Tone;
use crate::words::sentence;

/// Properties of [`Message`].
#[derive(Properties, PartialEq)]
pub struct MessageProps {
    /// Good, open or bad.
    pub tone: Tone,
    /// What happened, one sentence.
    pub title: AttrValue,
    /// What belongs to it.
    #[prop_or_default]
    pub children: Html,
    /// An id for tests.
    #[prop_or_default]
    pub id: Option<AttrValue>,
}

/// A message where it belongs. Bad ones are spoken at once.
#[component]
pub fn Message(props: &MessageProps) -> Html {
    let (tone, role) = match props.tone {
        Tone::Good => ("good", None),
        Tone::Warn => ("warn", None),
        Tone::Bad => ("bad", Some("alert")),
    };
    html! {
        <div class="message" data-tone={tone} {role} id={props.id.clone()}>
            <p class="title">{ &props.title }</p>
            { props.children.clone() }
        </div>
    }
}

/// Properties of [`Trouble`].
#[derive(Properties, PartialEq)]
pub struct TroubleProps {
    /// What went wrong.
    pub error: ApiError,
    /// Takes the message away; without it the message stays as long as its cause.
    #[prop_or_default]
    pub on_close: Option<Callback<()>>,
    /// An id for tests.
    #[prop_or_default]
    pub id: Option<AttrValue>,
}

/// An error in its four parts: what happened, to what, is my data safe, what to do now.
#[component]
pub fn Trouble(props: &TroubleProps) -> Html {
    let ApiError {
        message,
        place,
        safe,
        next,
        code,
    } = &props.error;
    let close = props.on_close.clone();
    html! {
        <Message tone={Tone::Bad} title={sentence(message)} id={props.id.clone()}>
            if !place.is_empty() {
                <p data-test="error-where" data-code={code.clone()}>
                    <span class="quiet">{ "Where: " }</span><span class="mono">{ place }</span>
                </p>
            }
            if !safe.is_empty() {
                <p>{ safe }</p>
            }
            if !next.is_empty() {
                <p>{ next }</p>
            }
            if let Some(close) = close {
                <p><button type="button" class="plain" onclick={move |_| close.emit(())}>
                    { "Close this message" }</button>
                </p>
            }
        </Message>
    }
}
