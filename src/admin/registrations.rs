//! Clients that register themselves, and what they do with their registration afterwards.
//!
//! Whoever asks has a token and nothing else: it is checked again here, on the newest registry, so
//! that of two that come at once with one use left exactly one is served. What a client may ask for
//! is bounded by the [`Template`](crate::domain::registration::Template) of the token it came with.

mod information;
mod metadata;
mod tokens;

use std::{collections::BTreeSet, sync::Arc};

pub use self::{
    information::{Shown, information},
    metadata::{Admitted, ClientMetadata, MetadataError, Purpose},
    tokens::{
        CreateRegistrationToken, Created, ForgetRegistrationTokens, RevokeRegistrationToken,
        has_forgettable,
    },
};
use super::{
    clients::RegisterClient,
    command::Command,
    credentials::{NewCredential, check_together},
    draft::Draft,
    grants,
    refusal::{FieldErrors, Refusal},
    require,
    secrets::{self, NewSecret},
};
use crate::domain::{
    audit::{Action, Object},
    client::{Client, ClientRules},
    id::{ClientId, RegistrationTokenId},
    name::{Description, Note},
    permission::Permission,
    registration::{Access, AuthMethod, PlainToken, Registration, RegistrationToken, TokenUse},
    registry::Registry,
    rotation::{self, Overlap},
    scope::ScopeSet,
    secret::{IfUsed, PlainSecret, Proof, Secret},
    time::{Span, Timestamp},
};

/// Makes a client, as whoever has a registration token describes it (RFC 7591 §3.1).
pub struct RegisterItself {
    /// The registration token.
    pub token: PlainToken,
    /// What the client says of itself.
    pub metadata: ClientMetadata,
}

/// A client as it is now, and the one chance to read what was made for it.
pub struct Outcome {
    /// As it is now.
    pub client: Arc<Client>,
    /// Its secret, if one was made.
    pub secret: Option<PlainSecret>,
    /// By what it manages its registration.
    pub access: PlainToken,
}

impl Command for RegisterItself {
    type Outcome = Outcome;

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Outcome, Refusal> {
        let token = open_token(registry, &self.token, draft.now())?;
        let admitted = self.metadata.admit(&token.template, None)?;
        let access = new_token(TokenUse::Manage, registry, draft);
        let registration = Registration {
            token: token.id.clone(),
            note: token.note.clone(),
            template: token.template.clone(),
            access: Some(kept(&access, registry)),
            auth_method: admitted.auth_method,
            binding: admitted.binding,
            about: admitted.about.clone(),
        };
        let (secret, plain) = first_credential(&admitted, token, registry, draft)?;
        let mut client = described(admitted, token).make(registry, draft)?;
        client.secrets.push(secret);
        client.registration = Some(Arc::new(registration));
        draft.put_client(Action::ClientCreate, client.clone());
        let used = RegistrationToken {
            used: token.used + 1,
            last_used: Some(draft.now()),
            ..RegistrationToken::clone(token)
        };
        draft.put_registration_token(Action::RegistrationTokenUse, used);
        Ok(Outcome {
            client: Arc::new(client),
            secret: plain,
            access,
        })
    }
}

/// The registration token that was shown, if a client can be registered with it at `now`.
///
/// # Errors
/// [`Refusal::NotFound`], whatever is the matter with it.
pub fn open_token<'r>(
    registry: &'r Registry,
    shown: &PlainToken,
    now: Timestamp,
) -> Result<&'r Arc<RegistrationToken>, Refusal> {
    registry
        .recognise_registration_token(shown)
        .filter(|token| token.is_open(now))
        .ok_or_else(|| no_token(shown.id()))
}

fn no_token(id: &RegistrationTokenId) -> Refusal {
    Refusal::NotFound(Object::RegistrationToken(id.clone()))
}

fn new_token(token_use: TokenUse, registry: &Registry, draft: &Draft) -> PlainToken {
    loop {
        let token = PlainToken::generate(token_use, draft.entropy());
        if !registry.knows_registration_token(token.id()) {
            return token;
        }
    }
}

fn kept(access: &PlainToken, registry: &Registry) -> Access {
    Access {
        id: access.id().clone(),
        digest: access.digest(registry.pepper()),
    }
}

