//! Disabling, enabling, halting, resuming and removing an API. What stops something is asked about on a page of its own.

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::Response,
    routing::{get, post},
};

use super::{
    super::{
        Console,
        form::{Fields, Form, Sheet},
        page::{self, Flash, Frame, Here, Undo},
        trouble::Trouble,
        visit::Visitor,
        words::counted,
    },
    ApiHead, Named, Tab, act,
    head::{self, Holders},
};
use crate::{
    admin::{
        apis::{DisableApi, EnableApi, RemoveApi},
        halts::{HaltApi, ResumeApi},
        input::HaltInput,
    },
    domain::permission::Permission,
};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/apis/{id}/disable", get(ask_disable).post(disable))
        .route("/apis/{id}/enable", post(enable))
        .route("/apis/{id}/halt", get(ask_halt).post(halt))
        .route("/apis/{id}/resume", post(resume))
        .route("/apis/{id}/remove", get(ask_remove).post(remove))
}

#[derive(Template)]
#[template(path = "apis/disable.html")]
struct DisablePage {
    frame: Frame,
    head: ApiHead,
    holders: Holders,
    lifetime: String,
}

impl DisablePage {
    fn act(&self) -> String {
        match self.holders.count {
            0 => format!("Disable {}", self.head.name),
            n => format!("Disable and refuse {}", counted(n as u64, "client")),
        }
    }
}

#[derive(Template)]
#[template(path = "apis/halt.html")]
struct HaltPage {
    frame: Frame,
    head: ApiHead,
    holders: Holders,
    sheet: Sheet,
}

#[derive(Template)]
#[template(path = "apis/remove.html")]
struct RemovePage {
    frame: Frame,
    head: ApiHead,
    sheet: Sheet,
}

async fn ask_disable(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    Ok(page::ok(&DisablePage {
        frame: visitor.frame(Here::Apis).await,
        head: ApiHead::of(&api, Tab::Settings).below("Disable"),
        holders: head::holders(&console.app, &api, None),
        lifetime: api.token_lifetime.span().in_words(),
    }))
}

async fn disable(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let head = ApiHead::of(&api, Tab::Settings);
    let undo = Undo {
        path: head.to("/enable"),
        fields: Vec::new(),
        within: String::new(),
    };
    let text = format!("{} is disabled. No tokens are issued for it.", api.name);
    let flash = Flash::watch(text).with_undo(undo);
    let command = DisableApi {
        api: api.identifier.clone(),
    };
    let path = head.to("/settings");
    let told = (path.as_str(), flash);
    act((&console, &visitor), (&api, &form), command, told).await
}

async fn enable(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let path = ApiHead::of(&api, Tab::Settings).to("/settings");
    let text = format!("{} is enabled. Tokens are issued for it again.", api.name);
    let told = (path.as_str(), Flash::done(text));
    let command = EnableApi {
        api: api.identifier.clone(),
    };
    act((&console, &visitor), (&api, &form), command, told).await
}

async fn ask_halt(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    Ok(page::ok(&HaltPage {
        frame: visitor.frame(Here::Apis).await,
        head: ApiHead::of(&api, Tab::Settings).below("Halt"),
        holders: head::holders(&console.app, &api, None),
        sheet: Sheet::of(Fields::default()),
    }))
}

async fn halt(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    let head = ApiHead::of(&api, Tab::Settings);
    let input = HaltInput {
        reason: form.fields.text("reason").to_owned(),
    };
    let reason = match input.parse() {
        Ok(reason) => reason,
        Err(errors) => {
            return Ok(page::refused(&HaltPage {
                frame: visitor.plain_frame(Here::Apis),
                head: head.below("Halt"),
                holders: head::holders(&console.app, &api, None),
                sheet: Sheet::refused(form.fields, &errors),
            }));
        }
    };
    let undo = Undo {
        path: head.to("/resume"),
        fields: Vec::new(),
        within: String::new(),
    };
    let text = format!("{} is halted. No tokens are issued for it.", api.name);
    let told = (&*head.to("/settings"), Flash::watch(text).with_undo(undo));
    let command = HaltApi {
        api: api.identifier.clone(),
        reason,
    };
    act((&console, &visitor), (&api, &form), command, told).await
}

async fn resume(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let path = ApiHead::of(&api, Tab::Settings).to("/settings");
    let text = format!("{} is halted no more.", api.name);
    let told = (path.as_str(), Flash::done(text));
    let command = ResumeApi {
        api: api.identifier.clone(),
    };
    act((&console, &visitor), (&api, &form), command, told).await
}

async fn ask_remove(visitor: Visitor, Named(api): Named) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    Ok(page::ok(&RemovePage {
        frame: visitor.frame(Here::Apis).await,
        head: ApiHead::of(&api, Tab::Settings).below("Delete"),
        sheet: Sheet::of(Fields::default()),
    }))
}

async fn remove(
    State(console): State<Console>,
    visitor: Visitor,
    Named(api): Named,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteApis)?;
    if form.fields.text("name") != api.name.as_str() {
        let mut sheet = Sheet::of(form.fields);
        sheet.complain(
            "name",
            &format!("Type the name as it is written: {}", api.name),
        );
        return Ok(page::refused(&RemovePage {
            frame: visitor.plain_frame(Here::Apis),
            head: ApiHead::of(&api, Tab::Settings).below("Delete"),
            sheet,
        }));
    }
    let told = ("/apis", Flash::done(format!("{} is deleted.", api.name)));
    let command = RemoveApi {
        api: api.identifier.clone(),
    };
    act((&console, &visitor), (&api, &form), command, told).await
}
