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
