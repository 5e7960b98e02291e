//! Jeton among strangers: OAuth clients get tokens and resource servers accept them, each with its own library.
//!
//! Everything is real: the binary, its command line, its sockets, and the libraries that `tests/setup` installs.

pub(crate) mod asks;
pub(crate) mod assertions;
mod huskarl;
pub(crate) mod kit;
pub(crate) mod mcp;
mod prometheus;
pub(crate) mod registers;
mod snippets;
mod world;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::basic::BasicErrorResponseType;
use oauth2::{AuthType, TokenResponse};

use kit::{Ask, Auth, Client, Discovery, Program, Validator, the_oauth2_crate};
use world::{Credentials, SALES_ANALYTICS, World, assert_refused, claims, granted, part};

const CURL: Client = Client {
    program: Program::Curl,
    methods: &[Auth::Raw, Auth::Body],
};
const AUTHLIB: Client = python("client_authlib", &[Auth::Raw, Auth::Body]);
const REQUESTS_OAUTH2CLIENT: Client =
    python("client_requests_oauth2client", &[Auth::Raw, Auth::Body]);
const REQUESTS_OAUTHLIB: Client = python("client_requests_oauthlib", &[Auth::Raw, Auth::Body]);
const OPENID_CLIENT: Client = node("client_openid_client", &[Auth::Basic, Auth::Body]);
const OAUTH4WEBAPI: Client = node("client_oauth4webapi", &[Auth::Basic, Auth::Body]);
const SIMPLE_OAUTH2: Client = node(
    "client_simple_oauth2",
    &[Auth::Basic, Auth::Raw, Auth::Body],
);
const BADGATEWAY: Client = node("client_badgateway", &[Auth::Basic, Auth::Raw, Auth::Body]);
const GO: Client = Client {
    program: Program::Go("client_credentials"),
    methods: &[Auth::Basic, Auth::Body, Auth::Auto],
};
const JAVA: Client = Client {
    program: Program::Java("HttpClientPeer"),
    methods: &[Auth::Basic, Auth::Raw, Auth::Body, Auth::Challenge],
};

pub(crate) const CLIENTS: [Client; 10] = [
    CURL,
    AUTHLIB,
    REQUESTS_OAUTH2CLIENT,
    REQUESTS_OAUTHLIB,
    OPENID_CLIENT,
    OAUTH4WEBAPI,
    SIMPLE_OAUTH2,
    BADGATEWAY,
    GO,
    JAVA,
];

const ALGORITHMS: [&str; 4] = ["ES256", "RS256", "PS256", "EdDSA"];

pub(crate) const VALIDATORS: [Validator; 6] = [
    Validator {
        program: Program::Node("validator_jose"),
        algorithms: &ALGORITHMS,
    },
    Validator {
        program: Program::Node("validator_oauth4webapi"),
        algorithms: &ALGORITHMS,
    },
    Validator {
        program: Program::Node("validator_express_oauth2_jwt_bearer"),
        algorithms: &ALGORITHMS,
    },
    Validator {
        program: Program::Python("validator_pyjwt"),
        algorithms: &ALGORITHMS,
    },
    // Authlib takes only what joserfc recommends.
    Validator {
        program: Program::Python("validator_authlib"),
        algorithms: &["ES256", "RS256"],
    },
    Validator {
        program: Program::Go("go_oidc"),
        algorithms: &ALGORITHMS,
    },
];

#[test]
fn curl_gets_a_token_with_basic_and_with_the_body() {
    World::new().serves(&CURL);
}

#[test]
fn authlib_gets_a_token_with_basic_and_with_the_body() {
    World::new().serves(&AUTHLIB);
}

#[test]
fn requests_oauth2client_gets_a_token_with_basic_and_with_the_body() {
    World::new().serves(&REQUESTS_OAUTH2CLIENT);
}

#[test]
fn requests_oauthlib_gets_a_token_with_basic_and_with_the_body() {
    World::new().serves(&REQUESTS_OAUTHLIB);
}

#[test]
fn openid_client_gets_a_token_with_basic_and_with_the_body() {
    World::new().serves(&OPENID_CLIENT);
}

