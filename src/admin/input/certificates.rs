//! What is written to let a client prove itself with a certificate (RFC 8705 §2).

use std::net::IpAddr;

use crate::{
    crypto::certificate::{Certificate, DistinguishedName},
    domain::{
        credential::{CertificateSubject, PinnedCertificate},
        secret::Proof,
        time::Timestamp,
    },
};

/// The longest name that is kept, in bytes.
const LONGEST: usize = 512;

/// A certificate that is registered itself, from its PEM.
pub(super) fn pinned(text: &str) -> Result<Proof, String> {
    let certificate = Certificate::read(text.trim().as_bytes()).map_err(|it| it.to_string())?;
    let subject = certificate.subject();
    let subject = if subject.is_empty() {
        certificate.alternatives().first().map(ToString::to_string)
    } else {
        Some(subject.to_string())
    };
    Ok(Proof::Certificate(PinnedCertificate {
        thumbprint: certificate.thumbprint().to_owned(),
        subject: subject.unwrap_or_default(),
        not_after: Timestamp(certificate.not_after()),
    }))
}

/// What must stand in the certificates of an authority: the value of one of the client metadata of RFC 8705
/// §2.1.2.
pub(super) fn subject(name: &str, value: &str) -> Result<Proof, String> {
    let value = value.trim();
    if value.is_empty() || value.len() > LONGEST || value.chars().any(char::is_control) {
        return Err(format!("1 to {LONGEST} bytes, without control characters"));
    }
    let value = match name {
        "tls_client_auth_subject_dn" => value
            .parse::<DistinguishedName>()
            .map_err(|error| error.to_string())?
            .to_string(),
        "tls_client_auth_san_dns" if !is_host(value) => {
            return Err("a DNS name, as svc.example.com; `*` stands for nothing".to_owned());
        }
        "tls_client_auth_san_uri" if !is_uri(value) => {
            return Err("a URI, as spiffe://example.com/report-service".to_owned());
        }
        "tls_client_auth_san_email" if !is_address(value) => {
            return Err("an e-mail address".to_owned());
        }
        "tls_client_auth_san_ip" => value
            .parse::<IpAddr>()
            .map_err(|_| "write an IP address, such as 192.0.2.1 or 2001:db8::1")?
            .to_string(),
        _ => value.to_owned(),
    };
    CertificateSubject::from_parts(name, value)
        .map(Proof::Subject)
        .ok_or_else(|| "this is nothing that certificates say".to_owned())
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    text.split('.').all(is_label)
}

fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_address(text: &str) -> bool {
    let halves = text.rsplit_once('@');
    halves.is_some_and(|(user, host)| !user.is_empty() && is_host(host)) && !text.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CM-03
    #[test]
    fn names_are_kept_as_certificates_have_them() {
        let kept = |name: &str, value: &str| {
            let proof = subject(name, value).unwrap();
            let Proof::Subject(subject) = proof else {
                panic!("{proof:?}")
            };
            subject.value()
        };
        assert_eq!(
            kept("tls_client_auth_subject_dn", " cn = a , o=Example\\, Inc. "),
            "CN=a,O=Example\\, Inc."
        );
        assert_eq!(
            kept("tls_client_auth_san_ip", "2001:DB8:0::1"),
            "2001:db8::1"
        );
        assert_eq!(
            kept("tls_client_auth_san_dns", "Svc.example"),
            "Svc.example"
        );
        assert_eq!(
            kept("tls_client_auth_san_uri", "spiffe://e/a"),
            "spiffe://e/a"
        );
        assert_eq!(
            kept("tls_client_auth_san_email", "a@example.com"),
            "a@example.com"
        );
    }

    /// CM-02
    #[test]
    fn what_no_certificate_says_is_refused() {
        for (name, value) in [
            ("tls_client_auth_subject_dn", "a"),
            ("tls_client_auth_subject_dn", ""),
            ("tls_client_auth_san_dns", "*.example.com"),
            ("tls_client_auth_san_dns", "a..b"),
            ("tls_client_auth_san_uri", "a b:c"),
            ("tls_client_auth_san_uri", "a"),
            ("tls_client_auth_san_ip", "192.0.2"),
            ("tls_client_auth_san_email", "a"),
            ("tls_client_auth_san_email", "@example.com"),
            ("tls_client_auth_san_dns", &"a".repeat(600)),
            ("other", "a"),
        ] {
            assert!(subject(name, value).is_err(), "{name} {value}");
        }
    }

    /// CM-04
    #[test]
    fn a_certificate_is_known_by_its_thumbprint() {
        let made = rcgen::generate_simple_self_signed(vec!["svc.example".to_owned()]).unwrap();
        let pem = made.cert.pem();
        let Proof::Certificate(kept) = pinned(&format!("\n{pem}\n")).unwrap() else {
            panic!("another proof");
        };
        let read = Certificate::from_der(made.cert.der()).unwrap();
        assert_eq!(kept.thumbprint, read.thumbprint());
        assert_eq!(kept.not_after.0, read.not_after());
        assert!(pinned("a").is_err() && pinned(&made.signing_key.serialize_pem()).is_err());
    }
}
