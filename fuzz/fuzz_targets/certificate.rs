//! F6: certificates of clients, and what they say of their subject. The alternative names are those that a slow
//! reader of DER finds, and a name is matched only by itself.

#![no_main]

use jeton::{
    crypto::certificate::{AlternativeName, Certificate, ClientCertificate, DistinguishedName},
    domain::credential::CertificateSubject,
    oauth::mutual_tls::says,
};
use jeton_fuzz::{
    bytes::Bytes,
    der::{Name, alternative_names},
};

jeton_fuzz::target!(|data| {
    let mut bytes = Bytes::new(data);
    let is_name = bytes.below(4) == 3;
    let rest = bytes.rest();
    if is_name {
        if let Ok(text) = std::str::from_utf8(rest) {
            name(text);
        }
    } else if let Ok(certificate) = Certificate::read(rest) {
        check(certificate);
    }
});

fn check(certificate: Certificate) {
    let again = Certificate::from_der(certificate.der()).expect("it was read before");
    assert_eq!(again.thumbprint(), certificate.thumbprint());
    let slow = alternative_names(certificate.der()).expect("whatever was read has a form");
    assert_eq!(
        certificate
            .alternatives()
            .iter()
            .map(of)
            .collect::<Vec<_>>(),
        slow
    );
    let (from, until) = (certificate.not_before(), certificate.not_after());
    assert_eq!(certificate.is_valid_at(from), from <= until);
    assert!(!certificate.is_valid_at(until.saturating_add(1)));
    matches(certificate, &slow);
}

fn of(name: &AlternativeName) -> Name {
    match name {
        AlternativeName::Dns(name) => Name::Dns(name.clone()),
        AlternativeName::Uri(uri) => Name::Uri(uri.clone()),
        AlternativeName::Email(address) => Name::Email(address.clone()),
        AlternativeName::Ip(address) => Name::Ip(*address),
    }
}

/// That it says what it says, and nothing else.
fn matches(certificate: Certificate, names: &[Name]) {
    let subject = certificate.subject().to_string();
    let parsed = subject.parse::<DistinguishedName>();
    let is_written = parsed.is_ok();
    if let Ok(parsed) = parsed {
        assert!(parsed == *certificate.subject(), "{subject}");
    }
    let shown = ClientCertificate {
        certificate,
        is_vouched_for: false,
    };
    assert_eq!(
        says(&shown, &CertificateSubject::Dn(subject.clone())),
        is_written
    );
    let another = format!("CN=another,{subject}");
    assert!(!says(&shown, &CertificateSubject::Dn(another)));
    for name in names {
        for asked in questions(name) {
            let is_there = names.iter().any(|name| is_same(name, &asked));
            assert_eq!(says(&shown, &asked), is_there, "{asked:?} {names:?}");
        }
    }
}

/// Whether it has this name, and some that are nearly it.
fn questions(name: &Name) -> Vec<CertificateSubject> {
    let near = |text: &str| {
        [
            text.to_owned(),
            text.to_ascii_uppercase(),
            format!("x{text}"),
            format!("{text}\0"),
        ]
    };
    match name {
        Name::Dns(it) => near(it).map(CertificateSubject::SanDns).into(),
        Name::Uri(it) => near(it).map(CertificateSubject::SanUri).into(),
        Name::Email(it) => near(it).map(CertificateSubject::SanEmail).into(),
        Name::Ip(it) => vec![
            CertificateSubject::SanIp(*it),
            CertificateSubject::SanDns(it.to_string()),
            CertificateSubject::SanUri(it.to_string()),
        ],
    }
}

/// Whether a name is meant: of hosts the case does not matter, of all else it does.
fn is_same(name: &Name, asked: &CertificateSubject) -> bool {
    let lower = str::to_ascii_lowercase;
    match (name, asked) {
        (Name::Dns(one), CertificateSubject::SanDns(two)) => lower(one) == lower(two),
        (Name::Uri(one), CertificateSubject::SanUri(two)) => one == two,
        (Name::Ip(one), CertificateSubject::SanIp(two)) => one == two,
        (Name::Email(one), CertificateSubject::SanEmail(two)) => {
            let halves = one.rfind('@').zip(two.rfind('@'));
            halves
                .is_some_and(|(m, n)| one[..m] == two[..n] && lower(&one[m..]) == lower(&two[n..]))
        }
        _ => false,
    }
}

/// What is read of a name is written so that it can be read, and is the same.
fn name(text: &str) {
    let Ok(name) = text.parse::<DistinguishedName>() else {
        return;
    };
    let written = name.to_string();
    let again = written.parse::<DistinguishedName>();
    assert!(again.is_ok_and(|it| it == name), "{text:?} {written:?}");
    assert!(!name.is_empty());
}
