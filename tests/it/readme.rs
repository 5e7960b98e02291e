//! What the README says of settings is what the program says of them.

use std::{fs, process::Command};

const BEGIN: &str = "<!-- settings -->\n";
const END: &str = "<!-- /settings -->";

/// To bring the README up to date: `UPDATE=1 cargo nextest run readme`.
#[test]
fn the_table_of_settings_is_the_one_the_program_prints() {
    let printed = Command::new(env!("CARGO_BIN_EXE_jeton"))
        .arg("settings")
        .output()
        .unwrap();
    let table = String::from_utf8(printed.stdout).unwrap();
    assert!(table.lines().count() > 10, "{table}");
    let readme = fs::read_to_string("README.md").unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();

    let fresh = format!("{before}{BEGIN}{table}{END}{after}");

    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    if std::env::var("UPDATE").is_ok() {
        fs::write("README.md", fresh).unwrap();
    } else {
        assert!(
            readme == fresh,
            "the table is stale: run UPDATE=1 cargo nextest run readme"
        );
    }
}
