//! A small world: a registry that commands made, at a moment that does not pass.

use jeton::{
    admin::{
        command::Command,
        draft::Draft,
        init::InitServer,
        input::{ApiInput, ClientInput, DetailTypeInput, Registration, RegistrationTokenInput},
        refusal::Refusal,
    },
    crypto::{
        install_provider,
        mac::MacKey,
        random::Entropy,
        signer::{Algorithm, PrivateKey, Signer},
    },
    domain::{
        actor::Actor,
        change::{Change, Commit},
        id::ClientId,
        issuer::Issuer,
        profile::Profile,
        registration::PlainToken,
        registry::Registry,
        time::Timestamp,
    },
    oauth::{Context, SlowHashes, access_token::Anew, dpop},
};
use serde_json::{Value, json};

/// When everything happens.
pub const NOW: Timestamp = Timestamp(1_800_000_000);

/// Who issues.
pub const ISSUER: &str = "https://as.test";

/// An API, and what it understands.
pub const API: &str = "https://sales.example/";

/// What is known, and what decisions are made with.
pub struct World {
    /// Everything the server knows.
    pub registry: Registry,
    /// Where random numbers come from: the same ones each time.
    pub entropy: Entropy,
    /// Who issues.
    pub issuer: Issuer,
}

impl World {
    /// A server after its first start, with one API.
    pub fn new() -> Self {
        install_provider();
        let entropy = Entropy::seeded(1);
        let mut world = Self {
            registry: Registry::empty(MacKey::new(&entropy.bytes())),
            issuer: parsed(ISSUER),
            entropy,
        };
        world.must(InitServer);
        let api: ApiInput = input(json!({
            "identifier": API,
            "name": "Sales",
            "scopes": [{ "name": "read:orders" }, { "name": "write:orders" }],
        }));
        let api = api.parse(world.registry.policy());
        world.must(api.unwrap_or_else(|_| panic!("the API is well described")));
        world
    }

    /// Carries a command out for the server itself.
    pub fn run<C: Command>(&mut self, command: C) -> Result<C::Outcome, Refusal> {
        self.run_as(Actor::system("fuzzing"), command)
    }

    /// Carries a command out for `actor`.
    pub fn run_as<C: Command>(&mut self, actor: Actor, command: C) -> Result<C::Outcome, Refusal> {
        let mut draft = Draft::new(actor, NOW, self.entropy.clone());
        let outcome = command.decide(&self.registry, &mut draft)?;
        if let Some(commit) = draft.into_commit(&self.registry) {
            self.registry = self.registry.apply(&commit);
        }
        Ok(outcome)
    }

    /// Makes a change that no command makes.
    pub fn put(&mut self, change: Change) {
        let actor = Actor::system("fuzzing");
        let commit = Commit::new(&self.registry, NOW, &actor, vec![change]);
        self.registry = self.registry.apply(&commit);
    }

    /// Carries out what cannot be refused.
    pub fn must<C: Command>(&mut self, command: C) -> C::Outcome {
        self.run(command)
            .unwrap_or_else(|refusal| panic!("{refusal:?}"))
    }

    /// Registers a client as the admin API would: what `more` says of it, beside its id and grants.
    pub fn client(&mut self, id: &str, more: &Value) -> ClientId {
        let mut described = json!({
            "name": id,
            "client_id": id,
            "grants": [{ "api": API, "scopes": ["read:orders", "write:orders"] }],
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            described[name] = value.clone();
        }
        let described: ClientInput = input(described);
        match described
            .read()
            .unwrap_or_else(|errors| panic!("{errors:?}"))
        {
            Registration::Secret(command) => self.must(command).client.id.clone(),
            Registration::Nothing(command) => self.must(command).id.clone(),
            Registration::Credential(command) => self.must(command).id.clone(),
        }
    }

    /// Gives the API a type of authorization details, described as the admin API would.
    pub fn detail_type(&mut self, described: Value) {
        let described: DetailTypeInput = input(described);
        let command = described.parse(parsed(API));
        self.must(command.unwrap_or_else(|errors| panic!("{errors:?}")));
    }

    /// A token by which clients register themselves.
    pub fn registration_token(&mut self, described: Value) -> PlainToken {
        let described: RegistrationTokenInput = input(described);
        let command = described.parse();
        self.must(command.unwrap_or_else(|errors| panic!("{errors:?}")))
            .token
    }

    /// What decisions need beside the registry and the request. Proofs count every time, so that what comes after
    /// them is reached.
    pub fn context<'a>(&'a self, proofs: &'a dyn dpop::Proofs) -> Context<'a> {
        Context {
            now: NOW,
            issuer: &self.issuer,
            profile: Profile::default(),
            mutual: None,
            entropy: &self.entropy,
            remembers: &|_, _| false,
            keys: &|_| None,
            slow_hashes: SlowHashes::Checked,
            proofs,
            verified: &Anew,
            is_revoked: &|_| false,
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            take: &|_, _| Ok(()),
            restored: None,
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// Proofs that were never used before.
pub struct Fresh;

impl dpop::Proofs for Fresh {
    fn needs_nonce(&self, _: Timestamp) -> bool {
        false
    }

    fn is_nonce(&self, nonce: &str) -> bool {
        nonce == "ours"
    }

    fn burn(&self, _: &[&[u8]]) -> dpop::Burnt {
        dpop::Burnt::Now
    }
}

/// A key pair that is the same each time.
pub fn key(algorithm: Algorithm, seed: u64) -> (Signer, PrivateKey) {
    install_provider();
    Signer::generate(algorithm, &Entropy::seeded(seed))
}

/// What cannot be wrong, read.
pub fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

/// A description as the admin API takes it.
pub fn input<T: serde::de::DeserializeOwned>(described: Value) -> T {
    serde_json::from_value(described).unwrap_or_else(|error| panic!("{error}"))
}
