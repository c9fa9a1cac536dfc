//! The line against drives: the answer, the curve, and both in numbers. Drawn anew only for another plan or other numbers.

use std::rc::Rc;

use yew::prelude::*;

use crate::parts::{Column, Curve, Table};
use crate::planning::PlanView;
use crate::shipping::{Compared, SERVICE_DAYS, Shipping};
use crate::words;

/// Sizes of the small table, beside the plan's own.
const SIZES: [u64; 5] = [
    1_000_000_000_000,
    10_000_000_000_000,
    50_000_000_000_000,
    100_000_000_000_000,
    500_000_000_000_000,
];
/// The curve reaches at least so far.
const CURVE_BYTES_MIN: u64 = 10_000_000_000_000;

/// Properties of [`Comparison`].
#[derive(Properties, PartialEq)]
pub(super) struct Props {
    /// The numbers that the person typed.
    pub(super) shipping: Shipping,
    /// The plan.
    pub(super) plan: Rc<PlanView>,
}

/// The answer as a sentence, what it is made of, the curve, and the table.
#[component]
pub(super) fn Comparison(props: &Props) -> Html {
    let (shipping, plan) = (props.shipping, &props.plan);
    let compared = shipping.compare(plan.bytes, plan.drives.iter().map(|drive| drive.used_bytes));
    let capacity = plan.drives.iter().map(|drive| drive.capacity_bytes).max();
    let capacity = capacity.unwrap_or(1);
    let points = shipping.curve(plan.bytes.saturating_mul(2).max(CURVE_BYTES_MIN), capacity);
    let even = shipping.even(capacity);
    let (from, to) = SERVICE_DAYS;
    let turn = even.map_or_else(
        || "Up to 1 PB there is no size from which on drives are always quicker.".to_owned(),
        |bytes| {
            format!(
                "From {} up to 1 PB, reckoned TB by TB, drives are quicker, also if the service takes {to} days.",
                words::size(bytes)
            )
        },
    );
    html! {
        <>
            <p class="sentence" id="ship-sentence">{ compared.sentence() }</p>
            <p class="hint" id="ship-made-of">
                { format!("By drives: {} to fill and read back, {} on the road, {from} to {to} days \
                    that the service sets itself as its target once the parcel is there. {turn}",
                    words::duration(compared.fill), words::duration(compared.courier)) }
            </p>
            <Curve {points} here={plan.bytes} {even} />
            <details>
                <summary>{ "In numbers" }</summary>
                { table(shipping, plan, compared, capacity) }
            </details>
        </>
    }
}

fn table(shipping: Shipping, plan: &PlanView, of_plan: Compared, capacity: u64) -> Html {
    let (from, to) = SERVICE_DAYS;
    let columns = vec![
        Column::words("Data"),
        Column::number("Over your line"),
        Column::number("Fill and read back"),
        Column::number(format!("By drives, {from} days")),
        Column::number(format!("By drives, {to} days")),
    ];
    let mut rows = vec![row(
        format!("This plan, {}", words::size(plan.bytes)),
        of_plan,
    )];
    rows.extend(SIZES.iter().map(|&bytes| {
        let compared = shipping.compare_size(bytes, capacity);
        row(words::size(bytes), compared)
    }));
    html! { <Table id="ship-table" caption="Line and drives in numbers" {columns} {rows} /> }
}

fn row(name: String, compared: Compared) -> Vec<Html> {
    let times = [
        compared.line,
        compared.fill,
        compared.drives_short,
        compared.drives_long,
    ];
    let times = times.map(|seconds| Html::from(words::duration(seconds)));
    std::iter::once(name.into()).chain(times).collect()
}
