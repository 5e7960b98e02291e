//! `jeton key`: the keys that sign tokens.

use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    desk::{Desk, object, path},
    failure::Failure,
    pen::Pen,
};

/// See and manage the keys that sign tokens.
///
/// Keys are rotated by themselves: a new one is published 7 days before it signs, signs for 90 days,
/// and stays published until its last token has expired.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  jeton key list
  jeton key generate --when soon")]
pub(crate) enum KeyCommand {
    /// List the keys, with their age and what comes next.
    #[command(after_help = "Example:\n  jeton key list")]
    List,
    /// Make a key that takes over from the present one.
    #[command(after_help = "\
Examples:
  jeton key generate
  jeton key generate --alg RS256 --when soon")]
    Generate(Generate),
    /// Let a pending key sign earlier than planned.
    #[command(after_help = "\
Example:
  jeton key activate NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")]
    Activate(Activate),
    /// Withdraw a pending key, or forget a retired one.
    #[command(after_help = "\
Example:
  jeton key retire NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")]
    Retire(Named),
    /// Take a compromised key out at once: no API accepts its tokens once it has fetched the keys anew.
    #[command(after_help = "\
Example:
  jeton key revoke NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")]
    Revoke(Named),
}

/// What key to make, and when it takes over.
#[derive(Args, Debug)]
pub(crate) struct Generate {
    /// What it signs with: ES256, RS256, PS256 or `EdDSA`. ES256, if not given.
    #[arg(long, value_name = "ALGORITHM")]
    alg: Option<String>,
    /// When it takes over.
    #[arg(long, value_name = "WHEN", default_value = "scheduled")]
    when: When,
}

/// When a key takes over.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum When {
    /// In 7 days, when every API has fetched it.
    Scheduled,
    /// In 10 minutes: twice as long as APIs may keep the old set of keys.
    Soon,
    /// At once: an API that has not fetched it yet refuses its tokens.
    Now,
}

/// When a pending key takes over.
#[derive(Args, Debug)]
pub(crate) struct Activate {
    #[command(flatten)]
    key: Named,
    /// When it takes over.
    #[arg(long, value_name = "WHEN", default_value = "soon")]
    when: Earlier,
}

/// When a pending key takes over.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Earlier {
    /// As soon as it has been published for 10 minutes.
    Soon,
    /// At once: an API that has not fetched it yet refuses its tokens.
    Now,
}

/// Which key.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The key's id.
    // A thumbprint (RFC 7638) in base64url: one in 64 begins with a dash.
    #[arg(value_name = "KID", allow_hyphen_values = true)]
    kid: String,
}

impl KeyCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::List => desk.answer(&in_order(desk.all("/keys").await?), list),
            Self::Generate(Generate { alg, when }) => {
                let when = match when {
                    When::Scheduled => "scheduled",
                    When::Soon => "soon",
                    When::Now => "now",
                };
                let algorithm = alg.map(Value::from);
                let body = object([("algorithm", algorithm), ("when", Some(json!(when)))]);
                desk.answer(&desk.post("/keys", body).await?, |pen, key| {
                    one(pen, "A key is made and published.", key)
                })
            }
            Self::Activate(Activate { key, when }) => {
                let when = match when {
                    Earlier::Soon => "soon",
                    Earlier::Now => "now",
                };
                let key = desk
                    .post(
                        &path(["keys", &key.kid, "activate"]),
                        json!({ "when": when }),
                    )
                    .await?;
                desk.answer(&key, |pen, key| {
                    one(pen, "The key takes over earlier.", key)
                })
            }
            Self::Retire(Named { kid }) => {
                let key = desk
                    .post(&path(["keys", &kid, "retire"]), json!({}))
                    .await?;
                desk.answer(&key, |pen, key| one(pen, "The key is withdrawn.", key))
            }
            Self::Revoke(Named { kid }) => {
                let key = desk
                    .post(&path(["keys", &kid, "revoke"]), json!({}))
                    .await?;
                desk.answer(&key, |pen, key| one(pen, REVOKED, key))
            }
        }
    }
}

const REVOKED: &str = "The key is revoked and left the set of keys at once. A replacement signs from now \
on. APIs refuse the old key's tokens when they fetch the keys anew, within five minutes as a rule; until \
then, and where keys are kept longer, restart them.";

#[derive(Deserialize)]
struct KeyView {
    kid: String,
    algorithm: String,
    age: String,
    published_at: String,
    active_from: String,
    stops_signing_at: Option<String>,
    leaves_jwks_at: Option<String>,
}

#[derive(Deserialize)]
struct ListView {
    data: Vec<KeyView>,
}

impl KeyView {
    fn next(&self, pen: &Pen) -> String {
        let leaves = self.leaves_jwks_at.as_deref().map(|at| pen.time(at));
        match self.age.as_str() {
            "pending" => format!("signs from {}", pen.time(&self.active_from)),
            "active" => match self.stops_signing_at.as_deref() {
                Some(at) => format!("signs until {}", pen.time(at)),
                None => "signs until another takes over".to_owned(),
            },
            "retiring" => format!(
                "verifies until {}",
                leaves.unwrap_or_else(|| "its last token expires".to_owned())
            ),
            _ => leaves
                .map(|at| format!("gone since {at}"))
                .unwrap_or_default(),
        }
    }
}

/// By algorithm, and the one that signed first first.
fn in_order(mut keys: Value) -> Value {
    let order =
        |key: &Value| ["algorithm", "active_from", "kid"].map(|member| key[member].to_string());
    if let Some(keys) = keys["data"].as_array_mut() {
        keys.sort_by_cached_key(order);
    }
    keys
}

fn list(pen: &Pen, list: &ListView) -> String {
    let row = |key: &KeyView| {
        let next = key.next(pen);
        [
            key.kid.clone(),
            key.algorithm.clone(),
            key.age.clone(),
            next,
        ]
    };
    let rows = list.data.iter().map(row).collect();
    pen.table(
        ["kid", "algorithm", "age", "what comes next"],
        rows,
        "No keys.",
    )
}

fn one(pen: &Pen, opening: &str, key: &KeyView) -> String {
    let facts = pen.facts(&[
        ("kid", key.kid.clone()),
        ("algorithm", key.algorithm.clone()),
        ("age", key.age.clone()),
        ("published", pen.time(&key.published_at)),
        ("next", key.next(pen)),
    ]);
    format!("{opening}\n\n{facts}")
}
