//! The console, as browsers see it: a module for each part of it.

mod everywhere;
mod sign_in;
