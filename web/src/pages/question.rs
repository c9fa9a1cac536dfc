//! The question before drives are erased, wherever it is asked.

use shared::api::{ConfirmRequest, Confirmation, StartReply};
use yew::prelude::*;

use crate::app::Context;
use crate::parts::EraseDialog;
use crate::state::Start;

/// Returns the dialog while the agent waits for its answer; `done` once drives are being filled.
pub(super) fn dialog(page: &Context, done: fn()) -> Html {
    let Start::Review {
        reply,
        question,
        refused,
        sending,
    } = &page.state.start
    else {
        return html! {};
    };
    let on_leave = {
        let (page, reply) = (page.clone(), reply.clone());
        Callback::from(move |()| page.effects.dismiss(&reply))
    };
    let on_confirm = {
        let (page, reply, question) = (page.clone(), reply.clone(), question.clone());
        Callback::from(move |drives: Vec<Confirmation>| {
            let words = words_of(&reply, &question.token, drives);
            page.effects
                .confirm(reply.clone(), question.clone(), words, done);
        })
    };
    let on_extend = {
        let (page, reply, question) = (page.clone(), reply.clone(), question.clone());
        Callback::from(move |()| page.effects.extend(reply.clone(), question.clone()))
    };
    let listed = page.state.drive_list().to_vec();
    let (reply, refused, sending) = (reply.clone(), refused.clone(), *sending);
    // What was typed answers one question; another one begins with empty fields.
    let key = question.first.clone();
    let (token, seconds) = (question.token.clone(), question.seconds);
    html! {
        <EraseDialog {key} {listed} {reply} {refused} {sending} {token} {seconds} {on_confirm}
            {on_extend} {on_leave} />
    }
}

fn words_of(reply: &StartReply, question: &str, drives: Vec<Confirmation>) -> ConfirmRequest {
    ConfirmRequest {
        question: question.to_owned(),
        plan_hash: reply.plan_hash.clone(),
        drives,
    }
}
