//! How a program gets its token: whole programs in several languages, made for one client and what it
//! proves itself with.
//!
//! Whatever is secret is read from the environment. Names and secrets are encoded as RFC 6749 §2.3.1
//! wants it, so that any client's programs work, whatever stands in its id.

mod assertion;
mod certificate;
mod key;
mod node;
mod python;
mod secret;
mod shared;

use std::fmt::Write;

use axum::http::HeaderMap;

use crate::{
    app::App,
    crypto::algorithm::JwsAlgorithm,
    domain::{
        client::{Binding, Client},
        credential::Method,
        id::ApiIdentifier,
        permission::ADMIN_API,
        scope::{Scope, ScopeSet},
        secret::Proof,
    },
    web::console::page::cookie,
};

/// The cookie that remembers the language that was opened last; the script writes it.
const LANGUAGE_COOKIE: &str = "jeton-lang";

/// A program that gets a token.
#[derive(Clone, Debug)]
pub(super) struct Snippet {
    /// The word for its language, in ids and in the cookie.
    pub(super) word: &'static str,
    /// What the language is called.
    pub(super) label: &'static str,
    /// What the program needs; nothing is the empty text.
    pub(super) needs: &'static str,
    /// The program.
    pub(super) text: String,
    /// Whether it is shown at once.
    pub(super) is_open: bool,
}

/// All programs of a client.
pub(super) struct Programs {
    /// What they read from the environment: the variable, and what stands in it.
    pub(super) reads: &'static [(&'static str, &'static str)],
    /// One for each language.
    pub(super) all: Vec<Snippet>,
}

/// What a client asks for in the programs.
struct Asked {
    issuer: String,
    endpoint: String,
    /// The token endpoint where clients show certificates.
    mutual: String,
    id: String,
    scope: String,
    resource: String,
    /// What its key signs with.
    algorithm: JwsAlgorithm,
    /// Whether its tokens must be bound to a key (RFC 9449).
    is_bound: bool,
}

impl Programs {
    /// Those for what `client` came to prove itself with last, or for a secret; the one in the language that
    /// was opened last is shown at once.
    pub(super) fn of(client: &Client, app: &App, headers: &HeaderMap) -> Self {
        let asked = Asked::of(client, app);
        let newest = client.live_secrets(app.now()).last();
        let (reads, languages, bound) = match newest.map(|it| &it.proof) {
            None | Some(Proof::Mac(_) | Proof::Password(_)) => (
                secret::READS,
                secret::LANGUAGES.as_slice(),
                secret::BOUND.as_slice(),
            ),
            Some(Proof::Shared(_)) => {
                let same = shared::LANGUAGES.as_slice();
                (secret::READS, same, same)
            }
            Some(Proof::Key(_) | Proof::KeySet(_)) => {
                let same = key::LANGUAGES.as_slice();
                (key::READS, same, same)
            }
            Some(
                Proof::Certificate(_)
                | Proof::CertificateKey(_)
                | Proof::CertificateKeySet(_)
                | Proof::Subject(_),
            ) => (
                certificate::READS,
                certificate::LANGUAGES.as_slice(),
                certificate::BOUND.as_slice(),
            ),
            Some(Proof::Federated(_)) => (
                assertion::READS,
                assertion::LANGUAGES.as_slice(),
                assertion::BOUND.as_slice(),
            ),
        };
        let languages = if asked.is_bound { bound } else { languages };
        Self {
            reads,
            all: asked.in_languages(languages, headers),
        }
    }

    /// The one to try by hand, if there is one; else all of them.
    pub(super) fn into_tryable(self) -> Vec<Snippet> {
        let is_by_hand = |it: &Snippet| it.word == "curl";
        if self.all.iter().any(is_by_hand) {
            self.all.into_iter().filter(is_by_hand).collect()
        } else {
            self.all
        }
    }
}

/// How a client would ask for its token, before there is any; nothing where secrets are refused.
pub(super) fn example(app: &App) -> Option<String> {
    let issuer = app.addresses().issuer;
    let asked = Asked {
        issuer: issuer.to_string(),
        endpoint: issuer.endpoint("/oauth2/token"),
        mutual: String::new(),
        id: "report-service".to_owned(),
        scope: "read:analytics".to_owned(),
        resource: "https://api.example.com".to_owned(),
        algorithm: JwsAlgorithm::Es256,
        is_bound: false,
    };
    (!app.profile().needs_binding()).then(|| asked.curl())
}

