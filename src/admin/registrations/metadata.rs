//! What a client says of itself (RFC 7591 §2): read strictly, and held against a template.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::{
    admin::{
        input::{CredentialInput, PublicKeyInput, check_address},
        refusal::FieldErrors,
    },
    crypto::jws::Members,
    domain::{
        client::{Binding, Client},
        id::{ApiIdentifier, ClientId},
        name::{DisplayName, Note},
        registration::{About, AuthMethod, Template},
        scope::{Scope, ScopeSet},
        secret::Proof,
    },
};

/// What client metadata are for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// A client is registered.
    New,
    /// They take the place of what this client said before.
    Replacement(&'a ClientId),
}

/// Why client metadata are refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MetadataError {
    /// They are no JSON object, or say something twice.
    Malformed,
    /// They say what only the server says, or name another client (RFC 7592 §2.2).
    Request(&'static str),
    /// They come with a software statement: nobody's are believed here (RFC 7591 §2.3).
    SoftwareStatement,
    /// They say what is not understood; by name.
    Invalid(FieldErrors),
}

/// What a client says of itself, each member by itself in order.
#[derive(Debug)]
pub struct ClientMetadata {
    /// What it takes for its secret: of no use but to be compared.
    pub(super) client_secret: Option<Zeroizing<String>>,
    name: Option<DisplayName>,
    auth_method: Option<AuthMethod>,
    scopes: ScopeSet,
    keys: Keys,
    dpop: Option<bool>,
    certificate: Option<bool>,
    about: About,
}

/// What it might prove itself with.
#[derive(Debug, Default)]
struct Keys {
    jwks: Option<Vec<Map<String, Value>>>,
    jwks_uri: Option<String>,
    subjects: Vec<(&'static str, String)>,
    algorithm: Option<String>,
}

/// What the template of a token makes of it.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// What it is called.
    pub name: DisplayName,
    /// How it authenticates.
    pub auth_method: AuthMethod,
    /// With what, if not with a secret that is made for it.
    pub proof: Option<Proof>,
    /// What it may have.
    pub grants: BTreeMap<ApiIdentifier, ScopeSet>,
    /// What its tokens must be bound to.
    pub binding: Binding,
    /// What else it said.
    pub about: About,
}

/// What only the server says.
const SERVERS: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// Web pages that are kept as they are given, and never fetched.
const PAGES: [&str; 4] = ["client_uri", "logo_uri", "policy_uri", "tos_uri"];

const SUBJECTS: [&str; 5] = [
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
];

/// Members of a JWK that belong to nobody but its owner (RFC 7518 §6).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// How many contacts are kept.
const MOST_CONTACTS: usize = 10;

/// How many keys a JWK set may have.
const MOST_KEYS: usize = 20;

impl ClientMetadata {
    /// Reads the body of a request. What is not understood is ignored (RFC 7591 §2).
    ///
    /// # Errors
    /// See [`MetadataError`].
    pub fn read(body: &[u8], purpose: Purpose<'_>) -> Result<Self, MetadataError> {
        let members: Members =
            serde_json::from_slice(body).map_err(|_| MetadataError::Malformed)?;
        if let Purpose::Replacement(client) = purpose {
            check_replacement(&members, client)?;
        }
        if members.has("software_statement") {
            return Err(MetadataError::SoftwareStatement);
        }
        let mut reader = Reader {
            members: &members,
            errors: FieldErrors::default(),
        };
        reader.check_flow();
        let metadata = Self {
            client_secret: match purpose {
                Purpose::New => None,
                Purpose::Replacement(_) => reader.text("client_secret").map(Zeroizing::new),
            },
            name: reader.parsed("client_name"),
            auth_method: reader.auth_method(),
            scopes: reader.parsed("scope").unwrap_or_default(),
            keys: reader.keys(),
            dpop: reader.flag("dpop_bound_access_tokens"),
            certificate: reader.flag("tls_client_certificate_bound_access_tokens"),
            about: reader.about(),
        };
        reader.errors.finish().map_err(MetadataError::Invalid)?;
        Ok(metadata)
    }

