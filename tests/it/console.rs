//! The console, as browsers see it: a module for each part of it.

mod access;
mod activity;
mod apis;
mod audit;
mod audited;
mod clients;
mod dashboard;
mod everywhere;
mod handover;
mod inspector;
mod keys;
mod markup;
mod operators;
mod restart;
mod retiring;
mod roles;
mod rotation;
mod secrecy;
mod sessions;
mod settings;
mod sign_in;
mod try_it;
