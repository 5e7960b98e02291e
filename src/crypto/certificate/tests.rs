use std::fmt::Write;

use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, DnValue, IsCa, KeyPair, SanType};

use super::*;

fn params(names: &[(DnType, DnValue)]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    for (kind, value) in names {
        params.distinguished_name.push(kind.clone(), value.clone());
    }
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    params
}

fn made(params: &CertificateParams) -> rcgen::Certificate {
    params.self_signed(&KeyPair::generate().unwrap()).unwrap()
}

fn utf8(text: &str) -> DnValue {
    DnValue::Utf8String(text.to_owned())
}

fn name(text: &str) -> DistinguishedName {
    text.parse()
        .unwrap_or_else(|_| panic!("{text:?} is a name"))
}

/// RFC 8705 appendix A.
const EXAMPLE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
";

/// CM-07
#[test]
fn the_thumbprint_is_the_one_of_rfc_8705() {
    use aws_lc_rs::digest::{SHA256, digest};
    let der = CertificateDer::from_pem_slice(EXAMPLE.as_bytes()).unwrap();
    let thumbprint = base64url(digest(&SHA256, &der));
    assert_eq!(thumbprint, "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");

    let certificate = made(&params(&[(DnType::CommonName, utf8("a"))]));
    let read = Certificate::from_der(certificate.der()).unwrap();
    assert_eq!(read.thumbprint().len(), 43);
    assert_eq!(
        read.thumbprint(),
        base64url(digest(&SHA256, certificate.der()))
    );
    // The example is of version 1, which cannot say what it is for.
    assert_eq!(
        Certificate::from_der(&der),
        Err(CertificateError::Malformed)
    );
}

#[test]
fn a_certificate_is_read_from_pem_and_der_alike() {
    let mut params = params(&[
        (
            DnType::CountryName,
            DnValue::PrintableString("DE".try_into().unwrap()),
        ),
        (DnType::OrganizationName, utf8("Example, Inc.")),
        (DnType::CommonName, utf8("Report Service")),
    ]);
    params.subject_alt_names = vec![
        SanType::DnsName("Svc-A.example".try_into().unwrap()),
        SanType::URI("spiffe://example/svc-a".try_into().unwrap()),
        SanType::IpAddress("2001:db8::1".parse().unwrap()),
        SanType::IpAddress("192.0.2.1".parse().unwrap()),
        SanType::Rfc822Name("svc@example.com".try_into().unwrap()),
    ];
    let made = made(&params);

    let read = Certificate::read(made.pem().as_bytes()).unwrap();

    assert_eq!(read, Certificate::read(made.der()).unwrap());
    assert_eq!(
        read.subject().to_string(),
        "CN=Report Service,O=Example\\, Inc.,C=DE"
    );
    assert_eq!(read.subject().common_name(), Some("Report Service"));
    assert_eq!(read.issuer(), read.subject());
    assert_eq!(read.not_before(), 1_767_225_600);
    assert_eq!(read.not_after(), 1_798_761_600);
    assert!(read.is_valid_at(1_798_761_600) && !read.is_valid_at(1_798_761_601));
    assert!(!read.is_valid_at(1_767_225_599));
    assert_eq!(read.alternatives().len(), 5);
}

/// CM-03
#[test]
fn alternative_names_are_compared_as_what_they_are() {
    let mut params = params(&[(DnType::CommonName, utf8("a"))]);
    params.subject_alt_names = vec![
        SanType::DnsName("Svc-A.example".try_into().unwrap()),
        SanType::DnsName("*.example.com".try_into().unwrap()),
        SanType::URI("spiffe://example/svc-a".try_into().unwrap()),
        SanType::IpAddress("2001:db8::1".parse().unwrap()),
        SanType::Rfc822Name("Svc@example.com".try_into().unwrap()),
    ];
    let read = Certificate::from_der(made(&params).der()).unwrap();

    assert!(read.has_dns("svc-a.EXAMPLE") && read.has_dns("*.example.com"));
    assert!(!read.has_dns("b.example.com") && !read.has_dns("svc-a.example."));
    assert!(read.has_uri("spiffe://example/svc-a"));
    assert!(!read.has_uri("spiffe://example/svc-a/") && !read.has_uri("SPIFFE://example/svc-a"));
    assert!(read.has_ip("2001:0db8:0:0:0:0:0:1".parse().unwrap()));
    assert!(!read.has_ip("2001:db8::2".parse().unwrap()));
    assert!(read.has_email("Svc@EXAMPLE.com"));
    assert!(!read.has_email("svc@example.com") && !read.has_email("Svc"));
    // A name of one kind is none of another.
    assert!(!read.has_uri("Svc-A.example") && !read.has_dns("a"));
}

