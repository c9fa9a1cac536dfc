//! The twin of the stowage bars, in numbers.

use yew::prelude::*;

use super::table::{Column, Table};
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
    let time = props.rate.map_or_else(
        || "Time".to_owned(),
        |rate| format!("Time to write and read back, at {}", words::rate(rate)),
    );
    let mut columns = vec![
        Column::words("Drive"),
        Column::number("Size"),
        Column::number("Used"),
        Column::number("Full"),
        Column::number("Files"),
        Column::number(time),
    ];
    let is_several = props.plan.jobs().len() > 1;
    if is_several {
        columns.push(Column::number("Import job"));
    }
    let by_job = (1_u64..).zip(props.plan.jobs());
    let drives = by_job.flat_map(|(job, drives)| drives.iter().map(move |drive| (job, drive)));
    let rows = drives.map(|(job, drive)| {
        let time = props.rate.map_or_else(String::new, |rate| {
            words::duration(shipping::drive_seconds(drive.used_bytes, rate))
        });
        let mut cells = vec![
            Html::from(&drive.serial),
            words::size(drive.disk_bytes).into(),
            words::size(drive.used_bytes).into(),
            words::share(drive.used_bytes, drive.capacity_bytes).into(),
            words::count(drive.files).into(),
            time.into(),
        ];
        if is_several {
            cells.push(words::count(job).into());
        }
        cells
    });
    html! {
        <Table id="plan-table" caption="The plan in numbers" {columns}
            rows={rows.collect::<Vec<Vec<Html>>>()} />
    }
}
