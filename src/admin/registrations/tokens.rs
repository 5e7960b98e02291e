//! Registration tokens: made by operators, revoked, forgotten.

use std::collections::BTreeSet;

use super::{new_token, no_token};
use crate::{
    admin::{
        command::Command,
        draft::Draft,
        grants,
        refusal::{FieldErrors, Refusal},
        secrets,
    },
    domain::{
        audit::Action,
        id::{RegistrationTokenId, Revision},
        name::Note,
        permission::{ADMIN_API, Permission},
        registration::{PlainToken, RegistrationToken, Template, TokenUse},
        registry::Registry,
        scope::ScopeSet,
        time::{Span, Timestamp},
    },
};

/// Makes a token by which clients register themselves, within a template.
#[derive(Clone, Debug)]
pub struct CreateRegistrationToken {
    /// Who gets it, and what for.
    pub note: Note,
    /// What clients may ask for.
    pub template: Template,
    /// How many clients can be registered with it.
    pub limit: u32,
    /// How long it can be used.
    pub expires_in: Span,
}

/// A registration token that was just made, and the one chance to read it.
pub struct Created {
    /// The token.
    pub token: PlainToken,
    /// Until when it can be used.
    pub expires: Timestamp,
}

impl Command for CreateRegistrationToken {
    type Outcome = Created;

    const NEEDS: Permission = Permission::WriteSettings;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Created, Refusal> {
        // Whoever has the token does what its maker may.
        draft.require(Permission::WriteClients)?;
        draft.require(Permission::WriteSecrets)?;
        draft.require(Permission::WriteGrants)?;
        check_template(&self.template, registry)?;
        let now = draft.now();
        let plain = new_token(TokenUse::Register, registry, draft);
        let token = RegistrationToken {
            id: plain.id().clone(),
            digest: plain.digest(registry.pepper()),
            note: self.note,
            template: self.template,
            limit: self.limit,
            used: 0,
            last_used: None,
            created: now,
            created_by: draft.actor().to_string(),
            expires: now.plus(self.expires_in),
            revoked: None,
            revision: Revision::default(),
        };
        let expires = token.expires;
        draft.put_registration_token(Action::RegistrationTokenCreate, token);
        Ok(Created {
            token: plain,
            expires,
        })
    }
}

fn check_template(template: &Template, registry: &Registry) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    for (api, scopes) in &template.grants {
        let field = format!("grants.{api}");
        if api.as_str() == ADMIN_API {
            errors.add(
                &field,
                "a client that registers itself never manages this server",
            );
            continue;
        }
        let check = grants::check_scopes(registry, (api, scopes), &ScopeSet::default());
        errors.check(&field, check);
    }
    let possible: BTreeSet<_> = Template::METHODS.into();
    if template.methods.is_empty() || !template.methods.is_subset(&possible) {
        errors.add(
            "methods",
            "name at least one way in which clients authenticate",
        );
    }
    if let Err(wrong) = secrets::check_life(template.secret_lifetime, registry) {
        for (_, message) in wrong.iter() {
            errors.add("secret_lifetime", message);
        }
    }
    errors.finish()
}

/// Lets no client be registered with a token any more. Those that were stay as they are.
#[derive(Clone, Debug)]
pub struct RevokeRegistrationToken {
    /// Which.
    pub token: RegistrationTokenId,
}

impl Command for RevokeRegistrationToken {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteSettings;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = registry.find_registration_token(&self.token);
        let before = before.ok_or_else(|| no_token(&self.token))?;
        let now = draft.now();
        if !before.is_open(now) {
            let message = format!("this token is {} already", before.status(now));
            return Err(Refusal::Conflict(message));
        }
        let after = RegistrationToken {
            revoked: Some(now),
            ..RegistrationToken::clone(before)
        };
        draft.put_registration_token(Action::RegistrationTokenRevoke, after);
        Ok(())
    }
}

/// Forgets the registration tokens that ended long ago. The server's own.
#[derive(Clone, Copy, Debug)]
pub struct ForgetRegistrationTokens;

impl Command for ForgetRegistrationTokens {
    /// How many were forgotten.
    type Outcome = usize;

    const NEEDS: Permission = Permission::WriteSettings;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<usize, Refusal> {
        let now = draft.now();
        let mut forgotten = 0;
        for token in registry.registration_tokens() {
            if token.is_forgettable(now) {
                draft.remove_registration_token(&token.id);
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }
}

/// Whether there are registration tokens to forget.
pub fn has_forgettable(registry: &Registry, now: Timestamp) -> bool {
    let mut tokens = registry.registration_tokens();
    tokens.any(|token| token.is_forgettable(now))
}
