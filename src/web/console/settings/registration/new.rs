//! A new registration token: what clients that come with it may ask for.

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use super::{address, binding, method, window};
use crate::{
    admin::{
        input::{GrantInput, RegistrationTokenInput, SpanInput},
        refusal::{FieldErrors, Refusal},
        registrations::{CreateRegistrationToken, Created},
    },
    app::{AdminError, App},
    domain::{
        api::{Api, Offer, Sensitivity},
        audit::Object,
        client::Binding,
        credential::Method,
        name::Place,
        order,
        permission::Permission,
        registration::Template as Allowed,
    },
    web::console::{
        Console,
        confirm::Confirmed,
        form::{Fields, Sheet},
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

#[derive(Template)]
#[template(path = "settings/registration/new.html")]
struct NewPage {
    frame: Frame,
    sheet: Sheet,
    apis: Vec<ApiChoice>,
    methods: Vec<(&'static str, &'static str)>,
    bindings: Vec<(&'static str, &'static str)>,
}

/// The fields, as the page has them: boxes that nobody ticked do not come with the form.
const ORDER: [&str; 9] = [
    "note",
    "limit",
    "expires_in",
    "scope",
    "methods",
    "token_binding",
    "secret_lifetime",
    "name_prefix",
    "owner",
];

/// An API, and the scopes of it that can be given.
struct ApiChoice {
    name: String,
    identifier: String,
    scopes: Vec<ScopeChoice>,
}

struct ScopeChoice {
    /// API and scope.
    value: String,
    name: String,
    opens: String,
    is_sensitive: bool,
}

impl ApiChoice {
    fn of(api: &Api) -> Self {
        let open = api.scopes.iter();
        let open = open.filter(|(_, about)| about.offer == Offer::Open);
        Self {
            name: api.name.to_string(),
            identifier: api.identifier.to_string(),
            scopes: open
                .map(|(scope, about)| ScopeChoice {
                    value: format!("{} {scope}", api.identifier),
                    name: scope.to_string(),
                    opens: about.description.to_string(),
                    is_sensitive: about.sensitivity == Sensitivity::Sensitive,
                })
                .collect(),
        }
    }
}

impl NewPage {
    fn of(console: &Console, frame: Frame, sheet: Sheet) -> Self {
        let registry = console.app.registry();
        let apis = registry.apis().filter(|api| !api.is_admin());
        let mut apis: Vec<ApiChoice> = apis
            .map(|api| ApiChoice::of(api))
            .filter(|api| !api.scopes.is_empty())
            .collect();
        order::by_key(&mut apis, |api| Place::of(&api.name));
        Self {
            frame,
            sheet,
            apis,
            methods: Allowed::METHODS.map(|it| (it.as_str(), method(it))).into(),
            bindings: Binding::ALL.map(|it| (it.as_str(), binding(it))).into(),
        }
    }
}

pub(super) async fn ask(
    State(console): State<Console>,
    visitor: Visitor,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteSettings)?;
    let mut fields = Fields::default();
    fields.set("expires_in", "24h");
    fields.set("limit", "1");
    fields.set("token_binding", Binding::Optional.as_str());
    for usual in [Method::ClientSecret, Method::PrivateKeyJwt] {
        fields.add("methods", usual.as_str());
    }
    let frame = visitor.frame(Here::Settings).await;
    Ok(page::ok(&NewPage::of(&console, frame, Sheet::of(fields))))
}

/// Whoever has the token lets programs in: only from somebody who was there a moment ago.
pub(super) async fn make(
    State(console): State<Console>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteSettings)?;
    let command = match read(&form.fields) {
        Ok(command) => command,
        Err(errors) => return Ok(again(&console, &visitor, form.fields, &errors)),
    };
    let terms = form.terms_of_new(&console.app);
    let visit = (visitor.name(), visitor.actor());
    let shown = |_: &App, it: &Created| {
        let text = it.token.reveal().to_owned();
        (window(it.token.id()), text.into())
    };
    let made = console
        .execute_showing(visit, (terms, command), shown)
        .await;
    match made {
        Ok(created) => Ok(visitor.see(&address(created.token.id()))),
        Err(AdminError::Replayed(Object::RegistrationToken(id))) => Ok(visitor.see(&address(&id))),
        Err(AdminError::Refusal(Refusal::Invalid(errors))) => {
            Ok(again(&console, &visitor, form.fields, &errors))
        }
        Err(error) => Err(error.into()),
    }
}

/// The command, or all that is wrong with it at once.
fn read(fields: &Fields) -> Result<CreateRegistrationToken, FieldErrors> {
    let mut errors = FieldErrors::default();
    let limit = fields
        .text("limit")
        .parse::<u32>()
        .map_err(|_| "how many clients is a number, such as 1 or 20");
    let limit = errors.check("limit", limit);
    if fields.all("methods").next().is_none() {
        errors.add("methods", "tick at least one way to authenticate");
    }
    let command = input(fields, limit).parse();
    if let Err(others) = &command {
        errors.merge(others.clone());
    }
    errors.finish()?;
    command
}

/// What was filled in, as the admin API would be told.
fn input(fields: &Fields, limit: Option<u32>) -> RegistrationTokenInput {
    let some = |name: &str| fields.has(name).then(|| fields.text(name).to_owned());
    let span = |name: &str| some(name).map(SpanInput::Text);
    let mut grants: Vec<GrantInput> = Vec::new();
    for (api, scope) in fields.all("scope").filter_map(|it| it.split_once(' ')) {
        match grants.iter_mut().find(|grant| grant.api == api) {
            Some(grant) => grant.scopes.push(scope.to_owned()),
            None => grants.push(GrantInput {
                api: api.to_owned(),
                scopes: vec![scope.to_owned()],
                ..GrantInput::default()
            }),
        }
    }
    RegistrationTokenInput {
        note: some("note"),
        expires_in: span("expires_in"),
        limit,
        grants,
        methods: fields.all("methods").map(str::to_owned).collect(),
        token_binding: some("token_binding"),
        secret_lifetime: span("secret_lifetime"),
        name_prefix: some("name_prefix"),
        owner: some("owner"),
    }
}

fn again(
    console: &Console,
    visitor: &Visitor,
    fields: Fields,
    errors: &FieldErrors,
) -> Response<Body> {
    let mut sheet = Sheet::in_order(fields, &ORDER);
    for (field, message) in errors.iter() {
        // Scopes are ticked: what is wrong with one is said where they stand.
        let field = if field.starts_with("grants") {
            "scope"
        } else {
            field
        };
        sheet.complain(field, message);
    }
    let frame = visitor.plain_frame(Here::Settings);
    page::refused(&NewPage::of(console, frame, sheet))
}
