//! From where a client may authenticate, and how many tokens it may get.

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use super::super::{ClientHead, Named, Tab, address};
use crate::{
    admin::{
        evidence::{
            outside::{OutsideUse, in_words, outside},
            words::count,
        },
        input::{Edit, LimitsInput, QuotaInput},
        limits::LimitClient,
        refusal::{FieldErrors, Refusal},
    },
    app::AdminError,
    domain::{
        audit::Object,
        client::Client,
        limits::{QuotaMode, TokenQuota},
        permission::Permission,
        time::Timestamp,
    },
    store::UsageOf,
    web::console::{
        Console,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
        words::Moment,
    },
};

/// How many addresses outside are listed.
const LISTED: usize = 10;

#[derive(Template)]
#[template(path = "clients/settings/limits.html")]
struct LimitsPage {
    frame: Frame,
    head: ClientHead,
    sheet: Sheet,
    /// The quota as it is, in words.
    quota: Option<String>,
    is_watched: bool,
    /// How often it was exceeded, and when last.
    over: Option<(String, Moment)>,
    /// Who would be refused by what was filled in: a sentence, and the addresses.
    outside: Option<(String, Vec<(String, Moment)>)>,
}

impl LimitsPage {
    fn of(console: &Console, (frame, sheet): (Frame, Sheet), client: &Client) -> Self {
        let now = console.app.now();
        let quota = client.rules.limits.quota.as_ref();
        let over = console.app.over_quota(client);
        Self {
            frame,
            head: ClientHead::of(client, Tab::Settings, now).below("Limits"),
            sheet,
            quota: quota.map(ToString::to_string),
            is_watched: quota.is_some_and(|quota| quota.mode == QuotaMode::Watch),
            over: over.map(|over| (count(over.count, "request"), Moment::of(over.last, now))),
            outside: None,
        }
    }
}

pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::ReadClients)?;
    let frame = visitor.frame(Here::Clients).await;
    let sheet = Sheet::of(filled(&client));
    Ok(page::ok(&LimitsPage::of(&console, (frame, sheet), &client)))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    Named(client): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteClients)?;
    let again = |sheet| {
        let frame = visitor.plain_frame(Here::Clients);
        LimitsPage::of(&console, (frame, sheet), &client)
    };
    let refused =
        |errors: &FieldErrors| page::refused(&again(Sheet::refused(form.fields.clone(), errors)));
    let command = match read(&form.fields, &client) {
        Ok(command) => command,
        Err(errors) => return Ok(refused(&errors)),
    };
    if !form.fields.holds("even_if_used", "yes") {
        let uses = would_refuse(&console, &client, &command).await?;
        if !uses.is_empty() {
            let mut sheet = Sheet::of(form.fields);
            sheet.complain(
                "allowed_networks",
                "See who would be refused, and tick the box to save it all the same",
            );
            let mut page = again(sheet);
            page.outside = Some(told(&uses, console.app.now()));
            return Ok(page::refused(&page));
        }
    }
    let terms = form.terms(&console.app, Object::Client(client.id.clone()));
    let done = console.app.execute_on(visitor.actor(), terms, command);
    let path = format!("{}/settings", address(&client.id));
    match done.await {
        Ok(()) => {
            visitor
                .done(
                    &path,
                    Flash::done("Limits saved. They hold from the next request on."),
                )
                .await
        }
        Err(AdminError::Refusal(Refusal::Invalid(errors))) => Ok(refused(&errors)),
        Err(AdminError::Replayed(_)) => Ok(visitor.see(&path)),
        Err(error) => Err(error.into()),
    }
}

/// From where the client was answered lately and would not be any more.
async fn would_refuse(
    console: &Console,
    client: &Client,
    command: &LimitClient,
) -> Result<Vec<OutsideUse>, Trouble> {
    let networks = command.networks.as_ref();
    let Some(networks) = networks.filter(|it| **it != client.rules.limits.networks) else {
        return Ok(Vec::new());
    };
    let tally = console
        .app
        .usage(UsageOf::Client(client.id.clone()))
        .await?;
    Ok(outside(&client.id, networks, &tally, console.app.now()))
}

fn told(uses: &[OutsideUse], now: Timestamp) -> (String, Vec<(String, Moment)>) {
    let listed = uses.iter().take(LISTED);
    let listed = listed.map(|it| (it.address.to_string(), Moment::of(it.last, now)));
    (in_words(uses, now), listed.collect())
}

/// The form, as the client is.
fn filled(client: &Client) -> Fields {
    let mut fields = Fields::default();
    let limits = &client.rules.limits;
    fields.set("allowed_networks", limits.networks.texts().join("\n"));
    let quota = limits.quota.as_ref();
    let number =
        |of: fn(&TokenQuota) -> u32| quota.map_or_else(String::new, |quota| of(quota).to_string());
    fields.set("tokens", number(TokenQuota::tokens));
    fields.set("burst", number(TokenQuota::burst));
    fields.set("per", quota.map_or("minute", |quota| quota.per().as_str()));
    fields.set("mode", quota.map_or("watch", |quota| quota.mode.as_str()));
    fields
}

/// What was typed: networks and quota, both whole.
fn read(fields: &Fields, client: &Client) -> Result<LimitClient, FieldErrors> {
    let mut errors = FieldErrors::default();
    let networks = fields
        .text("allowed_networks")
        .split([' ', ',', '\n', '\r', '\t']);
    let networks = networks.filter(|text| !text.is_empty()).map(str::to_owned);
    let mut number = |name: &str| match fields.text(name) {
        "" => None,
        text => errors.check(
            name,
            text.parse::<u32>().map_err(|_| "write a number of tokens"),
        ),
    };
    let (tokens, burst) = (number("tokens"), number("burst"));
    let quota = if fields.has("tokens") {
        Edit::Set(QuotaInput {
            tokens: tokens.unwrap_or(1),
            per: fields.text("per").to_owned(),
            burst,
            mode: Some(fields.text("mode").to_owned()),
        })
    } else {
        Edit::Clear
    };
    let input = LimitsInput {
        allowed_networks: Edit::Set(networks.collect()),
        quota,
        even_if_used: false,
    };
    let parsed = input.parse(client.id.clone());
    if let Err(others) = &parsed {
        for (field, message) in others.iter() {
            errors.add(field.trim_start_matches("quota."), message);
        }
    }
    errors.finish()?;
    parsed
}
