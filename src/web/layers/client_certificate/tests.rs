use std::path::PathBuf;

use axum::http::HeaderValue;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::*;
use crate::domain::time::SystemClock;

fn certificate() -> rcgen::Certificate {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["svc.example".to_owned()]).unwrap();
    params.self_signed(&key).unwrap()
}

fn read(
    header: CertificateHeader,
    fields: &[(&'static str, &str)],
) -> Result<Option<Vec<u8>>, Refusal> {
    let forwarded = ForwardedCertificates {
        header,
        authorities: None,
        clock: Arc::new(SystemClock),
    };
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    let shown = forwarded.read(&headers)?;
    Ok(shown.map(|shown| shown.certificate.der().to_vec()))
}

/// CM-09
#[test]
fn every_proxy_is_understood_in_its_own_words() {
    use CertificateHeader as From;
    let certificate = certificate();
    let der = certificate.der().to_vec();
    let encoded = STANDARD.encode(&der);
    let escaped = utf8_percent_encode(&certificate.pem(), NON_ALPHANUMERIC).to_string();
    let envoy = format!(
        "By=spiffe://x;Hash=00;Cert=\"{escaped}\";Subject=\"CN=a,O=\\\"b;c\\\"\";URI=;DNS=svc.example"
    );

    for (header, name, value) in [
        (From::ClientCert, "client-cert", format!(":{encoded}:")),
        (From::XSslClientCert, "x-ssl-client-cert", escaped.clone()),
        (From::XSslClientCert, "x-ssl-client-cert", encoded.clone()),
        (From::XForwardedClientCert, "x-forwarded-client-cert", envoy),
        (
            From::XForwardedClientCert,
            "x-forwarded-client-cert",
            format!("Chain=\"{escaped}{escaped}\""),
        ),
        (
            From::XForwardedTlsClientCert,
            "x-forwarded-tls-client-cert",
            encoded.clone(),
        ),
        (
            From::XForwardedTlsClientCert,
            "x-forwarded-tls-client-cert",
            format!("{encoded},{encoded}"),
        ),
    ] {
        assert_eq!(
            read(header, &[(name, &value)]),
            Ok(Some(der.clone())),
            "{header:?}"
        );
        // Only the header that was agreed on counts, and none is as good as an empty one.
        assert_eq!(read(header, &[("x-other", &value), (name, "")]), Ok(None));
    }
    let chain = [
        ("client-cert", format!(":{encoded}:")),
        ("client-cert-chain", format!(":{encoded}:, :{encoded}:")),
    ];
    let fields = [(chain[0].0, chain[0].1.as_str()), (chain[1].0, &chain[1].1)];
    assert_eq!(read(From::ClientCert, &fields), Ok(Some(der)));
}

/// CM-09
#[test]
fn what_cannot_be_read_or_is_said_twice_is_refused() {
    use CertificateHeader as From;
    let encoded = STANDARD.encode(certificate().der());
    let good = format!(":{encoded}:");
    let escaped = utf8_percent_encode(&certificate().pem(), NON_ALPHANUMERIC).to_string();

    for value in [
        ":AAAA:",
        &encoded,
        "\"x\"",
        &format!("{good}, {good}"),
        ":é:",
    ] {
        let read = read(From::ClientCert, &[("client-cert", value)]);
        assert_eq!(read, Err(Refusal::Malformed), "{value}");
    }
    let twice = [("client-cert", good.as_str()), ("client-cert", &good)];
    assert_eq!(read(From::ClientCert, &twice), Err(Refusal::Malformed));
    let chain = [
        ("client-cert", good.as_str()),
        ("client-cert-chain", ":AAA"),
    ];
    assert_eq!(read(From::ClientCert, &chain), Err(Refusal::Malformed));
    let long = [good.as_str(); 9].join(", ");
    let chain = [("client-cert", good.as_str()), ("client-cert-chain", &long)];
    assert_eq!(read(From::ClientCert, &chain), Err(Refusal::Malformed));
    for value in [
        "Hash=00".to_owned(),
        "Cert=\"".to_owned(),
        format!("Cert=\"{escaped}\",Cert=\"{escaped}\""),
        format!("Hash=00,Cert=\"{escaped}\""),
        format!("Cert=\"{escaped}\"x"),
    ] {
        let read = read(
            From::XForwardedClientCert,
            &[("x-forwarded-client-cert", &value)],
        );
        assert_eq!(read, Err(Refusal::Malformed), "{value}");
    }
}

#[test]
fn authorities_are_read_from_a_file_that_holds_some() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("ca.pem");
    std::fs::write(&path, "nothing").unwrap();
    let error = Authorities::load(path.clone(), None)
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("ca.pem: there is no certificate in PEM in it"),
        "{error}"
    );
    std::fs::write(&path, certificate().pem()).unwrap();
    assert!(Authorities::load(path, None).is_ok());
}
