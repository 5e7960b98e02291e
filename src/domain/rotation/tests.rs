//! The state machine, step by step and at random.

use proptest::prelude::*;

use super::*;
use crate::{
    crypto::{mac::MacKey, random::Entropy},
    domain::{
        client::ClientStatus,
        secret::{PlainSecret, Proof},
    },
};

const NOW: Timestamp = Timestamp(1_800_000_000);

fn secret(seed: u64, at: Timestamp) -> Secret {
    let plain = PlainSecret::generate(&Entropy::seeded(seed));
    Secret {
        id: plain.id().clone(),
        proof: Proof::of_generated(&plain, &MacKey::new(&[1; 32])),
        created: at,
        created_by: "local:0".into(),
        expires: None,
        note: crate::domain::name::Note::default(),
        leaked: None,
        state: SecretState::Active,
    }
}

fn client() -> Client {
    Client {
        id: "report-service".parse().unwrap(),
        name: "Report Service".parse().unwrap(),
        description: crate::domain::name::Description::default(),
        owner: crate::domain::name::Owner::default(),
        status: ClientStatus::Active,
        created: NOW,
        token_lifetime: None,
        grants: [].into(),
        default_scopes: crate::domain::scope::ScopeSet::default(),
        secrets: vec![secret(1, NOW)],
        introspects: std::collections::BTreeSet::default(),
        tokens_void_until: None,
        rules: crate::domain::shared::Shared::default(),
        marks: crate::domain::shared::Shared::default(),
        registration: None,
        revision: crate::domain::id::Revision::default(),
    }
}

fn rotated() -> Client {
    rotate(
        &client(),
        secret(2, NOW),
        (Overlap::For(Span::hours(24)), IfUsed::Hold),
        NOW,
    )
    .unwrap()
}

fn old(client: &Client) -> SecretId {
    client.secrets[0].id.clone()
}

fn new(client: &Client) -> SecretId {
    client.secrets[1].id.clone()
}

#[test]
fn both_secrets_work_while_a_rotation_is_under_way() {
    let client = rotated();
    assert_eq!(client.live_secrets(NOW).count(), 2);
    assert_eq!(client.old_secret(NOW).unwrap().id, old(&client));
    assert_eq!(client.new_secret(NOW).unwrap().id, new(&client));
    let long_after = NOW.plus(Span::days(20));
    assert_eq!(
        client.live_secrets(long_after).count(),
        2,
        "only a decision stops the old one"
    );
}

#[test]
fn a_second_rotation_is_refused_while_one_runs() {
    let again = rotate(
        &rotated(),
        secret(3, NOW),
        (Overlap::None, IfUsed::Hold),
        NOW,
    );
    assert_eq!(again, Err(RotationError::UnderWay));
}

#[test]
fn without_overlap_the_old_secret_stops_at_once_and_can_be_brought_back() {
    let next = rotate(
        &client(),
        secret(2, NOW),
        (Overlap::None, IfUsed::Hold),
        NOW,
    )
    .unwrap();
    assert_eq!(next.secrets[0].life(NOW), Life::Retired);
    let (back, id) = undo(&next, None, NOW.plus(Span::hours(23))).unwrap();
    assert_eq!(id, old(&next));
    assert_eq!(back.secrets[0].life(NOW), Life::Retiring);
    let late = undo(&next, None, NOW.plus(Span::hours(24)));
    assert_eq!(late, Err(RotationError::NotUndoable(old(&next))));
}

#[test]
fn only_the_old_secret_can_be_retired() {
    let client = rotated();
    assert_eq!(
        retire(&client, Some(&new(&client)), NOW),
        Err(RotationError::IsNew(new(&client)))
    );
    let (next, id) = retire(&client, None, NOW).unwrap();
    assert_eq!(id, old(&client));
    assert_eq!(next.live_secrets(NOW).count(), 1);
    let left = new(&client);
    assert_eq!(
        retire(&next, Some(&left), NOW),
        Err(RotationError::OnlyOne(left))
    );
    assert_eq!(retire(&next, None, NOW), Err(RotationError::NoneUnderWay));
}

#[test]
fn the_old_secret_is_not_retired_when_the_new_one_has_expired() {
    let mut client = rotated();
    client.secrets[1].expires = Some(NOW.plus(Span::hours(1)));
    let later = NOW.plus(Span::hours(2));
    assert_eq!(
        retire(&client, None, later),
        Err(RotationError::OnlyOne(old(&client)))
    );
}

