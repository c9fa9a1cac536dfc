//! The stowage bars: each drive a bar, coloured by top folder; a drive or a part of its bar leads inside. The table beside
//! it says the same in numbers.

use yew::prelude::*;

use super::segment::{Look, part, patterns, swatch};
use crate::groups::Group;
use crate::planning::{DriveView, PlanView};
use crate::{shipping, words};

/// Properties of [`Stowage`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The plan.
    pub plan: std::rc::Rc<PlanView>,
    /// Bytes a second of one drive; none while it is not well formed.
    pub rate: Option<u64>,
    /// The drive that is looked into.
    pub open: Option<u32>,
    /// The person wants to look into a folder of a drive: its place in the plan, and the folder's path.
    pub on_look: Callback<(u32, String)>,
    /// The person has seen enough of the drive that is looked into.
    pub on_close: Callback<()>,
}

/// The bars and their legend.
#[component]
pub fn Stowage(props: &Props) -> Html {
    let groups = &props.plan.groups;
    html! {
        <figure aria-label="Drives of the plan">
            { patterns() }
            <ol class="stowage" id="stowage">
                { for (0..).zip(&props.plan.drives).map(|(place, drive)| bar(place, drive, groups, props)) }
            </ol>
            <figcaption class="stack">
                if let Some(rate) = props.rate {
                    <p class="small quiet" id="stowage-times">
                        { format!("Times: write and read back, at {}.", words::rate(rate)) }
                    </p>
                }
                <ul class="legend" aria-label="Folders">
                    { for (0..).zip(groups).map(|(place, group)| legend(place, group)) }
                </ul>
            </figcaption>
        </figure>
    }
}

fn bar(place: u32, drive: &DriveView, groups: &[Group], props: &Props) -> Html {
    let share = words::share(drive.used_bytes, drive.capacity_bytes);
    let mut from = 0;
    let mut parts = Vec::new();
    let mut described = Vec::new();
    for &(number, bytes) in &drive.parts {
        // What files take beyond their bytes (clusters, records) is spread over the parts of the bar.
        let width = words::permyriad(scaled(bytes, drive), drive.capacity_bytes);
        let group = usize::try_from(number).ok().and_then(|at| groups.get(at));
        let (name, path) = group.map_or(("", ""), |group| (&group.name, &group.path));
        let share = words::share(bytes, drive.bytes);
        let text = format!("{name}: {}, {share}", words::size(bytes));
        let look = looking(props, place, path);
        parts.push(part(Look::of_group(number), from, width, &text, Some(look)));
        described.push(text);
        from = from.saturating_add(width);
    }
    let label = format!("{}: {share} full. {}", drive.serial, described.join(", "));
    let time = props.rate.map_or_else(String::new, |rate| {
        words::duration(shipping::drive_seconds(drive.used_bytes, rate))
    });
    let is_open = props.open == Some(place);
    let onclick = if is_open {
        props.on_close.reform(|_: MouseEvent| ())
    } else {
        looking(props, place, "")
    };
    html! {
        <li data-test="stowage-drive">
            <button type="button" class="plain name" id={look_id(place)}
                aria-expanded={if is_open { "true" } else { "false" }}
                aria-controls={is_open.then_some("inside")} {onclick}>
                { &drive.serial }<span class="visually-hidden">{ ": look inside" }</span>
            </button>
            <svg class="bar" role="img" aria-label={label}>{ for parts }</svg>
            <span class="share nowrap">{ share }</span>
            <span class="time nowrap">{ time }</span>
        </li>
    }
}

/// Returns the id of the button that looks into a drive.
#[must_use]
pub fn look_id(place: u32) -> String {
    format!("look-{place}")
}

fn looking(props: &Props, place: u32, path: &str) -> Callback<MouseEvent> {
    let (on_look, path) = (props.on_look.clone(), path.to_owned());
    Callback::from(move |_| on_look.emit((place, path.clone())))
}

fn scaled(bytes: u64, drive: &DriveView) -> u64 {
    let scaled = u128::from(bytes).saturating_mul(u128::from(drive.used_bytes));
    let scaled = scaled.checked_div(u128::from(drive.bytes)).unwrap_or(0);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

fn legend(place: u32, group: &Group) -> Html {
    html! {
        <li>
            { swatch(Look::of_group(place)) }
            <span>{ &group.name }</span>
            <span class="quiet nowrap">{ words::size(group.bytes) }</span>
        </li>
    }
}
