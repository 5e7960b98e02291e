//! What needs attention about a client, as pages show it; put off and brought back.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::Response,
    routing::{get, post},
};

use super::{ClientHead, Named, Tab, address};
use crate::{
    admin::{
        evidence::{
            attention::{self, Act, Attention, Level, Rule},
            server::{ServerAttention, ServerRule},
        },
        input::{PostponeInput, SpanInput},
        marks::RecallAttention,
    },
    domain::{client::Client, id::ClientId, permission::Permission},
    web::console::{
        Console,
        act::carry_out,
        form::{Fields, Form, Sheet},
        marked::{Marked, led_by_code, long},
        page::{self, Flash, Frame, Here, Undo},
        trouble::Trouble,
        visit::Visitor,
        words::date,
    },
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route(
            "/clients/{id}/attention/{rule}/postpone",
            get(ask).post(postpone),
        )
        .route("/clients/{id}/attention/{rule}/recall", post(recall))
}

/// What is the matter with a client, or with the server, and the way to deal with it.
pub(in crate::web::console) struct Finding {
    /// How it looks.
    pub(in crate::web::console) look: Look,
    /// What the client is called.
    pub(in crate::web::console) client: String,
    /// Its page, below the console's path.
    pub(in crate::web::console) path: String,
    /// What is the matter, in a sentence.
    pub(in crate::web::console) reason: Marked,
    /// What the button says.
    pub(in crate::web::console) act: &'static str,
    /// Where it leads, below the console's path.
    pub(in crate::web::console) act_path: String,
    /// Whether something stops.
    pub(in crate::web::console) is_danger: bool,
    /// Whether it changes secrets: whoever may not only looks at the client.
    pub(in crate::web::console) is_change: bool,
    /// Where it is put off, below the console's path; empty if it can't be put off.
    pub(in crate::web::console) postpone_path: String,
}

/// A rule as a badge: word, icon and tone.
#[derive(Clone, Copy)]
pub(in crate::web::console) struct Look {
    pub(in crate::web::console) word: &'static str,
    pub(in crate::web::console) icon: &'static str,
    pub(in crate::web::console) tone: &'static str,
}

impl Finding {
    /// That of what was found.
    pub(in crate::web::console) fn of(found: &Attention) -> Self {
        let path = address(&found.client);
        Self {
            look: Look::of(found.rule, found.level),
            client: found.name.to_string(),
            act_path: format!("{path}{}", below(&found.act)),
            reason: told(found.rule, &found.reason),
            act: found.act.words(),
            is_danger: matches!(found.act, Act::Revoke(_)),
            is_change: matches!(
                found.act,
                Act::Revoke(_) | Act::MakeSecret | Act::Rotate | Act::Extend | Act::Retire(_)
            ),
            postpone_path: mark_path(&found.client, found.rule, "postpone"),
            path,
        }
    }
}

/// What is the matter; where it is about a scope, the sentence begins with it.
pub(in crate::web::console) fn told(rule: Rule, reason: &str) -> Marked {
    match rule {
        Rule::TooBroad => led_by_code(reason),
        Rule::Leaked
        | Rule::Broken
        | Rule::Deadline
        | Rule::Expiring
        | Rule::Finish
        | Rule::Guessing
        | Rule::Unused
        | Rule::Old => long(reason),
    }
}

/// Where an act is done, below the client's own page.
fn below(act: &Act) -> String {
    match act {
        Act::Revoke(secret) => format!("/credentials/{secret}/revoke"),
        Act::MakeSecret | Act::Rotate => "/credentials/rotate".to_owned(),
        Act::Extend => "/credentials".to_owned(),
        Act::Retire(_) => "/credentials/retire".to_owned(),
        Act::OpenActivity => "/activity".to_owned(),
        Act::ReviewClient => "/settings".to_owned(),
        Act::ReviewAccess => "/access".to_owned(),
    }
}

/// Where a rule of a client is put off, or brought back.
pub(in crate::web::console) fn mark_path(client: &ClientId, rule: Rule, act: &str) -> String {
    format!("{}/attention/{}/{act}", address(client), rule.as_str())
}

impl Look {
    /// That of what a rule found at a level.
    pub(in crate::web::console) const fn of(rule: Rule, level: Level) -> Self {
        let icon = match rule {
            Rule::Leaked => "badge-alert",
            Rule::Broken => "circle-x",
            Rule::Deadline | Rule::Expiring => "clock-alert",
            Rule::Finish => "refresh-cw",
            Rule::Guessing => "shield-alert",
            Rule::Unused => "circle-dashed",
            Rule::TooBroad => "list-checks",
            Rule::Old => "hourglass",
        };
        let tone = if matches!((rule, level), (Rule::Finish, Level::Notice)) {
            "info"
        } else {
            tone(level)
        };
        Self {
            word: rule.words(),
            icon,
            tone,
        }
    }

