//! What the README says in tables is what the program and the tests say.

mod tested;

use std::{fs, process::Command};

/// To bring the README up to date: `UPDATE=1 cargo nextest run readme`.
#[test]
fn the_table_of_settings_is_the_one_the_program_prints() {
    let printed = Command::new(env!("CARGO_BIN_EXE_jeton"))
        .arg("settings")
        .output()
        .unwrap();
    let table = String::from_utf8(printed.stdout).unwrap();
    assert!(table.lines().count() > 10, "{table}");

    assert_fresh("settings", &table);
}

/// The README has this table between the marks of this name, or is given it.
#[track_caller]
fn assert_fresh(name: &str, table: &str) {
    let [begin, end] = [format!("<!-- {name} -->\n"), format!("<!-- /{name} -->")];
    let readme = fs::read_to_string("README.md").unwrap();
    let (before, rest) = readme.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();

    let fresh = format!("{before}{begin}{table}{end}{after}");

    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    if std::env::var("UPDATE").is_ok() {
        fs::write("README.md", fresh).unwrap();
    } else {
        assert!(
            readme == fresh,
            "the table of {name} is stale: run UPDATE=1 cargo nextest run readme"
        );
    }
}
