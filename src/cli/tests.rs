use super::*;

#[test]
fn the_command_line_makes_sense() {
    CommandLine::command().debug_assert();
}

#[test]
fn the_help_of_every_command_explains_it_and_all_it_takes() {
    fn visit(command: &clap::Command, path: &str) {
        let path = format!("{path} {}", command.get_name());
        assert!(command.get_about().is_some(), "{path} has no help");
        for argument in command.get_arguments() {
            assert!(
                argument.get_help().is_some(),
                "{path}: {} has no help",
                argument.get_id()
            );
        }
        for below in command.get_subcommands() {
            visit(below, &path);
        }
    }
    visit(&CommandLine::command(), "");
}

#[test]
fn every_flag_of_serve_is_a_variable_too() {
    let line = CommandLine::command();
    let serve = line.find_subcommand("serve").unwrap();

    for flag in serve.get_arguments() {
        let variable = flag.get_env().map(|it| it.to_string_lossy().into_owned());
        let name = format!("JETON_{}", flag.get_id().as_str().to_uppercase());
        assert_eq!(variable, Some(name));
    }
}

#[test]
fn every_example_in_the_help_can_be_copied() {
    fn visit(command: &clap::Command, examples: &mut Vec<String>) {
        let after = command.get_after_help().map(ToString::to_string);
        let joined = after.unwrap_or_default().replace("\\\n      ", "");
        examples.extend(joined.lines().filter_map(example));
        for below in command.get_subcommands() {
            visit(below, examples);
        }
    }
    let mut examples = Vec::new();
    visit(&CommandLine::command(), &mut examples);

    assert!(examples.len() > 50, "{examples:?}");
    for example in examples {
        if let Err(error) = CommandLine::try_parse_from(words(&example))
            && error.kind() != clap::error::ErrorKind::DisplayHelp
        {
            panic!("{example}\n{error}");
        }
    }
}

/// The command in a line of help, without its explanation and what the shell does with it.
fn example(line: &str) -> Option<String> {
    let line = line
        .strip_prefix("  ")
        .filter(|line| line.starts_with("jeton "))?;
    let end = [" | ", " > ", " < ", "    "]
        .into_iter()
        .filter_map(|mark| line.find(mark))
        .min();
    let command = &line[..end.unwrap_or(line.len())];
    (!command.contains('…')).then(|| command.to_owned())
}

/// A line as the shell splits it that knows nothing but single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in line.split('\'').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn a_key_whose_id_begins_with_dashes_can_be_named() {
    for kid in [
        "-xeA8V-m4Ln1kfM1eVUupw6x4WZXM_m2_DOid87jUgk",
        "--eA8V-m4Ln1kfM1eVUupw6x4WZXM_m2_DOid87jUgk",
    ] {
        for line in [
            &["activate", kid, "--when", "now"][..],
            &["activate", "--when", "now", kid],
            &["retire", kid],
            &["revoke", kid],
        ] {
            let line = [&["jeton", "key"], line].concat();
            CommandLine::try_parse_from(&line).unwrap();
        }
    }
}
