//! A callback as a future; if it never comes, that is an answer too.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Becomes ready when its [`Sender`] is used or dropped.
#[derive(Debug)]
pub struct Receiver<T>(Arc<Mutex<State<T>>>);

/// The other end of a [`Signal`].
#[derive(Debug)]
pub struct Sender<T>(Arc<Mutex<State<T>>>);

/// The [`Sender`] was dropped without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped;

#[derive(Debug)]
struct State<T> {
    outcome: Option<Result<T, Dropped>>,
    waker: Option<Waker>,
}

impl<T> Receiver<T> {
    /// Both ends.
    pub fn new() -> (Sender<T>, Self) {
        let state = Arc::new(Mutex::new(State { outcome: None, waker: None }));
        (Sender(Arc::clone(&state)), Self(state))
    }
}

impl<T> Sender<T> {
    /// Wakes whoever waits.
    pub fn send(self, value: T) {
        self.end(Ok(value));
    }

    /// Only the first outcome counts.
    fn end(&self, outcome: Result<T, Dropped>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.outcome.is_none() {
            state.outcome = Some(outcome);
        }
        if let Some(waker) = state.waker.take() {
            drop(state);
            waker.wake();
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // After `send` the reader may have taken the outcome already, and nobody reads this one.
        self.end(Err(Dropped));
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, Dropped>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::{Dropped, Receiver};

    #[test]
    fn what_is_sent_arrives_before_and_after_someone_waits() {
        let (sender, signal) = Receiver::new();
        sender.send(7);
        assert_eq!(block_on(signal), Ok(7));
        let (sender, signal) = Receiver::new();
        let late = std::thread::spawn(move || sender.send(8));
        assert_eq!(block_on(signal), Ok(8));
        late.join().expect("sends");
    }

    #[test]
    fn a_dropped_sender_wakes_who_waits() {
        let (sender, signal) = Receiver::<u32>::new();
        drop(sender);
        assert_eq!(block_on(signal), Err(Dropped));
        let (sender, signal) = Receiver::<u32>::new();
        let late = std::thread::spawn(move || drop(sender));
        assert_eq!(block_on(signal), Err(Dropped), "also while it waits");
        late.join().expect("drops");
    }
}
