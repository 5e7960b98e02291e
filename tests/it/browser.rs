//! The console in a real browser: Debian's Chromium, driven by the programs of `tests/browser`.
//!
//! The server is the one in this process, so that its clock can be moved and its past made up; what
//! the browser sees comes over a socket.

mod driver;

use self::driver::drive;
use crate::world::World;

/// Console 4, 20, 22, 28, 31, 34, 35, 36, 37, 44, 50.
#[tokio::test(flavor = "multi_thread")]
async fn operators_do_their_work_by_mouse_by_keyboard_and_without_script() {
    let world = World::new().await;

    let wrong = drive(&world, "tasks").await;

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Console 1, 2, 5, 6, 7, 9, 10: with `SCREENSHOTS=DIR`, every page is drawn there as well.
#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_and_fits() {
    let world = World::new().await;

    let wrong = drive(&world, "pages").await;

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
