//! A small world for the tests of commands, and what must hold for all of them.

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
    command::Command,
    draft::Draft,
    grants::{RemoveGrant, SetGrant},
    handovers::{ForgetHandovers, OfferHandover, RedeemHandover, WithdrawHandover},
    init::InitServer,
    invitations::{AcceptInvitation, InviteOperator, ResetOperator, WithdrawInvitation},
    keys::{ActivateKey, GenerateKey, KeepKeySchedule, RetireKey, RevokeKey, When},
    leaks::ReportLeak,
    marks::{Granted, KeepScope, PostponeAttention, RecallAttention, StopWatching, WatchScope},
    operators::{
        AddOperator, DisableOperator, EditOperator, EnableOperator, NewPassword, RemoveOperator,
        SetPassword,
    },
    refusal::Refusal,
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
        mac::MacKey, password::PasswordHash, random::Entropy, signer::Algorithm, totp::TotpSecret,
    },
    domain::{
        actor::Actor,
        api::ApiScope,
        audit::Action,
        change::{Change, Commit, Effect},
        client::Client,
        id::{ApiIdentifier, ClientId, OperatorId, SecretId},
        link::{LinkToken, LinkUse},
        name::{Description, Note},
        operator::{AccountLink, LinkPurpose, Operator, SecondFactor},
        permission::{Permission, Permissions, Role, admin_api},
        registry::Registry,
        rotation::{LatestUses, Overlap},
        scope::{Scope, ScopeSet},
        secret::IfUsed,
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
        secret: NewSecret::default(),
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

/// One command of each kind, on a world in which it can be carried out.
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_command(
    mut with: impl FnMut(&str, Permission, &mut dyn FnMut(&mut World, Actor) -> bool),
) {
    macro_rules! one {
        ($kind:ident, $make:expr) => {
            with(
                stringify!($kind),
                $kind::NEEDS,
                &mut |world: &mut World, actor: Actor| {
                    let make: fn(&mut World) -> $kind = $make;
                    let command = make(world);
                    match world.run_as(actor, command) {
                        Ok(_) => true,
                        Err(Refusal::Forbidden(_)) => false,
                        Err(other) => panic!("{}: {other}", stringify!($kind)),
                    }
                },
            );
        };
    }
    fn any(world: &mut World) -> ClientId {
        world.register("any").client.id.clone()
    }
    fn rotating(world: &mut World) -> ClientId {
        let client = any(world);
        world
            .run(rotate(&client))
            .unwrap_or_else(|error| panic!("{error}"));
        client
    }
    fn viewer(world: &mut World) -> OperatorId {
        world.operator("viewer@example.com", Role::Viewer)
    }
    fn pending(world: &mut World) -> crate::domain::id::KeyId {
        let key = GenerateKey {
            algorithm: Algorithm::Es256,
            when: When::Soon,
        };
        world.run(key).unwrap()
    }
    fn granted(world: &mut World) -> Granted {
        Granted {
            client: any(world),
            api: api("urn:shop"),
            scope: "read".parse().unwrap(),
        }
    }
    fn offer(client: ClientId) -> OfferHandover {
        OfferHandover {
            client,
            overlap: Overlap::None,
            if_used: IfUsed::Hold,
            note: Note::default(),
            secret_lifetime: None,
        }
    }
    one!(RegisterClient, |_| register("new", &[]));
    one!(EditClient, |w| EditClient::of(any(w)));
    one!(DisableClient, |w| DisableClient { client: any(w) });
    one!(EnableClient, |w| EnableClient { client: any(w) });
    one!(RemoveClient, |w| RemoveClient { client: any(w) });
    one!(RotateSecret, |w| rotate(&any(w)));
    one!(RetireSecret, |w| RetireSecret {
        client: rotating(w),
        secret: None
    });
    one!(UndoRetire, |w| {
        let client = rotating(w);
        w.run(RetireSecret {
            client: client.clone(),
            secret: None,
        })
        .unwrap();
        UndoRetire {
            client,
            secret: None,
        }
    });
    one!(RevokeSecret, |w| RevokeSecret {
        client: any(w),
        secret: None
    });
    one!(CancelRotation, |w| CancelRotation {
        client: rotating(w)
    });
    one!(ExtendRotation, |w| ExtendRotation::by_a_day(rotating(w)));
    one!(EditNote, |w| {
        let client = any(w);
        let secret = w.client(&client).secrets[0].id.clone();
        EditNote {
            client,
            secret,
            note: "vault".parse().unwrap(),
        }
    });
    one!(SettleRotation, |w| {
        let client = rotating(w);
        let old = w.client(&client).secrets[0].id.clone();
        SettleRotation {
            client,
            old,
            uses: LatestUses::default(),
        }
    });
    one!(ForgetSecrets, |w| ForgetSecrets { client: any(w) });
    one!(SetGrant, |w| SetGrant {
        client: any(w),
        api: api("urn:shop"),
        scopes: scopes("list")
    });
    one!(RemoveGrant, |w| RemoveGrant {
        client: any(w),
        api: api("urn:shop")
    });
    one!(DefineApi, |_| define("urn:new", "a"));
    one!(EditApi, |_| EditApi::of(api("urn:shop")));
    one!(RekeyApi, |w| {
        let hs256 = DefineApi {
            algorithm: Algorithm::Hs256,
            ..define("urn:shared", "a")
        };
        w.run(hs256).unwrap_or_else(|error| panic!("{error}"));
        RekeyApi {
            api: api("urn:shared"),
        }
    });
    one!(DisableApi, |_| DisableApi {
        api: api("urn:shop")
    });
    one!(EnableApi, |_| EnableApi {
        api: api("urn:shop")
    });
    one!(RemoveApi, |w| {
        w.define("urn:gone", "a");
        RemoveApi {
            api: api("urn:gone"),
        }
    });
    one!(AddScope, |_| AddScope {
        api: api("urn:shop"),
        scope: "new".parse().unwrap(),
        detail: ApiScope::default(),
    });
    one!(EditScope, |_| EditScope::of(
        api("urn:shop"),
        "list".parse().unwrap()
    ));
    one!(RemoveScope, |_| RemoveScope {
        api: api("urn:shop"),
        scope: "list".parse().unwrap()
    });
    one!(GenerateKey, |_| GenerateKey {
        algorithm: Algorithm::Es256,
        when: When::Scheduled
    });
    one!(ActivateKey, |w| ActivateKey {
        key: pending(w),
        when: When::Now
    });
    one!(RetireKey, |w| RetireKey { key: pending(w) });
    one!(RevokeKey, |w| RevokeKey { key: pending(w) });
    one!(KeepKeySchedule, |_| KeepKeySchedule);
    one!(AddOperator, |_| AddOperator {
        email: "new@example.com".parse().unwrap(),
        name: "New".parse().unwrap(),
        role: Role::Viewer,
        password: None,
    });
    one!(EditOperator, |w| EditOperator::of(viewer(w)));
    one!(SetPassword, |w| SetPassword {
        operator: viewer(w),
        password: password()
    });
    one!(DisableOperator, |w| DisableOperator {
        operator: viewer(w)
    });
    one!(EnableOperator, |w| EnableOperator {
        operator: viewer(w)
    });
    one!(RemoveOperator, |w| RemoveOperator {
        operator: viewer(w)
    });
    one!(InviteOperator, |_| InviteOperator {
        email: "new@example.com".parse().unwrap(),
        name: "New".parse().unwrap(),
        role: Role::Viewer,
    });
    one!(ResetOperator, |w| ResetOperator {
        operator: viewer(w)
    });
    one!(WithdrawInvitation, |w| {
        let operator = viewer(w);
        let reset = ResetOperator {
            operator: operator.clone(),
        };
        w.run(reset).unwrap_or_else(|error| panic!("{error}"));
        WithdrawInvitation { operator }
    });
    one!(AcceptInvitation, |w| {
        let token = LinkToken::generate(&Entropy::seeded(1));
        let link = AccountLink {
            token: token.digest(LinkUse::Account, w.registry.pepper()),
            purpose: LinkPurpose::Invite,
            expires: w.now.plus(Span::hours(1)),
        };
        w.put_person(|person| person.link = Some(link));
        AcceptInvitation {
            token,
            name: None,
            password: password(),
        }
    });
    one!(SignIn, |w| SignIn {
        operator: w.put_person(|person| person.password = Some(hash())),
        epoch: 0,
        proof: SignInProof::PasswordAlone,
    });
    one!(EnrolSecondFactor, |w| {
        w.put_person(|_| {});
        let secret = TotpSecret::generate(&Entropy::seeded(1));
        let code = secret.code_at(w.now.seconds());
        EnrolSecondFactor { secret, code }
    });
    one!(RemoveSecondFactor, |w| RemoveSecondFactor {
        operator: w.put_person(|person| person.second_factor = Some(factor())),
    });
    one!(RenewRecoveryCodes, |w| {
        w.put_person(|person| person.second_factor = Some(factor()));
        RenewRecoveryCodes
    });
    one!(ChangeOwnPassword, |w| {
        w.put_person(|_| {});
        ChangeOwnPassword {
            password: password(),
        }
    });
    one!(EditOwnAccount, |w| {
        w.put_person(|_| {});
        EditOwnAccount {
            name: "Me".parse().unwrap(),
        }
    });
    one!(ClaimServer, |_| ClaimServer {
        email: "new@example.com".parse().unwrap(),
        name: "New".parse().unwrap(),
        password: password(),
    });
    one!(SetPolicy, |_| SetPolicy::default());
    one!(ReportLeak, |w| {
        let client = any(w);
        let secret = w.client(&client).secrets[0].id.clone();
        ReportLeak { client, secret }
    });
    one!(SetAccess, |w| SetAccess {
        client: any(w),
        grants: [(api("urn:shop"), scopes("list"))].into(),
        default_scopes: None,
    });
    one!(RestoreAccess, |w| RestoreAccess {
        access: SetAccess {
            client: any(w),
            grants: [(api("urn:shop"), scopes("list"))].into(),
            default_scopes: None,
        },
        watched: ScopeMarks::default(),
        kept: ScopeMarks::default(),
    });
    one!(PostponeAttention, |w| PostponeAttention {
        client: any(w),
        rule: "expiring".parse().unwrap(),
        level: 1,
        until: None,
        note: Note::default(),
    });
    one!(RecallAttention, |w| RecallAttention {
        client: any(w),
        rule: "expiring".parse().unwrap(),
    });
    one!(WatchScope, |w| WatchScope(granted(w)));
    one!(StopWatching, |w| StopWatching(granted(w)));
    one!(KeepScope, |w| KeepScope(granted(w)));
    one!(RegisterWithoutSecret, |_| RegisterWithoutSecret(register(
        "new",
        &[]
    )));
    one!(OfferHandover, |w| offer(any(w)));
    one!(RedeemHandover, |w| {
        let client = any(w);
        let offered = w.run(offer(client));
        let offered = offered.unwrap_or_else(|error| panic!("{error}"));
        RedeemHandover {
            token: offered.token,
        }
    });
    one!(WithdrawHandover, |w| {
        let client = any(w);
        let offered = w.run(offer(client));
        let offered = offered.unwrap_or_else(|error| panic!("{error}"));
        WithdrawHandover {
            handover: offered.id,
        }
    });
    one!(ForgetHandovers, |_| ForgetHandovers);
    one!(InitServer, |_| InitServer);
    one!(NoteBackup, |_| NoteBackup);
}

#[test]
fn each_role_may_run_exactly_the_commands_it_is_trusted_with() {
    every_command(|name, needs, run| {
        for role in Role::ALL {
            let done = run(&mut World::new(), person(role));
            assert_eq!(done, role.permissions().allow(needs), "{name} as {role}");
        }
    });
}

/// Setting passwords and editing operators needs more than the scope: a program cannot touch a
/// person who may do more than itself.
#[test]
fn each_admin_scope_opens_exactly_its_commands() {
    every_command(|name, needs, run| {
        for permission in Permission::ALL {
            let Some(scope) = permission.scope() else {
                continue;
            };
            let touches_people = needs == Permission::WriteOperators;
            let done = run(&mut World::new(), program(scope));
            assert_eq!(
                done,
                needs == permission && !touches_people,
                "{name} with {scope}"
            );
        }
    });
}

#[test]
fn a_program_with_every_admin_scope_is_still_no_owner() {
    let all = Permission::ALL
        .iter()
        .filter_map(|permission| permission.scope());
    let all = all.collect::<Vec<_>>().join(" ");
    every_command(|name, needs, run| {
        let done = run(&mut World::new(), program(&all));
        assert_eq!(done, needs.scope().is_some(), "{name}");
    });
}

/// What a random caller may try, by number.
#[derive(Clone, Debug)]
struct Try {
    what: u8,
    which: usize,
    whom: usize,
    wait: u16,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one =
        (0..34_u8, 0..4_usize, 0..4_usize, 0..200_u16).prop_map(|(what, which, whom, wait)| Try {
            what,
            which,
            whom,
            wait,
        });
    prop::collection::vec(one, 1..60)
}

const APIS: [&str; 4] = ["urn:shop", "urn:b", "urn:c", "urn:jeton:admin"];
const SCOPES: [&str; 4] = ["read", "write", "read write", "clients:read"];
const ROLES: [Role; 4] = Role::ALL;

/// Carries one of them out, whatever comes of it.
#[expect(clippy::too_many_lines, reason = "a table")]
fn attempt(world: &mut World, one: &Try) {
    let pick = |count: usize, n: usize| (count > 0).then(|| n % count);
    let clients: Vec<ClientId> = world.registry.clients().map(|c| c.id.clone()).collect();
    let client = pick(clients.len(), one.which).map(|n| clients[n].clone());
    let client = client.unwrap_or_else(|| "nobody".parse().unwrap());
    let secrets: Vec<SecretId> = match world.registry.find_client(&client) {
        Some(client) => client
            .secrets
            .iter()
            .map(|secret| secret.id.clone())
            .collect(),
        None => Vec::new(),
    };
    let secret = pick(secrets.len(), one.whom).map(|n| secrets[n].clone());
    let people: Vec<OperatorId> = world.registry.operators().map(|o| o.id.clone()).collect();
    let someone = pick(people.len(), one.whom).map(|n| people[n].clone());
    let someone = someone.unwrap_or_else(|| "op_aaaaaaaaaaaaaaaa".parse().unwrap());
    let keys: Vec<_> = world.registry.keys().map(|key| key.id.clone()).collect();
    let key = keys[one.which % keys.len()].clone();
    let at = api(APIS[one.whom]);
    let some = scopes(SCOPES[one.which]);
    let scope: Scope = ["read", "write", "list", "new"][one.which].parse().unwrap();
    world.advance(Span::hours(one.wait.into()));
    match one.what {
        0..=2 => {
            let grants: &[(&str, &str)] = &[(APIS[one.whom], SCOPES[one.which])];
            let new = RegisterClient {
                default_scopes: scopes(SCOPES[usize::from(one.wait) % 4]),
                ..register("c", grants)
            };
            world.run(new).ok();
        }
        3 => drop(world.run(DisableClient { client })),
        4 => drop(world.run(EnableClient { client })),
        5 => drop(world.run(RemoveClient { client })),
        6 => {
            let edit = EditClient {
                default_scopes: Some(some),
                ..EditClient::of(client)
            };
            world.run(edit).ok();
        }
        7..=9 => drop(world.run(rotate(&client))),
        10 => drop(world.run(RetireSecret { client, secret })),
        11 => drop(world.run(UndoRetire { client, secret })),
        12 => drop(world.run(RevokeSecret { client, secret })),
        13 => drop(world.run(CancelRotation { client })),
        14 => drop(world.run(ExtendRotation::by_a_day(client))),
        15 => drop(world.run(ForgetSecrets { client })),
        16 => {
            let Some(old) = secret else { return };
            let uses = LatestUses {
                old: Some(world.now),
                new: Some(world.now),
            };
            world.run(SettleRotation { client, old, uses }).ok();
        }
        17 => drop(world.run(SetGrant {
            client,
            api: at,
            scopes: some,
        })),
        18 => drop(world.run(RemoveGrant { client, api: at })),
        19 => drop(world.run(define(APIS[one.whom], "read write"))),
        20 => drop(world.run(RemoveApi { api: at })),
        21 => drop(world.run(AddScope {
            api: at,
            scope,
            detail: ApiScope::default(),
        })),
        22 => drop(world.run(RemoveScope { api: at, scope })),
        23 => {
            let offer = Some(crate::domain::api::Offer::Deprecated);
            world
                .run(EditScope {
                    offer,
                    ..EditScope::of(at, scope)
                })
                .ok();
        }
        24 => {
            let when = [When::Now, When::Soon, When::Scheduled][one.which % 3];
            world
                .run(GenerateKey {
                    algorithm: Algorithm::Es256,
                    when,
                })
                .ok();
        }
        25 => drop(world.run(ActivateKey {
            key,
            when: When::Now,
        })),
        26 => drop(world.run(RetireKey { key })),
        27 => drop(world.run(RevokeKey { key })),
        28 => drop(world.run(KeepKeySchedule)),
        29 => {
            let email = format!("{}@example.com", one.which);
            world
                .run(AddOperator {
                    email: email.parse().unwrap(),
                    name: "X".parse().unwrap(),
                    role: ROLES[one.whom],
                    password: None,
                })
                .ok();
        }
        30 => {
            let role = Some(ROLES[one.which]);
            world
                .run(EditOperator {
                    role,
                    ..EditOperator::of(someone)
                })
                .ok();
        }
        31 => drop(world.run(DisableOperator { operator: someone })),
        32 => drop(world.run(EnableOperator { operator: someone })),
        _ => drop(world.run(RemoveOperator { operator: someone })),
    }
}

fn check_invariants(world: &World) {
    let registry = &world.registry;
    for client in registry.clients() {
        let live = client.live_secrets(world.now).count();
        assert!(live <= 2, "{live} live secrets");
        for (identifier, granted) in &client.grants {
            let api = registry
                .find_api(identifier)
                .expect("a grant is of a known API");
            assert!(!granted.is_empty());
            assert!(api.understands(granted), "{granted} on {identifier}");
        }
        let all = super::clients::granted_anywhere(&client.grants);
        assert!(
            client.default_scopes.is_subset_of(&all),
            "{}",
            client.default_scopes
        );
        for secret in &client.secrets {
            let found = registry.find_client_by_secret(&secret.id);
            assert_eq!(found.map(|found| &found.id), Some(&client.id));
        }
    }
    assert!(registry.find_api(&admin_api()).is_some());
    assert!(
        registry.active_key(Algorithm::Es256, world.now).is_some(),
        "tokens can be signed at any time"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_tried_the_rules_hold(tries in tries()) {
        let mut world = World::new();
        let mut had_owner = false;
        let mut removed: BTreeSet<ClientId> = BTreeSet::new();
        for one in &tries {
            let before: Vec<ClientId> = world.registry.clients().map(|c| c.id.clone()).collect();
            attempt(&mut world, one);
            check_invariants(&world);
            let owners = world.registry.operators()
                .filter(|one| one.role == Role::Owner && one.is_active())
                .count();
            assert!(owners > 0 || !had_owner, "the last owner is gone");
            had_owner |= owners > 0;
            for id in before {
                if world.registry.find_client(&id).is_none() {
                    removed.insert(id);
                }
            }
            for id in &removed {
                assert!(world.registry.find_client(id).is_none(), "{id} was recycled");
            }
        }
    }
}
