//! Registration tokens, for people.

use serde::Deserialize;

use crate::cli::{
    client::{GrantView, granted},
    pen::Pen,
};

/// A registration token, as the admin API shows it.
#[derive(Deserialize)]
pub(super) struct TokenView {
    id: String,
    status: String,
    note: String,
    created_at: String,
    created_by: String,
    expires_at: String,
    limit: u32,
    used: u32,
    grants: Vec<GrantView>,
    methods: Vec<String>,
    #[serde(default)]
    token: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ListView {
    data: Vec<TokenView>,
}

pub(super) fn created(pen: &Pen, made: &TokenView) -> String {
    let token = made.token.as_deref().unwrap_or("shown before");
    let clients = match made.limit {
        1 => "one".to_owned(),
        several => several.to_string(),
    };
    let facts = pen.facts(&[
        ("token", pen.strong(token)),
        ("works until", pen.time(&made.expires_at)),
        ("clients", clients),
        ("may ask for", granted(&made.grants)),
        ("prove themselves by", made.methods.join("\n")),
        ("its id", made.id.clone()),
    ]);
    format!(
        "Whoever has this token registers clients, within what is said below.\n\n\
         {facts}\n\
         It is shown this once. See what it was used for, or stop it:\n  \
         jeton registration-token list\n  \
         jeton registration-token revoke {}\n",
        made.id
    )
}

pub(super) fn list(pen: &Pen, list: &ListView) -> String {
    let nothing = "There has been no registration token in the last 30 days. Make one:\n  \
                   jeton registration-token create --expires-in 24h";
    let row = |it: &TokenView| {
        let made = format!("{} by {}", pen.time(&it.created_at), it.created_by);
        [
            it.id.clone(),
            it.status.clone(),
            format!("{} of {}", it.used, it.limit),
            pen.time(&it.expires_at),
            made,
            it.note.clone(),
        ]
    };
    pen.table(
        ["token", "state", "clients", "works until", "made", "note"],
        list.data.iter().map(row).collect(),
        nothing,
    )
}

pub(super) fn revoked(_: &Pen, gone: &TokenView) -> String {
    format!(
        "No client can be registered with the token {} any more. Those that were stay.\n",
        gone.id
    )
}
