//! Has the agent built anew when the page that it embeds was.

fn main() {
    let site = std::path::Path::new("../target/packed");
    // A path that is missing would count as changed at every build; an empty folder is a page that is not built yet.
    if let Err(error) = std::fs::create_dir_all(site) {
        println!("cargo:warning=cannot make {}: {error}", site.display());
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", site.display());
}
