//! The server in this process: the real parts, a store in memory, a clock that stands still, and
//! randomness that repeats itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use axum::{body::Body, http};
use jeton::{
    admin::{
        apis::DefineApi,
        clients::RegisterClient,
        command::Command,
        details::DefineDetailType,
        init::InitServer,
        registrations::{ClientMetadata, CreateRegistrationToken, Purpose, RegisterItself},
        secrets::NewSecret,
    },
    app::{
        App,
        assemble::{Settings, Surroundings, assemble},
    },
    config::MasterKeySource,
    crypto::{install_provider, random::Entropy, signer::Algorithm},
    domain::{
        actor::Actor,
        api::ApiScope,
        credential::Method,
        details::{Schema, TypeDetail},
        profile::Profile,
        registration::Template,
        scope::ScopeSet,
        time::{Lifetime, ManualClock, Span, Timestamp},
    },
    store::{master_key::load_or_create, redb::RedbStore},
    web::{
        faces::{self, Manners},
        front::Front,
        layers::{Arrival, Edge},
        outbound::{Fetcher, Outbound},
        server::{Limits, Peer},
    },
};

use super::{
    caller::{Client, Request},
    reply::Reply,
};

/// When every test begins.
pub(crate) const START: Timestamp = Timestamp(1_800_000_000);

/// Who issues in most tests.
pub(crate) const ISSUER: &str = "https://as.test";

/// A server that lives as long as its test.
pub(crate) struct TestServer {
    pub(crate) app: App,
    clock: Arc<ManualClock>,
    edge: Edge<Front>,
}

impl TestServer {
    /// A server that was just set up: the admin API, an ES256 key, nothing else.
    pub(crate) async fn start() -> Self {
        Self::with_issuer(ISSUER).await
    }

    /// The same under another name.
    pub(crate) async fn with_issuer(issuer: &str) -> Self {
        let issuer = issuer.parse().unwrap();
        Self::with(Outbound::default(), |settings| settings.issuer = issuer).await
    }

    /// The same whose console is reached by an address of its own.
    pub(crate) async fn with_console_url(url: &str) -> Self {
        let url = url.parse().unwrap();
        let set = |settings: &mut Settings| settings.console_url = Some(url);
        Self::with(Outbound::default(), set).await
    }

    /// The same that is strict with its clients.
    pub(crate) async fn with_profile(profile: Profile) -> Self {
        Self::with(Outbound::default(), |settings| settings.profile = profile).await
    }

    /// The same that may fetch keys from there.
    pub(crate) async fn with_outbound(outbound: Outbound) -> Self {
        Self::with(outbound, |_| {}).await
    }

    /// The same at which clients may register themselves.
    pub(crate) async fn with_registration() -> Self {
        Self::with(Outbound::default(), |settings| settings.registration = true).await
    }

    /// The same that is strict with them.
    pub(crate) async fn with_registration_under(profile: Profile) -> Self {
        let set = |settings: &mut Settings| {
            settings.registration = true;
            settings.profile = profile;
        };
        Self::with(Outbound::default(), set).await
    }

    /// The same with these settings.
    pub(crate) async fn with_settings(set: impl FnOnce(&mut Settings)) -> Self {
        Self::with(Outbound::default(), set).await
    }

    async fn with(outbound: Outbound, set: impl FnOnce(&mut Settings)) -> Self {
        let store = RedbStore::in_memory(&Entropy::seeded(7));
        Self::over((store, START), outbound, set).await
    }

    /// A server on this store, at this moment.
    pub(crate) async fn on(store: RedbStore, now: Timestamp) -> Self {
        Self::over((store, now), Outbound::default(), |_| {}).await
    }

    /// A server on a new data file in this directory, with its master key beside it.
    pub(crate) async fn in_directory(directory: &Path) -> Self {
        let (data, key) = (directory.join("jeton.redb"), directory.join("master.key"));
        let entropy = Entropy::seeded(7);
        let source = MasterKeySource::File(key.clone());
        let master = load_or_create(&source, &data, &entropy).unwrap();
        let store = RedbStore::create(&data, &master, &entropy).unwrap();
        let set = |settings: &mut Settings| settings.master_key_file = Some(key);
        Self::over((store, START), Outbound::default(), set).await
    }