/// CM-03
#[test]
fn the_spelling_of_a_name_does_not_count() {
    let one = name("CN=Report Service,OU=Payments+L=Berlin,O=Example\\, Inc.,C=DE");
    for same in [
        "cn=report service, ou=PAYMENTS + l=berlin, o=Example\\2c Inc., c=de",
        "2.5.4.3=Report  Service,L=Berlin+OU=Payments,O=example\\, inc.,OID.2.5.4.6=DE",
        "commonName=Report Service ,OU=Payments+L=Berlin,O = Example\\, Inc.,C=DE",
        "CN=#0c0e5265706f72742053657276696365,OU=Payments+L=Berlin,O=Example\\, Inc.,C=DE",
    ] {
        assert_eq!(one, name(same), "{same}");
    }
    for other in [
        "C=DE,O=Example\\, Inc.,OU=Payments+L=Berlin,CN=Report Service",
        "CN=Report Service,OU=Payments,L=Berlin,O=Example\\, Inc.,C=DE",
        "CN=Report Service,OU=Payments+L=Berlin,O=Example\\, Inc.",
        "CN=Report Service,OU=Payments+L=Berlin,O=Example\\, Inc.,C=DE,DC=x",
        "CN=ReportService,OU=Payments+L=Berlin,O=Example\\, Inc.,C=DE",
        "UID=Report Service,OU=Payments+L=Berlin,O=Example\\, Inc.,C=DE",
    ] {
        assert_ne!(one, name(other), "{other}");
    }
}

/// CM-03
#[test]
fn a_written_name_equals_the_one_in_the_certificate_whatever_its_string_type() {
    let values = [
        utf8("Zoë #1 + \"x\" "),
        DnValue::BmpString("Zoë #1 + \"x\" ".try_into().unwrap()),
    ];
    for value in values {
        let made = made(&params(&[
            (
                DnType::CountryName,
                DnValue::PrintableString("FR".try_into().unwrap()),
            ),
            (DnType::CommonName, value),
        ]));
        let read = Certificate::from_der(made.der()).unwrap();
        let text = "cn=zo\\c3\\ab \\#1 \\+ \\\"X\\\"\\ , c=fr";
        assert_eq!(*read.subject(), name(text));
        assert_eq!(*read.subject(), name(&read.subject().to_string()));
        assert_ne!(*read.subject(), name("CN=Zoë,C=FR"));
    }
}

