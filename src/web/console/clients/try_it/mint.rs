//! A token that lives for a minute, made by an operator and told to the audit log.

use axum::{body::Body, extract::State, http::Response};

use super::{
    super::{
        super::{Console, confirm::Confirmed, trouble::Trouble},
        ClientHead, Named, Tab,
    },
    Asked, context,
};
use crate::{
    admin::test_token::NoteTestToken,
    app::AdminError,
    domain::{
        id::ClientId,
        permission::{ADMIN_API, Permission},
        time::Lifetime,
    },
    oauth::{access_token, bind, confirmation::Proven},
};

/// Where a token that was made for `client` is shown.
pub(super) fn place(client: &ClientId) -> String {
    format!("test-token/{client}")
}

pub(super) async fn mint(
    State(console): State<Console>,
    Named(client): Named,
    Confirmed { visitor, form }: Confirmed,
) -> Result<Response<Body>, Trouble> {
    visitor.require(Permission::WriteSecrets)?;
    let asked = Asked::of(&form.fields, &client);
    if asked.api == ADMIN_API {
        let words = "No test token is ever made for the API by which this server is managed.";
        return Err(Trouble::conflict(words));
    }
    if console.app.clock_behind().is_some() {
        let words = "The server’s clock is behind. No tokens are issued until it is right.";
        return Err(Trouble::conflict(words));
    }
    let registry = console.app.registry_arc();
    let refused = |reason: &crate::oauth::reason::Reason| {
        Trouble::conflict(format!("The token endpoint would refuse this: {reason}."))
    };
    let mut grant = asked
        .grant(&registry, &client)
        .map_err(|reason| refused(&reason))?;
    // Whoever tries proves nothing, so where tokens must be bound there is none to try.
    bind(
        &client,
        &mut grant,
        Proven::default(),
        console.app.profile(),
    )
    .map_err(|reason| refused(&reason))?;
    grant.lifetime = Lifetime::MIN.span();
    let note = NoteTestToken {
        client: client.id.clone(),
        api: grant.api.identifier.clone(),
        scopes: grant.scopes.clone(),
        details: grant.details.clone(),
    };
    let terms = form.terms_of_new(&console.app);
    let path = ClientHead::of(&client, Tab::TryIt, console.app.now())
        .to(format!("/try{}#minted", asked.query()));
    match console.app.execute_on(visitor.actor(), terms, note).await {
        Ok(()) => {}
        Err(AdminError::Replayed(_)) => return Ok(visitor.see(&path)),
        Err(error) => return Err(error.into()),
    }
    let signed = access_token::sign_for(&registry, &client.id, &grant, &context(&console))
        .map_err(|reason| refused(&reason))?;
    let name = (visitor.name(), &*place(&client.id));
    let (span, now) = (grant.lifetime, console.app.now());
    let reveals = &console.reveals;
    reveals.open_for(span, name, signed.text.into(), now);
    Ok(visitor.see(&path))
}
