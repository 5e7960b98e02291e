//! An operator who is signed in.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{Method, Response, Uri, request::Parts},
};

use super::{SignIn, Visit};
use crate::{
    domain::{actor::Actor, operator::Operator, permission::Permission, time::Timestamp},
    web::console::{
        Console,
        page::{Flash, Frame, Here, see, sent_to},
        trouble::Trouble,
    },
};

/// An operator who is signed in. There is no other way to get at one.
#[derive(Clone)]
pub(in crate::web::console) struct Visitor {
    /// Their visit.
    pub(in crate::web::console) visit: Visit,
    /// Who they are.
    pub(in crate::web::console) operator: Arc<Operator>,
    sign_in: SignIn,
}

impl Visitor {
    /// As the one who acts.
    pub(in crate::web::console) fn actor(&self) -> Actor {
        let Operator {
            id, email, role, ..
        } = &*self.operator;
        let actor = Actor::operator(id.clone(), email.clone(), *role);
        self.visit.as_actor(actor)
    }

    /// Shows a page only to those who may do what needs `permission`.
    pub(in crate::web::console) fn require(&self, permission: Permission) -> Result<(), Trouble> {
        if self.operator.role.permissions().allow(permission) {
            Ok(())
        } else {
            Err(Trouble::forbidden(permission))
        }
    }

    /// What a page in this part of the console has around it.
    pub(in crate::web::console) async fn frame(&self, here: Here) -> Frame {
        self.visit.frame(here).await
    }

    /// The same for a page that comes with a change, which tells nothing of the one before.
    pub(in crate::web::console) fn plain_frame(&self, here: Here) -> Frame {
        self.visit.plain_frame(here)
    }

    /// Tells what was done, on the page at `path`.
    pub(in crate::web::console) async fn done(
        &self,
        path: &str,
        flash: Flash,
    ) -> Result<Response<Body>, Trouble> {
        self.visit.change(|kept| kept.flash = Some(flash)).await?;
        Ok(self.see(path))
    }

    /// Goes on at `path`.
    pub(in crate::web::console) fn see(&self, path: &str) -> Response<Body> {
        see(&format!("{}{path}", self.visit.root()))
    }

    /// A name for the visit, for what is open to it alone.
    pub(in crate::web::console) fn name(&self) -> &str {
        &self.sign_in.visit
    }

    /// When they last proved that it is them.
    pub(in crate::web::console) fn confirmed(&self) -> Timestamp {
        self.sign_in.confirmed
    }
}

impl FromRequestParts<Console> for Visitor {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Trouble> {
        let visit = Visit::from_request_parts(parts, console).await?;
        let (Some(operator), Some(sign_in)) = (visit.operator(), visit.sign_in().cloned()) else {
            return Err(Trouble::SignIn {
                back: back(&parts.method, sent_to(parts), visit.root()),
            });
        };
        let path = sent_to(parts).path();
        let is_account = path
            .strip_prefix(visit.root())
            .is_some_and(|path| path.starts_with("/me"));
        if operator.lacks_second_factor() && !is_account {
            return Err(Trouble::Enrol);
        }
        Ok(Self {
            visit,
            operator,
            sign_in,
        })
    }
}

/// Where to come back to after signing in: a page, below the console's path.
fn back(method: &Method, uri: &Uri, root: &str) -> String {
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    match target.strip_prefix(root) {
        Some(path) if method.is_safe() && !path.starts_with("/fragments") => path.to_owned(),
        Some(_) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::console::page::root_of;

    #[test]
    fn one_comes_back_to_pages_of_the_console_only() {
        let back = |method: Method, uri: &'static str| {
            let uri = Uri::from_static(uri);
            back(&method, &uri, root_of(uri.path()))
        };

        assert_eq!(back(Method::GET, "/console/clients?q=x"), "/clients?q=x");
        assert_eq!(back(Method::GET, "/auth/console/keys"), "/keys");
        assert_eq!(back(Method::POST, "/console/clients/x/rotate"), "");
        assert_eq!(back(Method::GET, "/console/fragments/attention"), "");
    }
}
