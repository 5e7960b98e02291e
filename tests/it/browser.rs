//! The console in a real browser: Debian's Chromium, driven by the programs of `tests/browser`.
//!
//! The server is the one in this process, so that its clock can be moved and its past made up; what
//! the browser sees comes over a socket.

mod driver;
mod world;

use self::{driver::drive, world::World};

/// Console 1, 2, 5, 7, 8: with `SCREENSHOTS=DIR`, every page is drawn there as well.
/// Console 4, 5, 6, 9, 20, 28, 31, 34, 35, 36, 37, 44, 50.
#[tokio::test(flavor = "multi_thread")]
async fn operators_do_their_work_by_mouse_by_keyboard_and_without_script() {
    let world = World::new().await;

    let wrong = drive(&world, "tasks").await;

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_and_fits() {
    let world = World::in_trouble().await;

    let wrong = drive(&world, "pages").await;

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