#[test]
fn what_is_no_name_is_refused() {
    let long = format!("CN={}", "a".repeat(3000));
    for text in [
        "",
        " ",
        "CN",
        "CN=",
        "=a",
        "CN=a,",
        "CN=a,,O=b",
        "XX=a",
        "CN=a\\",
        "CN=a\\g1",
        "CN=a\"b",
        "CN=#",
        "CN=#0c",
        "CN=#0c05aa",
        "1..2=a",
        "CN=a+",
        "/CN=a/O=b",
        &long,
    ] {
        assert!(text.parse::<DistinguishedName>().is_err(), "{text:?}");
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let made = made(&params(&[(DnType::CommonName, utf8("a"))]));
    let (der, pem) = (made.der().to_vec(), made.pem());
    let mut longer = der.clone();
    longer.push(0);
    let key = KeyPair::generate().unwrap().serialize_pem();

    let read = |bytes: &[u8]| Certificate::read(bytes).unwrap_err();
    assert_eq!(read(b""), CertificateError::Malformed);
    assert_eq!(read(&longer), CertificateError::Malformed);
    assert_eq!(read(&der[..der.len() - 1]), CertificateError::Malformed);
    assert_eq!(read(&vec![0x30; 12_288]), CertificateError::Malformed);
    assert_eq!(read(&vec![0x30; 12_289]), CertificateError::TooLong);
    let padded = |length| format!("{:<length$}", "-----BEGIN CERTIFICATE-----\n!\n");
    assert_eq!(read(padded(24_576).as_bytes()), CertificateError::Malformed);
    assert_eq!(read(padded(24_577).as_bytes()), CertificateError::TooLong);
    assert_eq!(
        read(format!("{pem}{pem}").as_bytes()),
        CertificateError::Several
    );
    assert_eq!(
        read(format!("{pem}{key}").as_bytes()),
        CertificateError::PrivateKey
    );
    assert_eq!(read(key.as_bytes()), CertificateError::PrivateKey);
    assert_eq!(
        read(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"),
        CertificateError::Malformed
    );
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange_to_be_refused(at in 0_usize..400, byte: u8, cut in 0_usize..400) {
        let der = CertificateDer::from_pem_slice(EXAMPLE.as_bytes()).unwrap();
        let mut der = der.to_vec();
        let at = at % der.len();
        der[at] = byte;
        der.truncate(cut.max(1));
        let _ = Certificate::read(&der);
    }

    #[test]
    fn a_name_survives_being_written_and_read(
        values in prop::collection::vec("[ -~äöü]{1,12}", 1..5),
    ) {
        let kinds = ["CN", "O", "OU", "1.2.3.4", "DC"];
        let parts: Vec<String> = values
            .iter()
            .zip(kinds)
            .map(|(value, kind)| {
                let escaped = value.bytes().fold(String::new(), |mut text, byte| {
                    write!(text, "\\{byte:02x}").unwrap();
                    text
                });
                format!("{kind}={escaped}")
            })
            .collect();
        let read = name(&parts.join(","));
        prop_assert_eq!(&read, &name(&read.to_string()));
    }
}

/// Two readers would find other extensions in it.
#[test]
fn a_certificate_whose_extensions_end_elsewhere_than_they_say_is_refused() {
    let mut params = params(&[]);
    params.subject_alt_names = vec![SanType::DnsName("a.example".try_into().unwrap())];
    let whole = made(&params).der().to_vec();
    assert!(Certificate::from_der(&whole).is_ok());
    let is_frame = |it: &[u8]| it[0] == 0xa3 && it[2] == 0x30 && it[1] == it[3] + 2;
    let frame = whole.windows(4).position(is_frame).unwrap();

    for length in [0, whole[frame + 1] - 1, whole[frame + 1] + 1, 0x7f] {
        let mut other = whole.clone();
        other[frame + 1] = length;
        let refused = Certificate::from_der(&other);
        assert_eq!(refused.err(), Some(CertificateError::Malformed), "{length}");
    }
}

/// Some readers look at the class of a tag, and others do not.
#[test]
fn a_certificate_whose_extensions_or_names_are_of_another_class_is_refused() {
    let mut params = params(&[]);
    params.subject_alt_names = vec![SanType::DnsName("a.example".try_into().unwrap())];
    let whole = made(&params).der().to_vec();
    let is_frame = |it: &[u8]| it[0] == 0xa3 && it[2] == 0x30 && it[1] == it[3] + 2;
    let frame = whole.windows(4).position(is_frame).unwrap();
    let name = whole.windows(9).position(|it| it == b"a.example").unwrap() - 2;
    assert_eq!(whole[name], 0x82);
    let oid = whole
        .windows(4)
        .position(|it| it == [3, 0x55, 0x1d, 0x11])
        .unwrap()
        - 1;

    for (place, tag) in [
        (frame, 0xe3),
        (frame, 0x63),
        (frame, 0x83),
        (frame + 2, 0xb0),
        (frame + 4, 0xb0),
        (oid, 0x86),
        (name, 0xc2),
        (name, 0x42),
    ] {
        let mut other = whole.clone();
        other[place] = tag;
        let refused = Certificate::from_der(&other);
        assert_eq!(
            refused.err(),
            Some(CertificateError::Malformed),
            "{tag:#x} at {place}"
        );
    }
}

/// Some readers pass over what follows a signature, and others do not.
#[test]
fn a_certificate_with_more_behind_its_signature_is_refused() {
    let whole = made(&params(&[])).der().to_vec();
    let is_signature = |it: &[u8]| it[0] == 3 && it[2] == 0 && it[3] == 0x30;
    let at = whole.windows(4).rposition(is_signature).unwrap();
    assert_eq!(usize::from(whole[at + 1]) + at + 2, whole.len());

    for (place, value) in [(at + 1, 2), (at + 1, whole[at + 1] - 2), (at, 4)] {
        let mut der = whole.clone();
        der[place] = value;
        let refused = Certificate::from_der(&der);
        assert_eq!(refused.err(), Some(CertificateError::Malformed));
    }
}

/// Some readers pass over what does not belong there, and others do not.
#[test]
fn a_certificate_with_more_in_an_extension_than_belongs_there_is_refused() {
    let mut params = params(&[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let whole = made(&params).der().to_vec();
    assert!(Certificate::from_der(&whole).is_ok());
    // That it is an authority, as five octets: SEQUENCE { BOOLEAN TRUE }.
    let value = [4, 5, 0x30, 3, 1, 1, 0xff];
    let at = whole.windows(7).position(|it| it == value).unwrap();

    for other in [
        [4, 1, 0x30, 3, 1, 1, 0xff],
        [4, 3, 0x30, 1, 1, 4, 0],
        [4, 2, 0x30, 0, 1, 1, 0xff],
        [5, 5, 0x30, 3, 1, 1, 0xff],
    ] {
        let mut der = whole.clone();
        der[at..at + 7].copy_from_slice(&other);
        let refused = Certificate::from_der(&der);
        assert_eq!(
            refused.err(),
            Some(CertificateError::Malformed),
            "{other:?}"
        );
    }
}

/// A name in pieces is one that some readers put together and others overlook.
#[test]
fn a_certificate_with_a_name_in_pieces_is_refused() {
    let mut params = params(&[]);
    params.subject_alt_names = vec![SanType::DnsName("a.example".try_into().unwrap())];
    let mut der = made(&params).der().to_vec();
    let at = der.windows(9).position(|it| it == b"a.example").unwrap();
    assert_eq!(der[at - 2], 0x82);

    der[at - 2] = 0xa2;
    let refused = Certificate::from_der(&der);
    assert_eq!(refused.err(), Some(CertificateError::Malformed));
}

/// A name that is kept as it is written can be read again.
#[test]
fn an_empty_attribute_is_written_so_that_it_can_be_read() {
    let empty = name("CN=#0c00,O=Example");
    assert_eq!(empty.to_string(), "CN=#0c00,O=Example");
    assert_eq!(name(&empty.to_string()), empty);
    let certificate = made(&params(&[
        (DnType::OrganizationName, utf8("Example")),
        (DnType::CommonName, utf8("")),
    ]));
    let certificate = Certificate::from_der(certificate.der()).unwrap();
    assert_eq!(*certificate.subject(), empty);
    for other in ["CN=#+c00", "CN=#0c+0", "CN=#0c0"] {
        assert!(other.parse::<DistinguishedName>().is_err(), "{other}");
    }
}

#[test]
fn a_certificate_has_256_alternative_names_at_most() {
    let with = |count: usize| {
        let mut params = params(&[]);
        let name = |n| SanType::DnsName(format!("n{n}.example").try_into().unwrap());
        params.subject_alt_names = (0..count).map(name).collect();
        Certificate::from_der(made(&params).der()).map(|it| it.alternatives().len())
    };
    assert_eq!(with(256), Ok(256));
    assert_eq!(with(257), Err(CertificateError::Malformed));
}

/// One that repeats what is critical could mean two things.
#[test]
fn a_certificate_with_two_lists_of_names_is_refused() {
    let mut params = params(&[]);
    params.subject_alt_names = vec![SanType::DnsName("a.example".try_into().unwrap())];
    let once = made(&params);
    assert!(Certificate::from_der(once.der()).is_ok());
    let names = b"\x30\x0b\x82\x09b.example".to_vec();
    let again = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 17], names);
    params.custom_extensions = vec![again];

    let refused = Certificate::from_der(made(&params).der());

    assert_eq!(refused.err(), Some(CertificateError::Malformed));
}

/// RFC 5480 §2.2: the point is not compressed, which its first byte says.
#[test]
fn a_key_whose_point_says_it_is_in_another_form_is_not_known_by_a_thumbprint() {
    let mut der = made(&params(&[])).der().to_vec();
    let head = [0x03, 0x42, 0x00, 0x04];
    let at = der.windows(4).position(|it| it == head).unwrap();
    let thumbprint = |der: &[u8]| {
        let read = Certificate::from_der(der).unwrap();
        read.key_thumbprint().map(str::to_owned)
    };
    assert!(thumbprint(&der).is_some());

    der[at + 3] = 0x06;

    assert_eq!(thumbprint(&der), None);
}

/// RFC 4514 §2.4: a value in hexadecimal is the string that it encodes, if it is one.
#[test]
fn a_value_in_hexadecimal_equals_its_text_in_every_string_type() {
    for (hexadecimal, text) in [
        ("CN=#0c02c3a9", "CN=é"),
        ("CN=#1401e9", "CN=é"),
        ("CN=#1e0200e9", "CN=é"),
        ("CN=#1c04000000e9", "CN=é"),
        ("CN=#130161", "CN=a"),
    ] {
        assert_eq!(name(hexadecimal), name(text), "{hexadecimal}");
    }
    for other in ["CN=#1c03000000", "CN=#1e0100", "CN=#0402cafe"] {
        assert_eq!(name(other).to_string(), other);
        assert_ne!(name(other), name("CN=#0402beef"));
    }
}

/// RFC 4514 §2.4
#[test]
fn a_name_is_written_with_what_must_be_escaped_and_no_more() {
    for written in [
        "CN=a,O=b+L=c,C=DE",
        "CN=\\#a#",
        "CN=\\ a b\\ ",
        "CN=\\ ",
        "CN=a\\,b\\+c\\;d\\<e\\>f\\\\g\\\"h",
        "CN=a\\0ab",
    ] {
        assert_eq!(name(written).to_string(), written);
    }
    assert_eq!(name("CN= a ").to_string(), "CN=a");
    assert_eq!(name("O=b,CN=a").common_name(), Some("a"));
    assert_eq!(name("O=b").common_name(), None);
    assert!(!name("CN=a").is_empty());
    let nameless = Certificate::from_der(made(&params(&[])).der()).unwrap();
    assert!(nameless.subject().is_empty());
}

#[test]
fn a_name_is_read_up_to_its_longest() {
    let of_length = |length: usize| format!("CN={}", "a".repeat(length - 3));
    assert!(of_length(2048).parse::<DistinguishedName>().is_ok());
    assert!(of_length(2049).parse::<DistinguishedName>().is_err());
}

#[test]
fn a_name_that_could_not_be_read_as_it_is_written_is_none() {
    // Three bytes for each of these, as it is written.
    let of_controls = |count: usize| format!("CN={}", "\u{1}".repeat(count)).parse();
    let longest: DistinguishedName = of_controls((2048 - 3) / 3).unwrap();
    assert_eq!(longest.to_string().parse(), Ok(longest));
    assert_eq!(of_controls(2048 / 3), Err(NameError));
}
