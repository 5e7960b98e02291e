//! The console, as browsers see it: a module for each part of it.

mod access;
mod account;
mod activity;
mod apis;
mod attention;
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
mod second_factor;
mod secrecy;
mod sessions;
mod set_up;
mod settings;
mod sign_in;
mod try_it;
