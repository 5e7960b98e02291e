//! How many connections each address has open.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex},
};

use super::Peer;

/// Counts connections by address; IPv6 by /64, since one host commands all of it.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    limit: usize,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Crowd {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            counts: Arc::default(),
        }
    }

    /// A place for one more connection, held until dropped. `None` if the address has too many.
    pub(super) fn enter(&self, peer: Peer) -> Option<Place> {
        let Some(address) = peer.address().filter(|_| self.limit > 0) else {
            return Some(Place { crowd: None });
        };
        let neighbourhood = neighbourhood(address);
        let mut counts = self.counts.lock().expect("no holder of the counts panics");
        let count = counts.entry(neighbourhood).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Place {
            crowd: Some((self.clone(), neighbourhood)),
        })
    }

    fn leave(&self, neighbourhood: IpAddr) {
        let mut counts = self.counts.lock().expect("no holder of the counts panics");
        if let Some(count) = counts.get_mut(&neighbourhood) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&neighbourhood);
            }
        }
    }
}

/// One connection's place; dropping it makes room.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Option<(Crowd, IpAddr)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((crowd, neighbourhood)) = self.crowd.take() {
            crowd.leave(neighbourhood);
        }
    }
}

fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::Tcp(address.parse().unwrap())
    }

    #[test]
    fn an_address_gets_its_places_back_when_connections_end() {
        let crowd = Crowd::new(2);

        let first = crowd.enter(peer("192.0.2.1:1"));
        let second = crowd.enter(peer("192.0.2.1:2"));
        assert!(first.is_some() && second.is_some());
        assert!(crowd.enter(peer("192.0.2.1:3")).is_none());
        assert!(crowd.enter(peer("192.0.2.2:1")).is_some());

        drop(first);
        assert!(crowd.enter(peer("192.0.2.1:4")).is_some());
        drop(second);
        assert!(crowd.counts.lock().unwrap().is_empty());
    }

    #[test]
    fn neighbours_in_one_v6_network_share_their_places() {
        let crowd = Crowd::new(1);

        let _one = crowd.enter(peer("[2001:db8::1]:1")).unwrap();

        assert!(crowd.enter(peer("[2001:db8::2]:1")).is_none());
        assert!(crowd.enter(peer("[2001:db8:0:1::2]:1")).is_some());
    }
}
