//! `argosy.html`: the whole page in one file that opens by double-click, with no agent and no network.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::site;

/// Builds the site and `argosy.html` in it; the agent offers that file as a download.
///
/// # Errors
/// When the site cannot be built, or index.html has lost a line that is replaced here.
pub(crate) fn build() -> Result<PathBuf> {
    let page = of(site::build_with(&[], "site")?)?;
    site::pack(page.parent().unwrap_or(&page))?;
    Ok(page)
}

/// Builds the page with its own measurement and puts it into one file; the agent never sees that folder.
///
/// # Errors
/// As [`build`].
pub(crate) fn build_measuring() -> Result<PathBuf> {
    of(site::build_with(&["speed"], "measuring-site")?)
}

/// Puts the page in `site` into one file, beside it.
fn of(site: PathBuf) -> Result<PathBuf> {
    let read = |name: &str| {
        std::fs::read_to_string(site.join(name)).with_context(|| format!("cannot read {name}"))
    };
    let wasm = STANDARD
        .encode(std::fs::read(site.join("web_bg.wasm")).context("cannot read web_bg.wasm")?);
    let script = format!(
        "{}\n{}",
        as_classic_script(&read("web.js")?)?,
        // A worker has no document; it is given the module in front of this same program.
        "if (typeof document === \"object\") globalThis.argosyWasm = document.getElementById('wasm').textContent.trim();"
    );
    let page = replace_once(
        &read("index.html")?,
        "<link rel=\"stylesheet\" href=\"style.css\">",
        &format!("<style>\n{}</style>", read("style.css")?),
    )?;
    let boot = read("boot.js")?;
    let boot = boot
        .lines()
        .filter(|line| !line.starts_with("import "))
        .collect::<Vec<_>>()
        .join("\n")
        .replace("import.meta.url", "location.href");
    let page = replace_once(
        &page,
        "<script type=\"module\" src=\"boot.js\"></script>",
        &format!(
            "<script type=\"text/plain\" id=\"wasm\">{wasm}</script>\n<script type=\"module\" id=\"program\">\n{script}\n{boot}\n</script>"
        ),
    )?;
    // Everything is inside the file; the policy lets it run itself and reach nothing else.
    let policy = "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; worker-src blob:; base-uri 'none'; form-action 'none'";
    let page = replace_once(
        &page,
        "<meta charset=\"utf-8\">",
        &format!(
            "<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">"
        ),
    )?;
    let path = site.join("argosy.html");
    std::fs::write(&path, page)?;
    eprintln!("one file: {}", path.display());
    Ok(path)
}

/// Turns the generated module into statements of one inline module: its exports become plain names.
fn as_classic_script(module: &str) -> Result<String> {
    let mut lines = Vec::new();
    for line in module.lines() {
        if line.starts_with("export {") || line.starts_with("export default") {
            continue;
        }
        lines.push(line.strip_prefix("export ").unwrap_or(line).to_owned());
    }
    // The page's worker is a classic script, which has no `import.meta`; nothing is loaded from beside the one file.
    let script = lines.join("\n").replace("import.meta.url", "location.href");
    ensure!(
        script.contains("function __wbg_init"),
        "the generated module has no __wbg_init any more"
    );
    ensure!(
        !script.contains("import.meta"),
        "the generated module needs to be a module"
    );
    ensure!(
        !script.contains("</script"),
        "the generated module holds a closing script tag"
    );
    Ok(script)
}

fn replace_once(text: &str, from: &str, to: &str) -> Result<String> {
    ensure!(
        text.matches(from).count() == 1,
        "index.html must hold exactly once: {from}"
    );
    Ok(text.replacen(from, to, 1))
}
