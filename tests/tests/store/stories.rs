//! The two stories of the README, run as they are printed there, against Microsoft's emulator.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tests::argosy::binary;
use tests::import_bench::Bench;
use tests::oracle;
use tests::source::noise;

/// Returns the lines of the first block of commands under a heading.
fn story(heading: &str) -> Result<String> {
    let readme = fs::read_to_string(oracle::repository().join("README.md"))?;
    let (_, rest) = readme
        .split_once(&format!("### {heading}\n"))
        .with_context(|| format!("no {heading}"))?;
    let part = rest.split("\n### ").next().unwrap_or_default();
    let (_, block) = part.split_once("```sh\n").context("no commands")?;
    let (block, _) = block.split_once("```").context("no end")?;
    Ok(block.to_owned())
}

/// Runs a story in a folder of its own, `argosy` on the path; what is there is given by `fill`.
fn tell(heading: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<Option<(Bench, String)>> {
    let Some(bench) = Bench::new()? else {
        return Ok(None);
    };
    let place = bench.path("story");
    fs::create_dir(&place)?;
    fill(&place)?;
    fs::copy(&bench.signature, place.join("sas.txt"))?;
    let folder = binary()?.parent().context("a folder")?.to_owned();
    let old = std::env::var("PATH")?;
    let output = Command::new("sh")
        .args(["-eu", "-c", &story(heading)?])
        .current_dir(&place)
        .env("PATH", format!("{}:{old}", folder.display()))
        .env("HOME", &place)
        .env("STORE", bench.azurite.url())
        .output()?;
    let all = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&all).into_owned();
    ensure!(output.status.success(), "{}: {said}", output.status);
    Ok(Some((bench, said)))
}

#[test]
fn the_film_companys_lines_bring_every_reel_there_and_back() -> Result<()> {
    let reels = [("a.mov", 9_000_001), ("b.mov", 700), ("empty.mov", 0)];
    let Some((bench, said)) = tell("A film company, step by step", |place| {
        fs::create_dir(place.join("footage"))?;
        for (name, bytes) in reels {
            fs::write(place.join("footage").join(name), noise(bytes, bytes))?;
        }
        Ok(())
    })?
    else {
        return Ok(());
    };
    let names = bench.names()?;
    ensure!(
        names
            == [
                "film/reels/a.mov",
                "film/reels/b.mov",
                "film/reels/empty.mov"
            ],
        "{names:?}"
    );
    let place = bench.path("story");
    for (name, bytes) in reels {
        let home = fs::read(place.join("home/film/reels").join(name))?;
        ensure!(home == noise(bytes, bytes), "{name}: {said}");
    }
    let page = fs::read_to_string(place.join("reel-1.html"))?;
    ensure!(page.contains("WD-2001"), "{page}");
    Ok(())
}

#[test]
fn the_it_departments_lines_make_blobs_of_two_shares_and_what_the_portal_asks_for() -> Result<()> {
    let Some((bench, said)) = tell("An IT department, step by step", |place| {
        for (name, bytes) in [
            ("finance/q1/books.xlsx", 5000),
            ("images/server.vhd", 1 << 20),
        ] {
            let file = place.join("shares").join(name);
            fs::create_dir_all(file.parent().context("a folder")?)?;
            fs::write(file, noise(bytes, 3))?;
        }
        Ok(())
    })?
    else {
        return Ok(());
    };
    let names = bench.names()?;
    ensure!(
        names == ["finance/2026/q1/books.xlsx", "images/server.vhd"],
        "{names:?}: {said}"
    );
    let seen = bench.seen()?;
    let kind = seen["images/server.vhd"]["kind"]
        .as_str()
        .unwrap_or_default();
    ensure!(kind.to_lowercase().starts_with("page"), "{seen}");
    let place = bench.path("story");
    let has_any =
        |folder: &str| Ok::<_, anyhow::Error>(fs::read_dir(place.join(folder))?.count() > 0);
    ensure!(has_any("handoff")? && has_any("logs")?, "{said}");
    Ok(())
}
