//! A small world for the tests of commands, and what must hold for all of them.

mod histories;
mod permissions;

use std::{collections::BTreeSet, sync::Arc};

use proptest::prelude::*;

use super::{
    access::{RestoreAccess, ScopeMarks, SetAccess},
    account::{
        ChangeOwnPassword, EditOwnAccount, EnrolSecondFactor, RemoveSecondFactor,
        RenewRecoveryCodes, SignIn, SignInProof,
    },
    apis::{DefineApi, Defined, DisableApi, EditApi, EnableApi, RekeyApi, RemoveApi},
    backup::NoteBackup,
    clients::{
        DisableClient, EditClient, EnableClient, RegisterClient, RegisterWithoutSecret, Registered,
        RemoveClient,
    },
    clock::NoteClockJump,
    command::Command,
    credentials::{NewCredential, RegisterWithCredential},
    details::{DefineDetailType, EditDetailType, RemoveDetailType},
    draft::Draft,
    grants::{RemoveGrant, SetGrant},
    halts::{HaltApi, HaltIssuance, ResumeApi, ResumeIssuance},
    handovers::{ForgetHandovers, OfferHandover, RedeemHandover, WithdrawHandover},
    init::InitServer,
    invitations::{AcceptInvitation, InviteOperator, ResetOperator, WithdrawInvitation},
    keys::{ActivateKey, GenerateKey, KeepKeySchedule, RetireKey, RevokeKey, When},
    leaks::ReportLeak,
    limits::LimitClient,
    marks::{Granted, KeepScope, PostponeAttention, RecallAttention, StopWatching, WatchScope},
    operators::{
        AddOperator, DisableOperator, EditOperator, EnableOperator, NewPassword, RemoveOperator,
        SetPassword,
    },
    refusal::Refusal,
    registrations::{CreateRegistrationToken, ForgetRegistrationTokens, RevokeRegistrationToken},
    restore::NoteRestore,
    scopes::{AddScope, EditScope, RemoveScope},
    secrets::{
        CancelRotation, EditNote, ExtendRotation, ForgetSecrets, NewSecret, RetireSecret,
        RevokeSecret, RotateSecret, SettleRotation, UndoRetire,
    },
    settings::SetPolicy,
    setup::ClaimServer,
};
use crate::{
    crypto::{
        mac::MacKey,
        password::PasswordHash,
        random::Entropy,
        signer::{Algorithm, Signer},
        totp::TotpSecret,
    },
    domain::{
        actor::Actor,
        api::ApiScope,
        audit::Action,
        change::{Change, Commit, Effect},
        client::Client,
        credential::{Method, PublicKey},
        id::{ApiIdentifier, ClientId, OperatorId, Revision, SecretId},
        link::{LinkToken, LinkUse},
        name::{Description, Note},
        operator::{AccountLink, LinkPurpose, Operator, SecondFactor},
        permission::{Permission, Permissions, Role, admin_api},
        registration::Template,
        registry::Registry,
        rotation::{LatestUses, Overlap},
        scope::{Scope, ScopeSet},
        secret::{IfUsed, Proof},
        time::{Lifetime, Span, Timestamp},
    },
};

pub(super) const NOW: Timestamp = Timestamp(1_800_000_000);

/// A server without store and network: a registry, and commands carried out on it.
pub(super) struct World {
    pub(super) registry: Registry,
    pub(super) now: Timestamp,
    pub(super) actor: Actor,
    pub(super) last: Option<Commit>,
    entropy: Entropy,
}

impl World {
    /// Set up, with an API `urn:shop` that has the scopes `read`, `write` and `list`.
    pub(super) fn new() -> Self {
        let mut world = Self::bare();
        world.run(InitServer).unwrap();
        world.define("urn:shop", "read write list");
        world
    }

    /// Not set up.
    pub(super) fn bare() -> Self {
        Self {
            registry: Registry::empty(MacKey::new(&[7; 32])),
            now: NOW,
            actor: Actor::local(0),
            last: None,
            entropy: Entropy::seeded(1),
        }
    }

    pub(super) fn run<C: Command>(&mut self, command: C) -> Result<C::Outcome, Refusal> {
        let actor = self.actor.clone();
        self.run_as(actor, command)
    }

    pub(super) fn run_as<C: Command>(
        &mut self,
        actor: Actor,
        command: C,
    ) -> Result<C::Outcome, Refusal> {
        if !actor.may(C::NEEDS) {
            return Err(Refusal::Forbidden(C::NEEDS));
        }
        let mut draft = Draft::new(actor, self.now, self.entropy.clone());
        let outcome = command.decide(&self.registry, &mut draft)?;
        self.last = draft.into_commit(&self.registry);
        if let Some(commit) = &self.last {
            self.registry = self.registry.apply(commit);
        }
        Ok(outcome)
    }

    pub(super) fn advance(&mut self, span: Span) {
        self.now = self.now.plus(span);
    }

    pub(super) fn define(&mut self, identifier: &str, scopes: &str) -> Defined {
        self.run(define(identifier, scopes)).unwrap()
    }

    /// A client with `read` and `write` on `urn:shop`.
    pub(super) fn register(&mut self, name: &str) -> Registered {
        self.run(register(name, &[("urn:shop", "read write")]))
            .unwrap()
    }

    pub(super) fn client(&self, id: &ClientId) -> &Arc<Client> {
        self.registry.find_client(id).unwrap()
    }

    /// What the audit log says of the last command.
    pub(super) fn audited(&self) -> Vec<&str> {
        let entries = self.last.iter().flat_map(|commit| &commit.audit);
        entries.map(|entry| entry.action.as_str()).collect()
    }

