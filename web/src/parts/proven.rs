//! What stands behind the promise, and what does not yet.

use yew::prelude::*;

/// Said plainly on the page and in the README.
#[component]
pub fn Proven() -> Html {
    html! {
        <section class="note" id="proven" aria-labelledby="proven-title">
            <h2 id="proven-title">{ "Proven / not proven" }</h2>
            <p>{ "Drives made by Argosy are opened, and every file on them read back, in our \
                 tests by:" }</p>
            <ul>
                <li class="is-proven">
                    { "cryptsetup, dislocker, libbde and dissect.fve (BitLocker)" }
                </li>
                <li class="is-proven">
                    { "ntfs-3g, ntfsfix, ntfsresize, The Sleuth Kit, dissect.ntfs and the ntfs \
                         crate (NTFS)" }
                </li>
            </ul>
            <p>{ "Not yet by:" }</p>
            <ul>
                <li class="is-open">{ "Windows itself (chkdsk, manage-bde)" }</li>
                <li class="is-open">{ "the Azure Import/Export service" }</li>
            </ul>
            <p><strong>{ "Ship one pilot drive first." }</strong></p>
        </section>
    }
}
