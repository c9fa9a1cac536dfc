//! A table that becomes cards on a narrow page: one row heading a line, and before each cell its column's heading.

use yew::prelude::*;

/// Tables of fewer rows stand in full length; longer ones scroll in their place.
const LONG_ROWS: usize = 30;

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its heading; on a narrow page it stands before each of its cells.
    pub heading: AttrValue,
    /// Whether it holds numbers.
    pub is_number: bool,
}

impl Column {
    /// Returns a column of words.
    pub fn words(heading: impl Into<AttrValue>) -> Self {
        let heading = heading.into();
        Self {
            heading,
            is_number: false,
        }
    }

    /// Returns a column of numbers.
    pub fn number(heading: impl Into<AttrValue>) -> Self {
        let heading = heading.into();
        Self {
            heading,
            is_number: true,
        }
    }

    fn class(&self) -> Option<&'static str> {
        self.is_number.then_some("number")
    }
}

/// Properties of [`Table`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The table's id.
    pub id: AttrValue,
    /// What it shows; heard, not seen.
    pub caption: AttrValue,
    /// The columns; the first heads the rows.
    pub columns: Vec<Column>,
    /// The rows, each with a cell a column.
    pub rows: Vec<Vec<Html>>,
}

/// The table in a place of its own, which scrolls where the table is long or wide.
#[component]
pub fn Table(props: &Props) -> Html {
    let is_short = props.rows.len() < LONG_ROWS;
    html! {
        <div class={classes!("scroll", is_short.then_some("whole"))} tabindex="0" role="region"
            aria-label={props.caption.clone()}>
            <table class="cards-when-narrow" id={props.id.clone()}>
                <caption class="visually-hidden">{ &props.caption }</caption>
                <thead>
                    <tr>{ for props.columns.iter().map(heading) }</tr>
                </thead>
                <tbody>{ for props.rows.iter().map(|cells| row(&props.columns, cells)) }</tbody>
            </table>
        </div>
    }
}

fn heading(column: &Column) -> Html {
    html! { <th scope="col" class={column.class()}>{ &column.heading }</th> }
}

fn row(columns: &[Column], cells: &[Html]) -> Html {
    let mut cells = columns.iter().zip(cells);
    let head = cells.next().map(|(_, head)| head.clone());
    html! {
        <tr>
            <th scope="row">{ head.unwrap_or_default() }</th>
            { for cells.map(|(column, cell)| html! {
                <td class={column.class()} data-label={column.heading.clone()}>{ cell.clone() }</td>
            }) }
        </tr>
    }
}
