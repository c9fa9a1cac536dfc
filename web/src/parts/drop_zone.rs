//! A place for files: dropped, or chosen with a button that a keyboard reaches.

use web_sys::{DragEvent, File, FileList, HtmlInputElement};
use yew::prelude::*;

/// Properties of [`DropZone`].
#[derive(Properties, PartialEq)]
pub struct Props {
    /// The id of the file input.
    pub id: AttrValue,
    /// What the button says.
    pub button: AttrValue,
    /// What may be dropped, in words.
    pub hint: AttrValue,
    /// Extensions, as an input takes them.
    #[prop_or_default]
    pub accept: Option<AttrValue>,
    /// Whether several files at once make sense.
    #[prop_or_default]
    pub multiple: bool,
    /// Whether it is the main thing on its page.
    #[prop_or_default]
    pub large: bool,
    /// Files came.
    pub on_files: Callback<Vec<File>>,
}

/// A drop zone that is also a file button.
#[component]
pub fn DropZone(props: &Props) -> Html {
    let over = use_state_eq(|| false);
    let set_over = |value: bool| {
        let over = over.clone();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(value);
        })
    };
    let ondrop = {
        let (over, on_files) = (over.clone(), props.on_files.clone());
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(false);
            let list = event.data_transfer().and_then(|transfer| transfer.files());
            emit(list, &on_files);
        })
    };
    let onchange = {
        let on_files = props.on_files.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            emit(input.files(), &on_files);
            // The same file can be chosen again after it was changed.
            input.set_value("");
        })
    };
    let class = classes!(
        "drop",
        props.large.then_some("large"),
        over.then_some("over")
    );
    html! {
        <div {class} ondragover={set_over(true)} ondragenter={set_over(true)}
            ondragleave={set_over(false)} {ondrop}
            data-test={format!("{}-drop", props.id)}>
            <input type="file" id={props.id.clone()} accept={props.accept.clone()}
                multiple={props.multiple} {onchange} />
            <label class="button" for={props.id.clone()}>{ &props.button }</label>
            <span>{ &props.hint }</span>
        </div>
    }
}

fn emit(list: Option<FileList>, on_files: &Callback<Vec<File>>) {
    let Some(list) = list else {
        return;
    };
    let files: Vec<File> = (0..list.length())
        .filter_map(|place| list.get(place))
        .collect();
    if !files.is_empty() {
        on_files.emit(files);
    }
}
