//! Messages that have arrived, and whoever waits for the next one.

use std::cell::RefCell;
use std::collections::VecDeque;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// A queue that one reader can wait at.
#[derive(Debug)]
pub(super) struct MessageQueue<T> {
    messages: RefCell<VecDeque<T>>,
    waiter: RefCell<Option<Function>>,
}

impl<T> Default for MessageQueue<T> {
    fn default() -> Self {
        Self { messages: RefCell::default(), waiter: RefCell::default() }
    }
}

impl<T> MessageQueue<T> {
    /// Adds a message and wakes the reader.
    pub(super) fn push(&self, message: T) {
        self.messages.borrow_mut().push_back(message);
        if let Some(wake) = self.waiter.borrow_mut().take() {
            wake.call0(&JsValue::NULL).expect("a promise's resolve function does not throw");
        }
    }

    /// Whether no message waits.
    #[cfg(feature = "worker")]
    pub(super) fn is_empty(&self) -> bool {
        !self.holds(|_| true)
    }

    /// Whether a message of a kind waits.
    #[cfg(feature = "worker")]
    pub(super) fn holds(&self, is_meant: impl Fn(&T) -> bool) -> bool {
        self.messages.borrow().iter().any(is_meant)
    }

    /// Takes the oldest message, if there is one.
    pub(super) fn pop(&self) -> Option<T> {
        self.messages.borrow_mut().pop_front()
    }

    /// Waits until there is a message.
    pub(super) async fn wait(&self) {
        if !self.messages.borrow().is_empty() {
            return;
        }
        let woken = Promise::new(&mut |resolve, _| *self.waiter.borrow_mut() = Some(resolve));
        JsFuture::from(woken).await.expect("the promise is never rejected");
    }

    /// Waits for the oldest message and takes it.
    pub(super) async fn next(&self) -> T {
        loop {
            if let Some(message) = self.pop() {
                return message;
            }
            self.wait().await;
        }
    }
}
