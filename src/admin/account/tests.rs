//! Signing in and one's own account: each code once, and nobody else's account.

use super::*;
use crate::{
    admin::{
        operators::{DisableOperator, SetPassword},
        tests::{World, fields, password, person, program, refusal},
    },
    crypto::random::Entropy,
    domain::{actor::Actor, id::OperatorId, permission::Role, time::Span},
};

/// An operator with a password, and themselves as an actor.
fn ana(world: &mut World, role: Role) -> (OperatorId, Actor) {
    let id = world.operator("ana@example.com", role);
    let set = SetPassword {
        operator: id.clone(),
        password: password(),
    };
    world.run(set).unwrap();
    let actor = Actor::operator(id.clone(), "ana@example.com".parse().unwrap(), role);
    (id, actor)
}

fn find<'a>(world: &'a World, id: &OperatorId) -> &'a Operator {
    world.registry.find_operator(id).unwrap()
}

/// Sets up an app; gives its secret and the recovery codes.
fn enrol(world: &mut World, actor: &Actor) -> (TotpSecret, Vec<String>) {
    let secret = TotpSecret::generate(&Entropy::seeded(7));
    let code = secret.code_at(world.now.seconds());
    let enrol = EnrolSecondFactor {
        secret: secret.clone(),
        code,
    };
    let codes = world.run_as(actor.clone(), enrol).unwrap();
    let codes = codes.reveal().map(str::to_owned).collect();
    (secret, codes)
}

fn sign_in(
    world: &mut World,
    (id, actor): &(OperatorId, Actor),
    proof: SignInProof,
) -> Result<(), Refusal> {
    let epoch = find(world, id).epoch;
    let command = SignIn {
        operator: id.clone(),
        epoch,
        proof,
    };
    world.run_as(actor.clone(), command)
}

fn code(secret: &TotpSecret, world: &World) -> SignInProof {
    SignInProof::Code(secret.code_at(world.now.seconds()))
}

#[test]
fn who_has_no_second_factor_signs_in_by_password_alone() {
    let mut world = World::new();
    let ana = ana(&mut world, Role::Viewer);

    sign_in(&mut world, &ana, SignInProof::PasswordAlone).unwrap();

    assert_eq!(world.audited(), ["operator.sign_in"]);
    assert_eq!(find(&world, &ana.0).last_sign_in, Some(world.now));
}

#[test]
fn a_code_signs_in_once_and_no_older_one_after_it() {
    let mut world = World::new();
    let ana = ana(&mut world, Role::Owner);
    let (secret, _) = enrol(&mut world, &ana.1);
    let of_enrolment = code(&secret, &world);
    assert_eq!(fields(sign_in(&mut world, &ana, of_enrolment)), ["code"]);
    world.advance(Span(30));
    let older = code(&secret, &world);
    world.advance(Span(30));

    let newer = code(&secret, &world);
    sign_in(&mut world, &ana, newer).unwrap();

    let again = code(&secret, &world);
    assert_eq!(fields(sign_in(&mut world, &ana, again)), ["code"]);
    assert_eq!(fields(sign_in(&mut world, &ana, older)), ["code"]);
    let without = SignInProof::PasswordAlone;
    assert_eq!(fields(sign_in(&mut world, &ana, without)), ["code"]);
    world.advance(Span(30));
    let next = code(&secret, &world);
    assert!(sign_in(&mut world, &ana, next).is_ok());
}

#[test]
fn each_recovery_code_signs_in_once_however_it_is_typed() {
    let mut world = World::new();
    let ana = ana(&mut world, Role::Admin);
    let (_, codes) = enrol(&mut world, &ana.1);
    let typed = |code: &str| SignInProof::RecoveryCode(code.to_uppercase().replace('-', " "));

    sign_in(&mut world, &ana, typed(&codes[3])).unwrap();

    assert_eq!(find(&world, &ana.0).recovery_codes.len(), 9);
    let again = sign_in(&mut world, &ana, typed(&codes[3]));
    assert_eq!(fields(again), ["code"]);
    assert!(sign_in(&mut world, &ana, typed(&codes[4])).is_ok());
    assert_eq!(codes[0].len(), 29);
    assert!(!format!("{:?}", world.last).contains(&codes[4]));
}

