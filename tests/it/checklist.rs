//! The checklist of the protocol: every item has a test that carries its id, or a reason why not.
//!
//! H: HTTP; T: token endpoint; SC: scopes; FP: the FAPI 2.0 profile; CA, CS: client authentication; CJ: assertions; CF: tokens of other
//! issuers; CP, CAT: SPIFFE, and attestation of clients; JW: hardening of JOSE; RI, RAR: resource indicators, authorization details;
//! AT: access tokens; TX: token exchange; MD, JK: metadata and keys; IN, IJ: introspection; RV: revocation; DP: DPoP; RS, PRM, FA: the
//! resource server's side, its metadata, and proxies that ask for it; TLS, CM: TLS and mutual TLS; DCR, DCM: clients
//! that register themselves and manage what they registered; ST: what is stored; AD: operators and their console.
//!
//! Of some items a part is decided otherwise, and stands in [`DECIDED`].

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_item_is_tested_or_excepted() {
    let tests = tests(Path::new(env!("CARGO_MANIFEST_DIR")));
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for line in ITEMS.lines() {
        let (id, fate) = line.split_once(' ').unwrap();
        assert!(seen.insert(id), "{id} stands twice");
        let is_tested = tests.iter().any(|test| names(test, id));
        match (fate, fate.strip_prefix("exception: ")) {
            ("tested", _) if is_tested => {}
            ("tested", _) => wrong.push(format!("{id} has no test")),
            (_, Some(reason)) if is_tested => wrong.push(format!("{id} has a test, yet: {reason}")),
            (_, Some(_)) => {}
            (_, None) => wrong.push(format!("{line:?} says neither")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(seen.len(), COUNT, "an item was lost");
}

#[test]
fn an_id_is_found_only_as_a_whole() {
    assert!(names("/// G1, T-01, T-20", "T-01"));
    assert!(names("/// T-01", "T-01"));
    for other in ["/// AT-01", "/// T-011", "/// T-0", "T-1"] {
        assert!(!names(other, "T-01"), "{other}");
    }
}

/// The tests of the house, this file aside: files of tests, and what follows `#[cfg(test)]` in others.
fn tests(house: &Path) -> Vec<String> {
    let mut files = Vec::new();
    collect(&house.join("src"), &mut files);
    collect(&house.join("tests"), &mut files);
    let this = Path::new(file!()).file_name();
    let texts = files
        .iter()
        .filter(|path| path.file_name() != this)
        .map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let folder = path.parent().is_some_and(|it| it.ends_with("tests"));
            let is_test =
                folder || path.starts_with(house.join("tests")) || path.ends_with("tests.rs");
            let from = if is_test {
                Some(0)
            } else {
                text.find("#[cfg(test)]")
            };
            from.map_or_else(String::new, |from| text[from..].to_owned())
        });
    texts.collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Whether `id` stands in `text` as a whole.
fn names(text: &str, id: &str) -> bool {
    text.match_indices(id).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + id.len()..].chars().next();
        let joins = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !before.is_some_and(joins) && !after.is_some_and(|c| c.is_ascii_digit())
    })
}

/// Items that are tested as far as they are built, and what of them is decided otherwise.
const DECIDED: [(&str, &str); 4] = [
    (
        "CP-02",
        "a JWT-SVID may also come as jwt-bearer, as any other token of a platform does: the name of the type is a draft's",
    ),
    (
        "CP-05",
        "bundles are fetched every five minutes, whatever spiffe_refresh_hint says; spiffe_sequence is not looked at",
    ),
    (
        "MD-09",
        "response_types_supported says none, for the libraries that read no document without a list that is not empty",
    ),
    (
        "CJ-19",
        "a client signs with its secret by HS256 alone: one algorithm for each key (RFC 8725 §3.1)",
    ),
];

#[test]
fn what_is_decided_otherwise_is_of_an_item_that_is_tested() {
    for (id, reason) in DECIDED {
        let is_tested = ITEMS.lines().any(|line| line == format!("{id} tested"));
        assert!(is_tested && !reason.is_empty(), "{id}");
    }
}

const COUNT: usize = 312;

