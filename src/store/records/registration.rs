//! Registration tokens, and what is kept of clients that registered themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RecordError, client::StoredBinding};
use crate::{
    crypto::mac::SecretDigest,
    domain::{
        credential::Method,
        id::{ApiIdentifier, RegistrationTokenId, Revision},
        name::{DisplayName, Note, Owner},
        registration::{About, Access, AuthMethod, Registration, RegistrationToken, Template},
        scope::ScopeSet,
        time::{Span, Timestamp},
    },
};

/// A registration token.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct StoredRegistrationToken {
    id: RegistrationTokenId,
    digest: SecretDigest,
    note: Note,
    template: StoredTemplate,
    limit: u32,
    used: u32,
    last_used: Option<Timestamp>,
    created: Timestamp,
    created_by: String,
    expires: Timestamp,
    revoked: Option<Timestamp>,
    revision: Revision,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredTemplate {
    grants: BTreeMap<ApiIdentifier, ScopeSet>,
    methods: BTreeSet<String>,
    binding: StoredBinding,
    secret_lifetime: Option<Span>,
    name_prefix: Option<DisplayName>,
    owner: Owner,
}

/// That a client registered itself.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredRegistration {
    token: RegistrationTokenId,
    note: Note,
    template: StoredTemplate,
    access: Option<StoredAccess>,
    auth_method: String,
    binding: StoredBinding,
    pages: BTreeMap<String, String>,
    contacts: Vec<Note>,
    software_id: Option<Note>,
    software_version: Option<Note>,
    certificate: Option<Value>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StoredAccess {
    id: RegistrationTokenId,
    digest: SecretDigest,
}

impl From<&RegistrationToken> for StoredRegistrationToken {
    fn from(token: &RegistrationToken) -> Self {
        Self {
            id: token.id.clone(),
            digest: token.digest.clone(),
            note: token.note.clone(),
            template: (&token.template).into(),
            limit: token.limit,
            used: token.used,
            last_used: token.last_used,
            created: token.created,
            created_by: token.created_by.clone(),
            expires: token.expires,
            revoked: token.revoked,
            revision: token.revision,
        }
    }
}

impl TryFrom<StoredRegistrationToken> for RegistrationToken {
    type Error = RecordError;

    fn try_from(stored: StoredRegistrationToken) -> Result<Self, RecordError> {
        Ok(Self {
            id: stored.id,
            digest: stored.digest,
            note: stored.note,
            template: stored.template.try_into()?,
            limit: stored.limit,
            used: stored.used,
            last_used: stored.last_used,
            created: stored.created,
            created_by: stored.created_by,
            expires: stored.expires,
            revoked: stored.revoked,
            revision: stored.revision,
        })
    }
}

impl From<&Template> for StoredTemplate {
    fn from(template: &Template) -> Self {
        let methods = template.methods.iter();
        Self {
            grants: template.grants.clone(),
            methods: methods.map(|it| it.as_str().to_owned()).collect(),
            binding: template.binding.into(),
            secret_lifetime: template.secret_lifetime,
            name_prefix: template.name_prefix.clone(),
            owner: template.owner.clone(),
        }
    }
}

impl TryFrom<StoredTemplate> for Template {
    type Error = RecordError;

    fn try_from(stored: StoredTemplate) -> Result<Self, RecordError> {
        let method = |word: &String| {
            let mut all = Method::ALL.into_iter();
            all.find(|it| it.as_str() == word)
                .ok_or_else(|| RecordError::new("no client authenticates like this"))
        };
        Ok(Self {
            grants: stored.grants,
            methods: stored
                .methods
                .iter()
                .map(method)
                .collect::<Result<_, _>>()?,
            binding: stored.binding.into(),
            secret_lifetime: stored.secret_lifetime,
            name_prefix: stored.name_prefix,
            owner: stored.owner,
        })
    }
}

impl From<&Registration> for StoredRegistration {
    fn from(registration: &Registration) -> Self {
        let about = &registration.about;
        Self {
            token: registration.token.clone(),
            note: registration.note.clone(),
            template: (&registration.template).into(),
            access: registration.access.as_ref().map(|it| StoredAccess {
                id: it.id.clone(),
                digest: it.digest.clone(),
            }),
            auth_method: registration.auth_method.as_str().to_owned(),
            binding: registration.binding.into(),
            pages: about.pages.clone(),
            contacts: about.contacts.clone(),
            software_id: about.software_id.clone(),
            software_version: about.software_version.clone(),
            certificate: about.certificate.clone(),
        }
    }
}

impl TryFrom<StoredRegistration> for Registration {
    type Error = RecordError;

    fn try_from(stored: StoredRegistration) -> Result<Self, RecordError> {
        Ok(Self {
            token: stored.token,
            note: stored.note,
            template: stored.template.try_into()?,
            access: stored.access.map(|it| Access {
                id: it.id,
                digest: it.digest,
            }),
            auth_method: AuthMethod::named(&stored.auth_method)
                .ok_or_else(|| RecordError::new("no client authenticates like this"))?,
            binding: stored.binding.into(),
            about: About {
                pages: stored.pages,
                contacts: stored.contacts,
                software_id: stored.software_id,
                software_version: stored.software_version,
                certificate: stored.certificate,
            },
        })
    }
}
