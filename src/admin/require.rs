//! Look-ups that refuse: the thing, or that there is none.

use std::sync::Arc;

use super::refusal::Refusal;
use crate::domain::{
    api::Api,
    audit::Object,
    client::Client,
    id::{ApiIdentifier, ClientId, KeyId, OperatorId},
    key::SigningKey,
    operator::Operator,
    registry::Registry,
};

pub(super) fn client<'a>(
    registry: &'a Registry,
    id: &ClientId,
) -> Result<&'a Arc<Client>, Refusal> {
    registry
        .find_client(id)
        .ok_or_else(|| Refusal::NotFound(Object::Client(id.clone())))
}

pub(super) fn api<'a>(
    registry: &'a Registry,
    identifier: &ApiIdentifier,
) -> Result<&'a Arc<Api>, Refusal> {
    registry
        .find_api(identifier)
        .ok_or_else(|| Refusal::NotFound(Object::Api(identifier.clone())))
}

/// An API that people defined: the built-in one stays as it is.
pub(super) fn own_api<'a>(
    registry: &'a Registry,
    identifier: &ApiIdentifier,
) -> Result<&'a Arc<Api>, Refusal> {
    let api = api(registry, identifier)?;
    if api.is_admin() {
        return Err(Refusal::Conflict(format!(
            "{identifier} is built in and stays as it is"
        )));
    }
    Ok(api)
}

pub(super) fn key<'a>(registry: &'a Registry, id: &KeyId) -> Result<&'a Arc<SigningKey>, Refusal> {
    registry
        .find_key(id)
        .ok_or_else(|| Refusal::NotFound(Object::Key(id.clone())))
}

pub(super) fn operator<'a>(
    registry: &'a Registry,
    id: &OperatorId,
) -> Result<&'a Arc<Operator>, Refusal> {
    registry
        .find_operator(id)
        .ok_or_else(|| Refusal::NotFound(Object::Operator(id.clone())))
}