    async fn over(
        (store, now): (RedbStore, Timestamp),
        outbound: Outbound,
        set: impl FnOnce(&mut Settings),
    ) -> Self {
        install_provider();
        let entropy = Entropy::seeded(7);
        let clock = Arc::new(ManualClock::at(now));
        let surroundings = Surroundings {
            store: Arc::new(store),
            clock: Arc::<ManualClock>::clone(&clock),
            entropy,
            fetcher: Arc::new(Fetcher::new(outbound)),
        };
        let mut settings = Settings {
            issuer: ISSUER.parse().unwrap(),
            console_url: None,
            usage_flush: Span(5),
            mutual: None,
            profile: Profile::default(),
            overview_max_age: Span(0),
            registration: false,
            backups: None,
            audit_checkpoints: None,
            audit_tokens: jeton::domain::issued_token::TokenRecords::Off,
            master_key_file: None,
        };
        set(&mut settings);
        let app = assemble(settings, surroundings).await.unwrap();
        app.execute(Actor::local(0), InitServer).await.unwrap();
        let routes = faces::protocol(&app).merge(faces::operator(&app));
        let edge = faces::edge_settings(&app, &Manners::default());
        Self {
            app,
            clock,
            edge: Edge::new(routes, edge),
        }
    }

    /// Believes what the callers of the tests say of their own clients, as a declared proxy is believed.
    pub(crate) fn behind_a_proxy(mut self) -> Self {
        let manners = Manners {
            trusted_proxies: vec!["192.0.2.0/24".parse().unwrap()],
            ..Manners::default()
        };
        let routes = faces::protocol(&self.app).merge(faces::operator(&self.app));
        self.edge = Edge::new(routes, faces::edge_settings(&self.app, &manners));
        self
    }

    /// Lets time pass, and the server keep its schedule.
    pub(crate) async fn advance(&self, span: Span) {
        self.clock.advance(span);
        self.app.keep_schedule().await;
    }

    /// Puts the clock back, as a machine does that lost its time.
    pub(crate) fn rewind(&self, span: Span) {
        self.clock.set(self.app.now().minus(span));
    }

    /// Puts the clock forward, and no time passes.
    pub(crate) fn leap(&self, span: Span) {
        self.clock.set(self.app.now().plus(span));
    }

    /// Carries out a command as the machine's owner.
    #[track_caller]
    pub(crate) fn run<C: Command>(&self, command: C) -> impl Future<Output = C::Outcome> {
        let place = std::panic::Location::caller();
        let done = self.app.execute(Actor::local(0), command);
        async move {
            done.await
                .unwrap_or_else(|error| panic!("{place}: the command was refused: {error}"))
        }
    }

    /// Defines an API that signs with ES256.
    pub(crate) async fn api(&self, identifier: &str, scopes: &str) {
        self.api_with(identifier, scopes, Algorithm::Es256).await;
    }

    /// Defines an API.
    pub(crate) async fn api_with(&self, identifier: &str, scopes: &str, algorithm: Algorithm) {
        let scopes: ScopeSet = scopes.parse().unwrap();
        self.run(DefineApi {
            identifier: identifier.parse().unwrap(),
            name: identifier.parse().unwrap(),
            description: "".parse().unwrap(),
            algorithm,
            token_lifetime: Lifetime::DEFAULT,
            rules: jeton::domain::api::ApiRules::default(),
            scopes: scopes
                .iter()
                .map(|scope| (scope.clone(), ApiScope::default()))
                .collect(),
        })
        .await;
    }

