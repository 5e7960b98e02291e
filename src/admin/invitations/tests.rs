//! One-time links: each works once, in its time, for whom it was made.

use super::*;
use crate::{
    admin::{
        account::EnrolSecondFactor,
        operators::{DisableOperator, EditOperator, SetPassword},
        tests::{World, password, person, refusal},
    },
    crypto::{random::Entropy, totp::TotpSecret},
    domain::{actor::Actor, time::Span},
};

fn invite(role: Role) -> InviteOperator {
    InviteOperator {
        email: "ana@example.com".parse().unwrap(),
        name: "Ana".parse().unwrap(),
        role,
    }
}

fn find<'a>(world: &'a World, id: &OperatorId) -> &'a Operator {
    world.registry.find_operator(id).unwrap()
}

/// Follows a link as whoever's it is.
fn accept(world: &mut World, token: &LinkToken) -> Result<OperatorId, Refusal> {
    let holder = world.registry.find_operator_by_link(token);
    let actor = holder.map_or(person(Role::Owner), |holder| {
        Actor::operator(holder.id.clone(), holder.email.clone(), holder.role)
    });
    let command = AcceptInvitation {
        token: copy(token),
        name: None,
        password: password(),
    };
    world.run_as(actor, command)
}

fn copy(token: &LinkToken) -> LinkToken {
    token.reveal().parse().unwrap_or_else(|_| unreachable!())
}

#[test]
fn an_invitation_makes_an_operator_who_chooses_a_password_once() {
    let mut world = World::new();

    let made = world.run(invite(Role::Operator)).unwrap();
    assert_eq!(world.audited(), ["operator.invite"]);
    assert_eq!(made.expires, world.now.plus(Span::hours(48)));
    assert!(find(&world, &made.operator).password.is_none());
    let accepted = accept(&mut world, &made.token).unwrap();

    assert_eq!(accepted, made.operator);
    let ana = find(&world, &made.operator);
    assert!(ana.password.is_some() && ana.link.is_none());
    assert!(
        ana.password
            .as_ref()
            .unwrap()
            .verify("vier müde Igel im Laub")
    );
    let again = refusal(accept(&mut world, &made.token));
    assert!(again.to_string().contains("has been used"), "{again}");
    assert!(!format!("{:?}", world.registry).contains(made.token.reveal()));
}

#[test]
fn a_link_opens_for_two_days_and_not_a_second_longer() {
    let mut world = World::new();
    let made = world.run(invite(Role::Viewer)).unwrap();
    world.advance(Span::hours(48));

    assert!(matches!(
        refusal(accept(&mut world, &made.token)),
        Refusal::Conflict(_)
    ));

    world.now = Timestamp(made.expires.0 - 1);
    assert!(accept(&mut world, &made.token).is_ok());
}

#[test]
fn a_reset_begins_anew_and_ends_what_was() {
    let mut world = World::new();
    let id = world.operator("ana@example.com", Role::Owner);
    let set = SetPassword {
        operator: id.clone(),
        password: password(),
    };
    world.run(set).unwrap();
    let secret = TotpSecret::generate(&Entropy::seeded(7));
    let code = secret.code_at(world.now.seconds());
    let actor = Actor::operator(id.clone(), "ana@example.com".parse().unwrap(), Role::Owner);
    world
        .run_as(actor, EnrolSecondFactor { secret, code })
        .unwrap();
    let epoch = find(&world, &id).epoch;

    let reset = ResetOperator {
        operator: id.clone(),
    };
    let first = world.run(reset.clone()).unwrap();
    assert_eq!(world.audited(), ["operator.reset"]);
    assert!(
        find(&world, &id).second_factor.is_some(),
        "nothing is lost yet"
    );
    let second = world.run(reset).unwrap();
    assert!(accept(&mut world, &first.token).is_err(), "it was replaced");
    accept(&mut world, &second.token).unwrap();

    let ana = find(&world, &id);
    assert!(ana.second_factor.is_none() && ana.recovery_codes.is_empty());
    assert_eq!(ana.epoch, epoch + 1);
}

#[test]
fn a_link_is_void_once_withdrawn_or_once_there_is_a_password_or_no_account() {
    let void: [fn(&mut World, OperatorId); 3] = [
        |world, operator| world.run(WithdrawInvitation { operator }).unwrap(),
        |world, operator| {
            let password = password();
            world.run(SetPassword { operator, password }).unwrap();
        },
        |world, operator| world.run(DisableOperator { operator }).unwrap(),
    ];
    for void in void {
        let mut world = World::new();
        let made = world.run(invite(Role::Viewer)).unwrap();

        void(&mut world, made.operator.clone());

        assert!(matches!(
            refusal(accept(&mut world, &made.token)),
            Refusal::Conflict(_)
        ));
        let operator = made.operator;
        assert!(matches!(
            refusal(world.run(WithdrawInvitation { operator })),
            Refusal::Conflict(_)
        ));
    }
}

#[test]
fn nobody_invites_or_resets_somebody_above_themselves() {
    let mut world = World::new();
    let owner = world.operator("owner@example.com", Role::Owner);
    let forbidden = Refusal::Forbidden(Permission::Own);
    let admin = person(Role::Admin);

    let invited = refusal(world.run_as(admin.clone(), invite(Role::Owner)));
    let reset = ResetOperator { operator: owner };
    let reset = refusal(world.run_as(admin.clone(), reset));

    assert_eq!((invited, reset), (forbidden.clone(), forbidden));
    assert!(world.run_as(admin, invite(Role::Admin)).is_ok());
}

#[test]
fn a_link_is_followed_only_by_whose_it_is() {
    let mut world = World::new();
    let made = world.run(invite(Role::Viewer)).unwrap();

    let command = AcceptInvitation {
        token: copy(&made.token),
        name: None,
        password: password(),
    };
    let refused = refusal(world.run_as(person(Role::Owner), command));

    assert_eq!(refused, Refusal::Forbidden(Permission::KeepAccount));
}

#[test]
fn a_link_for_somebody_with_less_does_not_lead_into_more() {
    let mut world = World::new();
    let made = world.run(invite(Role::Operator)).unwrap();
    let raise = EditOperator {
        role: Some(Role::Owner),
        ..EditOperator::of(made.operator.clone())
    };

    world.run(raise).unwrap();

    assert!(world.registry.find_operator_by_link(&made.token).is_none());
}
