//! What of the list is looked at; all of it stands in the URL.

use serde::Deserialize;

use super::{super::super::words::segment, By, Kind};

/// What was asked for. What makes no sense is taken as not asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    q: String,
    status: String,
    sort: String,
    page: String,
}

/// A kind of clients to look at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Facet {
    /// All of them.
    All,
    /// Something is the matter.
    Attention,
    /// An old secret is on its way out.
    Rotating,
    /// The secret ends within 30 days.
    Expiring,
    /// No token for 90 days.
    Unused,
    /// They get no tokens.
    Disabled,
}

impl Facet {
    pub(super) const ALL: [Self; 6] = [
        Self::All,
        Self::Attention,
        Self::Rotating,
        Self::Expiring,
        Self::Unused,
        Self::Disabled,
    ];

    /// The same in the directory; nothing for all.
    pub(super) const fn kind(self) -> Option<Kind> {
        match self {
            Self::All => None,
            Self::Attention => Some(Kind::Attention),
            Self::Rotating => Some(Kind::Rotating),
            Self::Expiring => Some(Kind::Expiring),
            Self::Unused => Some(Kind::Unused),
            Self::Disabled => Some(Kind::Disabled),
        }
    }

    /// The word for it in the URL.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Attention => "attention",
            Self::Rotating => "rotating",
            Self::Expiring => "expiring",
            Self::Unused => "unused",
            Self::Disabled => "disabled",
        }
    }

    /// What it is called.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Attention => "Needs attention",
            Self::Rotating => "Rotating",
            Self::Expiring => "Expires within 30 days",
            Self::Unused => "Unused for 90 days",
            Self::Disabled => "Disabled",
        }
    }

    /// That there is no such client.
    pub(super) const fn none(self) -> &'static str {
        match self {
            Self::All => "No client is here",
            Self::Attention => "No client needs attention",
            Self::Rotating => "No client is rotating",
            Self::Expiring => "No client’s secret expires within 30 days",
            Self::Unused => "No client is unused for 90 days",
            Self::Disabled => "No client is disabled",
        }
    }
}

/// A column to sort by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Column {
    /// What needs attention first, then by name.
    Attention,
    /// By name.
    Name,
    /// By who answers for it.
    Owner,
    /// By what it can call.
    Access,
    /// By when its secret ends, soonest first.
    Secret,
    /// By its last token, latest first.
    Used,
    /// By its tokens in seven days, most first.
    Week,
}

impl Column {
    const ALL: [Self; 7] = [
        Self::Attention,
        Self::Name,
        Self::Owner,
        Self::Access,
        Self::Secret,
        Self::Used,
        Self::Week,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Attention => "",
            Self::Name => "name",
            Self::Owner => "owner",
            Self::Access => "access",
            Self::Secret => "secret",
            Self::Used => "used",
            Self::Week => "week",
        }
    }

    /// The same in the directory.
    pub(super) const fn by(self) -> By {
        match self {
            Self::Attention => By::Attention,
            Self::Name => By::Name,
            Self::Owner => By::Owner,
            Self::Access => By::Access,
            Self::Secret => By::End,
            Self::Used => By::Last,
            Self::Week => By::Week,
        }
    }

    const fn in_words(self) -> &'static str {
        match self {
            Self::Attention => "those that need attention first",
            Self::Name => "sorted by name",
            Self::Owner => "sorted by owner",
            Self::Access => "sorted by API",
            Self::Secret => "sorted by the secret’s end",
            Self::Used => "sorted by last token",
            Self::Week => "sorted by tokens in 7 days",
        }
    }
}

/// A column, and whether it is turned round.
pub(super) type Order = (Column, bool);

/// A page to turn to, or the gap between two of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Turn {
    /// Its number; 0 for a gap.
    pub(super) number: usize,
    /// Where it leads.
    pub(super) path: String,
    /// Whether it is shown.
    pub(super) is_here: bool,
}

