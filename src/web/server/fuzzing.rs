//! For `fuzz/` alone, behind the feature of that name: a connection without a socket.

use std::{convert::Infallible, future::poll_fn, sync::Arc};

use axum::{
    body::Body,
    http::{Request, Response},
};
use tokio::{io::DuplexStream, time::Instant};
use tokio_util::task::TaskTracker;
use tower::Service;

use super::{
    Closing, Connection, Limits, Peer, gate::Gate, ledger::Ledger, load::Load, patience::Patience,
};
use crate::web::layers::Edge;

/// Speaks HTTP/1 with whoever has the other end of `stream`, until the connection ends.
pub async fn speak<S>(stream: DuplexStream, peer: Peer, edge: Edge<S>, limits: Limits)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    let (closing, accepted_at) = (Closing::default(), Instant::now());
    let patience = Patience::new(limits, closing.clone(), accepted_at);
    let ledger = Arc::new(Ledger::default());
    let mut gate = Gate::framed(stream, Vec::new(), patience, Arc::clone(&ledger));
    let connection = Connection {
        load: Load::default(),
        edge,
        peer,
        certificate: None,
        limits,
        closing,
        tasks: TaskTracker::new(),
    };
    let ends_at = accepted_at + limits.connection_lifetime;
    if poll_fn(|cx| gate.poll_message(cx)).await {
        // How it ended, the other side knows.
        drop(connection.speak_http1(gate, ledger, ends_at).await);
    } else {
        gate.linger().await;
    }
}
