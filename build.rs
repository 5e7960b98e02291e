//! How the program is linked. Nothing is generated.
//!
//! A position-independent program tells the loader of every address in its data, 24 bytes each; packed (`DT_RELR`) they
//! take a few bits, which makes the binary 0.7 MB smaller. The C library must know that form: glibc does since 2.36. It is
//! used where the program is built on such a system, for the same kind of system; everywhere else nothing changes.

#![expect(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script by variables what it builds"
)]

use std::{env, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if is_built_for_this_kind_of_system() && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

fn is_built_for_this_kind_of_system() -> bool {
    env::var("HOST").is_ok_and(|host| env::var("TARGET").is_ok_and(|target| host == target))
}

/// The version of the C library, if it is glibc.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