fn described(admitted: Admitted, token: &RegistrationToken) -> RegisterClient {
    RegisterClient {
        id: None,
        name: admitted.name,
        description: Description::default(),
        owner: token.template.owner.clone(),
        token_lifetime: None,
        grants: admitted.grants,
        default_scopes: ScopeSet::default(),
        introspects: BTreeSet::new(),
        rules: ClientRules {
            binding: admitted.binding,
            ..ClientRules::default()
        },
        secret: NewSecret::default(),
    }
}

fn first_credential(
    admitted: &Admitted,
    token: &RegistrationToken,
    registry: &Registry,
    draft: &Draft,
) -> Result<(Secret, Option<PlainSecret>), Refusal> {
    credential(
        admitted.proof.clone(),
        (admitted.auth_method, token.template.secret_lifetime),
        registry,
        draft,
    )
}

/// What a client proves itself with: what it brought, or a secret made for it.
fn credential(
    brought: Option<Proof>,
    (method, lifetime): (AuthMethod, Option<Span>),
    registry: &Registry,
    draft: &Draft,
) -> Result<(Secret, Option<PlainSecret>), Refusal> {
    if let Some(proof) = brought {
        let new = NewCredential {
            proof,
            expires_in: None,
            note: Note::default(),
        };
        return Ok((new.make(registry, draft)?, None));
    }
    // The policy may have become stricter since the template was made.
    let longest = registry.policy().longest_secret_lifetime;
    let new = NewSecret {
        expires_in: lifetime.map(|span| span.min(longest)),
        signs: Some(method == AuthMethod::SecretJwt),
        ..NewSecret::default()
    };
    let (secret, plain) = secrets::make(new, registry, draft)?;
    Ok((secret, Some(plain)))
}

/// The client that manages its registration by the token that was shown.
///
/// # Errors
/// [`Refusal::NotFound`] if there is none; [`Refusal::Conflict`] if it may not at the moment.
pub fn managed<'r>(
    registry: &'r Registry,
    id: &ClientId,
    shown: &PlainToken,
) -> Result<(&'r Arc<Client>, &'r Registration), Refusal> {
    let client = registry
        .find_client_by_access(shown)
        .filter(|client| client.id == *id)
        .ok_or_else(|| no_token(shown.id()))?;
    let registration = client.registration.as_deref();
    Ok((client, registration.ok_or_else(|| no_token(shown.id()))?))
}

/// The same, if the client may change itself: operators have not disabled it, nor let it manage
/// this server.
fn changeable<'r>(
    registry: &'r Registry,
    draft: &Draft,
    (id, shown): (&ClientId, &PlainToken),
) -> Result<(&'r Arc<Client>, &'r Registration), Refusal> {
    let (client, registration) = managed(registry, id, shown)?;
    draft.require_touch(client)?;
    if client.is_active() {
        Ok((client, registration))
    } else {
        Err(Refusal::Forbidden(Permission::WriteClients))
    }
}

/// Replaces what a client said of itself (RFC 7592 §2.2). The client's own wish.
pub struct ReplaceItself {
    /// Which.
    pub client: ClientId,
    /// By what it manages its registration; another takes its place.
    pub access: PlainToken,
    /// What it says now.
    pub metadata: ClientMetadata,
}

impl Command for ReplaceItself {
    type Outcome = Outcome;

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Outcome, Refusal> {
        let now = draft.now();
        let (before, registration) = changeable(registry, draft, (&self.client, &self.access))?;
        check_secret(before, &self.metadata, registry, now)?;
        let admitted = self.metadata.admit(&registration.template, Some(before))?;
        let mut errors = FieldErrors::default();
        for (api, scopes) in &admitted.grants {
            let held = before.grants.get(api).cloned().unwrap_or_default();
            let check = grants::check_scopes(registry, (api, scopes), &held);
            errors.check("scope", check);
        }
        errors.finish()?;
        let (mut after, plain) =
            with_credential(before, registration, &admitted, (registry, draft))?;
        let access = new_token(TokenUse::Manage, registry, draft);
        // What operators ask for since then is theirs to take back.
        if before.rules.binding == registration.binding {
            after.rules.binding = admitted.binding;
        }
        after.name = admitted.name;
        after.grants = admitted.grants.into();
        grants::drop_lost(&mut after);
        after.registration = Some(Arc::new(Registration {
            access: Some(kept(&access, registry)),
            auth_method: admitted.auth_method,
            binding: admitted.binding,
            about: admitted.about,
            ..registration.clone()
        }));
        draft.put_client(Action::RegistrationReplace, after.clone());
        Ok(Outcome {
            client: Arc::new(after),
            secret: plain,
            access,
        })
    }
}

