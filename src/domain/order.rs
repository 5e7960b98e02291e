//! Putting things in order, by one sort that is compiled once.
//!
//! The standard library's sort is compiled anew for every type and every way to compare, four kilobytes each, and
//! there are dozens of short lists. Here it sorts places, and the things follow.

use std::cmp::Ordering;

/// Sorts `items` by a key that is made once for each. What is equal stays as it was.
pub fn by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    let keys: Vec<K> = items.iter().map(key).collect();
    let places = places(items.len(), &|one, two| keys[one].cmp(&keys[two]));
    follow(items, places);
}

/// Sorts `items` as `compare` says. What is equal stays as it was.
pub fn by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let places = places(items.len(), &|one, two| compare(&items[one], &items[two]));
    follow(items, places);
}

/// Those that come at the places from `first` on when `keys` are in order: at most `most`, in order. The others are
/// left in any order, so this costs little more than looking at each once.
pub fn window(keys: &mut [u128], first: usize, most: usize) -> &[u128] {
    if first >= keys.len() {
        return &[];
    }
    keys.select_nth_unstable(first);
    let rest = &mut keys[first..];
    let most = most.min(rest.len());
    if most < rest.len() {
        rest.select_nth_unstable(most);
    }
    let shown = &mut rest[..most];
    shown.sort_unstable();
    shown
}

/// From which place each one comes.
#[inline(never)]
fn places(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|one, two| compare(*one, *two));
    places
}

/// Puts the item of the place `places[n]` into the place `n`, round by round.
fn follow<T>(items: &mut [T], mut places: Vec<usize>) {
    for start in 0..items.len() {
        let mut place = start;
        loop {
            let from = std::mem::replace(&mut places[place], place);
            if from == start || from == place {
                break;
            }
            items.swap(place, from);
            place = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_order_of_the_standard_library(items: Vec<(u8, u32)>) {
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            let mut found = items.clone();
            by_key(&mut found, |item| item.0);
            prop_assert_eq!(&found, &expected);

            expected.sort_by_key(|item| std::cmp::Reverse(item.0));
            by(&mut found, |one, two| two.0.cmp(&one.0));
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_window_is_a_part_of_the_whole_in_order(
            mut keys: Vec<u128>,
            first in 0_usize..40,
            most in 0_usize..40,
        ) {
            let mut expected = keys.clone();
            expected.sort_unstable();
            let expected = expected.into_iter().skip(first).take(most);
            let expected: Vec<u128> = expected.collect();
            prop_assert_eq!(window(&mut keys, first, most), expected);
        }
    }
}
