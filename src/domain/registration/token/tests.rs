use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000);

fn token() -> RegistrationToken {
    let plain = PlainToken::generate(TokenUse::Register, &Entropy::seeded(1));
    RegistrationToken {
        id: plain.id().clone(),
        digest: plain.digest(&MacKey::new(&[7; 32])),
        note: Note::default(),
        template: Template::default(),
        limit: 2,
        used: 0,
        last_used: None,
        created: NOW,
        created_by: "local:0".to_owned(),
        expires: NOW.plus(Span::hours(1)),
        revoked: None,
        revision: Revision::default(),
    }
}

/// DCR-01, ST-02
#[test]
fn a_token_of_one_kind_is_none_of_the_other() {
    let pepper = MacKey::new(&[7; 32]);
    let token = PlainToken::generate(TokenUse::Register, &Entropy::seeded(1));

    let read = PlainToken::read(TokenUse::Register, token.reveal()).unwrap();

    assert_eq!(read.id(), token.id());
    assert_eq!(read.digest(&pepper), token.digest(&pepper));
    assert!(PlainToken::read(TokenUse::Manage, token.reveal()).is_none());
    let text = token.reveal();
    for odd in ["", "jtr_", &text[1..], &text[..text.len() - 1], "jtr_é"] {
        assert!(PlainToken::read(TokenUse::Register, odd).is_none(), "{odd}");
    }
}

#[test]
fn a_token_ends_when_it_is_used_up_or_revoked_or_its_time_is_over() {
    let open = token();
    let used = RegistrationToken {
        used: 2,
        last_used: Some(NOW),
        ..token()
    };
    let revoked = RegistrationToken {
        revoked: Some(NOW),
        ..token()
    };

    let status = |token: &RegistrationToken, now| (token.status(now), token.ended(now));
    assert_eq!(status(&open, NOW), ("open", None));
    assert_eq!(status(&open, open.expires), ("expired", Some(open.expires)));
    assert_eq!(status(&used, NOW), ("used up", Some(NOW)));
    assert_eq!(status(&revoked, NOW), ("revoked", Some(NOW)));
    assert!(!revoked.is_forgettable(NOW) && revoked.is_forgettable(NOW.plus(REMEMBERED)));
}
