//! Names that cannot go as they are, and what becomes of them.

use std::collections::BTreeMap;

use yew::prelude::*;

use crate::draft::Names;
use crate::planning::{PlanView, ProblemView};
use crate::words;

/// A list of so many names is open at once.
const OPEN_MAX: u64 = 12;

/// Properties of [`ProblemList`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The plan that found them.
    pub plan: std::rc::Rc<PlanView>,
    /// What the person decided.
    pub names: Option<Names>,
    /// The person decides.
    pub on_decide: Callback<Names>,
    /// New names that were accepted one by one.
    pub own: BTreeMap<String, String>,
    /// The person takes a new name for a path, or takes it back.
    pub on_rename: Callback<(String, Option<String>)>,
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
            <h2 id="problems-title" tabindex="-1">{ title }</h2>
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
                <details open={plan.problem_count <= OPEN_MAX}>
                    <summary>{ "Show the names" }</summary>
                    { list(props) }
                </details>
            }
            if !plan.renames.is_empty() {
                <details>
                    <summary>{ words::counted(renamed, "new name", "new names") }</summary>
                    <ul class="stack small">
                        { for plan.renames.iter().take(200).map(|rename| html! {
                            <li><span class="mono">
                                { &rename.path }</span><br />{ "becomes " }<span class="mono">{ &rename.name }</span>
                                if props.own.contains_key(&rename.path) {
                                    { mend(props, &rename.path, None) }
                                }
                            </li>
                        }) }
                    </ul>
                </details>
            }
        </section>
    }
}

/// The button that takes a new name, or takes it back.
fn mend(props: &Props, path: &str, name: Option<&str>) -> Html {
    let text = match name {
        Some(_) => "Use this name",
        None => "Take it back",
    };
    let onclick = {
        let on_rename = props.on_rename.clone();
        let (path, name) = (path.to_owned(), name.map(str::to_owned));
        Callback::from(move |_: MouseEvent| on_rename.emit((path.clone(), name.clone())))
    };
    html! {
        <button type="button" class="plain mend" {onclick}>
            { text }<span class="visually-hidden">{ format!(" for {path}") }</span>
        </button>
    }
}

fn list(props: &Props) -> Html {
    let (problems, count): (&[ProblemView], u64) = (&props.plan.problems, props.plan.problem_count);
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
                            { mend(props, &problem.path, Some(&problem.proposal)) }
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
