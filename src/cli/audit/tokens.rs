//! `jeton audit tokens`: to whom tokens were issued, if they are put on record.

use std::fmt::Write;

use clap::Args;
use serde::Deserialize;

use crate::cli::{
    desk::{Desk, with_query},
    failure::Failure,
    pen::Pen,
};

/// Which tokens.
#[derive(Args, Debug)]
pub(crate) struct Tokens {
    /// Only the token with this `jti`.
    #[arg(long, value_name = "JTI")]
    token_id: Option<String>,
    /// Only tokens of this client, or that speak for it.
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Only tokens for this API.
    #[arg(long, value_name = "AUDIENCE")]
    api: Option<String>,
    /// Only from this time on: 2026-11-23T19:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only until this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only records with a smaller number: further back.
    #[arg(long, value_name = "N")]
    before: Option<String>,
    /// How many at most, 1 to 200.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=200))]
    limit: u8,
}

#[derive(Deserialize)]
struct ListView {
    data: Vec<TokenView>,
}

#[derive(Deserialize)]
struct TokenView {
    seq: u64,
    at: String,
    token_id: String,
    client: String,
    secret: String,
    api: String,
    scope: String,
    subject: Option<String>,
    expires_at: String,
    address: String,
}

impl Tokens {
    /// Lists them.
    pub(super) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let limit = self.limit.to_string();
        let parameters = [
            ("token_id", self.token_id.as_deref()),
            ("client", self.client.as_deref()),
            ("api", self.api.as_deref()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
            ("before", self.before.as_deref()),
            ("limit", Some(&*limit)),
        ];
        let found = desk.get(&with_query("/audit/tokens", parameters)).await?;
        desk.answer(&found, list)
    }
}

fn list(pen: &Pen, list: &ListView) -> String {
    if list.data.is_empty() {
        return "No token on record is like that. Tokens are put on record while the server runs with \
                --audit-tokens durable.\n"
            .to_owned();
    }
    let entries: Vec<String> = list.data.iter().map(|it| it.in_words(pen)).collect();
    entries.join("\n")
}

impl TokenView {
    fn in_words(&self, pen: &Pen) -> String {
        let mut text = format!(
            "{:>6}  {}  {}  for {}\n        {}\n        to {} with {} from {}, until {}\n",
            self.seq,
            pen.time(&self.at),
            pen.strong(&self.token_id),
            self.api,
            self.scope,
            self.client,
            self.secret,
            self.address,
            pen.time(&self.expires_at),
        );
        if let Some(subject) = &self.subject {
            let _ = writeln!(text, "        on behalf of {subject}");
        }
        text
    }
}