impl Asked {
    /// The request of `client`: its default scopes on the first API it can call, or one scope there.
    fn of(client: &Client, app: &App) -> Self {
        let first = first_grant(client);
        let newest = client.live_secrets(app.now()).last();
        // A certificate binds the token, without a proof.
        let shows_certificates = newest.is_some_and(|it| match it.proof.method() {
            Method::TlsClientAuth | Method::SelfSignedTlsClientAuth => true,
            Method::ClientSecret
            | Method::ClientSecretJwt
            | Method::PrivateKeyJwt
            | Method::Federated => false,
        });
        let addresses = app.addresses();
        let mutual = addresses.mutual.unwrap_or(addresses.issuer);
        let mut keys = client.secrets.iter().filter_map(|it| match &it.proof {
            Proof::Key(key) => Some(key.verifier().algorithm()),
            Proof::Mac(_)
            | Proof::Password(_)
            | Proof::Shared(_)
            | Proof::KeySet(_)
            | Proof::Certificate(_)
            | Proof::CertificateKey(_)
            | Proof::CertificateKeySet(_)
            | Proof::Subject(_)
            | Proof::Federated(_) => None,
        });
        Self {
            issuer: addresses.issuer.to_string(),
            endpoint: addresses.issuer.endpoint("/oauth2/token"),
            mutual: mutual.endpoint("/oauth2/token"),
            id: client.id.to_string(),
            scope: first.map_or_else(String::new, |(_, scopes)| scope(client, scopes)),
            resource: first.map_or_else(String::new, |(api, _)| api.to_string()),
            algorithm: keys.next_back().unwrap_or(JwsAlgorithm::Es256),
            is_bound: match client.rules.binding {
                Binding::Dpop => true,
                Binding::Optional => app.profile().needs_binding() && !shows_certificates,
                Binding::Certificate => false,
            },
        }
    }

    fn in_languages(&self, languages: &[Language], headers: &HeaderMap) -> Vec<Snippet> {
        let chosen = cookie(headers, LANGUAGE_COOKIE).unwrap_or_default();
        let known = languages.iter().any(|(word, ..)| *word == chosen);
        let first = languages.first().map_or("", |(word, ..)| word);
        let chosen = if known { chosen } else { first };
        let snippet = |(word, label, needs, write): &Language| Snippet {
            word,
            label,
            needs,
            text: write(self),
            is_open: *word == chosen,
        };
        languages.iter().map(snippet).collect()
    }

    /// What the request names beside its kind.
    fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("scope", self.scope.as_str()),
            ("resource", self.resource.as_str()),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty())
    }

    /// The same as further flags of curl.
    fn flags(&self) -> String {
        self.named().fold(String::new(), |mut all, (name, value)| {
            let _ = write!(all, " \\\n  -d {name}={}", encoded(value, b"-._~:/"));
            all
        })
    }

    /// The same as members of a literal: `before`, name, `between`, value, `after` for each.
    fn members(&self, [before, between, after]: [&str; 3]) -> String {
        self.named().fold(String::new(), |mut all, (name, value)| {
            let _ = write!(all, "{before}{name}{between}{}{after}", literal(value));
            all
        })
    }
}

/// Writes a program.
type Writes = fn(&Asked) -> String;

/// Word, name, what it needs, and what writes it.
type Language = (&'static str, &'static str, &'static str, Writes);

/// The languages in which every kind of client has a program.
const fn common(curl: Writes, python: Writes, node: Writes) -> [Language; 3] {
    let module = "18 or later, as a module: token.mjs.";
    [
        ("curl", "curl", "", curl),
        ("python", "Python", "With the package requests.", python),
        ("node", "Node.js", module, node),
    ]
}

/// The first API that the client can call; this server's own only if there is no other.
fn first_grant(client: &Client) -> Option<(&ApiIdentifier, &ScopeSet)> {
    let grants = || client.grants.iter();
    let other = grants().find(|(api, _)| api.as_str() != ADMIN_API);
    other.or_else(|| grants().next())
}

/// What it asks for there: what it gets by default, or the first of what it may have.
fn scope(client: &Client, granted: &ScopeSet) -> String {
    let defaults = granted
        .iter()
        .filter(|it| client.default_scopes.contains(it));
    let defaults: Vec<&str> = defaults.map(Scope::as_str).collect();
    if defaults.is_empty() {
        let first = granted.iter().next();
        first.map_or_else(String::new, ToString::to_string)
    } else {
        defaults.join(" ")
    }
}

/// As `application/x-www-form-urlencoded` has it; `kept` stays as it is beside letters and digits.
fn encoded(text: &str, kept: &[u8]) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b' ' => encoded.push('+'),
            _ if byte.is_ascii_alphanumeric() || kept.contains(&byte) => {
                encoded.push(char::from(byte));
            }
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        encoded
    })
}

