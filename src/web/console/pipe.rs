//! A body that is sent while it is written.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Bytes, HttpBody};
use hyper::body::Frame;
use tokio::sync::mpsc;

/// The end that is read; whoever has the other end writes, as fast as it is read.
pub(super) struct Pipe(pub(super) mpsc::Receiver<Result<Bytes, io::Error>>);

impl HttpBody for Pipe {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = self.0.poll_recv(context);
        next.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}