    /// Keeps a client as another version of this program would have made it.
    pub(super) fn put_client(&mut self, client: Client) {
        let put = Change {
            action: Action::ClientEdit,
            effect: Effect::Client(client.id.clone(), Some(client.into())),
        };
        let commit = Commit::new(&self.registry, self.now, &self.actor, vec![put]);
        self.registry = self.registry.apply(&commit);
    }

    /// The operator that [`person`] is, as a record.
    fn put_person(&mut self, fill: impl FnOnce(&mut Operator)) -> OperatorId {
        let id: OperatorId = "op_aaaaaaaaaaaaaaaa".parse().unwrap();
        let words = (
            "p@example.com".parse().unwrap(),
            "Somebody".parse().unwrap(),
        );
        let mut operator = Operator::new(id.clone(), words, (Role::Viewer, self.now));
        fill(&mut operator);
        let put = Change {
            action: Action::OperatorEdit,
            effect: Effect::Operator(id.clone(), Some(operator.into())),
        };
        let commit = Commit::new(&self.registry, self.now, &self.actor, vec![put]);
        self.registry = self.registry.apply(&commit);
        id
    }

    pub(super) fn operator(&mut self, email: &str, role: Role) -> OperatorId {
        self.run(AddOperator {
            email: email.parse().unwrap(),
            name: "Somebody".parse().unwrap(),
            role,
            password: None,
        })
        .unwrap()
    }
}

pub(super) fn scopes(text: &str) -> ScopeSet {
    text.parse().unwrap()
}

pub(super) fn api(identifier: &str) -> ApiIdentifier {
    identifier.parse().unwrap()
}

pub(super) fn define(identifier: &str, scopes: &str) -> DefineApi {
    let detail = |scope: &Scope| (scope.clone(), ApiScope::default());
    DefineApi {
        identifier: api(identifier),
        name: "Shop".parse().unwrap(),
        description: Description::default(),
        algorithm: Algorithm::Es256,
        token_lifetime: Lifetime::DEFAULT,
        scopes: self::scopes(scopes).iter().map(detail).collect(),
        rules: crate::domain::api::ApiRules::default(),
    }
}

pub(super) fn register(name: &str, grants: &[(&str, &str)]) -> RegisterClient {
    RegisterClient {
        id: None,
        name: name.parse().unwrap(),
        description: Description::default(),
        owner: "Team".parse().unwrap(),
        token_lifetime: None,
        grants: grants
            .iter()
            .map(|(at, some)| (api(at), scopes(some)))
            .collect(),
        default_scopes: ScopeSet::default(),
        introspects: BTreeSet::default(),
        rules: crate::domain::client::ClientRules::default(),
        secret: NewSecret::default(),
    }
}

/// Lets `limit` clients ask for `read` on `urn:shop`, within a day.
pub(super) fn registration_token(limit: u32) -> CreateRegistrationToken {
    CreateRegistrationToken {
        note: "for the build farm".parse().unwrap(),
        template: Template {
            grants: [(api("urn:shop"), scopes("read list"))].into(),
            methods: [Method::ClientSecret, Method::PrivateKeyJwt].into(),
            name_prefix: Some("ci:".parse().unwrap()),
            owner: "Build team".parse().unwrap(),
            ..Template::default()
        },
        limit,
        expires_in: Span::days(1),
    }
}

pub(super) fn rotate(client: &ClientId) -> RotateSecret {
    RotateSecret {
        client: client.clone(),
        new: NewSecret::default(),
        overlap: Overlap::For(Span::hours(24)),
        if_used: IfUsed::Hold,
    }
}

/// A public key, as a client has it instead of a secret.
pub(super) fn key(seed: u64) -> NewCredential {
    let (signer, _) = Signer::generate(Algorithm::Es256, &Entropy::seeded(seed));
    let key = PublicKey::from_jwk(signer.public_jwk().unwrap()).unwrap();
    NewCredential {
        proof: Proof::Key(key),
        expires_in: None,
        note: Note::default(),
    }
}

/// Registers a client that has a key and no secret.
pub(super) fn with_key(world: &mut World, name: &str) -> ClientId {
    let command = RegisterWithCredential {
        client: register(name, &[]),
        credential: key(1),
    };
    world.run(command).unwrap().id.clone()
}

pub(super) fn person(role: Role) -> Actor {
    let id = "op_aaaaaaaaaaaaaaaa".parse().unwrap();
    Actor::operator(id, "p@example.com".parse().unwrap(), role)
}

pub(super) fn program(admin_scopes: &str) -> Actor {
    let permissions = Permissions::of_scopes(&scopes(admin_scopes));
    Actor::client("deployer".parse().unwrap(), permissions)
}

/// Why a command is refused; panics if it is not, without a need for `Debug` on the outcome.
#[track_caller]
pub(super) fn refusal<T>(result: Result<T, Refusal>) -> Refusal {
    match result {
        Ok(_) => panic!("this should have been refused"),
        Err(refusal) => refusal,
    }
}

/// The fields that a refusal names.
#[track_caller]
pub(super) fn fields<T>(result: Result<T, Refusal>) -> Vec<String> {
    let refusal = refusal(result);
    let Refusal::Invalid(errors) = refusal else {
        panic!("not a matter of fields: {refusal}");
    };
    errors.iter().map(|(field, _)| field.to_owned()).collect()
}

pub(super) fn password() -> NewPassword {
    NewPassword::parse("vier müde Igel im Laub".to_owned().into())
        .unwrap_or_else(|error| panic!("{error}"))
}

fn hash() -> PasswordHash {
    PasswordHash::of("vier müde Igel im Laub", &Entropy::seeded(1))
}

fn factor() -> SecondFactor {
    SecondFactor {
        secret: TotpSecret::generate(&Entropy::seeded(1)),
        since: NOW,
        last_step: 0,
    }
}
