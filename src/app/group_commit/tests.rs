//! What becomes of assertions when the store is slow, or fails.

use tokio::task::{JoinSet, yield_now};

use super::*;
use crate::{app::executor::tests::Frail, crypto::random::Entropy, domain::time::Timestamp};

fn used(id: &str) -> UsedAssertion {
    UsedAssertion {
        client: "svc".parse().unwrap(),
        id: id.to_owned(),
        expires: Timestamp(1_800_000_060),
    }
}

fn of(store: &Arc<Frail>) -> GroupCommit<UsedAssertion, bool> {
    GroupCommit::of_assertions(Arc::clone(store) as Arc<dyn Store>, Tasks::default())
}

impl GroupCommit<UsedAssertion, bool> {
    /// Lets others go on until so many wait.
    async fn until_waiting(&self, count: usize) {
        while self.waiting.lock().unwrap().len() != count {
            yield_now().await;
        }
    }
}

/// CJ-09
#[tokio::test]
async fn when_too_many_wait_the_next_one_is_refused_and_not_used_up() {
    let store = Arc::new(Frail::new(&Entropy::seeded(5)));
    let assertions = of(&store);
    let pen = store.pen.lock().await;
    let mut waiting = JoinSet::new();
    let mut send = |id: String| {
        let assertions = assertions.clone();
        waiting.spawn(async move { assertions.keep(used(&id)).await });
    };
    send("being written".to_owned());
    while assertions.writing.try_lock().is_ok() {
        yield_now().await;
    }
    assertions.until_waiting(0).await;
    for n in 0..MOST_WAITING {
        send(n.to_string());
    }
    assertions.until_waiting(MOST_WAITING).await;

    let refused = assertions.keep(used("late")).await;

    assert_eq!(refused, None);
    assertions.until_waiting(MOST_WAITING).await;
    drop(pen);
    let kept = waiting.join_all().await;
    assert_eq!(kept.len(), MOST_WAITING + 1);
    assert!(kept.into_iter().all(|first| first == Some(true)));
    assert_eq!(assertions.keep(used("late")).await, Some(true));
    assert_eq!(assertions.keep(used("late")).await, Some(false));
}

/// CJ-09
#[tokio::test]
async fn an_assertion_that_could_not_be_kept_proves_nobody_and_is_not_used_up() {
    let store = Arc::new(Frail::new(&Entropy::seeded(5)));
    let assertions = of(&store);

    store.fail_next();
    assert_eq!(assertions.keep(used("one")).await, None);

    assert_eq!(assertions.keep(used("one")).await, Some(true));
    assert_eq!(assertions.keep(used("one")).await, Some(false));
}
