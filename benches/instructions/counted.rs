//! What is counted. No function here calls another one of them: entering one begins the count, leaving it ends it.
//! Those that do the same name a number of their own, or the compiler would make one of them.

use std::hint::black_box;

use jeton::oauth::{
    self, Request,
    introspection::{self, Form},
    params::Params,
};

use super::World;

/// What a client sends.
pub(crate) const FORM: &[u8] = b"grant_type=client_credentials&scope=read%3Aanalytics\
    &resource=https%3A%2F%2Fsales.example%2F";

#[inline(never)]
pub(crate) fn form() {
    black_box(Params::parse(black_box(FORM)).unwrap());
}

#[inline(never)]
pub(crate) fn decision_among_1_000(world: &World, n: usize) {
    black_box(1_000);
    world.decide(n);
}

#[inline(never)]
pub(crate) fn decision_among_100_000(world: &World, n: usize) {
    black_box(100_000);
    world.decide(n);
}

#[inline(never)]
pub(crate) fn token(world: &World, n: usize) {
    let issued = oauth::token(&world.registry, &world.request(n), &world.context());
    black_box(issued.unwrap().to_json());
}

#[inline(never)]
pub(crate) fn introspection(world: &World, asks: &Request<'_>) {
    let answer = introspection::introspect(&world.registry, asks, &world.context(), Form::Plain);
    assert!(answer.unwrap().is_active, "the token counts");
}

#[inline(never)]
pub(crate) fn change_among_1_000(world: &World, n: usize) {
    black_box(1_000);
    world.change(n);
}

#[inline(never)]
pub(crate) fn change_among_100_000(world: &World, n: usize) {
    black_box(100_000);
    world.change(n);
}
