//! What every page has around it, as templates of their own: written into each page, they would be most of the program.

use askama::{Template, filters::HtmlSafe};

use super::Frame;

/// In the head: the icon, the stylesheet and the script.
#[derive(Template)]
#[template(path = "parts/links.html")]
pub(in crate::web::console) struct Links<'a> {
    frame: &'a Frame,
}

/// Beside or above the page: what the server is called, the menu, and who is signed in.
#[derive(Template)]
#[template(path = "parts/side.html")]
pub(in crate::web::console) struct Side<'a> {
    frame: &'a Frame,
}

/// Above what the page is about: that it travels in the clear, and what the last change did.
#[derive(Template)]
#[template(path = "parts/notices.html")]
pub(in crate::web::console) struct Notices<'a> {
    frame: &'a Frame,
}

impl HtmlSafe for Links<'_> {}
impl HtmlSafe for Side<'_> {}
impl HtmlSafe for Notices<'_> {}

impl Frame {
    /// See [`Links`].
    pub(in crate::web::console) fn links(&self) -> Links<'_> {
        Links { frame: self }
    }

    /// See [`Side`].
    pub(in crate::web::console) fn side(&self) -> Side<'_> {
        Side { frame: self }
    }

    /// See [`Notices`].
    pub(in crate::web::console) fn notices(&self) -> Notices<'_> {
        Notices { frame: self }
    }
}