    /// What `template` makes of it, for a new client or for one that was registered by it before:
    /// scopes that operators granted beside the template may be kept, or left.
    ///
    /// # Errors
    /// All that the template does not allow, by name.
    pub(super) fn admit(
        self,
        template: &Template,
        before: Option<&Client>,
    ) -> Result<Admitted, FieldErrors> {
        const CHECKED: &str = "what failed its check is among the errors";
        let mut errors = FieldErrors::default();
        let name = errors.check("client_name", self.name(template));
        let auth_method = self.method(template);
        let auth_method = errors.check("token_endpoint_auth_method", auth_method);
        let grants = errors.check("scope", self.grants(template, before));
        let binding = self.binding(template.binding, &mut errors);
        let mut about = self.about;
        let proof = auth_method.and_then(|method| self.keys.proof(method, &mut errors));
        about.certificate = match auth_method {
            Some(AuthMethod::SelfSignedTls) => self.keys.public_set(),
            Some(_) | None => None,
        };
        errors.finish()?;
        Ok(Admitted {
            name: name.expect(CHECKED),
            auth_method: auth_method.expect(CHECKED),
            proof,
            grants: grants.expect(CHECKED),
            binding,
            about,
        })
    }

    fn name(&self, template: &Template) -> Result<DisplayName, String> {
        let own = self.name.as_ref().map(DisplayName::as_str);
        let text = match (&template.name_prefix, own) {
            (None, None) => "Self-registered client".to_owned(),
            (None, Some(name)) => name.to_owned(),
            (Some(prefix), None) => prefix.to_string(),
            (Some(prefix), Some(name)) if name.starts_with(prefix.as_str()) => name.to_owned(),
            (Some(prefix), Some(name)) => format!("{prefix} {name}"),
        };
        text.parse()
            .map_err(|error: crate::domain::name::NameError| error.to_string())
    }

    fn method(&self, template: &Template) -> Result<AuthMethod, String> {
        let allowed = template.methods.iter();
        let allowed: Vec<AuthMethod> = allowed.filter_map(|it| AuthMethod::of(*it)).collect();
        let asked = match (self.auth_method, allowed.as_slice()) {
            (Some(asked), _) => asked,
            (None, [only]) => *only,
            (None, _) => AuthMethod::default(),
        };
        if template.methods.contains(&asked.method()) {
            return Ok(asked);
        }
        let words: Vec<&str> = allowed.iter().map(|it| it.as_str()).collect();
        Err(format!(
            "the token that was used allows {}",
            words.join(", ")
        ))
    }

    fn grants(
        &self,
        template: &Template,
        before: Option<&Client>,
    ) -> Result<BTreeMap<ApiIdentifier, ScopeSet>, String> {
        let mut allowed = template.grants.clone();
        for (api, held) in before.into_iter().flat_map(|client| &client.grants) {
            let all = allowed.entry(api.clone()).or_default();
            *all = all.union(held);
        }
        let anywhere: ScopeSet = allowed.values().flatten().cloned().collect();
        if !self.scopes.is_subset_of(&anywhere) {
            return Err("the token that was used does not allow all of these".to_owned());
        }
        let of_these = |scopes: &ScopeSet| -> ScopeSet {
            let scopes = scopes.iter();
            scopes
                .filter(|scope: &&Scope| self.scopes.contains(scope))
                .cloned()
                .collect()
        };
        let grants = allowed
            .into_iter()
            .map(|(api, scopes)| (api, of_these(&scopes)));
        Ok(grants.filter(|(_, scopes)| !scopes.is_empty()).collect())
    }

    fn binding(&self, needed: Binding, errors: &mut FieldErrors) -> Binding {
        let (dpop, certificate) = (
            "dpop_bound_access_tokens",
            "tls_client_certificate_bound_access_tokens",
        );
        let asked = match (self.dpop, self.certificate) {
            (Some(true), Some(true)) => {
                errors.add(
                    dpop,
                    "tokens are bound to a key or to a certificate, not to both",
                );
                return needed;
            }
            (Some(true), _) => Binding::Dpop,
            (_, Some(true)) => Binding::Certificate,
            (_, _) => Binding::Optional,
        };
        let (field, given) = match needed {
            Binding::Optional => return asked,
            Binding::Dpop => (dpop, self.dpop),
            Binding::Certificate => (certificate, self.certificate),
        };
        let is_refused = given == Some(false) || (asked != needed && asked != Binding::Optional);
        if is_refused {
            errors.add(field, "the token that was used asks for this");
        }
        needed
    }
}

