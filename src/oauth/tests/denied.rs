//! What is disabled, expired, taken away or halted is refused at every endpoint, whichever way the client proves
//! itself. Every kind of each is here because it is one of its enum: a new one does not compile without an answer.

mod ways;

use self::ways::{Way, ways};
use super::*;
use crate::{
    domain::{
        api::ApiStatus,
        client::ClientStatus,
        credential::Method,
        halt::Halt,
        limits::{Networks, Per, QuotaMode},
        policy::Policy,
        secret::{PlainSecret, Secret, SecretState},
    },
    oauth::{
        fixtures::{NOW, kept},
        introspection::{Form, introspect},
        revocation::revoke,
        token_exchange,
    },
};

const FRONT: &str = "https://front.example";
const BACK: &str = "https://back.example";

/// What a client that authenticates can ask for.
#[derive(Clone, Copy, Debug)]
enum Endpoint {
    ClientCredentials,
    TokenExchange,
    Introspection,
    Revocation,
}

impl Endpoint {
    const ALL: [Self; 4] = [
        Self::ClientCredentials,
        Self::TokenExchange,
        Self::Introspection,
        Self::Revocation,
    ];

    /// The API that it is about.
    fn api(self) -> &'static str {
        match self {
            Self::ClientCredentials | Self::TokenExchange => BACK,
            Self::Introspection | Self::Revocation => FRONT,
        }
    }
}

/// What is wrong: with the client, its credential, the API, what it was granted, the server.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    ClientDisabled,
    ClientRemoved,
    ClientElsewhere,
    CredentialRetired,
    CredentialRevoked,
    CredentialCancelled,
    CredentialExpired,
    ApiDisabled,
    ApiRemoved,
    ApiHalted,
    IssuanceHalted,
    GrantWithdrawn,
    QuotaUsedUp,
    /// All tokens that the caller and the client hold were revoked.
    TokensVoid,
}

impl Wrong {
    const ALL: [Self; 14] = [
        Self::ClientDisabled,
        Self::ClientRemoved,
        Self::ClientElsewhere,
        Self::CredentialRetired,
        Self::CredentialRevoked,
        Self::CredentialCancelled,
        Self::CredentialExpired,
        Self::ApiDisabled,
        Self::ApiRemoved,
        Self::ApiHalted,
        Self::IssuanceHalted,
        Self::GrantWithdrawn,
        Self::QuotaUsedUp,
        Self::TokensVoid,
    ];

