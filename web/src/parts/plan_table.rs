//! The twin of the stowage bars, in numbers.

use yew::prelude::*;

use crate::planning::PlanView;
use crate::{shipping, words};

/// Properties of [`PlanTable`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The plan.
    pub plan: std::rc::Rc<PlanView>,
    /// Bytes a second of one drive; none while it is not well formed.
    pub rate: Option<u64>,
}

/// One row a drive.
#[component]
pub fn PlanTable(props: &Props) -> Html {
    let rows = props.plan.drives.iter().map(|drive| {
        let time = props.rate.map_or_else(String::new, |rate| {
            words::duration(shipping::drive_seconds(drive.used_bytes, rate))
        });
        html! {
            <tr>
                <th scope="row">{ &drive.serial }</th>
                <td class="number" data-label="Size">{ words::size(drive.disk_bytes) }</td>
                <td class="number" data-label="Used">{ words::size(drive.used_bytes) }</td>
                <td class="number" data-label="Full">
                    { words::share(drive.used_bytes, drive.capacity_bytes) }
                </td>
                <td class="number" data-label="Files">{ words::count(drive.files) }</td>
                <td class="number" data-label="Time">{ time }</td>
            </tr>
        }
    });
    let heading = props.rate.map_or_else(
        || "Time".to_owned(),
        |rate| format!("Time to write and read back, at {}", words::rate(rate)),
    );
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label="The plan in numbers">
            <table class="cards-when-narrow" id="plan-table">
                <caption class="visually-hidden">{ "The plan in numbers" }</caption>
                <thead>
                    <tr>
                        <th scope="col">{ "Drive" }</th>
                        <th scope="col" class="number">{ "Size" }</th>
                        <th scope="col" class="number">{ "Used" }</th>
                        <th scope="col" class="number">{ "Full" }</th>
                        <th scope="col" class="number">{ "Files" }</th>
                        <th scope="col" class="number">
                            { heading }
                        </th>
                    </tr>
                </thead>
                <tbody>{ for rows }</tbody>
            </table>
        </div>
    }
}
