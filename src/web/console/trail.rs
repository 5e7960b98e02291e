//! Where a page lies: the thing it belongs to, its tab, and the pages above it.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};

use super::{Console, trouble::Trouble};

/// The tabs of a kind of thing; the first is its own page.
pub(super) trait Tabs: Copy + Eq + 'static {
    /// All of them, in order.
    const ALL: &'static [Self];

    /// The list of such things: its path and what it is called.
    const LIST: (&'static str, &'static str);

    /// What it says.
    fn label(self) -> &'static str;

    /// Where it lies, below the thing's own page.
    fn path(self) -> &'static str;
}

/// Where a page of a thing lies.
#[derive(Clone, Debug)]
pub(super) struct Trail<T> {
    /// What the thing is called.
    pub(super) name: String,
    /// The path of its own page, below the console's.
    pub(super) path: String,
    tab: T,
    /// The pages between the tab and this one: path and name.
    between: Vec<(String, String)>,
    /// The name of a page below the tab: `Rotate`. Nothing is the empty text.
    below: String,
}

impl<T: Tabs> Trail<T> {
    /// To the page `tab` of what is called so and lies there.
    pub(super) fn new(name: String, path: String, tab: T) -> Self {
        Self {
            name,
            path,
            tab,
            between: Vec::new(),
            below: String::new(),
        }
    }

    /// On to a page below the tab, which is called so.
    #[must_use]
    pub(super) fn below(mut self, page: &str) -> Self {
        page.clone_into(&mut self.below);
        self
    }

    /// On to a page that is below the one at `path` of the thing, which is called so.
    #[must_use]
    pub(super) fn by_way_of(mut self, path: &str, page: &str) -> Self {
        let between = (self.to(path), page.to_owned());
        self.between.push(between);
        self
    }

    /// The tabs: where each leads, what it says, whether this is it.
    pub(super) fn tabs(&self) -> impl Iterator<Item = (String, &'static str, bool)> {
        let tabs = T::ALL.iter().copied();
        tabs.map(|tab| (self.to(tab.path()), tab.label(), tab == self.tab))
    }

    /// A page of the thing, below the console's path: `/clients/mailer-7kq2d4/access`.
    pub(super) fn to(&self, path: impl AsRef<str>) -> String {
        format!("{}{}", self.path, path.as_ref())
    }

    /// The pages above this one.
    pub(super) fn crumbs(&self) -> Vec<(String, String)> {
        let (list, called) = T::LIST;
        let mut crumbs = vec![(list.to_owned(), called.to_owned())];
        if !self.is_first() || !self.below.is_empty() {
            crumbs.push((self.path.clone(), self.name.clone()));
        }
        if !self.is_first() && !self.below.is_empty() {
            crumbs.push((self.to(self.tab.path()), self.tab.label().to_owned()));
        }
        crumbs.extend_from_slice(&self.between);
        crumbs
    }

    /// What this page is called among them.
    pub(super) fn last_crumb(&self) -> &str {
        match self.below.as_str() {
            "" if self.is_first() => &self.name,
            "" => self.tab.label(),
            below => below,
        }
    }

    fn is_first(&self) -> bool {
        T::ALL.first() == Some(&self.tab)
    }
}

/// What an address names in one of its places.
pub(super) async fn named(
    parts: &mut Parts,
    console: &Console,
    place: &str,
) -> Result<String, Trouble> {
    let params = RawPathParams::from_request_parts(parts, console).await;
    let params = params.map_err(|_| Trouble::nowhere())?;
    let found = params.iter().find(|(name, _)| *name == place);
    let (_, text) = found.ok_or_else(Trouble::nowhere)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    enum Side {
        Front,
        Back,
    }

    impl Tabs for Side {
        const ALL: &'static [Self] = &[Self::Front, Self::Back];
        const LIST: (&'static str, &'static str) = ("/coins", "Coins");

        fn label(self) -> &'static str {
            match self {
                Self::Front => "Front",
                Self::Back => "Back",
            }
        }

        fn path(self) -> &'static str {
            match self {
                Self::Front => "",
                Self::Back => "/back",
            }
        }
    }

    /// The paths above a page, and its own name.
    fn read(trail: &Trail<Side>) -> (Vec<String>, &str) {
        let paths = trail.crumbs().into_iter().map(|(path, _)| path);
        (paths.collect(), trail.last_crumb())
    }

    #[test]
    fn each_page_names_those_above_it_and_itself_last() {
        let at = |side| Trail::new("Penny".to_owned(), "/coins/1".to_owned(), side);

        let (front, back) = (at(Side::Front), at(Side::Back));
        let (close, rim) = (at(Side::Front).below("Close"), at(Side::Back).below("Rim"));

        assert_eq!(read(&front), (vec!["/coins".to_owned()], "Penny"));
        let above = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(read(&back), (above(&["/coins", "/coins/1"]), "Back"));
        assert_eq!(read(&close), (above(&["/coins", "/coins/1"]), "Close"));
        let all = ["/coins", "/coins/1", "/coins/1/back"];
        assert_eq!(read(&rim), (above(&all), "Rim"));
        let notch = at(Side::Back).by_way_of("/rim", "Rim").below("Notch");
        let all = ["/coins", "/coins/1", "/coins/1/back", "/coins/1/rim"];
        assert_eq!(read(&notch), (above(&all), "Notch"));
    }
}
