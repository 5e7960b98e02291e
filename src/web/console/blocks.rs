//! The building blocks of forms, as templates of their own: written into each page by a macro, they would be a good
//! part of the program. The macros of `parts/macros.html` give them their names.

use askama::{Template, filters::HtmlSafe};

use super::{form::Sheet, page::Frame};

/// What is wrong with a form, first thing on the page, with a link to each field.
#[derive(Template)]
#[template(path = "parts/problems.html")]
pub(super) struct Problems<'a> {
    sheet: &'a Sheet,
    frame: &'a Frame,
}

/// A line of text: label, hint, error, input.
#[derive(Template)]
#[template(path = "parts/field.html")]
pub(super) struct Field<'a> {
    about: About<'a>,
    kind: &'a str,
    autocomplete: &'a str,
    inputmode: &'a str,
    wide: &'a str,
}

/// Several lines of text.
#[derive(Template)]
#[template(path = "parts/textarea.html")]
pub(super) struct TextArea<'a> {
    about: About<'a>,
    rows: usize,
}

/// One of several, or yes or no: the whole box is the choice.
#[derive(Template)]
#[template(path = "parts/choice.html")]
pub(super) struct Choice<'a> {
    about: About<'a>,
    kind: &'a str,
    value: &'a str,
}

/// What every block has.
pub(super) struct About<'a> {
    sheet: &'a Sheet,
    name: &'a str,
    label: &'a str,
    hint: &'a str,
}

impl HtmlSafe for Problems<'_> {}
impl HtmlSafe for Field<'_> {}
impl HtmlSafe for TextArea<'_> {}
impl HtmlSafe for Choice<'_> {}

/// What a block is about.
pub(super) fn about<'a>(
    sheet: &'a Sheet,
    name: &'a (impl AsRef<str> + ?Sized),
    label: &'a (impl AsRef<str> + ?Sized),
    hint: &'a (impl AsRef<str> + ?Sized),
) -> About<'a> {
    About {
        sheet,
        name: name.as_ref(),
        label: label.as_ref(),
        hint: hint.as_ref(),
    }
}

/// See [`Problems`].
pub(super) fn problems<'a>(sheet: &'a Sheet, frame: &'a Frame) -> Problems<'a> {
    Problems { sheet, frame }
}

impl<'a> About<'a> {
    /// See [`Field`].
    pub(super) fn field(
        self,
        kind: &'a str,
        autocomplete: &'a str,
        inputmode: &'a str,
        wide: &'a str,
    ) -> Field<'a> {
        Field {
            about: self,
            kind,
            autocomplete,
            inputmode,
            wide,
        }
    }

    /// See [`TextArea`].
    pub(super) fn textarea(self, rows: usize) -> TextArea<'a> {
        TextArea { about: self, rows }
    }

    /// See [`Choice`]; `kind` is `radio` or `checkbox`.
    pub(super) fn choice(self, kind: &'a str, value: &'a (impl AsRef<str> + ?Sized)) -> Choice<'a> {
        Choice {
            about: self,
            kind,
            value: value.as_ref(),
        }
    }
}
