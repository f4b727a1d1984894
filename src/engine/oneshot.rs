//! A channel for one value, from a callback to a future. The future also ends if the callback is dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// A future of the value that the [`Sender`] sends, or of [`Dropped`].
#[derive(Debug)]
pub(super) struct Receiver<T>(Arc<Mutex<State<T>>>);

/// Sends one value to its [`Receiver`].
#[derive(Debug)]
pub(super) struct Sender<T>(Arc<Mutex<State<T>>>);

/// The [`Sender`] was dropped without sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dropped;

#[derive(Debug)]
struct State<T> {
    outcome: Option<Result<T, Dropped>>,
    waker: Option<Waker>,
}

/// Makes both ends of a channel.
pub(super) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let state = Arc::new(Mutex::new(State { outcome: None, waker: None }));
    (Sender(Arc::clone(&state)), Receiver(state))
}

impl<T> Sender<T> {
    /// Sends the value and wakes the receiver.
    pub(super) fn send(self, value: T) {
        self.finish(Ok(value));
    }

    /// Sets the outcome, unless there is one already.
    fn finish(&self, outcome: Result<T, Dropped>) {
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
        // After `send` this changes nothing, or the receiver has taken the value and never polls again.
        self.finish(Err(Dropped));
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

    use super::{Dropped, channel};

    #[test]
    fn a_value_arrives_whether_sent_before_or_while_waiting() {
        let (sender, receiver) = channel();
        sender.send(7);
        assert_eq!(block_on(receiver), Ok(7));
        let (sender, receiver) = channel();
        let late = std::thread::spawn(move || sender.send(8));
        assert_eq!(block_on(receiver), Ok(8));
        late.join().expect("sends");
    }

    #[test]
    fn a_dropped_sender_wakes_the_receiver() {
        let (sender, receiver) = channel::<u32>();
        drop(sender);
        assert_eq!(block_on(receiver), Err(Dropped));
        let (sender, receiver) = channel::<u32>();
        let late = std::thread::spawn(move || drop(sender));
        assert_eq!(block_on(receiver), Err(Dropped), "also while it waits");
        late.join().expect("drops");
    }
}