    /// A client that registered itself, and goes on managing its registration; its id.
    pub(crate) async fn self_registered(&self) -> String {
        let token = self
            .run(CreateRegistrationToken {
                note: "Build farm".parse().unwrap(),
                template: Template {
                    methods: [Method::ClientSecret].into(),
                    ..Template::default()
                },
                limit: 1,
                expires_in: Span::days(1),
            })
            .await
            .token;
        let metadata = ClientMetadata::read(br#"{"client_name":"Runner 7"}"#, Purpose::New);
        let metadata = metadata.unwrap();
        let made = self.run(RegisterItself { token, metadata }).await;
        made.client.id.to_string()
    }

    /// Gives an API a type of authorization details with an amount.
    pub(crate) async fn define_detail_type(&self, api: &str, name: &str) {
        let schema = r#"{"properties":{"amount":{"type":"integer","minimum":1}}}"#;
        self.run(DefineDetailType {
            api: api.parse().unwrap(),
            name: name.parse().unwrap(),
            detail: TypeDetail {
                description: "Pay from one account".parse().unwrap(),
                schema: Schema::parse(schema).unwrap(),
            },
        })
        .await;
    }

    /// Registers a client that has a secret and nothing else.
    pub(crate) async fn client(&self, id: &str) -> Client<'_> {
        self.client_with_secret(id, None).await
    }

    /// Registers a client, perhaps with a secret that somebody chose.
    pub(crate) async fn client_with_secret(&self, id: &str, chosen: Option<&str>) -> Client<'_> {
        let mut registered = RegisterClient {
            id: Some(id.parse().unwrap()),
            name: "A client".parse().unwrap(),
            description: "".parse().unwrap(),
            owner: "".parse().unwrap(),
            token_lifetime: None,
            grants: BTreeMap::default(),
            default_scopes: ScopeSet::default(),
            introspects: BTreeSet::default(),
            rules: jeton::domain::client::ClientRules::default(),
            secret: NewSecret::default(),
        };
        registered.secret.value = chosen.map(|text| text.to_owned().into());
        let registered = self.run(registered).await;
        Client::new(self, id, registered.secret.reveal())
    }

    /// Makes a token by which clients register themselves; says its id.
    pub(crate) async fn registration_token(&self) -> String {
        let command = CreateRegistrationToken {
            note: "Build farm".parse().unwrap(),
            template: Template {
                methods: [Method::ClientSecret].into(),
                ..Template::default()
            },
            limit: 1,
            expires_in: Span::days(30),
        };
        self.run(command).await.token.id().to_string()
    }

    /// Somebody the server has never heard of.
    pub(crate) fn stranger(&self) -> Client<'_> {
        Client::new(self, "nobody", "jtn_nothing")
    }

    /// A request to be filled in.
    pub(crate) fn request(&self, method: &str, target: &str) -> Request<'_> {
        Request::new(self, method, target)
    }

    /// Reads a public document.
    pub(crate) async fn get(&self, target: &str) -> Reply {
        self.request("GET", target).send().await
    }

    /// Asks for a token with this form as it is.
    pub(crate) async fn post_form(&self, form: &str) -> Reply {
        self.request("POST", "/oauth2/token")
            .form(form)
            .send()
            .await
    }

    /// Sends what a client wrote, from an address of its own.
    pub(crate) async fn respond(&self, request: http::Request<Body>) -> Reply {
        let peer = Peer::Tcp(SocketAddr::from(([192, 0, 2, 7], 50_000)));
        self.respond_to(peer, request).await
    }

    /// What answers requests, for whoever serves it over a socket.
    pub(crate) fn edge(&self) -> Edge<Front> {
        self.edge.clone()
    }

    /// Sends what somebody wrote who is known to be `peer`.
    pub(crate) async fn respond_to(&self, peer: Peer, request: http::Request<Body>) -> Reply {
        Reply::read(self.begin_response_to(peer, request).await).await
    }

    /// The same, with nothing of the body read yet.
    pub(crate) async fn begin_response_to(
        &self,
        peer: Peer,
        mut request: http::Request<Body>,
    ) -> http::Response<Body> {
        let arrival = Arrival {
            peer,
            certificate: request.extensions_mut().remove(),
            limits: Limits::default(),
            refusal: None,
            is_too_much: false,
        };
        self.edge.respond(arrival, request).await
    }
}
