//! What the last change did, for the next page to tell.

use serde::{Deserialize, Serialize};

/// What the last change did, told once on the next page.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::web::console) struct Flash {
    /// Whether all is well, or somebody should look.
    pub(in crate::web::console) tone: Tone,
    /// What was done, and its effect.
    pub(in crate::web::console) text: String,
    /// How to take it back, where that is possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::web::console) undo: Option<Undo>,
}

/// How a flash is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub(in crate::web::console) enum Tone {
    /// It is done.
    Done,
    /// It is done, and has an effect worth a look.
    Watch,
}

/// A form that takes a change back.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::web::console) struct Undo {
    /// The path below the console's.
    pub(in crate::web::console) path: String,
    /// Hidden members.
    pub(in crate::web::console) fields: Vec<(String, String)>,
    /// How long it can be done: `24 hours`; nothing is the empty text.
    pub(in crate::web::console) within: String,
}

impl Flash {
    /// It is done.
    pub(in crate::web::console) fn done(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Done,
            text: text.into(),
            undo: None,
        }
    }

    /// It is done, and has an effect worth a look.
    pub(in crate::web::console) fn watch(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Watch,
            ..Self::done(text)
        }
    }

    /// It can be taken back.
    #[must_use]
    pub(in crate::web::console) fn with_undo(self, undo: Undo) -> Self {
        Self {
            undo: Some(undo),
            ..self
        }
    }

    /// Whether somebody should look.
    pub(in crate::web::console) fn is_watch(&self) -> bool {
        self.tone == Tone::Watch
    }
}