    /// What comes of it.
    fn expected(self, endpoint: Endpoint) -> Answer {
        use Endpoint as E;
        match self {
            Self::ClientDisabled
            | Self::ClientRemoved
            | Self::ClientElsewhere
            | Self::CredentialRetired
            | Self::CredentialRevoked
            | Self::CredentialCancelled
            | Self::CredentialExpired => Answer::Refused(ErrorCode::InvalidClient),
            Self::ApiDisabled | Self::ApiRemoved => match endpoint {
                E::ClientCredentials | E::TokenExchange => {
                    Answer::Refused(ErrorCode::InvalidTarget)
                }
                E::Introspection => Answer::Inactive,
                E::Revocation => Answer::Done,
            },
            // A halt stops issuing, and nothing else.
            Self::ApiHalted | Self::IssuanceHalted | Self::QuotaUsedUp => match endpoint {
                E::ClientCredentials | E::TokenExchange => {
                    Answer::Refused(ErrorCode::TemporarilyUnavailable)
                }
                E::Introspection | E::Revocation => Answer::Done,
            },
            Self::GrantWithdrawn => match endpoint {
                E::ClientCredentials => Answer::Refused(ErrorCode::InvalidTarget),
                // It looks after the API no more that the caller's token is for.
                E::TokenExchange => Answer::Refused(ErrorCode::InvalidRequest),
                E::Introspection => Answer::Inactive,
                E::Revocation => Answer::Done,
            },
            Self::TokensVoid => match endpoint {
                E::ClientCredentials | E::Revocation => Answer::Done,
                E::TokenExchange => Answer::Refused(ErrorCode::InvalidRequest),
                E::Introspection => Answer::Inactive,
            },
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Answer {
    Refused(ErrorCode),
    /// It is answered, and the token asked about does not count.
    Inactive,
    Done,
}

/// A caller of the front, and its service, which may call the back.
struct Scene {
    world: World,
    /// A token of the caller for the front.
    called_with: String,
}

impl Scene {
    fn new() -> Self {
        let mut world = World::new();
        world.put_api(api(FRONT, "read"));
        world.put_api(api(BACK, "look"));
        let caller = world.put_client(client("caller", &[(FRONT, "read")]));
        let form = format!(
            "grant_type=client_credentials&client_id=caller&client_secret={}",
            escaped(&caller)
        );
        let called_with = answer(&world, None, &form).unwrap().access_token;
        Self { world, called_with }
    }

    /// The service proves itself so.
    fn serve(&mut self, way: &Way) {
        let mut service = client("service", &[(BACK, "look")]);
        service.introspects = [FRONT.parse().unwrap()].into();
        service.rules.token_exchange = true;
        let plain = PlainSecret::generate(&self.world.entropy);
        let secret = kept(&plain, way.proof.clone(), SecretState::Active);
        service.secrets.push(secret);
        self.world.replace_client(service);
    }

    fn edit(&mut self, id: &str, change: impl FnOnce(&mut Client)) {
        let mut edited = self.world.client(id);
        change(&mut edited);
        self.world.replace_client(edited);
    }

    fn edit_secret(&mut self, change: impl FnOnce(&mut Secret)) {
        self.edit("service", |client| change(&mut client.secrets[0]));
    }

    fn go_wrong(&mut self, wrong: Wrong, about: &str) {
        let state = |state| move |secret: &mut Secret| secret.state = state;
        match wrong {
            Wrong::ClientDisabled => {
                self.edit("service", |it| it.status = ClientStatus::Disabled(NOW));
            }
            Wrong::ClientRemoved => self.world.remove_client("service"),
            Wrong::ClientElsewhere => self.edit("service", |it| {
                it.rules.limits.networks =
                    Networks::try_from(vec!["192.0.2.0/24".to_owned()]).unwrap();
            }),
            Wrong::CredentialRetired => self.edit_secret(state(SecretState::Retired { at: NOW })),
            Wrong::CredentialRevoked => self.edit_secret(state(SecretState::Revoked { at: NOW })),
            Wrong::CredentialCancelled => {
                self.edit_secret(state(SecretState::Cancelled { at: NOW }));
            }
            Wrong::CredentialExpired => self.edit_secret(|it| it.expires = Some(NOW)),
            Wrong::ApiDisabled => self.edit_api(about, |it| it.status = ApiStatus::Disabled(NOW)),
            Wrong::ApiRemoved => self.world.remove_api(about),
            Wrong::ApiHalted => self.edit_api(about, |it| it.rules.halt = Some(halt())),
            Wrong::IssuanceHalted => self.world.put_policy(Policy {
                halt: Some(halt()),
                ..Policy::default()
            }),
            Wrong::GrantWithdrawn => self.edit("service", |it| {
                it.grants.clear();
                it.introspects.clear();
            }),
            Wrong::QuotaUsedUp => self.edit("service", |it| {
                let quota = TokenQuota::new(1, Per::Hour, None, QuotaMode::Enforce);
                it.rules.limits.quota = Some(quota.unwrap());
            }),
            Wrong::TokensVoid => {
                self.edit("caller", |it| it.tokens_void_until = Some(NOW));
                self.edit("service", |it| it.tokens_void_until = Some(NOW));
            }
        }
    }

    fn edit_api(&mut self, identifier: &str, change: impl FnOnce(&mut Api)) {
        let found = self.world.registry.find_api(&identifier.parse().unwrap());
        let mut edited = Api::clone(found.unwrap());
        change(&mut edited);
        self.world.put_api(edited);
    }

    /// Asks this endpoint so. Nothing is left of any quota.
    fn ask(&self, endpoint: Endpoint, way: &Way) -> Answer {
        let form = match endpoint {
            Endpoint::ClientCredentials => {
                format!("grant_type=client_credentials&resource={}", escaped(BACK))
            }
            Endpoint::TokenExchange => format!(
                "grant_type={}&subject_token={}&subject_token_type={}&resource={}",
                escaped(token_exchange::GRANT_TYPE),
                escaped(&self.called_with),
                escaped(token_exchange::ACCESS_TOKEN),
                escaped(BACK)
            ),
            Endpoint::Introspection => format!("token={}", escaped(&self.called_with)),
            Endpoint::Revocation => "token=nobody%27s".to_owned(),
        };
        let body = format!("{form}{}", way.form);
        let header = way.header.as_ref();
        let request = Request {
            certificate: way.certificate.as_ref(),
            ..Request::new(
                header.map_or(Header::Absent, |value| Header::One(value.as_bytes())),
                body.as_bytes(),
            )
        };
        let context = Context {
            remembers: &|_, _| true,
            slow_hashes: SlowHashes::Checked,
            take: &|_, _| Err(Span::hours(1)),
            ..self.world.context()
        };
        let registry = &self.world.registry;
        let done = match endpoint {
            Endpoint::ClientCredentials | Endpoint::TokenExchange => {
                token(registry, &request, &context).map(|_| true)
            }
            Endpoint::Introspection => {
                introspect(registry, &request, &context, Form::Plain).map(|it| it.is_active)
            }
            Endpoint::Revocation => revoke(registry, &request, &context).map(|_| true),
        };
        match done {
            Ok(true) => Answer::Done,
            Ok(false) => Answer::Inactive,
            Err(refused) => Answer::Refused(refused.reason.code()),
        }
    }
}

fn halt() -> Halt {
    Halt {
        since: NOW,
        reason: "a key may be known".parse().unwrap(),
        by: "system:test".to_owned(),
    }
}

/// P1
#[test]
fn what_does_not_count_any_more_opens_nothing_anywhere() {
    let mut cases = 0;
    for method in Method::ALL {
        for way in ways(method, &World::new()) {
            assert_eq!(way.proof.method(), method, "{}", way.name);
            for endpoint in Endpoint::ALL {
                let mut scene = Scene::new();
                scene.serve(&way);
                assert_eq!(
                    scene.ask(endpoint, &way),
                    Answer::Done,
                    "{endpoint:?} by {}: nothing is wrong",
                    way.name
                );
                for wrong in Wrong::ALL {
                    let mut scene = Scene::new();
                    scene.serve(&way);
                    scene.go_wrong(wrong, endpoint.api());

                    let found = scene.ask(endpoint, &way);

                    let expected = wrong.expected(endpoint);
                    assert_eq!(found, expected, "{endpoint:?} by {}: {wrong:?}", way.name);
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 8 * 4 * 14);
}