#[test]
fn new_recovery_codes_void_those_before() {
    let mut world = World::new();
    let ana = ana(&mut world, Role::Owner);
    let nothing_yet = refusal(world.run_as(ana.1.clone(), RenewRecoveryCodes));
    let (_, old) = enrol(&mut world, &ana.1);

    let new = world.run_as(ana.1.clone(), RenewRecoveryCodes).unwrap();
    let new: Vec<String> = new.reveal().map(str::to_owned).collect();

    assert!(matches!(nothing_yet, Refusal::Conflict(_)));
    let voided = SignInProof::RecoveryCode(old[0].clone());
    assert_eq!(fields(sign_in(&mut world, &ana, voided)), ["code"]);
    let fresh = SignInProof::RecoveryCode(new[0].clone());
    assert!(sign_in(&mut world, &ana, fresh).is_ok());
}

#[test]
fn an_account_that_changed_since_the_password_was_right_does_not_sign_in() {
    let mut world = World::new();
    let ana = ana(&mut world, Role::Viewer);
    let stale = SignIn {
        operator: ana.0.clone(),
        epoch: find(&world, &ana.0).epoch,
        proof: SignInProof::PasswordAlone,
    };
    let change = ChangeOwnPassword {
        password: password(),
    };
    let epoch = world.run_as(ana.1.clone(), change).unwrap();
    assert_eq!(find(&world, &ana.0).epoch, epoch);

    let refused = refusal(world.run_as(ana.1.clone(), stale));

    assert!(refused.to_string().contains("just been changed"));
    let operator = ana.0.clone();
    world.run(DisableOperator { operator }).unwrap();
    let refused = refusal(sign_in(&mut world, &ana, SignInProof::PasswordAlone));
    assert!(refused.to_string().contains("may not sign in"));
}

#[test]
fn nobody_signs_in_as_somebody_else() {
    let mut world = World::new();
    let (id, _) = ana(&mut world, Role::Viewer);
    let not_theirs = Refusal::Forbidden(Permission::KeepAccount);

    for stranger in [
        person(Role::Owner),
        Actor::local(0),
        program("operators:write"),
    ] {
        let refused = refusal(sign_in(
            &mut world,
            &(id.clone(), stranger),
            SignInProof::PasswordAlone,
        ));
        assert_eq!(refused, not_theirs);
    }
}

#[test]
fn a_second_factor_goes_only_where_it_may_or_by_somebody_above() {
    let mut world = World::new();
    let ana = ana(&mut world, Role::Admin);
    enrol(&mut world, &ana.1);
    let remove = RemoveSecondFactor {
        operator: ana.0.clone(),
    };
    let before = find(&world, &ana.0).epoch;

    let own = refusal(world.run_as(ana.1.clone(), remove.clone()));
    let below = refusal(world.run_as(person(Role::Operator), remove.clone()));
    world.run_as(person(Role::Owner), remove.clone()).unwrap();

    assert!(own.to_string().contains("needs a second factor"), "{own}");
    assert_eq!(below, Refusal::Forbidden(Permission::WriteOperators));
    let after = find(&world, &ana.0);
    assert!(after.second_factor.is_none() && after.recovery_codes.is_empty());
    assert_eq!(after.epoch, before + 1);
    assert!(after.lacks_second_factor());
    assert!(matches!(
        refusal(world.run_as(person(Role::Owner), remove)),
        Refusal::Conflict(_)
    ));
}

#[test]
fn a_viewer_may_go_without_a_second_factor() {
    let mut world = World::new();
    let ana = ana(&mut world, Role::Viewer);
    enrol(&mut world, &ana.1);

    let operator = ana.0.clone();
    world
        .run_as(ana.1.clone(), RemoveSecondFactor { operator })
        .unwrap();

    assert!(!find(&world, &ana.0).lacks_second_factor());
    assert!(sign_in(&mut world, &ana, SignInProof::PasswordAlone).is_ok());
}

#[test]
fn an_app_that_makes_other_codes_is_not_set_up() {
    let mut world = World::new();
    let ana = ana(&mut world, Role::Viewer);
    let enrol = EnrolSecondFactor {
        secret: TotpSecret::generate(&Entropy::seeded(7)),
        code: TotpSecret::generate(&Entropy::seeded(8)).code_at(world.now.seconds()),
    };

    assert_eq!(fields(world.run_as(ana.1.clone(), enrol)), ["code"]);

    assert!(find(&world, &ana.0).second_factor.is_none());
}

#[test]
fn everybody_may_change_their_own_name() {
    let mut world = World::new();
    let ana = ana(&mut world, Role::Viewer);
    let edit = EditOwnAccount {
        name: "Ana Lopes".parse().unwrap(),
    };

    world.run_as(ana.1, edit).unwrap();

    assert_eq!(find(&world, &ana.0).name.as_str(), "Ana Lopes");
    assert_eq!(world.audited(), ["operator.edit"]);
}
