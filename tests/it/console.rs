//! The console, as browsers see it: a module for each part of it.

mod everywhere;
mod markup;
mod sign_in;
