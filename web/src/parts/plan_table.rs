//! The twin of the stowage bars, in numbers.

use yew::prelude::*;

use crate::planning::PlanView;
use crate::words;

/// A speed that drives of today keep up over their whole length; said beside every time that is reckoned with it.
const ASSUMED_RATE: u64 = 200_000_000;

/// Properties of [`PlanTable`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The plan.
    pub plan: std::rc::Rc<PlanView>,
}

/// One row a drive.
#[component]
pub fn PlanTable(props: &Props) -> Html {
    let rows = props.plan.drives.iter().map(|drive| {
        // Once to be written, once to be read back.
        let time = words::duration((drive.used_bytes / ASSUMED_RATE).saturating_mul(2));
        html! {
            <tr>
                <th scope="row">{ &drive.serial }</th>
                <td class="number" data-label="Size">{ words::size(drive.disk_bytes) }</td>
                <td class="number" data-label="Used">{ words::size(drive.used_bytes) }</td>
                <td class="number" data-label="Full">
                    { words::share(drive.used_bytes, drive.capacity_bytes) }
                </td>
                <td class="number" data-label="Files">{ words::count(drive.files) }</td>
                <td class="number" data-label="Time at 200 MB/s">{ time }</td>
            </tr>
        }
    });
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
                            { "Time to write and read back, at 200 MB/s" }
                        </th>
                    </tr>
                </thead>
                <tbody>{ for rows }</tbody>
            </table>
        </div>
    }
}