#[test]
fn openid_client_finds_the_server_by_either_metadata_document() {
    let world = World::new();

    for discovery in [Discovery::OpenId, Discovery::OAuth] {
        let answer = OPENID_CLIENT.ask(&Ask {
            discovery,
            ..world.ask(Auth::Basic)
        });

        world.assert_token(&answer, &format!("openid-client by {discovery:?}"));
    }
}

#[test]
fn oauth4webapi_gets_a_token_with_basic_and_with_the_body() {
    World::new().serves(&OAUTH4WEBAPI);
}

#[test]
fn simple_oauth2_gets_a_token_with_basic_and_with_the_body() {
    World::new().serves(&SIMPLE_OAUTH2);
}

#[test]
fn badgateway_gets_a_token_with_basic_and_with_the_body() {
    World::new().serves(&BADGATEWAY);
}

#[test]
fn golang_oauth2_gets_a_token_with_basic_and_with_the_body_and_by_trying_both() {
    World::new().serves(&GO);
}

#[test]
fn the_jdk_gets_a_token_with_basic_and_with_the_body_and_when_challenged() {
    World::new().serves(&JAVA);
}

#[tokio::test]
async fn the_oauth2_crate_gets_a_token_with_basic_and_with_the_body() {
    let world = World::new();

    for method in [AuthType::BasicAuth, AuthType::RequestBody] {
        let token = the_oauth2_crate(&world.ask(Auth::Basic), method)
            .await
            .unwrap();

        assert_eq!(token.expires_in().unwrap().as_secs(), 3600);
        assert_eq!(
            claims(token.access_token().secret())["aud"],
            SALES_ANALYTICS
        );
    }
}

#[tokio::test]
async fn the_oauth2_crate_understands_every_refusal() {
    let world = World::new();

    let ask = world.ask(Auth::Basic);
    let wrong = the_oauth2_crate(
        &Ask {
            secret: "wrong",
            ..ask
        },
        AuthType::BasicAuth,
    )
    .await;
    let greedy = the_oauth2_crate(
        &Ask {
            scope: "write:analytics",
            ..ask
        },
        AuthType::BasicAuth,
    )
    .await;

    assert_eq!(wrong.unwrap_err(), BasicErrorResponseType::InvalidClient);
    assert_eq!(greedy.unwrap_err(), BasicErrorResponseType::InvalidScope);
}

#[test]
fn every_client_library_understands_that_its_secret_is_wrong() {
    let world = World::new();

    for client in CLIENTS {
        // One for each: who guesses too often in one client's name is held back.
        let name = format!("For {}", client.program);
        let own = world.create_client(&name, &[SALES_ANALYTICS]);
        for auth in client
            .methods
            .iter()
            .filter(|auth| **auth != Auth::Challenge)
        {
            let answer = client.ask(&Ask {
                secret: "wrong",
                ..world.ask_as(&own, *auth)
            });

            assert_refused(
                &answer,
                "invalid_client",
                401,
                &format!("{} with {auth:?}", client.program),
            );
        }
    }
}

#[test]
fn every_client_library_understands_that_a_scope_is_not_granted() {
    let world = World::new();

    for client in CLIENTS {
        let answer = client.ask(&Ask {
            scope: "write:analytics",
            ..world.ask(client.methods[0])
        });

        assert_refused(&answer, "invalid_scope", 400, &client.program.to_string());
    }
}

#[test]
fn every_client_library_gets_all_it_may_have_when_it_asks_for_no_scope() {
    let world = World::new();

    for client in CLIENTS {
        let answer = client.ask(&Ask {
            scope: "",
            ..world.ask(client.methods[0])
        });

        world.assert_token(&answer, &client.program.to_string());
    }
}

