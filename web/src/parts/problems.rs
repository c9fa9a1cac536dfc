//! Names that cannot go as they are, and what becomes of them.

use yew::prelude::*;

use crate::draft::Names;
use crate::planning::{PlanView, ProblemView};
use crate::words;

/// Properties of [`ProblemList`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The plan that found them.
    pub plan: std::rc::Rc<PlanView>,
    /// What the person decided.
    pub names: Option<Names>,
    /// The person decides.
    pub on_decide: Callback<Names>,
}

/// The problems, the decision, and the list.
#[component]
pub fn ProblemList(props: &Props) -> Html {
    let plan = &props.plan;
    let renamed = u64::try_from(plan.renames.len()).unwrap_or(u64::MAX);
    let count = plan.problem_count.saturating_add(renamed);
    if count == 0 {
        return html! {};
    }
    let title = if count == 1 {
        "1 name cannot go as it is.".to_owned()
    } else {
        format!("{} names cannot go as they are.", words::count(count))
    };
    let choice = |id: &'static str, names: Names, text: &'static str| {
        let on_decide = props.on_decide.clone();
        html! {
            <label class="choice">
                <input type="radio" name="names" {id} checked={props.names == Some(names)}
                    onchange={move |_| on_decide.emit(names)} />
                <span>{ text }</span>
            </label>
        }
    };
    html! {
        <section class="note" id="problems" aria-labelledby="problems-title">
            <h2 id="problems-title">{ title }</h2>
            <p class="quiet">
                { "NTFS or Blob storage cannot hold them. Your files are not touched; this is \
                     about the copy on the drive." }
            </p>
            <fieldset>
                <legend class="visually-hidden">{ "What becomes of these names" }</legend>
                { choice("names-propose", Names::Propose, "Use the proposed names") }
                { choice("names-leave-out", Names::LeaveOut, "Leave these files out") }
            </fieldset>
            if !plan.problems.is_empty() {
                <details>
                    <summary>{ "Show the names" }</summary>
                    { list(&plan.problems, plan.problem_count) }
                </details>
            }
            if !plan.renames.is_empty() {
                <details>
                    <summary>{ words::counted(renamed, "new name", "new names") }</summary>
                    <ul class="stack small">
                        { for plan.renames.iter().take(200).map(|rename| html! {
                            <li><span class="mono">
                                { &rename.path }</span><br />{ "becomes " }<span class="mono">{ &rename.name }</span>
                            </li>
                        }) }
                    </ul>
                </details>
            }
        </section>
    }
}

fn list(problems: &[ProblemView], count: u64) -> Html {
    let shown = u64::try_from(problems.len()).unwrap_or(u64::MAX);
    html! {
        <>
            <ul class="stack small" data-test="problem-list">
                { for problems.iter().map(|problem| html! {
                    <li>
                        <span class="mono">{ &problem.path }</span><br />
                        { &problem.rule }
                        if problem.proposal.is_empty() {
                            { ". No name helps; it has to stay behind." }
                        } else {
                            { ". Proposed: " }<span class="mono">{ &problem.proposal }</span>
                        }
                    </li>
                }) }
            </ul>
            if count > shown {
                <p class="quiet">
                    { format!("and {} more; the saved plan names all.",
                        words::count(count.saturating_sub(shown))) }
                </p>
            }
        </>
    }
}
