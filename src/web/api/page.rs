//! Lists, a page at a time: each item once, whatever is added or removed in between.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    admin::refusal::FieldErrors,
    crypto::text::{base64url, from_base64url},
};

/// How many items a page has if nothing is said, and at most.
const USUAL: usize = 50;
const MOST: usize = 200;

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PageQuery {
    /// How many items: 1 to 200; 50 if left out.
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page that was asked for.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) limit: usize,
    /// The key of the last item of the page before.
    pub(super) after: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    /// The items.
    pub(super) data: Vec<T>,
    /// What gives the next page; `null` on the last.
    pub(super) next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A list that is never long.
    pub(super) fn whole(data: Vec<T>) -> Self {
        Self {
            data,
            next_cursor: None,
        }
    }
}

impl PageQuery {
    pub(super) fn parse(self) -> Result<Page, FieldErrors> {
        let mut errors = FieldErrors::default();
        let page = Page::parse(self.limit.as_deref(), self.cursor.as_deref(), &mut errors);
        errors.finish()?;
        Ok(page)
    }
}

impl Page {
    /// Reads what is asked for; what is wrong is noted.
    pub(super) fn parse(
        limit: Option<&str>,
        cursor: Option<&str>,
        errors: &mut FieldErrors,
    ) -> Self {
        let after = cursor.and_then(|cursor| {
            let key = from_base64url(cursor).and_then(|bytes| String::from_utf8(bytes).ok());
            errors.check("cursor", key.ok_or("this is no cursor of ours"))
        });
        Self {
            limit: parse_limit(limit, errors),
            after,
        }
    }

    /// The page's items out of all that come after the cursor, in order of their keys.
    pub(super) fn take<T>(
        &self,
        items: impl Iterator<Item = T>,
        key: impl Fn(&T) -> &str,
    ) -> (Vec<T>, Option<String>) {
        let is_seen = |item: &T| {
            self.after
                .as_deref()
                .is_some_and(|after| key(item) <= after)
        };
        let mut items = items.skip_while(is_seen);
        let page: Vec<T> = items.by_ref().take(self.limit).collect();
        let more = items.next().is_some();
        let next = page
            .last()
            .filter(|_| more)
            .map(|last| base64url(key(last)));
        (page, next)
    }
}

/// How many items are asked for.
pub(super) fn parse_limit(limit: Option<&str>, errors: &mut FieldErrors) -> usize {
    let Some(limit) = limit else {
        return USUAL;
    };
    let number = limit
        .parse()
        .ok()
        .filter(|limit| (1..=MOST).contains(limit));
    errors
        .check("limit", number.ok_or("a page has 1 to 200 items"))
        .unwrap_or(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_each_item_once_for_every_limit() {
        let all: Vec<String> = (0..537).map(|n| format!("{n:04}")).collect();
        for limit in 1..=MOST {
            let mut seen = Vec::new();
            let mut cursor = None;
            loop {
                let query = PageQuery {
                    limit: Some(limit.to_string()),
                    cursor,
                };
                let page = query.parse().unwrap();
                let (items, next) = page.take(all.iter(), |item| item);
                assert!(items.len() <= limit && !items.is_empty());
                seen.extend(items);
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
            assert!(seen.iter().copied().eq(all.iter()), "limit {limit}");
        }
    }

    #[test]
    fn a_page_that_cannot_be_is_named() {
        let query = |limit: &str, cursor: &str| PageQuery {
            limit: Some(limit.to_owned()),
            cursor: Some(cursor.to_owned()),
        };
        for limit in ["0", "201", "-1", "x", "", "1.5"] {
            let errors = query(limit, "!").parse().unwrap_err();
            let fields: Vec<&str> = errors.iter().map(|(field, _)| field).collect();
            assert_eq!(fields, ["cursor", "limit"], "{limit}");
        }
    }
}
