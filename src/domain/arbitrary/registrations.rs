//! Any registration token, and anything that clients say of themselves.

use proptest::{collection, option, prelude::*, sample::select};
use serde_json::json;

use super::{api_identifier, digest, display_name, note, owner, scopes, span, time};
use crate::domain::{
    client::Binding,
    id::{RegistrationTokenId, Revision},
    registration::{About, Access, AuthMethod, Registration, RegistrationToken, Template},
};

pub(super) fn token_id() -> impl Strategy<Value = RegistrationTokenId> {
    select(vec!["AAAAAAAA", "BBBBBBBB", "C2345672"]).prop_map(|id| id.parse().unwrap())
}

pub(super) fn token() -> impl Strategy<Value = RegistrationToken> {
    let counts = (any::<u32>(), any::<u32>(), option::of(time()));
    let times = (time(), time(), option::of(time()));
    let words = (token_id(), digest(), note(), "[ -~]{0,40}");
    (words, template(), counts, times).prop_map(|(words, template, counts, times)| {
        let (id, digest, note, created_by) = words;
        let (limit, used, last_used) = counts;
        let (created, expires, revoked) = times;
        RegistrationToken {
            id,
            digest,
            note,
            template,
            limit,
            used,
            last_used,
            created,
            created_by,
            expires,
            revoked,
            revision: Revision::default(),
        }
    })
}

fn binding() -> impl Strategy<Value = Binding> {
    select(Binding::ALL.to_vec())
}

fn template() -> impl Strategy<Value = Template> {
    let grants = collection::btree_map(api_identifier(), scopes(), 0..3);
    let methods = collection::btree_set(select(Template::METHODS.to_vec()), 0..4);
    let rest = (option::of(span()), option::of(display_name()), owner());
    (grants, methods, binding(), rest).prop_map(|(grants, methods, binding, rest)| {
        let (secret_lifetime, name_prefix, owner) = rest;
        Template {
            grants,
            methods,
            binding,
            secret_lifetime,
            name_prefix,
            owner,
        }
    })
}

pub(super) fn registration() -> impl Strategy<Value = Registration> {
    let access = (token_id(), digest()).prop_map(|(id, digest)| Access { id, digest });
    let came = (token_id(), note(), template(), option::of(access));
    let method = select(AuthMethod::ALL.to_vec());
    (came, method, binding(), about()).prop_map(|(came, auth_method, binding, about)| {
        let (token, note, template, access) = came;
        Registration {
            token,
            note,
            template,
            access,
            auth_method,
            binding,
            about,
        }
    })
}

fn about() -> impl Strategy<Value = About> {
    let pages = collection::btree_map("[a-z_]{1,9}", "[ -~]{0,20}", 0..3);
    let contacts = collection::vec(note(), 0..3);
    let certificate = any::<bool>().prop_map(|is| is.then(|| json!({ "keys": [] })));
    let software = (option::of(note()), option::of(note()));
    (pages, contacts, certificate, software).prop_map(|(pages, contacts, certificate, software)| {
        let (software_id, software_version) = software;
        About {
            pages,
            contacts,
            software_id,
            software_version,
            certificate,
        }
    })
}