fn check_replacement(members: &Members, client: &ClientId) -> Result<(), MetadataError> {
    if SERVERS.iter().any(|name| members.has(name)) {
        return Err(MetadataError::Request(
            "registration_access_token, registration_client_uri, client_secret_expires_at and \
             client_id_issued_at are for the server to say",
        ));
    }
    let named = members.value("client_id").and_then(Value::as_str);
    if named == Some(client.as_str()) {
        Ok(())
    } else {
        Err(MetadataError::Request(
            "client_id must be the one of the client",
        ))
    }
}

/// Reads members, and notes what is wrong with them. `null` is as good as absent (RFC 7592 §2.2).
struct Reader<'a> {
    members: &'a Members,
    errors: FieldErrors,
}

impl Reader<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        self.members.value(name).filter(|value| !value.is_null())
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        let text = value.as_str().map(str::to_owned).ok_or("this is a text");
        self.errors.check(name, text)
    }

    fn parsed<T: std::str::FromStr<Err: ToString>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        self.errors.check(name, text.parse())
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        let flag = value.as_bool().ok_or("this is true or false");
        self.errors.check(name, flag)
    }

    fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let value = self.value(name)?;
        let texts = value.as_array().and_then(|all| {
            let texts = all.iter().map(|it| it.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        });
        self.errors
            .check(name, texts.ok_or("this is a list of texts"))
    }

    /// Nothing but client credentials is granted, and nobody is sent back to a client.
    fn check_flow(&mut self) {
        if let Some(grants) = self.texts("grant_types")
            && (grants.is_empty() || grants.iter().any(|it| it != "client_credentials"))
        {
            let message = "this server grants client_credentials and nothing else";
            self.errors.add("grant_types", message);
        }
        if let Some(types) = self.texts("response_types")
            && !types.is_empty()
        {
            let message = "this server has no authorization endpoint";
            self.errors.add("response_types", message);
        }
        self.texts("redirect_uris");
    }

    fn auth_method(&mut self) -> Option<AuthMethod> {
        let text = self.text("token_endpoint_auth_method")?;
        let words = AuthMethod::ALL.map(AuthMethod::as_str).join(", ");
        let method = AuthMethod::named(&text).ok_or_else(|| format!("one of {words}"));
        self.errors.check("token_endpoint_auth_method", method)
    }

    fn keys(&mut self) -> Keys {
        let jwks_uri = self.text("jwks_uri");
        let jwks_uri = jwks_uri.and_then(|uri| self.errors.check("jwks_uri", check_address(uri)));
        let jwks = self.value("jwks").map(read_jwks);
        let jwks = jwks.and_then(|jwks| self.errors.check("jwks", jwks));
        if self.value("jwks").is_some() && self.value("jwks_uri").is_some() {
            self.errors
                .add("jwks", "give the keys or their address, not both");
        }
        let mut subjects = Vec::new();
        for name in SUBJECTS {
            subjects.extend(self.text(name).map(|value| (name, value)));
        }
        Keys {
            jwks,
            jwks_uri,
            subjects,
            algorithm: self.text("token_endpoint_auth_signing_alg"),
        }
    }

    fn about(&mut self) -> About {
        let mut pages = BTreeMap::new();
        for name in PAGES {
            if let Some(page) = self.text(name)
                && let Some(page) = self.errors.check(name, check_address(page))
            {
                pages.insert(name.to_owned(), page);
            }
        }
        About {
            pages,
            contacts: self.contacts(),
            software_id: self.parsed("software_id"),
            software_version: self.parsed("software_version"),
            certificate: None,
        }
    }

    fn contacts(&mut self) -> Vec<Note> {
        let contacts = self.texts("contacts").unwrap_or_default();
        if contacts.len() > MOST_CONTACTS {
            let message = format!("at most {MOST_CONTACTS}");
            self.errors.add("contacts", &message);
            return Vec::new();
        }
        let read: Result<Vec<Note>, _> = contacts.iter().map(|it| it.parse()).collect();
        self.errors.check("contacts", read).unwrap_or_default()
    }
}