/// A text between quotes, as all of these languages read it: ids and scopes are visible ASCII.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(id: &str, scope: &str) -> Asked {
        Asked {
            issuer: "https://as.test".to_owned(),
            endpoint: "https://as.test/oauth2/token".to_owned(),
            mutual: "https://mtls.as.test/oauth2/token".to_owned(),
            algorithm: JwsAlgorithm::Es256,
            is_bound: false,
            id: id.to_owned(),
            scope: scope.to_owned(),
            resource: "https://api.test/x?y=1".to_owned(),
        }
    }

    #[test]
    fn whatever_stands_in_an_id_or_a_scope_is_kept_apart_from_the_program() {
        let asked = asked("a:b \"$(id)\" 'c'", "read:x $HOME`id`'&+% write:y");

        let curl = asked.curl();

        assert!(
            curl.contains(r#"-u "a%3Ab+%22%24%28id%29%22+%27c%27:$JETON_SECRET""#),
            "{curl}"
        );
        assert!(
            curl.contains("-d scope=read:x+%24HOME%60id%60%27%26%2B%25+write:y \\"),
            "{curl}"
        );
        assert!(asked.java().contains("&scope=read%3Ax+%24HOME"));
        assert!(
            asked
                .go()
                .contains(r#"[]string{"read:x", "$HOME`id`'&+%", "write:y"}"#)
        );
        assert_eq!(literal(r#"a"b\c"#), r#""a\"b\\c""#);
    }

    #[test]
    fn a_client_without_access_names_no_scope_and_no_api() {
        let mut asked = asked("mailer", "");
        asked.resource.clear();

        let others = [
            key::LANGUAGES.as_slice(),
            certificate::LANGUAGES.as_slice(),
            assertion::LANGUAGES.as_slice(),
            shared::LANGUAGES.as_slice(),
            secret::BOUND.as_slice(),
            certificate::BOUND.as_slice(),
            assertion::BOUND.as_slice(),
        ];
        for (word, _, _, write) in secret::LANGUAGES.iter().chain(others.concat().iter()) {
            let text = write(&asked);
            assert!(!text.contains("scope"), "{word}: {text}");
            assert!(!text.contains("resource"), "{word}: {text}");
        }
    }

    #[test]
    fn a_token_that_must_be_bound_is_asked_for_with_a_proof() {
        let mut asked = asked("mailer", "read:x");
        let either = [key::LANGUAGES, shared::LANGUAGES].concat();
        for (word, _, _, write) in &either {
            assert!(!write(&asked).contains("DPoP"), "{word}");
        }

        asked.is_bound = true;

        let bound = [secret::BOUND, certificate::BOUND, assertion::BOUND].concat();
        for (word, _, _, write) in either.iter().chain(&bound) {
            assert!(write(&asked).contains("DPoP"), "{word}");
        }
    }

    #[test]
    fn a_secret_that_signs_is_never_sent() {
        let asked = asked("mailer", "read:x");
        for (word, _, _, write) in shared::LANGUAGES {
            let text = write(&asked);
            assert!(!text.contains("auth="), "{word}: {text}");
            assert!(!text.contains("Basic"), "{word}: {text}");
            assert!(
                text.contains("HS256") || text.contains("ClientSecretJwt"),
                "{word}"
            );
        }
    }

    #[test]
    fn no_language_is_no_program() {
        let asked = asked("mailer", "");
        assert!(asked.in_languages(&[], &HeaderMap::new()).is_empty());
    }
}