#[test]
fn every_client_library_can_name_the_api_it_wants_a_token_for() {
    let world = World::new();
    world.create_api("https://reporting.test", "ES256");
    let auditor = world.create_client("Auditor", &[SALES_ANALYTICS, "https://reporting.test"]);

    let vague = CURL.ask(&world.ask_as(&auditor, Auth::Raw));

    assert_refused(
        &vague,
        "invalid_target",
        400,
        "naming no API where two would do",
    );
    for client in CLIENTS {
        let ask = Ask {
            resource: "https://reporting.test",
            ..world.ask_as(&auditor, client.methods[0])
        };
        let answer = client.ask(&ask);

        assert_eq!(
            claims(granted(&answer, &client.program.to_string()))["aud"],
            "https://reporting.test"
        );
    }
}

#[test]
fn a_secret_that_needs_no_encoding_works_raw_and_encoded() {
    let world = World::new();
    let plain = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };

    assert!(
        plain(&world.report_service.id),
        "{}",
        world.report_service.id
    );
    assert!(
        plain(&world.report_service.secret),
        "a secret has other characters than letters, digits, - and _"
    );
    for client in [SIMPLE_OAUTH2, BADGATEWAY, JAVA] {
        for auth in [Auth::Basic, Auth::Raw] {
            world.assert_token(
                &client.ask(&world.ask(auth)),
                &format!("{} with {auth:?}", client.program),
            );
        }
    }
}

#[test]
fn a_chosen_secret_of_special_characters_works_with_every_library_that_encodes_it() {
    let world = World::new();
    let chosen = world.create_client_with_secret("Legacy", "50%25 of: a+b & c=d/e, {f} ~ *g* (h)!");

    for client in CLIENTS {
        for auth in client
            .methods
            .iter()
            .filter(|auth| matches!(auth, Auth::Basic | Auth::Body | Auth::Auto))
        {
            let answer = client.ask(&world.ask_as(&chosen, *auth));

            world.assert_token(&answer, &format!("{} with {auth:?}", client.program));
        }
    }
}

#[test]
fn every_validator_accepts_a_token_of_every_algorithm() {
    let world = World::new();
    let apis = ALGORITHMS.map(|algorithm| {
        (
            algorithm,
            format!("https://{}.test", algorithm.to_lowercase()),
        )
    });
    for (algorithm, api) in &apis {
        world.create_api(api, algorithm);
    }
    let service = world.create_client("Everywhere", &apis.each_ref().map(|(_, api)| api.as_str()));

    for (algorithm, api) in &apis {
        let answer = CURL.ask(&Ask {
            resource: api,
            ..world.ask_as(&service, Auth::Raw)
        });
        let token = granted(&answer, algorithm);

        assert_eq!(part(token, 0)["alg"], *algorithm);
        for validator in VALIDATORS
            .iter()
            .filter(|validator| validator.algorithms.contains(algorithm))
        {
            let verified = validator.verify(world.server.issuer(), api, token);

            assert_eq!(
                verified,
                Ok(claims(token)),
                "{} of {algorithm}",
                validator.program
            );
        }
    }
}

#[test]
fn no_validator_accepts_a_token_that_is_for_another_api_or_was_changed() {
    let world = World::new();
    let answer = CURL.ask(&world.ask(Auth::Raw));
    let token = granted(&answer, "curl");
    let more = part(token, 1)
        .to_string()
        .replace("read:analytics", "write:analytics");
    let pieces: Vec<&str> = token.split('.').collect();
    let changed = format!(
        "{}.{}.{}",
        pieces[0],
        URL_SAFE_NO_PAD.encode(more),
        pieces[2]
    );

    for validator in VALIDATORS {
        let verify = |audience, token| validator.verify(world.server.issuer(), audience, token);

        assert!(
            verify(SALES_ANALYTICS, token).is_ok(),
            "{}",
            validator.program
        );
        assert!(
            verify("https://reporting.test", token).is_err(),
            "{}: another API",
            validator.program
        );
        assert!(
            verify(SALES_ANALYTICS, &changed).is_err(),
            "{}: changed",
            validator.program
        );
    }
}

const fn python(program: &'static str, methods: &'static [Auth]) -> Client {
    Client {
        program: Program::Python(program),
        methods,
    }
}

const fn node(program: &'static str, methods: &'static [Auth]) -> Client {
    Client {
        program: Program::Node(program),
        methods,
    }
}