/// The keys of a JWK set, none of them with a private part.
fn read_jwks(value: &Value) -> Result<Vec<Map<String, Value>>, String> {
    let keys = value.get("keys").and_then(Value::as_array);
    let keys = keys.and_then(|keys| {
        let keys = keys.iter().map(|key| key.as_object().cloned());
        keys.collect::<Option<Vec<_>>>()
    });
    let keys = keys.ok_or("a JWK set has a list of keys")?;
    if keys.is_empty() || keys.len() > MOST_KEYS {
        return Err(format!("give 1 to {MOST_KEYS} keys"));
    }
    let has_private = |key: &Map<String, Value>| PRIVATE.iter().any(|it| key.contains_key(*it));
    if keys.iter().any(has_private) {
        return Err(
            "a private or shared key was sent: make another pair, and send its public half"
                .to_owned(),
        );
    }
    Ok(keys)
}

impl Keys {
    /// What a client that authenticates by `method` proves itself with; nothing if a secret is to
    /// be made for it.
    fn proof(&self, method: AuthMethod, errors: &mut FieldErrors) -> Option<Proof> {
        let input = match method {
            AuthMethod::Basic | AuthMethod::Post | AuthMethod::SecretJwt => return None,
            AuthMethod::KeyJwt => self.key(),
            AuthMethod::SelfSignedTls => self.certificate(),
            AuthMethod::Tls => self.subject(),
        };
        let input = match input {
            Ok(input) => input,
            Err((field, message)) => {
                errors.add(field, message);
                return None;
            }
        };
        let mut found = FieldErrors::default();
        let credential = input.parse("", &mut found);
        for (field, message) in found.iter() {
            let field = match field {
                "key" | "certificate" => "jwks",
                other => other,
            };
            errors.add(field, message);
        }
        let proof = credential?.proof;
        if let (Proof::Key(key), Some(algorithm)) = (&proof, &self.algorithm)
            && key.verifier().algorithm().as_str() != algorithm
        {
            errors.add(
                "token_endpoint_auth_signing_alg",
                "the key that was given signs with another one",
            );
        }
        Some(proof)
    }

    fn key(&self) -> Result<CredentialInput, (&'static str, &'static str)> {
        if let Some(uri) = &self.jwks_uri {
            return Ok(CredentialInput {
                jwks_uri: Some(uri.clone()),
                ..CredentialInput::default()
            });
        }
        let key = self.signing_key()?.clone().into_iter().collect();
        Ok(CredentialInput {
            key: Some(PublicKeyInput::Object(key)),
            ..CredentialInput::default()
        })
    }

    /// The only key that is not for encryption.
    fn signing_key(&self) -> Result<&Map<String, Value>, (&'static str, &'static str)> {
        let keys = self.jwks.as_ref();
        let keys = keys.ok_or(("jwks", "this way of authentication needs a key"))?;
        let mut signing = keys
            .iter()
            .filter(|key| key.get("use").and_then(Value::as_str) != Some("enc"));
        match (signing.next(), signing.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(("jwks", "none of the keys is for signatures")),
            (Some(_), Some(_)) => Err((
                "jwks",
                "give one key for signatures; publish several, and give their address as jwks_uri",
            )),
        }
    }

    /// The certificate in a JWK (RFC 8705 §2.2.2).
    fn certificate(&self) -> Result<CredentialInput, (&'static str, &'static str)> {
        let key = self.signing_key()?;
        let der = key.get("x5c").and_then(|it| it.get(0)?.as_str());
        let der = der.ok_or(("jwks", "the key comes with its certificate, as x5c"))?;
        let pem = format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
        Ok(CredentialInput {
            certificate: Some(pem),
            ..CredentialInput::default()
        })
    }

    fn subject(&self) -> Result<CredentialInput, (&'static str, &'static str)> {
        match self.subjects.as_slice() {
            [(name, value)] => {
                let mut input = CredentialInput::default();
                input.set_subject(name, value.clone());
                Ok(input)
            }
            _ => Err((
                "token_endpoint_auth_method",
                "tls_client_auth needs exactly one of the tls_client_auth_ names",
            )),
        }
    }

    /// The key that is kept to be shown, with its certificate.
    fn public_set(&self) -> Option<Value> {
        const KEPT: [&str; 9] = ["kty", "crv", "x", "y", "n", "e", "alg", "kid", "x5c"];
        let key = self.signing_key().ok()?.iter();
        let key: Map<String, Value> = key
            .filter(|(name, _)| KEPT.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Some(json!({ "keys": [key] }))
    }
}
