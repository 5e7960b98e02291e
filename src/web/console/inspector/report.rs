//! What is told of a token.

use serde_json::Value;

use super::{
    super::{Console, form::Fields, words::Moment},
    findings::{Finding, findings, verdict},
};
use crate::{
    domain::{registry::Registry, time::Timestamp},
    oauth::inspection::{
        Inspection, Wanted,
        claims::{CLAIMS, Claim, HEADER, explained},
    },
};

/// What is told of a token.
pub(super) struct TokenReport {
    /// All of it in a sentence.
    pub(super) verdict: Finding,
    /// One thing that is checked, each.
    pub(super) findings: Vec<Finding>,
    /// Its header, member by member.
    pub(super) header: Vec<Member>,
    /// Its claims.
    pub(super) claims: Vec<Member>,
    /// The APIs that may be asked about, and which is.
    pub(super) apis: Vec<Choice>,
    /// The scope that is asked about.
    pub(super) scope: String,
    /// Why the API would refuse it.
    pub(super) refusal: Option<Refusal>,
}

/// A member of a header or of claims.
pub(in crate::web::console) struct Member {
    /// Its name, value and meaning.
    pub(in crate::web::console) claim: Claim,
    /// If it is a moment: which.
    pub(in crate::web::console) moment: Option<Moment>,
}

/// The members of a header or of claims, with what is known of their meaning.
pub(in crate::web::console) fn members(
    of: &Value,
    known: &'static [(&str, &str)],
    now: Timestamp,
) -> Vec<Member> {
    let member = |claim: Claim| Member {
        moment: claim.moment.map(|at| Moment::of(at, now)),
        claim,
    };
    explained(of, known).into_iter().map(member).collect()
}

/// An API to ask about.
pub(super) struct Choice {
    /// Its audience.
    pub(super) audience: String,
    /// What it is called.
    pub(super) name: String,
    /// Whether it is the one.
    pub(super) is_chosen: bool,
}

/// What an API would say to a token.
pub(super) struct Refusal {
    /// What it is called.
    pub(super) api: String,
    /// Why it would refuse it; if for no reason, it would take it.
    pub(super) reasons: Vec<String>,
    /// What it would not notice without asking this server.
    pub(super) unnoticed: Vec<String>,
}

impl TokenReport {
    /// What is told of `token` to who filled in `fields`.
    pub(super) fn of(token: &Inspection, console: &Console, fields: &Fields) -> Self {
        let registry = console.app.registry();
        let now = console.app.now();
        let audience = token.text("aud").unwrap_or_default();
        let asked = match fields.text("api") {
            "" => audience,
            asked => asked,
        };
        Self {
            verdict: verdict(token, now),
            findings: findings(token, &registry, console, now),
            header: members(&token.header, HEADER, now),
            claims: members(&token.claims, CLAIMS, now),
            apis: choices(&registry, asked),
            scope: fields.text("scope").to_owned(),
            refusal: fields
                .has("why")
                .then(|| refusal(token, &registry, console, (asked, fields.text("scope"))))
                .flatten(),
        }
    }
}

fn choices(registry: &Registry, asked: &str) -> Vec<Choice> {
    let apis = registry.apis();
    apis.map(|api| Choice {
        is_chosen: api.identifier.as_str() == asked,
        audience: api.identifier.to_string(),
        name: api.name.to_string(),
    })
    .collect()
}

fn refusal(
    token: &Inspection,
    registry: &Registry,
    console: &Console,
    (api, scope): (&str, &str),
) -> Option<Refusal> {
    let api = registry.find_api(&api.parse().ok()?)?;
    let wanted = Wanted {
        issuer: console.app.issuer(),
        api,
        scope: Some(scope).filter(|scope| !scope.is_empty()),
        now: console.app.now(),
    };
    let reasons = token.objections(&wanted);
    Some(Refusal {
        api: api.name.to_string(),
        unnoticed: if reasons.is_empty() {
            token.changes_since(registry)
        } else {
            Vec::new()
        },
        reasons,
    })
}
