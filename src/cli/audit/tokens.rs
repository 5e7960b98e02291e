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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(data: &serde_json::Value) -> String {
        let list: ListView = serde_json::from_value(json!({ "data": data })).unwrap();
        let pen = Pen {
            now: "2026-11-23T19:30:00Z".parse().unwrap(),
            colours: false,
        };
        super::list(&pen, &list)
    }

    #[test]
    fn a_token_on_record_is_told_in_three_lines_and_whom_it_speaks_for_in_a_fourth() {
        let token = json!({
            "seq": 7, "at": "2026-11-23T19:00:00Z", "token_id": "7f3k2m9q", "client": "report-service",
            "secret": "7KQD2M4A", "api": "urn:sales", "scope": "read:analytics", "subject": "portal",
            "expires_at": "2026-11-23T20:00:00Z", "address": "192.0.2.9",
        });

        assert_eq!(
            said(&json!([token])),
            "     7  23 Nov 2026, 19:00 UTC (30 minutes ago)  7f3k2m9q  for urn:sales\n\
             \x20       read:analytics\n\
             \x20       to report-service with 7KQD2M4A from 192.0.2.9, until 23 Nov 2026, 20:00 UTC (in 30 minutes)\n\
             \x20       on behalf of portal\n"
        );
    }

    #[test]
    fn where_none_is_on_record_it_is_said_how_they_come_there() {
        assert!(said(&json!([])).contains("--audit-tokens durable"));
    }
}