    /// That of what is the matter with the server.
    pub(in crate::web::console) const fn of_server(found: &ServerAttention) -> Self {
        let icon = match found.rule {
            ServerRule::DiskFull
            | ServerRule::ChangesNotSaved
            | ServerRule::UsageNotSaved
            | ServerRule::CheckpointsNotWritten
            | ServerRule::BackupFailed => "triangle-alert",
            ServerRule::ClockBehind
            | ServerRule::DiskFailed
            | ServerRule::DataFileMoved
            | ServerRule::CertificateMissing
            | ServerRule::CertificateExpired => "circle-x",
            ServerRule::IssuanceHalted | ServerRule::ApiHalted => "pause",
            ServerRule::Guessing => "shield-alert",
            ServerRule::CertificateNotRenewed
            | ServerRule::CertificateEndsSoon
            | ServerRule::BackupOverdue => "clock-alert",
        };
        Self {
            word: found.rule.words(),
            icon,
            tone: tone(found.level),
        }
    }
}

/// The colour of a level.
const fn tone(level: Level) -> &'static str {
    match level {
        Level::Danger => "bad",
        Level::Warning => "warn",
        Level::Notice => "old",
    }
}

#[derive(Template)]
#[template(path = "clients/postpone.html")]
struct PostponePage {
    frame: Frame,
    head: ClientHead,
    look: Look,
    /// What is the matter, in a sentence.
    reason: Marked,
    /// How bad it is, as the form has it.
    level: &'static str,
    /// Where the form goes.
    path: String,
    sheet: Sheet,
}

impl PostponePage {
    /// The page for what `rule` finds now; nothing if it finds nothing any more.
    async fn of(
        (console, visitor): (&Console, &Visitor),
        (client, rule): (&Client, Rule),
        sheet: Sheet,
    ) -> Result<Self, Trouble> {
        let overview = console.app.overview().await?;
        let found = attention::find(rule, client, &console.app.lookout(&overview));
        let found =
            found.ok_or_else(|| Trouble::conflict("This is over: nothing is left to put off."))?;
        let head = ClientHead::of(client, Tab::Overview, console.app.now());
        Ok(Self {
            frame: visitor.frame(Here::Clients).await,
            head: head.below("Postpone"),
            look: Look::of(rule, found.level),
            reason: told(rule, &found.reason),
            level: found.level.as_str(),
            path: mark_path(&client.id, rule, "postpone"),
            sheet,
        })
    }
}

fn named(word: &str) -> Result<Rule, Trouble> {
    Rule::find_by_word(word).ok_or_else(|| Trouble::missing("rule", word))
}

async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    Path((_, rule)): Path<(String, String)>,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let mut fields = Fields::default();
    fields.set("for", "7d");
    let about = (&*client, named(&rule)?);
    let page = PostponePage::of((&console, &visitor), about, Sheet::of(fields)).await?;
    Ok(page::ok(&page))
}

async fn postpone(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    Path((_, rule)): Path<(String, String)>,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let rule = named(&rule)?;
    let level = Level::find_by_word(form.fields.text("level")).ok_or_else(Trouble::malformed)?;
    let input = PostponeInput {
        lasting: match form.fields.text("for") {
            "worse" => None,
            span => Some(SpanInput::Text(span.to_owned())),
        },
        note: Some(form.fields.text("note").to_owned()),
    };
    let now = console.app.now();
    let command = match input.parse(client.id.clone(), (rule, level), now) {
        Ok(command) => command,
        Err(errors) => {
            let sheet = Sheet::refused(form.fields, &errors);
            let page = PostponePage::of((&console, &visitor), (&client, rule), sheet).await?;
            return Ok(page::refused(&page));
        }
    };
    let what = format!("{} of {}", rule.words(), client.name);
    let text = match command.until {
        Some(until) => format!(
            "{what} is postponed. It comes back on {}, or sooner if it gets worse.",
            date(until, now)
        ),
        None => format!("{what} is dismissed. It comes back if it gets worse."),
    };
    let terms = form.terms_of_new(&console.app);
    carry_out((&console, &visitor), terms, command).await?;
    let undo = Undo {
        path: mark_path(&client.id, rule, "recall"),
        fields: Vec::new(),
        within: String::new(),
    };
    visitor.done("", Flash::done(text).with_undo(undo)).await
}

async fn recall(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    Path((_, rule)): Path<(String, String)>,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let rule = named(&rule)?;
    let command = RecallAttention {
        client: client.id.clone(),
        rule: rule.name(),
    };
    let terms = form.terms_of_new(&console.app);
    carry_out((&console, &visitor), terms, command).await?;
    let text = format!("{} of {} is back.", rule.words(), client.name);
    visitor.done("", Flash::done(text)).await
}
