//! Certificates made for a test, by an authority of its own, as files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType, SerialNumber, SignatureAlgorithm,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tempfile::TempDir;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{
    caller::encode,
    process::{ServerProcess, free_address},
};

/// A certificate for `name` that nobody vouches for, valid from the first day of one year to that of another, in PEM.
pub(crate) fn self_signed(name: &str, years: (i32, i32)) -> String {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

/// A certificate and its key, as the files that hold them.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Pair {
    /// The certificate in the header of this name, as the proxies that have it write it.
    pub(crate) fn in_header(&self, name: &str) -> String {
        let der = CertificateDer::from_pem_file(&self.certificate).expect("a certificate");
        let encoded = STANDARD.encode(&der);
        match name {
            "client-cert" => format!("{name}: :{encoded}:"),
            "x-forwarded-client-cert" => {
                let pem = fs::read_to_string(&self.certificate).expect("a file");
                format!("{name}: Cert=\"{}\"", encode(&pem).replace('+', "%20"))
            }
            _ => format!("{name}: {encoded}"),
        }
    }
}

/// What is to stand in a certificate.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The file's stem, and the common name.
    pub(crate) name: &'a str,
    /// Its alternative names.
    pub(crate) names: &'a [SanType],
    /// From when until when it is valid, in days from now.
    pub(crate) valid: (i64, i64),
    /// Whether it is a client's.
    pub(crate) is_client: bool,
    /// Of which kind its key is.
    pub(crate) key: &'static SignatureAlgorithm,
}

impl<'a> Wanted<'a> {
    /// For a server on this machine.
    pub(crate) fn server(name: &'a str) -> Self {
        Self {
            name,
            names: &[],
            valid: (-1, 90),
            is_client: false,
            key: &rcgen::PKCS_ECDSA_P256_SHA256,
        }
    }

    /// For a client.
    pub(crate) fn client(name: &'a str) -> Self {
        Self {
            is_client: true,
            ..Self::server(name)
        }
    }
}

/// An authority, and the folder in which it puts what it makes.
pub(crate) struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "Test Authority");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("a file");
        Self {
            folder,
            issuer: Issuer::new(params, key),
        }
    }

    /// Its own certificate.
    pub(crate) fn file(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// A file of the test's own.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Such a file, with this in it.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a file");
        path
    }

    /// Makes a certificate that it vouches for.
    pub(crate) fn issue(&self, wanted: Wanted<'_>) -> Pair {
        let (params, key) = prepare(wanted);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        self.keep(wanted.name, &certificate.pem(), &key)
    }

    /// A list of what it revoked: the certificates of these pairs. The next one is due so many days from now.
    pub(crate) fn revoke(&self, revoked: &[&Pair], next: i64) -> PathBuf {
        let day = |days: i64| OffsetDateTime::now_utc() + time::Duration::days(days);
        let revoked_certs = revoked.iter().map(|pair| RevokedCertParams {
            serial_number: serial_number(pair),
            revocation_time: day(-1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: day(next.min(0) - 1),
            next_update: day(next),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("a list");
        self.write("revoked.pem", &list.pem().expect("a list is text"))
    }

    /// Makes a certificate that nobody vouches for.
    pub(crate) fn self_signed(&self, wanted: Wanted<'_>) -> Pair {
        let (params, key) = prepare(wanted);
        let certificate = params.self_signed(&key).expect("a certificate");
        self.keep(wanted.name, &certificate.pem(), &key)
    }

    /// Makes one that nobody vouches for, of the key that another has.
    pub(crate) fn self_signed_again(&self, pair: &Pair, wanted: Wanted<'_>) -> Pair {
        let (params, _) = prepare(wanted);
        let key = fs::read_to_string(&pair.key).expect("a file");
        let key = KeyPair::from_pem(&key).expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        self.keep(wanted.name, &certificate.pem(), &key)
    }

    fn keep(&self, name: &str, certificate: &str, key: &KeyPair) -> Pair {
        let pair = Pair {
            certificate: self.path(&format!("{name}.pem")),
            key: self.path(&format!("{name}.key")),
        };
        fs::write(&pair.certificate, certificate).expect("a file");
        fs::write(&pair.key, key.serialize_pem()).expect("a file");
        pair
    }
}

fn serial_number(pair: &Pair) -> SerialNumber {
    let der = CertificateDer::from_pem_file(&pair.certificate).expect("a certificate");
    let (_, parsed) = X509Certificate::from_der(&der).expect("a certificate");
    SerialNumber::from_slice(parsed.raw_serial())
}

fn prepare(wanted: Wanted<'_>) -> (CertificateParams, KeyPair) {
    let day = |days: i64| OffsetDateTime::now_utc() + time::Duration::days(days);
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "DE");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Example, Inc.");
    params
        .distinguished_name
        .push(DnType::CommonName, wanted.name);
    params.not_before = day(wanted.valid.0);
    params.not_after = day(wanted.valid.1);
    params.subject_alt_names = wanted.names.to_vec();
    if wanted.is_client {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    } else {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let here = ["127.0.0.1".parse().expect("an address")].map(SanType::IpAddress);
        let name = SanType::DnsName("localhost".try_into().expect("a name"));
        params
            .subject_alt_names
            .extend(here.into_iter().chain([name]));
    }
    (params, KeyPair::generate_for(wanted.key).expect("a key"))
}

/// A path as an argument.
#[track_caller]
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("our paths are text")
}

/// A server that speaks TLS with a certificate of this authority, and takes clients' certificates at the other
/// address.
pub(crate) fn secure(authority: &Authority, more: &[&str]) -> (ServerProcess, String) {
    let pair = authority.issue(Wanted::server("server"));
    let mutual = free_address().to_string();
    let ca = authority.file();
    let settings = [
        "--tls-cert",
        text(&pair.certificate),
        "--tls-key",
        text(&pair.key),
        "--mtls-listen",
        &mutual,
        "--tls-client-ca",
        text(&ca),
    ];
    let server = ServerProcess::start_with(&[&settings[..], more].concat());
    (server, mutual)
}
