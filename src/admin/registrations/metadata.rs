//! What a client says of itself (RFC 7591 §2): read strictly, and held against a template.

mod keys;
mod reader;

use std::collections::BTreeMap;

use serde_json::Value;
use zeroize::Zeroizing;

use self::{keys::Keys, reader::Reader};
use crate::{
    admin::refusal::FieldErrors,
    crypto::jws::Members,
    domain::{
        client::{Binding, Client, Grants},
        id::{ApiIdentifier, ClientId},
        name::DisplayName,
        profile::Profile,
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
    /// Nothing if it says nothing of them, or names none.
    scopes: Option<ScopeSet>,
    keys: Keys,
    dpop: Option<bool>,
    certificate: Option<bool>,
    about: About,
    /// How strict the server is.
    profile: Profile,
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
            scopes: reader
                .parsed("scope")
                .filter(|it: &ScopeSet| !it.is_empty()),
            keys: reader.keys(),
            dpop: reader.flag("dpop_bound_access_tokens"),
            certificate: reader.flag("tls_client_certificate_bound_access_tokens"),
            about: reader.about(),
            profile: Profile::default(),
        };
        reader.errors.finish().map_err(MetadataError::Invalid)?;
        Ok(metadata)
    }

    /// The same, to be held against what the server asks of every client as well.
    #[must_use]
    pub fn under(self, profile: Profile) -> Self {
        Self { profile, ..self }
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
        if let Some(Proof::Key(key)) = &proof
            && !self.profile.allows_algorithm(key.verifier().algorithm())
        {
            errors.add("jwks", "this server takes nothing that such a key signs");
        }
        about.certificate = match &proof {
            Some(Proof::Certificate(_)) => self.keys.public_set(),
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
        let allowed = template.methods.iter().copied();
        let allowed: Vec<AuthMethod> = allowed
            .filter(|it| self.profile.allows_method(*it))
            .filter_map(AuthMethod::of)
            .collect();
        let asked = match (self.auth_method, allowed.as_slice()) {
            (Some(asked), _) => asked,
            (None, [only]) => *only,
            (None, _) => AuthMethod::default(),
        };
        if allowed.iter().any(|it| it.method() == asked.method()) {
            return Ok(asked);
        }
        let words: Vec<&str> = allowed.iter().map(|it| it.as_str()).collect();
        Err(format!(
            "the token that was used allows {}",
            words.join(", ")
        ))
    }

    /// What it may have from now on. A client that says nothing of scopes goes on with those it has, as a server
    /// may let it (RFC 7592 §2.2); of a new one those are none. What operators granted beside the template is
    /// theirs to take back, whatever the client says.
    fn grants(
        &self,
        template: &Template,
        before: Option<&Client>,
    ) -> Result<BTreeMap<ApiIdentifier, ScopeSet>, String> {
        let held = before
            .map(|client| Grants::clone(&client.grants))
            .unwrap_or_default();
        let Some(named) = &self.scopes else {
            return Ok(held);
        };
        let mut allowed = template.grants.clone();
        for (api, scopes) in &held {
            let all = allowed.entry(api.clone()).or_default();
            *all = all.union(scopes);
        }
        let anywhere: ScopeSet = allowed.values().flatten().cloned().collect();
        if !named.is_subset_of(&anywhere) {
            return Err("the token that was used does not allow all of these".to_owned());
        }
        let nothing = ScopeSet::default();
        let granted = |api: &ApiIdentifier, scopes: &ScopeSet| -> ScopeSet {
            let by_operators = held
                .get(api)
                .unwrap_or(&nothing)
                .without(template.grants.get(api).unwrap_or(&nothing));
            let scopes = scopes.iter();
            scopes
                .filter(|scope: &&Scope| named.contains(scope) || by_operators.contains(scope))
                .cloned()
                .collect()
        };
        let grants = allowed.into_iter().map(|(api, scopes)| {
            let scopes = granted(&api, &scopes);
            (api, scopes)
        });
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
