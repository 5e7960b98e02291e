//! What is done to operators: another role, disabled, enabled, removed, sessions ended.

use axum::{
    body::Body,
    extract::{Path, State},
    http::Response,
};

use super::{above, named, person::role_in_words};
use crate::{
    admin::{
        command::Command,
        operators::{
            DisableOperator, EditOperator, EnableOperator, RemoveOperator, sessions::EndSessions,
        },
    },
    domain::{
        audit::Object, id::OperatorId, operator::Operator, permission::Permission, permission::Role,
    },
    web::console::{
        Console,
        act::{ActPage, carry_out},
        confirm::Confirmed,
        form::Form,
        page::{Flash, Here},
        trouble::Trouble,
        visit::Visitor,
        words::counted,
    },
};

/// Runs a command on the operator of a form, and says whether it was done now.
async fn run<C: Command>(
    console: &Console,
    (visitor, form): (&Visitor, &Form),
    id: &OperatorId,
    command: C,
) -> Result<Option<C::Outcome>, Trouble> {
    let terms = form.terms(&console.app, Object::Operator(id.clone()));
    Ok(carry_out((console, visitor), terms, command).await?)
}

/// Forgets sessions that count for nothing any more.
async fn forget_sessions(console: &Console, id: &OperatorId) -> Result<u64, Trouble> {
    Ok(console.app.sessions().end_all_of(id, None).await?)
}

fn find(console: &Console, id: &OperatorId) -> Result<std::sync::Arc<Operator>, Trouble> {
    let registry = console.app.registry();
    let found = registry.find_operator(id).cloned();
    found.ok_or_else(|| Trouble::missing("operator", id.as_str()))
}

pub(super) async fn change_role(
    State(console): State<Console>,
    Path(id): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    let id = named(&id)?;
    let before = find(&console, &id)?;
    let Ok(role) = form.fields.text("role").parse::<Role>() else {
        return Err(Trouble::unacceptable("Choose a role."));
    };
    let path = format!("/operators/{id}");
    if role == before.role {
        return Ok(visitor.see(&path));
    }
    let command = EditOperator {
        role: Some(role),
        ..EditOperator::of(id.clone())
    };
    let done = run(&console, (&visitor, &form), &id, command).await?;
    if done.is_none() {
        return Ok(visitor.see(&path));
    }
    forget_sessions(&console, &id).await?;
    let text = format!(
        "{} is {} now. Their sessions ended; they sign in again.",
        before.name,
        with_article(role)
    );
    visitor.done(&path, Flash::done(text)).await
}

fn with_article(role: Role) -> String {
    let word = role_in_words(role);
    let article = if word.starts_with(['A', 'O']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {word}")
}

pub(super) async fn ask_disable(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response<Body>, Trouble> {
    let mut effects = vec![
        "They can’t sign in until somebody enables the account again.".to_owned(),
        "Clients, secrets and scopes stay as they are.".to_owned(),
    ];
    let page = ask(&console, &visitor, &id, "disable").await?;
    effects.extend(page.effects);
    Ok(ActPage {
        here: "Disable".to_owned(),
        title: format!("Disable {}?", page.title),
        effects,
        button: "Disable the account".to_owned(),
        ..page
    }
    .answer())
}

pub(super) async fn ask_remove(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response<Body>, Trouble> {
    let mut effects = vec![
        "The account is gone for good. The audit log keeps what they did.".to_owned(),
        "Clients, secrets and scopes stay as they are.".to_owned(),
    ];
    let page = ask(&console, &visitor, &id, "remove").await?;
    effects.extend(page.effects);
    Ok(ActPage {
        here: "Remove".to_owned(),
        title: format!("Remove {}?", page.title),
        effects,
        button: "Remove the account".to_owned(),
        ..page
    }
    .answer())
}

/// What both pages have in common; the title is the name, the effects are about sessions.
async fn ask(
    console: &Console,
    visitor: &Visitor,
    id: &str,
    act: &str,
) -> Result<ActPage, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    let id = named(id)?;
    let operator = find(console, &id)?;
    let sessions = console.app.sessions().of(&id).await?.len() as u64;
    let mut effects = Vec::new();
    if sessions > 0 {
        let end = if sessions == 1 { "ends" } else { "end" };
        effects.push(format!("{} {end} at once.", counted(sessions, "session")));
    }
    let is_self = id == visitor.operator.id;
    Ok(ActPage {
        frame: visitor.frame(Here::Operators).await,
        above: above(&operator),
        here: String::new(),
        title: operator.name.to_string(),
        warning: if is_self {
            "This is your own account: you are signed out at once.".to_owned()
        } else {
            String::new()
        },
        effects,
        target: format!("/operators/{id}/{act}"),
        revision: operator.revision.0,
        button: String::new(),
        keep: "Keep the account",
        is_danger: true,
    })
}

pub(super) async fn disable(
    State(console): State<Console>,
    Path(id): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    let operator = named(&id)?;
    let path = format!("/operators/{operator}");
    let command = DisableOperator {
        operator: operator.clone(),
    };
    let done = run(&console, (&visitor, &form), &operator, command).await?;
    if done.is_none() {
        return Ok(visitor.see(&path));
    }
    forget_sessions(&console, &operator).await?;
    let flash = Flash::done("Account disabled. Nobody can sign in with it.");
    visitor.done(&path, flash).await
}

pub(super) async fn enable(
    State(console): State<Console>,
    Path(id): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    let operator = named(&id)?;
    let path = format!("/operators/{operator}");
    let command = EnableOperator {
        operator: operator.clone(),
    };
    let done = run(&console, (&visitor, &form), &operator, command).await?;
    if done.is_none() {
        return Ok(visitor.see(&path));
    }
    let flash = Flash::done("Account enabled. The password and second factor from before work.");
    visitor.done(&path, flash).await
}

pub(super) async fn remove(
    State(console): State<Console>,
    Path(id): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    if form.earlier(&console.app, visitor.actor()).await?.is_some() {
        return Ok(visitor.see("/operators"));
    }
    let operator = named(&id)?;
    let name = find(&console, &operator)?.name.clone();
    let command = RemoveOperator {
        operator: operator.clone(),
    };
    let done = run(&console, (&visitor, &form), &operator, command).await?;
    if done.is_none() {
        return Ok(visitor.see("/operators"));
    }
    forget_sessions(&console, &operator).await?;
    let flash = Flash::done(format!("{name} was removed."));
    visitor.done("/operators", flash).await
}

pub(super) async fn end_sessions(
    State(console): State<Console>,
    Path(id): Path<String>,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteOperators)?;
    let operator = named(&id)?;
    let path = format!("/operators/{operator}");
    let command = EndSessions {
        operator: operator.clone(),
    };
    let done = run(&console, (&visitor, &form), &operator, command).await?;
    if done.is_none() {
        return Ok(visitor.see(&path));
    }
    let ended = forget_sessions(&console, &operator).await?;
    let text = format!("{} ended. They sign in again.", counted(ended, "session"));
    visitor.done(&path, Flash::done(text)).await
}