/// A secret that is named must be the one it has (RFC 7592 §2.2).
fn check_secret(
    client: &Client,
    metadata: &ClientMetadata,
    registry: &Registry,
    now: Timestamp,
) -> Result<(), FieldErrors> {
    let Some(named) = &metadata.client_secret else {
        return Ok(());
    };
    let tag = registry.pepper();
    let is_it = |secret: &Secret| match &secret.proof {
        Proof::Mac(kept) => tag.matches(named.as_bytes(), kept.as_bytes()),
        Proof::Password(hash) => hash.verify(named),
        Proof::Shared(secret) => secret.is(named),
        Proof::Key(_)
        | Proof::KeySet(_)
        | Proof::Certificate(_)
        | Proof::CertificateKey(_)
        | Proof::CertificateKeySet(_)
        | Proof::Subject(_)
        | Proof::Federated(_) => false,
    };
    if client.live_secrets(now).any(is_it) {
        Ok(())
    } else {
        let message = "this is not the secret of the client; leave it out";
        Err(FieldErrors::one("client_secret", message))
    }
}

/// The client with what it now proves itself with, and a secret if one was made.
fn with_credential(
    before: &Client,
    registration: &Registration,
    admitted: &Admitted,
    (registry, draft): (&Registry, &Draft),
) -> Result<(Client, Option<PlainSecret>), Refusal> {
    let now = draft.now();
    let current = before.new_secret(now);
    let is_kept = current.is_some_and(|current| match &admitted.proof {
        Some(proof) => current.proof == *proof,
        None => current.proof.method() == admitted.auth_method.method(),
    });
    let is_due = current.is_some_and(|it| is_secret_due(it, now));
    if is_kept && !is_due {
        return Ok((before.clone(), None));
    }
    let terms = if is_kept {
        let overlap = Overlap::of(registry.policy().overlap).unwrap_or(Overlap::None);
        (overlap, IfUsed::Hold)
    } else {
        (Overlap::None, IfUsed::Stop)
    };
    let lifetime = registration.template.secret_lifetime;
    let asked = (admitted.auth_method, lifetime);
    let (new, plain) = credential(admitted.proof.clone(), asked, registry, draft)?;
    let after = rotation::rotate(before, new, terms, now)?;
    check_together(&after.methods(now))?;
    Ok((after, plain))
}

/// Whether a secret has less than a third of its life left: then a client that asks gets the next
/// one, so that one whose secrets end can go on without anybody's help.
fn is_secret_due(secret: &Secret, now: Timestamp) -> bool {
    secret.proof.is_secret()
        && secret.expires.is_some_and(|expires| {
            let life = expires.since(secret.created).seconds();
            expires.since(now).seconds() < life / 3
        })
}

/// Removes a client (RFC 7592 §2.3). The client's own wish.
pub struct RemoveItself {
    /// Which.
    pub client: ClientId,
    /// By what it manages its registration.
    pub access: PlainToken,
}

impl Command for RemoveItself {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        changeable(registry, draft, (&self.client, &self.access))?;
        draft.remove_client(&self.client);
        Ok(())
    }
}

/// Takes from a client the token by which it manages its registration. The server's own, when the
/// token is shown where it does not belong.
pub struct RevokeAccess {
    /// The token.
    pub access: PlainToken,
}

impl Command for RevokeAccess {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let Some(before) = registry.find_client_by_access(&self.access) else {
            return Ok(());
        };
        draft.put_client(Action::RegistrationRevoke, without_access(before));
        Ok(())
    }
}

/// The same, as an operator wishes. The client goes on as it is; nothing of it changes but by operators.
pub struct RevokeRegistrationAccess {
    /// Which.
    pub client: ClientId,
}

impl Command for RevokeRegistrationAccess {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = require::client(registry, &self.client)?;
        draft.require_touch(before)?;
        let Some(registration) = &before.registration else {
            let message = format!("{} did not register itself", before.id);
            return Err(Refusal::Conflict(message));
        };
        if registration.access.is_some() {
            draft.put_client(Action::RegistrationRevoke, without_access(before));
        }
        Ok(())
    }
}

/// The client with nothing to manage its registration by.
fn without_access(before: &Client) -> Client {
    let mut after = before.clone();
    if let Some(registration) = &mut after.registration {
        Arc::make_mut(registration).access = None;
    }
    after
}

#[cfg(test)]
mod tests;
