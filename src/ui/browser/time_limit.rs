//! How long the browser's storage may take. A storage that never answers must not silently end all saving: what
//! takes too long fails with a message, and is tried again later.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use leptos::task::spawn_local;

use crate::error::{LabError, Result, StorageFault};
use crate::ui::browser::dom;

/// Opening takes milliseconds, and seconds on a disk that wakes up.
pub(in crate::ui) const OPENING: Duration = Duration::from_secs(10);
/// One record or the list of all keys is read: some megabytes at most.
pub(in crate::ui) const READING: Duration = Duration::from_secs(10);
/// A first save may write 100 MB, which takes a slow disk half of this.
pub(in crate::ui) const WRITING: Duration = Duration::from_secs(60);

/// A future of the storage, held on to.
pub(in crate::ui) type Work<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

/// Waits for `work` no longer than `limit`. Work that takes longer is not broken off, for the browser would call
/// back into nothing: it ends by itself, unheard.
///
/// # Errors
/// The work's own, or [`LabError::Storage`] if it takes too long.
pub(in crate::ui) async fn in_time<T: 'static>(
    action: &'static str,
    limit: Duration,
    work: impl Future<Output = Result<T>> + 'static,
) -> Result<T> {
    let mut work: Work<T> = Box::pin(work);
    match before(&mut work, dom::sleep(limit)).await {
        Some(result) => result,
        None => {
            spawn_local(async move { drop(work.await) });
            Err(unanswered(action, limit))
        }
    }
}

/// The output of `work`, if it is there before `timer` ends.
pub(in crate::ui) async fn before<T>(
    work: &mut (impl Future<Output = T> + Unpin),
    timer: impl Future<Output = ()>,
) -> Option<T> {
    let mut timer = std::pin::pin!(timer);
    let mut work = Pin::new(work);
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// The error of work that took longer than `limit`.
pub(in crate::ui) fn unanswered(action: &'static str, limit: Duration) -> LabError {
    let reason =
        format!("the browser has not answered for {} s, and nothing is being saved", limit.as_secs());
    LabError::Storage { action, fault: StorageFault::Silent, reason }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::Duration;

    use pollster::block_on;

    use super::{before, unanswered};
    use crate::error::{ErrorKind, StorageFault};

    #[test]
    fn what_never_answers_ends_with_the_timer_and_what_answers_does_not_wait_for_it() {
        assert_eq!(block_on(before(&mut pending::<u8>(), ready(()))), None);
        assert_eq!(block_on(before(&mut ready(7), pending())), Some(7));
        assert_eq!(
            block_on(before(&mut ready(7), ready(()))),
            Some(7),
            "an answer at the last moment counts"
        );
    }

    #[test]
    fn the_message_names_what_was_tried_the_time_and_that_nothing_is_saved() {
        let error = unanswered("open", Duration::from_secs(10));
        assert_eq!(error.kind(), ErrorKind::Storage(StorageFault::Silent));
        let words = error.to_string();
        for part in ["cannot open this browser's storage", "10 s", "nothing is being saved"] {
            assert!(words.contains(part), "{words}");
        }
    }
}