#[test]
fn cancelling_leaves_the_old_secret_as_it_was() {
    let (next, withdrawn) = cancel(&rotated(), NOW).unwrap();
    assert_eq!(withdrawn, new(&next));
    assert_eq!(next.secrets[0].state, SecretState::Active);
    assert_eq!(next.secrets[1].life(NOW), Life::Cancelled);
    assert_eq!(cancel(&next, NOW), Err(RotationError::NoneUnderWay));
}

#[test]
fn revoking_the_new_secret_ends_the_rotation() {
    let client = rotated();
    let (next, _) = revoke(&client, Some(&new(&client)), NOW).unwrap();
    assert_eq!(next.secrets[0].state, SecretState::Active);
    assert_eq!(next.secrets[1].life(NOW), Life::Revoked);
}

#[test]
fn revoking_is_for_good() {
    let client = rotated();
    let (next, _) = revoke(&client, Some(&old(&client)), NOW).unwrap();
    assert_eq!(
        undo(&next, Some(&old(&client)), NOW),
        Err(RotationError::NotUndoable(old(&client)))
    );
    assert!(matches!(
        revoke(&client, None, NOW),
        Err(RotationError::Ambiguous(..))
    ));
    let (none, _) = revoke(&next, None, NOW).unwrap();
    assert_eq!(none.live_secrets(NOW).count(), 0);
    assert_eq!(revoke(&none, None, NOW), Err(RotationError::NoneLive));
    let renewed = rotate(
        &none,
        secret(3, NOW),
        (Overlap::For(Span::hours(1)), IfUsed::Hold),
        NOW,
    );
    assert_eq!(renewed.unwrap().live_secrets(NOW).count(), 1);
}

#[test]
fn a_retired_secret_that_leaked_can_still_be_revoked() {
    let (retired, id) = retire(&rotated(), None, NOW).unwrap();
    let (revoked, _) = revoke(&retired, Some(&id), NOW).unwrap();
    assert_eq!(
        undo(&revoked, Some(&id), NOW),
        Err(RotationError::NotUndoable(id))
    );
}

#[test]
fn undo_is_refused_while_another_rotation_runs() {
    let (retired, _) = retire(&rotated(), None, NOW).unwrap();
    let again = rotate(
        &retired,
        secret(3, NOW),
        (Overlap::For(Span::hours(1)), IfUsed::Hold),
        NOW,
    )
    .unwrap();
    assert_eq!(undo(&again, None, NOW), Err(RotationError::UnderWay));
}

#[test]
fn a_deadline_can_be_extended_to_thirty_days_in_all() {
    let (next, deadline) = extend(&rotated(), Span::hours(24), NOW).unwrap();
    assert_eq!(deadline, NOW.plus(Span::hours(48)));
    assert_eq!(
        next.old_secret(NOW)
            .unwrap()
            .retiring(NOW)
            .unwrap()
            .deadline,
        deadline
    );
    assert_eq!(
        extend(&next, Span::days(29), NOW),
        Err(RotationError::TooLong)
    );
}

#[test]
fn a_deadline_moves_as_far_as_thirty_days_and_not_a_second_further() {
    let most = LONGEST_OVERLAP.0 - Span::hours(24).0;

    let (_, deadline) = extend(&rotated(), Span(most), NOW).unwrap();

    assert_eq!(deadline, NOW.plus(LONGEST_OVERLAP));
    assert_eq!(
        extend(&rotated(), Span(most + 1), NOW),
        Err(RotationError::TooLong)
    );
}

#[test]
fn a_use_of_the_new_secret_counts_from_the_second_in_which_the_rotation_began() {
    let now = NOW.plus(Span::hours(24));
    let new_was_used = |at| {
        let uses = LatestUses {
            old: None,
            new: Some(at),
        };
        due(&rotated(), uses, now)
    };

    assert_eq!(new_was_used(NOW), Some(Due::Retire));
    assert_eq!(new_was_used(NOW.minus(Span(1))), Some(Due::Wait));
}

#[test]
fn a_retired_secret_that_would_have_expired_is_not_brought_back() {
    let (mut retired, _) = retire(&rotated(), None, NOW).unwrap();
    let later = NOW.plus(Span::minutes(5));
    assert!(undo(&retired, None, later).is_ok());

    retired.secrets[0].expires = Some(later);

    let id = old(&retired);
    assert_eq!(
        undo(&retired, None, later),
        Err(RotationError::NotUndoable(id))
    );
    assert!(undo(&retired, None, later.minus(Span(1))).is_ok());
}

