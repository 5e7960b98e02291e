//! What was put into the file of format 2 beside all that was in the file of format 1.

use crate::{
    crypto::{mac::MacKey, random::Entropy, totp::TotpSecret},
    domain::{
        audit::Action,
        change::{Change, Effect},
        handover::{Handover, HandoverState},
        id::Revision,
        link::{LinkToken, LinkUse},
        marks::{Marks, Postponed},
        operator::{AccountLink, LinkPurpose, Operator, RecoveryCodes, SecondFactor},
        permission::Role,
        policy::{OnLeak, Policy},
        rotation::Overlap,
        secret::IfUsed,
        session::{SessionKey, SessionRecord},
        time::{Span, Timestamp},
    },
};

use super::first::{self, NOW};

/// One of everything that format 2 added, commit by commit, after the history of format 1.
pub(super) fn history(pepper: &MacKey) -> Vec<Vec<Change>> {
    let mut history = first::history(pepper);
    let handovers = handovers(pepper).map(|it| Change {
        action: Action::HandoverOffer,
        effect: Effect::Handover(it.id.clone(), it.client.clone(), Some(it.into())),
    });
    let operators = operators(pepper).map(|it| Change {
        action: Action::OperatorEnrol,
        effect: Effect::Operator(it.id.clone(), Some(it.into())),
    });
    let policy = Change {
        action: Action::SettingsEdit,
        effect: Effect::Policy(policy().into()),
    };
    let mut client = first::report_service(pepper);
    *client.marks = marks();
    client.secrets[1].leaked = Some(NOW);
    let client = Change {
        action: Action::ClientPostpone,
        effect: Effect::Client(client.id.clone(), Some(client.into())),
    };
    history.extend([operators.into(), handovers.into(), vec![policy, client]]);
    history
}

fn operators(pepper: &MacKey) -> [Operator; 2] {
    let entropy = Entropy::os();
    let operator = |id: &str, email: &str, role| {
        let words = (email.parse().unwrap(), "Carla".parse().unwrap());
        Operator::new(id.parse().unwrap(), words, (role, NOW))
    };
    let link = |purpose| AccountLink {
        token: LinkToken::generate(&entropy).digest(LinkUse::Account, pepper),
        purpose,
        expires: NOW.plus(Span::hours(48)),
    };
    let mut carla = operator("op_cccccccccccccccc", "carla@example.com", Role::Admin);
    carla.second_factor = Some(SecondFactor {
        secret: TotpSecret::generate(&entropy),
        since: NOW,
        last_step: 59_666_666,
    });
    carla.recovery_codes = RecoveryCodes::generate(&entropy).digests(&carla.id, pepper);
    carla.last_sign_in = Some(NOW);
    carla.link = Some(link(LinkPurpose::Reset));
    let mut dan = operator("op_dddddddddddddddd", "dan@example.com", Role::Operator);
    dan.link = Some(link(LinkPurpose::Invite));
    [carla, dan]
}

fn handovers(pepper: &MacKey) -> [Handover; 3] {
    let entropy = Entropy::os();
    let handover = |id: &str, state| Handover {
        id: id.parse().unwrap(),
        client: "report-service-7kq2d4".parse().unwrap(),
        token: LinkToken::generate(&entropy).digest(LinkUse::Handover, pepper),
        created: NOW,
        created_by: "operator:ana@example.com".into(),
        by_owner: true,
        expires: NOW.plus(Span::hours(24)),
        state,
        overlap: Overlap::For(Span::hours(24)),
        if_used: IfUsed::Hold,
        note: "vault of the team".parse().unwrap(),
        secret_lifetime: Some(Span::days(90)),
        signs: None,
        revision: Revision::default(),
    };
    let open = Handover {
        overlap: Overlap::None,
        if_used: IfUsed::Stop,
        by_owner: false,
        secret_lifetime: None,
        ..handover("ho_aaaaaaaaaaaaaaaa", HandoverState::Open)
    };
    let used = HandoverState::Used {
        at: NOW,
        address: Some("2001:db8::7".parse().unwrap()),
    };
    [
        open,
        handover("ho_bbbbbbbbbbbbbbbb", used),
        handover("ho_cccccccccccccccc", HandoverState::Withdrawn { at: NOW }),
    ]
}

pub(super) fn policy() -> Policy {
    Policy {
        server_name: "Tokens of Ana Núñez".parse().unwrap(),
        endless_secrets: false,
        on_leak: OnLeak::Flag,
        master_key_kept: Some(NOW),
        ..Policy::default()
    }
}

fn marks() -> Marks {
    let postponed = |until| Postponed {
        until,
        level: 3,
        note: "after the release".parse().unwrap(),
        by: "operator:ana@example.com".to_owned(),
        at: NOW,
    };
    let scope = |name: &str| {
        let api = "https://sales.example.com".parse().unwrap();
        (api, name.parse().unwrap())
    };
    Marks {
        postponed: [
            ("expiring".parse().unwrap(), postponed(Some(NOW))),
            ("unused".parse().unwrap(), postponed(None)),
        ]
        .into(),
        watched: [(scope("write:targets"), NOW)].into(),
        kept: [(scope("read:analytics"), NOW)].into(),
    }
}

/// A session of somebody, and one of nobody yet.
pub(super) fn sessions() -> [SessionRecord; 2] {
    let session = |id: &[u8], operator: Option<&str>| SessionRecord {
        key: SessionKey::of(id),
        operator: operator.map(|id| id.parse().unwrap()),
        data: br#"{"page":"/clients"}"#.to_vec(),
        created: NOW,
        seen: Timestamp(NOW.0 + 60),
        expires: Timestamp(NOW.0 + 3600),
    };
    [
        session(b"one", Some("op_cccccccccccccccc")),
        session(b"two", None),
    ]
}
