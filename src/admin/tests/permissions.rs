//! Who may run which command.

mod commands;

use self::commands::every_command;
use super::*;

#[test]
fn each_role_may_run_exactly_the_commands_it_is_trusted_with() {
    every_command(|name, needs, run| {
        for role in Role::ALL {
            let done = run(&mut World::new(), person(role));
            assert_eq!(done, role.permissions().allow(needs), "{name} as {role}");
        }
    });
}

/// Setting passwords and editing operators needs more than the scope: a program cannot touch a
/// person who may do more than itself.
#[test]
fn each_admin_scope_opens_exactly_its_commands() {
    every_command(|name, needs, run| {
        for permission in Permission::ALL {
            let Some(scope) = permission.scope() else {
                continue;
            };
            let touches_people = needs == Permission::WriteOperators;
            let done = run(&mut World::new(), program(scope));
            assert_eq!(
                done,
                needs == permission && !touches_people,
                "{name} with {scope}"
            );
        }
    });
}

#[test]
fn a_program_with_every_admin_scope_is_still_no_owner() {
    let all = Permission::ALL
        .iter()
        .filter_map(|permission| permission.scope());
    let all = all.collect::<Vec<_>>().join(" ");
    every_command(|name, needs, run| {
        let done = run(&mut World::new(), program(&all));
        assert_eq!(done, needs.scope().is_some(), "{name}");
    });
}
