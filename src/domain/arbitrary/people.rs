//! Arbitrary operators, what they hand over, and what they decide for all.

use std::net::IpAddr;

use proptest::{collection, option, prelude::*, sample::select};

use super::{
    client_id, digest, display_name, handover_id, lifetime, note, operator_id, password_hash, span,
    time,
};
use crate::{
    crypto::{mac::SecretDigest, random::Entropy, totp::TotpSecret},
    domain::{
        handover::{Handover, HandoverState},
        id::Revision,
        operator::{AccountLink, LinkPurpose, Operator, OperatorStatus, SecondFactor},
        permission::Role,
        policy::{OnLeak, Policy},
        rotation::Overlap,
        secret::IfUsed,
        time::Timestamp,
    },
};

pub(super) fn operator() -> impl Strategy<Value = Operator> {
    let status = option::of(time()).prop_map(|since| match since {
        None => OperatorStatus::Active,
        Some(since) => OperatorStatus::Disabled(since),
    });
    let email = "[a-z0-9.+]{1,12}@[a-z0-9.]{1,12}".prop_map(|email| email.parse().unwrap());
    let role = select(Role::ALL.to_vec());
    let words = (operator_id(), email, display_name(), role);
    let rest = (option::of(password_hash()), status, time(), any::<u32>());
    (words, rest, proofs()).prop_map(|(words, rest, proofs)| {
        let (id, email, name, role) = words;
        let (password, status, created, epoch) = rest;
        let (second_factor, recovery_codes, link, last_sign_in) = proofs;
        Operator {
            id,
            email,
            name,
            role,
            password,
            second_factor,
            recovery_codes,
            link,
            last_sign_in,
            status,
            created,
            epoch,
            revision: Revision::default(),
        }
    })
}

/// What an operator may have beside a password.
fn proofs() -> impl Strategy<
    Value = (
        Option<SecondFactor>,
        Vec<SecretDigest>,
        Option<AccountLink>,
        Option<Timestamp>,
    ),
> {
    let factor =
        (any::<u64>(), time(), any::<u64>()).prop_map(|(seed, since, last_step)| SecondFactor {
            secret: TotpSecret::generate(&Entropy::seeded(seed)),
            since,
            last_step,
        });
    let purpose = select(vec![LinkPurpose::Invite, LinkPurpose::Reset]);
    let link = (digest(), purpose, time()).prop_map(|(token, purpose, expires)| AccountLink {
        token,
        purpose,
        expires,
    });
    (
        option::of(factor),
        collection::vec(digest(), 0..3),
        option::of(link),
        option::of(time()),
    )
}

pub(super) fn handover() -> impl Strategy<Value = Handover> {
    let address = option::of(any::<[u8; 4]>().prop_map(IpAddr::from));
    let state = prop_oneof![
        Just(HandoverState::Open),
        (time(), address).prop_map(|(at, address)| HandoverState::Used { at, address }),
        time().prop_map(|at| HandoverState::Withdrawn { at }),
    ];
    let what = (handover_id(), client_id(), digest(), state, any::<bool>());
    let made = (time(), "[ -~]{0,40}", time());
    let overlap = option::of(span()).prop_map(|span| span.map_or(Overlap::None, Overlap::For));
    let if_used = select(vec![IfUsed::Hold, IfUsed::Stop]);
    let signs = option::of(any::<bool>());
    let rest = (overlap, if_used, note(), option::of(span()), signs);
    (what, made, rest).prop_map(|(what, made, rest)| {
        let (id, client, token, state, by_owner) = what;
        let (created, created_by, expires) = made;
        let (overlap, if_used, note, secret_lifetime, signs) = rest;
        Handover {
            id,
            client,
            token,
            created,
            created_by,
            by_owner,
            expires,
            state,
            overlap,
            if_used,
            note,
            secret_lifetime,
            signs,
            revision: Revision::default(),
        }
    })
}

pub(super) fn policy() -> impl Strategy<Value = Policy> {
    let secrets = (span(), span(), any::<bool>(), span());
    let sessions = (span(), span(), span());
    let on_leak = select(vec![OnLeak::Revoke, OnLeak::Flag]);
    let rest = (
        display_name(),
        lifetime(),
        on_leak,
        option::of(time()),
        option::of(super::rules::halt()),
    );
    (secrets, sessions, rest).prop_map(|(secrets, sessions, rest)| {
        let (secret_lifetime, longest_secret_lifetime, endless_secrets, overlap) = secrets;
        let (session_idle, session_longest, reauthenticate_after) = sessions;
        let (server_name, token_lifetime, on_leak, master_key_kept, halt) = rest;
        Policy {
            server_name,
            token_lifetime,
            secret_lifetime,
            longest_secret_lifetime,
            endless_secrets,
            overlap,
            session_idle,
            session_longest,
            reauthenticate_after,
            on_leak,
            dpop_nonces: endless_secrets,
            forward_policies: vec!["orders urn:shop read".to_owned()]
                .try_into()
                .expect("it is a rule"),
            halt,
            master_key_kept,
            revision: Revision::default(),
        }
    })
}
