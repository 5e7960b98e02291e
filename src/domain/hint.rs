//! What may be wrong with a secret that was wrong, as far as its form tells.

/// What may be wrong with a secret. Says nothing of the secret itself, and is never sent to
/// whoever presented it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Hint {
    /// There was none.
    Empty,
    /// A space or a line break at an end.
    Whitespace,
    /// Quotes around it.
    Quotes,
    /// Characters are missing.
    Short,
    /// There are too many characters.
    Long,
    /// The form is right, and a character differs.
    Mistyped,
    /// It seems to be another client's.
    AnotherClients,
    /// The form is right, and no client here has or had such a secret lately.
    Forgotten,
    /// It does not look like a secret that was made here.
    Foreign,
}

impl Hint {
    /// As a sentence for the client's owner.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Empty => "The secret was empty. Is it set where the client looks for it?",
            Self::Whitespace => "The secret had a space or a line break at an end.",
            Self::Quotes => "The secret had quotes around it.",
            Self::Short => "Characters of the secret were missing.",
            Self::Long => "The secret had too many characters.",
            Self::Mistyped => "A character of the secret differed.",
            Self::AnotherClients => "The secret seems to be another client's.",
            Self::Forgotten => {
                "The secret is from another server, or stopped longer than 30 days ago."
            }
            Self::Foreign => "What was sent does not look like a secret of this server.",
        }
    }
}
