//! What goes on paper with the drives: a line a drive, with room for what is written by hand. Only in print.

use std::rc::Rc;

use yew::prelude::*;

use crate::planning::PlanView;
use crate::words;

/// Properties of [`PrintSheet`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The plan.
    pub plan: Rc<PlanView>,
    /// The plan's hash; empty while it is not known.
    pub hash: AttrValue,
    /// The session.
    pub session: AttrValue,
    /// The destination; empty while none is chosen.
    pub destination: AttrValue,
}

/// The packing list.
#[component]
pub fn PrintSheet(props: &Props) -> Html {
    let plan = &props.plan;
    let jobs = u64::try_from(plan.jobs().len()).unwrap_or(u64::MAX);
    let by_job = (1_u64..).zip(plan.jobs());
    let drives = by_job.flat_map(|(job, drives)| drives.iter().map(move |drive| (job, drive)));
    let rows = drives.map(|(job, drive)| {
        html! {
            <tr>
                <th scope="row">{ &drive.serial }</th>
                <td>{ job }</td>
                <td class="number">{ words::size(drive.disk_bytes) }</td>
                <td class="number">{ words::count(drive.files) }</td>
                <td></td><td></td><td></td>
            </tr>
        }
    });
    html! {
        <section class="sheet" aria-labelledby="sheet-title">
            <h3 id="sheet-title">{ "Packing list" }</h3>
            <p>
                { format!("Session {}. ", props.session) }
                if !props.destination.is_empty() {
                    { format!("To {}. ", props.destination) }
                }
                { format!("{}, {}, {}.", words::counted(plan.files, "file", "files"),
                    words::size(plan.bytes), words::counted(jobs, "job", "jobs")) }
            </p>
            if !props.hash.is_empty() {
                <p class="mono small command">{ format!("Plan {}", props.hash) }</p>
            }
            <table>
                <thead>
                    <tr>
                        <th scope="col">{ "Drive" }</th>
                        <th scope="col">{ "Job" }</th>
                        <th scope="col" class="number">{ "Size" }</th>
                        <th scope="col" class="number">{ "Files" }</th>
                        <th scope="col">{ "Serial on its label" }</th>
                        <th scope="col">{ "Verified" }</th>
                        <th scope="col">{ "Packed" }</th>
                    </tr>
                </thead>
                <tbody>{ for rows }</tbody>
            </table>
        </section>
    }
}
