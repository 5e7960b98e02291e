//! What many clients have alike: kept once, with its rank among the others.

use std::{collections::HashMap, sync::Arc};

use crate::domain::{client::Client, name::Place, order};

/// Where something stands, and what is searched in it.
type Made = (Vec<Place>, String);

/// All that clients have of one sort.
#[derive(Clone, Default)]
pub(super) struct Groups {
    known: HashMap<String, usize>,
    all: Vec<Group>,
    /// The groups by their places, nothing last; those that are new are not among them yet.
    order: Vec<usize>,
}

/// What some clients have alike.
#[derive(Clone)]
struct Group {
    /// One that has it, or had it.
    client: Arc<Client>,
    places: Vec<Place>,
    text: String,
    rank: usize,
}

impl Groups {
    /// The number of the group that is known as `key`. The first client of it tells what it is.
    pub(super) fn find(
        &mut self,
        key: &str,
        client: &Arc<Client>,
        make: &dyn Fn(&Client) -> Made,
    ) -> usize {
        if let Some(known) = self.known.get(key) {
            return *known;
        }
        let (places, text) = make(client);
        self.all.push(Group {
            client: Arc::clone(client),
            places,
            text,
            rank: 0,
        });
        let number = self.all.len() - 1;
        self.known.insert(key.to_owned(), number);
        number
    }

    /// Makes what is known of each group anew.
    pub(super) fn remake(&mut self, make: &dyn Fn(&Client) -> Made) {
        for group in &mut self.all {
            (group.places, group.text) = make(&group.client);
        }
        self.order.clear();
    }

    /// Ranks all, if any is new. Equals have one rank.
    pub(super) fn rank(&mut self) {
        if self.order.len() == self.all.len() {
            return;
        }
        self.order.extend(self.order.len()..self.all.len());
        let all = &self.all;
        order::by(&mut self.order, |one, two| {
            let (one, two) = (&all[*one].places, &all[*two].places);
            let nothing_last = one.is_empty().cmp(&two.is_empty());
            nothing_last.then_with(|| one.cmp(two))
        });
        let mut rank = 0;
        for at in 0..self.order.len() {
            let group = self.order[at];
            if at > 0 && self.all[self.order[at - 1]].places != self.all[group].places {
                rank += 1;
            }
            self.all[group].rank = rank;
        }
    }

    /// How many groups come before this one.
    pub(super) fn rank_of(&self, group: usize) -> usize {
        self.all[group].rank
    }

    /// For each group, whether it is meant: as one of its clients tells.
    pub(super) fn each(&self, is_meant: &dyn Fn(&Client) -> bool) -> Vec<bool> {
        let groups = self.all.iter();
        groups.map(|group| is_meant(&group.client)).collect()
    }

    /// For each group, whether its text is meant.
    pub(super) fn each_text(&self, is_meant: &dyn Fn(&str) -> bool) -> Vec<bool> {
        let groups = self.all.iter();
        groups.map(|group| is_meant(&group.text)).collect()
    }
}
