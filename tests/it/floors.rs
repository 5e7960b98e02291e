//! The floors of the house, checked: a module uses only what lies below it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each part of `src/`, its floor, and the crates that it may not name.
const HOUSE: &[(&str, u8, &[&str])] = &[
    (
        "crypto",
        0,
        &["axum", "clap", "http", "hyper", "redb", "tokio"],
    ),
    ("telemetry", 0, &["axum", "hyper", "jsonwebtoken", "redb"]),
    (
        "domain",
        1,
        &[
            "aws_lc_rs",
            "axum",
            "clap",
            "http",
            "hyper",
            "jsonwebtoken",
            "rand",
            "redb",
            "tokio",
        ],
    ),
    (
        "oauth",
        2,
        &[
            "aws_lc_rs",
            "axum",
            "clap",
            "http",
            "hyper",
            "rand",
            "redb",
            "tokio",
        ],
    ),
    (
        "admin",
        2,
        &[
            "aws_lc_rs",
            "axum",
            "clap",
            "http",
            "hyper",
            "rand",
            "redb",
            "tokio",
        ],
    ),
    (
        "config",
        2,
        &[
            "aws_lc_rs",
            "axum",
            "http",
            "hyper",
            "jsonwebtoken",
            "rand",
            "redb",
            "tokio",
        ],
    ),
    (
        "store",
        3,
        &[
            "aws_lc_rs",
            "axum",
            "clap",
            "http",
            "hyper",
            "jsonwebtoken",
            "rand",
        ],
    ),
    (
        "app",
        4,
        &[
            "aws_lc_rs",
            "axum",
            "clap",
            "http",
            "hyper",
            "jsonwebtoken",
            "rand",
            "redb",
        ],
    ),
    ("web", 5, &["aws_lc_rs", "clap", "rand", "redb"]),
    ("cli", 6, &["aws_lc_rs", "rand", "redb"]),
];

/// Where redb may be named.
const REDB_ROOM: &str = "store/redb";

/// How many lines of a file may be product code.
const MOST_LINES: usize = 400;

#[test]
fn a_module_uses_only_what_lies_below_it() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some((part, floor, _)) = part_of(&file.path) else {
            continue;
        };
        for (line, used) in file.uses() {
            let Some((_, used_floor, _)) = HOUSE.iter().find(|(name, ..)| *name == used) else {
                continue;
            };
            if used != part && *used_floor >= floor {
                wrong.push(format!(
                    "{}:{line}: {part} uses {used}",
                    file.path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_module_names_only_the_crates_of_its_floor() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some((part, _, forbidden)) = part_of(&file.path) else {
            continue;
        };
        let in_redb_room = file.path.display().to_string().contains(REDB_ROOM);
        for (number, line) in file.product_lines() {
            for name in forbidden {
                if names_crate(line, name) {
                    wrong.push(format!(
                        "{}:{number}: {part} names {name}",
                        file.path.display()
                    ));
                }
            }
            if part == "store" && !in_redb_room && names_crate(line, "redb") {
                wrong.push(format!(
                    "{}:{number}: redb outside its room",
                    file.path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn decisions_wait_for_nothing() {
    for file in sources() {
        let Some((part, ..)) = part_of(&file.path) else {
            continue;
        };
        if ["crypto", "domain", "oauth", "admin"].contains(&part) {
            for (number, line) in file.product_lines() {
                assert!(
                    !line.contains("async "),
                    "{}:{number}: {line}",
                    file.path.display()
                );
                assert!(
                    !line.contains(".await"),
                    "{}:{number}: {line}",
                    file.path.display()
                );
            }
        }
    }
}

#[test]
fn every_file_fits_in_a_head() {
    for file in sources() {
        let lines = file.product_lines().count();
        assert!(
            lines <= MOST_LINES,
            "{} has {lines} lines",
            file.path.display()
        );
    }
}

#[test]
fn the_code_map_names_every_part_of_the_house() {
    let map = fs::read_to_string("src/lib.rs").unwrap();
    for (part, ..) in HOUSE {
        if Path::new(&format!("src/{part}.rs")).exists() {
            assert!(
                (map.contains(&format!("[`{part}`]")) || map.contains(&format!("[`{part}::"))),
                "src/lib.rs does not map {part}"
            );
        }
    }
}

struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// Numbered lines without comments, up to the tests at the end.
    fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self
            .text
            .find("#[cfg(test)]\nmod ")
            .unwrap_or(self.text.len());
        self.text[..tests]
            .lines()
            .enumerate()
            .map(|(number, line)| (number + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The parts of this crate that are named, with the line.
    fn uses(&self) -> Vec<(usize, String)> {
        let mut uses = Vec::new();
        let mut group: Option<usize> = None;
        for (number, line) in self.product_lines() {
            let mut rest = line;
            if let Some(depth) = &mut group {
                let mut names = String::new();
                for character in line.chars() {
                    match character {
                        '{' => *depth += 1,
                        '}' => *depth -= 1,
                        _ if *depth == 1 => names.push(character),
                        _ => {}
                    }
                }
                for name in names.split([',', ';']) {
                    uses.push((number, first_word(name)));
                }
                if *depth == 0 {
                    group = None;
                }
                continue;
            }
            while let Some(at) = rest.find("crate::") {
                rest = &rest[at + "crate::".len()..];
                match rest.strip_prefix('{') {
                    Some(inner) if !inner.contains('}') => group = Some(1),
                    Some(inner) => {
                        for name in inner.split(',') {
                            uses.push((number, first_word(name)));
                        }
                    }
                    None => uses.push((number, first_word(rest))),
                }
            }
        }
        uses
    }
}

fn first_word(text: &str) -> String {
    text.trim()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

fn names_crate(line: &str, name: &str) -> bool {
    let path = format!("{name}::");
    line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

fn part_of(path: &Path) -> Option<(&'static str, u8, &'static [&'static str])> {
    let inside = path.strip_prefix("src").ok()?.to_str()?;
    let part = inside.split(['/', '.']).next()?;
    HOUSE.iter().find(|(name, ..)| *name == part).copied()
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { path, text });
            }
        }
    }
    assert!(found.len() > 20, "the sources are where they are expected");
    found
}
