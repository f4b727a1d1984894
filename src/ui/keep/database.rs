//! The only file that knows IndexedDB: one table of bytes by text.

use std::rc::Rc;

use idb::{DatabaseEvent, Factory, ObjectStore, ObjectStoreParams, Transaction, TransactionMode};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};

use super::records::Change;
use super::time_limit::{READING, STORAGE, WRITING, in_time};
use crate::error::{LabError, Result};

const NAME: &str = "grokking-lab";
const TABLE: &str = "records";
/// Raised when the table changes its form.
const VERSION: u32 = 1;

/// An open table.
pub(super) struct Database {
    inner: Rc<idb::Database>,
}

impl Database {
    /// Opens the table, and makes it at the first time.
    ///
    /// # Errors
    /// [`LabError::File`] if the browser refuses.
    pub(super) async fn open() -> Result<Self> {
        let mut request =
            Factory::new().and_then(|factory| factory.open(NAME, Some(VERSION))).map_err(refused)?;
        request.on_upgrade_needed(|event| {
            // What fails here makes the request fail, which is told below.
            if let Ok(database) = event.database() {
                let _ = database.create_object_store(TABLE, ObjectStoreParams::new());
            }
        });
        Ok(Self { inner: Rc::new(request.await.map_err(refused)?) })
    }

    /// Every key.
    ///
    /// # Errors
    /// [`LabError::File`] if the browser refuses, or does not answer in time.
    pub(super) async fn keys(&self) -> Result<Vec<String>> {
        let inner = Rc::clone(&self.inner);
        in_time("list the runs in", READING, async move {
            let (_transaction, table) = begin(&inner, TransactionMode::ReadOnly)?;
            let keys = table.get_all_keys(None, None).map_err(refused)?.await.map_err(refused)?;
            Ok(keys.iter().filter_map(JsValue::as_string).collect())
        })
        .await
    }

    /// The value of a key; none if there is none.
    ///
    /// # Errors
    /// [`LabError::File`] if the browser refuses, or does not answer in time.
    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let (inner, key) = (Rc::clone(&self.inner), JsValue::from_str(key));
        in_time("read from", READING, async move {
            let (_transaction, table) = begin(&inner, TransactionMode::ReadOnly)?;
            let value = table.get(key).map_err(refused)?.await.map_err(refused)?;
            Ok(value.and_then(|value| value.dyn_into::<Uint8Array>().ok()).map(|bytes| bytes.to_vec()))
        })
        .await
    }

    /// Makes all changes, or none. If the browser does not answer in time it may make them yet: it makes them
    /// before any that are asked for later.
    ///
    /// # Errors
    /// [`LabError::File`] if the browser refuses, or does not answer in time.
    pub(super) async fn write(&self, changes: Vec<Change>) -> Result<()> {
        let inner = Rc::clone(&self.inner);
        in_time("write to", WRITING, async move { write(&inner, &changes).await }).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What is under way is finished first.
        self.inner.close();
    }
}

async fn write(database: &idb::Database, changes: &[Change]) -> Result<()> {
    let (transaction, table) = begin(database, TransactionMode::ReadWrite)?;
    for change in changes {
        let asked = match change {
            Change::Put(key, bytes) => {
                table.put(&Uint8Array::from(bytes.as_slice()), Some(&JsValue::from_str(key))).map(drop)
            }
            Change::Delete(key) => table.delete(JsValue::from_str(key)).map(drop),
        };
        if let Err(error) = asked {
            // Without this the changes before would be made.
            let _ = transaction.abort();
            return Err(refused(error));
        }
    }
    match transaction.await {
        Ok(result) if result.is_committed() => Ok(()),
        Ok(_) => Err(aborted(table.transaction().error().map(|e| format!("{}: {}", e.name(), e.message())))),
        Err(error) => Err(refused(error)),
    }
}

fn begin(database: &idb::Database, mode: TransactionMode) -> Result<(Transaction, ObjectStore)> {
    let transaction = database.transaction(&[TABLE], mode).map_err(refused)?;
    let table = transaction.object_store(TABLE).map_err(refused)?;
    Ok((transaction, table))
}

/// A transaction that was broken off, with the browser's reason if it gives one.
fn aborted(reason: Option<String>) -> LabError {
    LabError::file(
        "use",
        STORAGE,
        describe(reason.as_deref().unwrap_or("the browser broke it off without a reason")),
    )
}

fn refused(error: idb::Error) -> LabError {
    LabError::file("use", STORAGE, describe(&error.to_string()))
}

/// A browser's reason in the page's words.
fn describe(reason: &str) -> String {
    // What browsers say where a site may keep nothing.
    let forbidden = ["SecurityError", "InvalidStateError", "did not allow mutations"];
    if is_about_room(reason) {
        "it is full: delete kept runs, or free room on the disk".into()
    } else if forbidden.iter().any(|words| reason.contains(words)) {
        format!("{reason}; private windows and strict settings refuse it")
    } else {
        reason.to_owned()
    }
}

/// Whether a browser's words, or the page's, are about too little room.
pub(in crate::ui) fn is_about_room(reason: &str) -> bool {
    ["QuotaExceeded", "it is full", "storage is full"].iter().any(|words| reason.contains(words))
}

#[cfg(test)]
mod tests {
    use super::{aborted, describe, is_about_room};

    #[test]
    fn a_broken_off_transaction_is_full_only_if_the_browser_says_so() {
        let words = |reason: Option<&str>| aborted(reason.map(str::to_owned)).to_string();
        assert!(words(Some("QuotaExceededError: no room")).contains("it is full"));
        for other in [None, Some("UnknownError: the disk is broken"), Some("AbortError: ")] {
            assert!(!is_about_room(&words(other)), "{other:?}");
        }
        assert!(words(Some("UnknownError: the disk is broken")).contains("the disk is broken"));
    }

    #[test]
    fn private_windows_are_blamed_for_what_they_refuse() {
        assert!(describe("SecurityError: no").contains("private windows"));
        assert!(!describe("DataError: no").contains("private windows"));
    }
}
