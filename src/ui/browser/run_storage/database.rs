//! The only file that knows IndexedDB: one table of bytes by text.

use std::rc::Rc;

use idb::{DatabaseEvent, Factory, ObjectStore, ObjectStoreParams, Transaction, TransactionMode};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::error::{LabError, Result, StorageFault};
use crate::ui::browser::time_limit::{READING, WRITING, in_time};
use crate::ui::state::run_records::Change;

const NAME: &str = "grokking-lab";
const TABLE: &str = "records";
/// Raised when the table changes its form.
const VERSION: u32 = 1;

/// An open table.
pub(in crate::ui) struct Database {
    inner: Rc<idb::Database>,
}

impl Database {
    /// Opens the table, and makes it at the first time.
    ///
    /// # Errors
    /// [`LabError::Storage`] if the browser refuses.
    pub(in crate::ui) async fn open() -> Result<Self> {
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
    /// [`LabError::Storage`] if the browser refuses, or does not answer in time.
    pub(in crate::ui) async fn keys(&self) -> Result<Vec<String>> {
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
    /// [`LabError::Storage`] if the browser refuses, or does not answer in time.
    pub(in crate::ui) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
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
    /// [`LabError::Storage`] if the browser refuses, or does not answer in time.
    pub(in crate::ui) async fn write(&self, changes: Vec<Change>) -> Result<()> {
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
        Ok(_) => Err(aborted(table.transaction().error().map(|e| (e.name(), e.message())))),
        Err(error) => Err(refused(error)),
    }
}

fn begin(database: &idb::Database, mode: TransactionMode) -> Result<(Transaction, ObjectStore)> {
    let transaction = database.transaction(&[TABLE], mode).map_err(refused)?;
    let table = transaction.object_store(TABLE).map_err(refused)?;
    Ok((transaction, table))
}

/// A transaction that was broken off, with the name and the words of the browser's reason if it gives one.
fn aborted(reason: Option<(String, String)>) -> LabError {
    match reason {
        Some((name, message)) => failed(Some(&name), &format!("{name}: {message}")),
        None => failed(None, "the browser broke it off without a reason"),
    }
}

fn refused(error: idb::Error) -> LabError {
    failed(exception_name(&error).as_deref(), &error.to_string())
}

/// An error of the storage, of the name of the browser's exception and of its words.
fn failed(exception: Option<&str>, words: &str) -> LabError {
    let fault = exception.map_or(StorageFault::Other, fault_of);
    let reason = match fault {
        StorageFault::Full => "it is full: delete kept runs, or free room on the disk".into(),
        StorageFault::Forbidden => format!("{words}; private windows and strict settings refuse it"),
        StorageFault::Silent | StorageFault::Other => words.to_owned(),
    };
    LabError::Storage { action: "use", fault, reason }
}

/// What a `DOMException` of IndexedDB means, by its name. The only place that knows these names.
fn fault_of(exception: &str) -> StorageFault {
    match exception {
        "QuotaExceededError" => StorageFault::Full,
        // Where a site may keep nothing the API itself, or the opening of the database, fails so.
        "SecurityError" | "InvalidStateError" => StorageFault::Forbidden,
        _ => StorageFault::Other,
    }
}

/// The name of the browser's exception behind an error, if there is one.
fn exception_name(error: &idb::Error) -> Option<String> {
    use idb::Error as E;
    match error {
        E::DomException(exception) => Some(exception.name()),
        E::IndexedDbNotFound(thrown)
        | E::IndexedDbOpenFailed(thrown)
        | E::TransactionOpenFailed(thrown)
        | E::ObjectStoreNotFound(thrown)
        | E::AddFailed(thrown)
        | E::UpdateFailed(thrown)
        | E::DeleteFailed(thrown)
        | E::GetFailed(thrown)
        | E::GetAllKeysFailed(thrown)
        | E::RequestErrorNotFound(thrown)
        | E::RequestResultNotFound(thrown) => Reflect::get(thrown, &"name".into()).ok()?.as_string(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{aborted, failed};
    use crate::error::{ErrorKind, StorageFault};

    #[test]
    fn a_broken_off_transaction_is_full_only_if_the_browser_says_so() {
        let of = |name: &str, message: &str| aborted(Some((name.to_owned(), message.to_owned())));
        let full = of("QuotaExceededError", "no room");
        assert_eq!(full.kind(), ErrorKind::Storage(StorageFault::Full));
        assert!(full.to_string().contains("it is full"), "{full}");
        // Words are not what is decided by.
        for other in [aborted(None), of("UnknownError", "the disk is full"), of("AbortError", "")] {
            assert_eq!(other.kind(), ErrorKind::Storage(StorageFault::Other), "{other}");
        }
        assert!(
            of("UnknownError", "the disk is broken").to_string().contains("UnknownError: the disk is broken")
        );
    }

    #[test]
    fn private_windows_are_blamed_for_what_they_refuse() {
        for name in ["SecurityError", "InvalidStateError"] {
            let refused = failed(Some(name), "failed to open indexed db: SecurityError: no");
            assert_eq!(refused.kind(), ErrorKind::Storage(StorageFault::Forbidden));
            assert!(refused.to_string().contains("private windows"), "{refused}");
        }
        assert!(!failed(Some("DataError"), "DataError: no").to_string().contains("private windows"));
    }
}