impl ListQuery {
    /// What is searched for.
    pub(super) fn text(&self) -> &str {
        self.q.trim()
    }

    /// Which kind of clients.
    pub(super) fn facet(&self) -> Facet {
        let mut all = Facet::ALL.into_iter();
        let found = all.find(|facet| facet.word() == self.status);
        found.unwrap_or(Facet::All)
    }

    /// In which order.
    pub(super) fn order(&self) -> Order {
        let (word, is_turned) = match self.sort.strip_prefix('-') {
            Some(word) => (word, true),
            None => (self.sort.as_str(), false),
        };
        let mut all = Column::ALL.into_iter();
        match all.find(|column| column.word() == word) {
            None | Some(Column::Attention) => (Column::Attention, false),
            Some(column) => (column, is_turned),
        }
    }

    /// The same in words.
    pub(super) fn order_in_words(&self) -> String {
        let (column, is_turned) = self.order();
        let turned = if is_turned { ", reversed" } else { "" };
        format!("{}{turned}", column.in_words())
    }

    /// Which page, counted from 1.
    pub(super) fn page(&self) -> usize {
        self.page.parse().unwrap_or(1).max(1)
    }

    /// Goes on at another page.
    pub(super) fn turn_to(&mut self, page: usize) {
        self.page = page.to_string();
    }

    /// Whether anything narrows the list.
    pub(super) fn is_narrow(&self) -> bool {
        !self.text().is_empty() || self.facet() != Facet::All
    }

    /// `ascending` or `descending`, for the column that the list is sorted by.
    pub(super) fn sorted(&self, column: Column) -> &'static str {
        match self.order() {
            (sorted, false) if sorted == column => "ascending",
            (sorted, true) if sorted == column => "descending",
            _ => "",
        }
    }

    /// The list, narrowed to `facet`.
    pub(super) fn with_facet(&self, facet: Facet) -> String {
        address((self.text(), facet.word()), &self.sort, 1)
    }

    /// The list by `column`; the other way round if it is already.
    pub(super) fn with_order(&self, column: Column) -> String {
        let turned = if self.order() == (column, false) {
            "-"
        } else {
            ""
        };
        let sort = format!("{turned}{}", column.word());
        address((self.text(), self.facet().word()), &sort, 1)
    }

    /// The list for another search.
    pub(super) fn with_text(&self, text: &str) -> String {
        address((text, ""), &self.sort, 1)
    }

    /// The pages to turn to: the first, the last, and those about this one.
    pub(super) fn turns(&self, pages: usize) -> Vec<Turn> {
        let here = self.page();
        let mut turns: Vec<Turn> = Vec::new();
        let is_shown = |page: usize| page == 1 || page == pages || page.abs_diff(here) <= 2;
        for page in (1..=pages).filter(|page| is_shown(*page)) {
            if turns.last().is_some_and(|last| last.number + 1 < page) {
                turns.push(Turn {
                    number: 0,
                    path: String::new(),
                    is_here: false,
                });
            }
            turns.push(Turn {
                number: page,
                path: address((self.text(), self.facet().word()), &self.sort, page),
                is_here: page == here,
            });
        }
        turns
    }

    /// What the list is sorted by, for the search form to keep.
    pub(super) fn sort(&self) -> &str {
        &self.sort
    }

    /// Which kind is looked at, for the search form to keep.
    pub(super) fn status(&self) -> &'static str {
        self.facet().word()
    }
}

/// The list as these members have it.
fn address((text, status): (&str, &str), sort: &str, page: usize) -> String {
    let page = if page == 1 {
        String::new()
    } else {
        page.to_string()
    };
    let members = [
        ("q", text),
        ("status", status),
        ("sort", sort),
        ("page", &page),
    ];
    let members: Vec<String> = members
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", segment(value)))
        .collect();
    if members.is_empty() {
        "/clients".to_owned()
    } else {
        format!("/clients?{}", members.join("&"))
    }
}