const ITEMS: &str = "\
FP-01 tested
FP-02 tested
FP-03 tested
FP-04 exception: introspection answers are signed (IJ-05); signatures of HTTP messages are the resource server's, and no client or proxy of today makes them
FP-05 tested
H-01 tested
H-02 tested
H-03 tested
H-04 tested
H-05 tested
H-06 tested
H-07 tested
H-08 tested
H-09 tested
H-10 tested
H-11 tested
H-12 tested
H-13 tested
H-14 tested
H-15 tested
H-16 tested
H-17 tested
H-18 tested
H-19 tested
H-20 tested
H-21 tested
H-22 tested
H-23 tested
H-24 tested
H-25 tested
H-26 tested
H-27 tested
TLS-01 tested
TLS-02 tested
TLS-03 tested
TLS-04 tested
TLS-05 tested
TLS-06 tested
CM-01 tested
CM-02 tested
CM-03 tested
CM-04 tested
CM-05 tested
CM-06 tested
CM-07 tested
CM-08 tested
CM-09 tested
CM-10 tested
CM-11 tested
CM-12 tested
T-01 tested
T-02 tested
T-03 tested
T-04 tested
T-05 tested
T-06 tested
T-07 tested
T-08 tested
T-09 tested
T-10 tested
T-11 tested
T-12 tested
T-13 tested
T-14 tested
T-20 tested
T-21 tested
T-22 tested
T-23 tested
T-24 tested
T-25 tested
T-26 tested
T-27 tested
T-28 tested
T-40 tested
T-41 tested
T-42 tested
T-43 tested
T-44 tested
T-45 tested
SC-01 tested
SC-02 tested
SC-03 tested
SC-04 tested
SC-05 tested
SC-06 tested
SC-07 tested
SC-08 tested
SC-09 tested
SC-10 tested
CA-01 tested
CA-02 tested
CA-03 tested
CA-04 tested
CA-05 tested
CA-06 tested
CA-07 tested
CA-08 tested
CA-09 exception: there are no address lists for clients
CS-01 tested
CS-02 tested
CS-03 tested
CS-04 tested
CS-05 tested
CS-06 tested
CS-07 tested
CS-08 tested
CS-09 tested
CS-10 tested
CS-11 tested
CS-12 tested
RI-01 tested
RI-02 tested
RI-03 tested
RI-04 tested
RI-05 tested
RI-06 tested
RI-07 tested
RAR-01 tested
RAR-02 tested
RAR-03 tested
RAR-04 tested
RAR-05 tested
AT-01 tested
AT-02 tested
AT-03 tested
AT-04 tested
AT-05 tested
AT-06 tested
AT-07 tested
AT-08 exception: there are no group or role claims
AT-09 tested
AT-10 tested
AT-11 tested
AT-12 exception: Ed25519 keys are called EdDSA, the one name that all libraries know; nonces are the signature library's
AT-20 exception: opaque tokens are sealed, and nothing is kept of one
AT-21 tested
CJ-01 tested
CJ-02 tested
CJ-03 tested
CJ-04 tested
CJ-05 tested
CJ-06 tested
CJ-07 tested
CJ-08 tested
CJ-09 tested
CJ-10 tested
CJ-11 tested
CJ-12 tested
CJ-13 tested
CJ-14 tested
CJ-15 tested
CJ-16 tested
CJ-17 tested
CJ-18 tested
CJ-19 tested
CJ-20 tested
CF-01 tested
CF-02 tested
CF-03 tested
CF-04 tested
CF-05 tested
CF-06 tested
CF-07 tested
CF-08 tested
CF-09 tested
CF-10 tested
JW-01 tested
JW-02 tested
JW-03 tested
JW-04 tested
JW-05 tested
JW-06 tested
JW-07 tested
JW-08 tested
JW-09 tested
CP-01 tested
CP-02 tested
CP-03 exception: a SPIFFE ID in a certificate is a name like any other, for which the authorities of the server vouch; there is none for each trust domain, so that one certificate may have several names
CP-04 tested
CP-05 tested
CAT-01 exception: attestation of clients is a draft, and none is taken
CAT-02 exception: as CAT-01
CAT-03 exception: as CAT-01
CAT-04 exception: as CAT-01
CAT-05 exception: as CAT-01
MD-01 tested
MD-02 tested
MD-03 tested
MD-04 tested
MD-05 tested
MD-06 tested
MD-07 tested
MD-08 tested
MD-09 tested
MD-10 tested
MD-11 exception: the metadata are not signed; nothing asks for it
MD-20 tested
MD-21 tested
JK-01 tested
JK-02 tested
JK-03 tested
JK-04 tested
JK-05 tested
IN-01 tested
IN-02 tested
IN-03 tested
IN-04 tested
IN-05 tested
IN-06 tested
IN-07 tested
IN-08 tested
IN-09 tested
IN-10 tested
IN-11 tested
IN-12 tested
IN-13 tested
IJ-01 tested
IJ-02 tested
IJ-03 tested
IJ-04 exception: a client says by Accept what it wants; what signs its API's tokens signs the answer, and nothing encrypts it
IJ-05 tested
RV-01 tested
RV-02 tested
RV-03 tested
RV-04 tested
RV-05 tested
RV-06 tested
RV-07 tested
RV-08 tested
RV-09 tested
TX-01 tested
TX-02 tested
TX-03 tested
TX-04 tested
TX-05 tested
TX-06 exception: assertions authenticate clients; they are no grant of their own
RS-01 tested
RS-02 tested
RS-03 tested
RS-04 tested
RS-05 tested
RS-06 tested
RS-07 exception: a token counts here until the second it expires, without leeway: the clock that judges it is the one that made it
RS-08 tested
RS-09 tested
RS-10 tested
RS-11 tested
RS-12 tested
RS-13 tested
RS-14 exception: about APIs that introspect; this server asks nobody
RS-15 exception: about APIs that fetch keys; this server has them
RS-16 tested
RS-17 tested
RS-18 tested
RS-19 exception: revocations are known here at once; there is no feed of them for others
RS-20 exception: tokens of this one issuer are taken, and of no other
PRM-01 tested
PRM-02 tested
DP-01 tested
DP-02 tested
DP-03 tested
DP-04 tested
DP-05 tested
DP-06 tested
DP-07 tested
DP-08 tested
DP-09 tested
DP-10 tested
DP-11 tested
DP-12 tested
DP-13 tested
DP-14 tested
DP-15 tested
FA-01 tested
FA-02 tested
FA-03 tested
FA-04 tested
FA-05 tested
FA-06 tested
FA-07 tested
FA-08 tested
DCR-01 tested
DCR-02 tested
DCR-03 tested
DCR-04 tested
DCR-05 tested
DCR-06 tested
DCR-07 tested
DCR-08 tested
DCR-09 tested
DCM-01 tested
DCM-02 tested
DCM-03 tested
ST-01 tested
ST-02 tested
ST-03 tested
ST-04 tested
ST-05 tested
ST-06 tested
ST-07 tested
AD-01 tested
AD-02 tested
AD-03 tested
AD-04 tested
AD-05 tested
AD-06 tested
AD-07 tested
AD-08 tested
AD-09 tested
AD-10 tested
AD-11 tested
AD-12 tested";
