//! The help that teaches, and the completions.

use std::process::Command;

use crate::cli::kit::Home;

#[test]
fn the_help_of_every_command_explains_it_and_has_an_example() {
    let home = Home::empty();
    let mut seen = 0;

    let mut paths = vec![vec![]];
    while let Some(path) = paths.pop() {
        let help = home.jeton(&[path.as_slice(), &["--help"]].concat());
        let same = home.jeton(&[&["help"], path.as_slice()].concat());

        help.assert(0);
        assert_eq!(help.err, "", "{path:?}");
        assert_eq!(same.out, help.out, "{path:?}");
        assert!(help.out.contains("\nUsage: jeton"), "{}", help.out);
        assert!(
            help.out.contains(&format!("\n  jeton {}", path.join(" "))),
            "{}",
            help.out
        );
        let mut lines = help.out.lines().filter(|line| !line.starts_with("Usage: "));
        assert!(
            lines.all(|line| line.chars().count() <= 110),
            "{}",
            help.out
        );
        seen += 1;
        paths.extend(commands_in(&help.out).into_iter().map(|name| {
            let name: &'static str = name.leak();
            [path.as_slice(), &[name]].concat()
        }));
    }

    assert!(seen > 60, "only {seen} commands");
    assert!(home.content().is_empty());
}

#[test]
fn the_help_tells_the_exit_codes_as_the_readme_does() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let rows = readme
        .lines()
        .skip_while(|line| *line != "| exit code | meaning |")
        .skip(2);
    let rows: Vec<(&str, &str)> = rows
        .map_while(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        .collect();

    let help = Home::empty().jeton(&["--help"]).out;

    assert_eq!(rows.len(), 11, "{rows:?}");
    for (code, meaning) in rows {
        let meaning = meaning.split(':').next().unwrap();
        assert!(
            help.contains(&format!("{code:>4}  {meaning}")),
            "{code} {meaning}: {help}"
        );
    }
}

#[test]
fn a_mistyped_command_is_told_what_was_meant() {
    let ended = Home::empty().jeton(&["clinet", "list"]);

    ended.assert(2);
    assert!(ended.err.contains("'client'"), "{}", ended.err);
}

#[test]
fn the_version_is_that_of_the_package() {
    let ended = Home::empty().jeton(&["--version"]);

    assert_eq!(
        ended.assert(0).out,
        concat!("jeton ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn bash_zsh_and_fish_complete_commands_and_flags() {
    let home = Home::empty();

    for shell in ["bash", "zsh", "fish"] {
        let script = home.jeton(&["completions", shell]).assert(0).out.clone();
        for word in ["secret", "rotate", "overlap", "operator-listen"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn bash_completes_what_is_typed() {
    let home = Home::empty();
    let script = home.path("jeton.bash");
    std::fs::write(&script, home.jeton(&["completions", "bash"]).out).unwrap();

    let typed = format!(
        "source {}; COMP_WORDS=(jeton secret ro); COMP_CWORD=2; _jeton jeton ro secret; echo \"${{COMPREPLY[*]}}\"",
        script.display()
    );
    let output = Command::new("bash").args(["-c", &typed]).output().unwrap();

    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "rotate\n",
        "{output:?}"
    );
}

#[test]
fn completions_for_an_unknown_shell_name_the_known_ones() {
    let ended = Home::empty().jeton(&["completions", "cmd"]);

    ended.assert(2);
    for shell in ["bash", "zsh", "fish"] {
        assert!(ended.err.contains(shell), "{}", ended.err);
    }
}

/// The names in the list of commands.
fn commands_in(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.strip_prefix("  ")
                .filter(|line| !line.starts_with(' '))
        })
        .filter_map(|line| line.split(' ').next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