#[test]
fn at_the_deadline_an_old_secret_still_in_use_is_held_three_times() {
    let mut client = rotated();
    let mut now = NOW.plus(Span::hours(24));
    for _ in 0..MOST_HOLDS {
        let uses = LatestUses {
            old: Some(now.minus(Span(5))),
            new: Some(now),
        };
        assert_eq!(due(&client, uses, now), Some(Due::Hold));
        client = hold(&client, Due::Hold, now).unwrap();
        assert_eq!(due(&client, uses, now), None);
        now = now.plus(ANOTHER_DAY);
    }
    let uses = LatestUses {
        old: Some(now),
        new: Some(now),
    };
    assert_eq!(due(&client, uses, now), Some(Due::Retire));
}

#[test]
fn a_quiet_old_secret_is_retired_at_the_deadline() {
    let now = NOW.plus(Span::hours(24));
    let uses = LatestUses {
        old: Some(NOW.minus(Span(1))),
        new: Some(NOW.plus(Span(60))),
    };
    assert_eq!(due(&rotated(), uses, now), Some(Due::Retire));
    assert_eq!(due(&rotated(), uses, now.minus(Span(1))), None);
}

#[test]
fn a_deadline_never_stops_the_old_secret_while_the_new_one_is_unused() {
    let now = NOW.plus(Span::days(20));
    for if_used in [IfUsed::Hold, IfUsed::Stop] {
        let client = rotate(
            &client(),
            secret(2, NOW),
            (Overlap::For(Span::hours(1)), if_used),
            NOW,
        )
        .unwrap();
        assert_eq!(
            due(
                &client,
                LatestUses {
                    old: Some(now),
                    new: None
                },
                now
            ),
            Some(Due::Wait)
        );
        let held = hold(&client, Due::Wait, now).unwrap();
        assert_eq!(held.old_secret(now).unwrap().retiring(now).unwrap().held, 0);
    }
}

#[test]
fn an_expired_secret_needs_no_deadline() {
    let mut client = rotated();
    client.secrets[0].expires = Some(NOW.plus(Span::hours(2)));
    let later = NOW.plus(Span::days(2));
    assert_eq!(due(&client, LatestUses::default(), later), None);
    assert_eq!(client.live_secrets(later).count(), 1);
    assert_eq!(client.secrets[0].retiring(later), None);
    let before = NOW.plus(Span::hours(1));
    assert!(client.secrets[0].retiring(before).is_some());
}

#[test]
fn the_dead_are_forgotten_after_thirty_days() {
    let (retired, _) = retire(&rotated(), None, NOW).unwrap();
    assert_eq!(forget(&retired, NOW.plus(Span::days(29))), None);
    assert_eq!(
        forget(&retired, NOW.plus(Span::days(30)))
            .unwrap()
            .secrets
            .len(),
        1
    );
}

#[derive(Clone, Debug)]
enum Step {
    Rotate(u64),
    Retire,
    RevokeAny(usize),
    Undo,
    Cancel,
    Extend,
    Hold,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u64..100).prop_map(Step::Rotate),
        Just(Step::Retire),
        (0usize..6).prop_map(Step::RevokeAny),
        Just(Step::Undo),
        Just(Step::Cancel),
        Just(Step::Extend),
        Just(Step::Hold),
        (0u64..200_000).prop_map(Step::Wait),
    ]
}

proptest! {
    #[test]
    fn whatever_is_done_at_most_two_secrets_are_live_and_the_dead_stay_dead(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut client = client();
        let mut now = NOW;
        let mut seed = 100;
        let mut revoked = std::collections::BTreeSet::new();
        for step in steps {
            seed += 1;
            let next = match step {
                Step::Rotate(hours) => {
                    let overlap = Overlap::of(Span::hours(hours)).unwrap_or(Overlap::None);
                    rotate(&client, secret(seed, now), (overlap, IfUsed::Hold), now)
                }
                Step::Retire => retire(&client, None, now).map(|(next, _)| next),
                Step::RevokeAny(n) => {
                    let id = client.secrets.get(n).map(|secret| secret.id.clone());
                    revoke(&client, id.as_ref(), now).map(|(next, id)| { revoked.insert(id); next })
                }
                Step::Undo => undo(&client, None, now).map(|(next, _)| next),
                Step::Cancel => cancel(&client, now).map(|(next, _)| next),
                Step::Extend => extend(&client, ANOTHER_DAY, now).map(|(next, _)| next),
                Step::Hold => hold(&client, Due::Hold, now),
                Step::Wait(seconds) => { now = now.plus(Span(seconds)); continue }
            };
            if let Ok(next) = next {
                client = next;
            }
            prop_assert!(client.live_secrets(now).count() <= 2);
            prop_assert!(client.secrets.iter().filter(|s| s.life(now) == Life::Retiring).count() <= 1);
            for secret in &client.secrets {
                if revoked.contains(&secret.id) {
                    prop_assert_eq!(secret.life(now), Life::Revoked);
                }
            }
        }
    }
}
