//! Names, one rule after the other.

use super::*;

fn to(text: &str) -> Destination {
    text.parse().expect(text)
}

#[test]
fn a_path_is_a_blob_and_comes_back() {
    for (destination, relative, blob) in [
        ("film/", "a/b c.mov", "film/a/b c.mov"),
        ("film/reels/2024/", "ä/ö.mov", "film/reels/2024/ä/ö.mov"),
        ("$root/", "logo.bmp", "$root/logo.bmp"),
    ] {
        assert_eq!(to(destination).blob(relative).as_deref(), Ok(blob));
        assert_eq!(to(destination).relative(blob), Ok(relative));
        assert_eq!(to(destination).to_string(), destination);
        assert_eq!(check_blob_path(blob), Ok(()));
    }
    assert_eq!(
        to("film/raw/").relative("film/other/a"),
        Err(BlobNameProblem::Outside)
    );
    assert_eq!(
        to("film/").relative("film2/a"),
        Err(BlobNameProblem::Outside)
    );
}

#[test]
fn containers_follow_the_stores_rules() {
    for good in ["abc", "a-1", "0aa", &"a".repeat(63), "$root"] {
        assert!(is_container(good), "{good}");
    }
    for bad in [
        "ab",
        "Abc",
        "a--b",
        "-ab",
        "ab-",
        "a_b",
        "a.b",
        "",
        &"a".repeat(64),
        "$logs",
        "äbc",
    ] {
        assert!(!is_container(bad), "{bad}");
    }
}

#[test]
fn destinations_that_would_go_elsewhere_are_refused() {
    use DestinationError as E;
    let error = |text: &str| text.parse::<Destination>().expect_err(text);
    assert!(matches!(error("film"), E::NoSlash { .. }));
    assert!(matches!(error("film/reels"), E::NoSlash { .. }));
    assert!(matches!(error("/film/"), E::NotRelative { .. }));
    assert!(matches!(
        error("https://x.blob.core.windows.net/film/"),
        E::NotRelative { .. }
    ));
    assert!(matches!(error("Film/"), E::Container { .. }));
    assert!(matches!(error("$root/a/"), E::RootPrefix { .. }));
    for prefix in [
        "film//",
        "film/a//b/",
        "film/../",
        "film/a./",
        "film/a\\b/",
        "film/a\n/",
    ] {
        assert!(matches!(error(prefix), E::Prefix { .. }), "{prefix}");
    }
}

#[test]
fn names_that_the_store_cannot_hold_are_named() {
    use BlobNameProblem as P;
    let film = to("film/");
    assert_eq!(film.check("a/b."), Err(P::TrailingDot));
    assert_eq!(film.check("a./b"), Err(P::TrailingDot));
    assert_eq!(film.check("a//b"), Err(P::EmptyPart));
    assert_eq!(film.check("a/"), Err(P::EmptyPart));
    assert_eq!(film.check("a/../b"), Err(P::DotPart));
    assert_eq!(film.check("a\\b"), Err(P::Backslash));
    assert_eq!(film.check("a\u{7f}"), Err(P::Control { code_point: 0x7f }));
    assert_eq!(
        film.check("a\u{ffff}"),
        Err(P::NonCharacter { code_point: 0xffff })
    );
    assert_eq!(to("$root/").check("a/b"), Err(P::FolderInRoot));
}

#[test]
fn length_counts_the_prefix_and_utf16_units_but_not_the_container() {
    let film = to("film/abc/");
    assert_eq!(film.check(&"x".repeat(1020)), Ok(()));
    assert_eq!(
        film.check(&"x".repeat(1021)),
        Err(BlobNameProblem::TooLong { found: 1025 })
    );
    assert_eq!(film.check(&"😀".repeat(510)), Ok(()));
    assert_eq!(
        film.check(&"😀".repeat(511)),
        Err(BlobNameProblem::TooLong { found: 1026 })
    );
    assert_eq!(film.check(&["x"; 253].join("/")), Ok(()));
    assert_eq!(
        film.check(&["x"; 254].join("/")),
        Err(BlobNameProblem::TooManyParts { found: 255 })
    );
}

#[test]
fn a_path_on_the_drive_gives_session_and_relative_path_back() {
    let session: SessionId = "reel#1".parse().expect("good");
    let path = drive_path(&session, "a/b.mov");
    assert_eq!(path, "\\reel#1\\a\\b.mov");
    assert_eq!(
        session_and_relative(&path),
        Some((session, "a/b.mov".to_owned()))
    );
    for bad in [
        "",
        "\\",
        "\\reel#1",
        "reel#1\\a",
        "\\reel#1\\",
        "\\reel#1\\..\\a",
        "\\reel#1\\a\\\\b",
        "\\reel#1\\a/b",
    ] {
        assert_eq!(session_and_relative(bad), None, "{bad}");
    }
}

#[test]
fn a_file_name_is_safe_everywhere() {
    assert_eq!(file_name("WD-WMATV123456"), "WD-WMATV123456");
    assert_eq!(file_name("../a b#ü"), "_._a_b__");
    assert_eq!(file_name(".hidden"), "_hidden");
}

#[test]
fn session_ids_are_short_plain_and_no_device() {
    for good in [
        "abc",
        "session#1",
        "A_b-9",
        &"x".repeat(30),
        "CONS",
        "COM10",
    ] {
        assert!(good.parse::<SessionId>().is_ok(), "{good}");
    }
    for bad in [
        "ab",
        &"x".repeat(31),
        "a b",
        "a/b",
        "a.b",
        "äbc",
        "CON",
        "com1",
        "Lpt9",
        "nul",
        "aux",
    ] {
        assert!(bad.parse::<SessionId>().is_err(), "{bad}");
    }
}
