//! The only file that knows IndexedDB: one table of bytes by text.

use idb::{DatabaseEvent, Factory, ObjectStore, ObjectStoreParams, Transaction, TransactionMode};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};

use super::records::Change;
use crate::error::{LabError, Result};

const NAME: &str = "grokking-lab";
const TABLE: &str = "records";
/// Raised when the table changes its form.
const VERSION: u32 = 1;

/// An open table.
pub(super) struct Database {
    inner: idb::Database,
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
        Ok(Self { inner: request.await.map_err(refused)? })
    }

    /// Every key.
    ///
    /// # Errors
    /// [`LabError::File`] if the browser refuses.
    pub(super) async fn keys(&self) -> Result<Vec<String>> {
        let (_transaction, table) = self.begin(TransactionMode::ReadOnly)?;
        let keys = table.get_all_keys(None, None).map_err(refused)?.await.map_err(refused)?;
        Ok(keys.iter().filter_map(JsValue::as_string).collect())
    }

    /// The value of a key; none if there is none.
    ///
    /// # Errors
    /// [`LabError::File`] if the browser refuses.
    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let (_transaction, table) = self.begin(TransactionMode::ReadOnly)?;
        let value = table.get(JsValue::from_str(key)).map_err(refused)?.await.map_err(refused)?;
        Ok(value.and_then(|value| value.dyn_into::<Uint8Array>().ok()).map(|bytes| bytes.to_vec()))
    }

    /// Makes all changes, or none.
    ///
    /// # Errors
    /// [`LabError::File`] if the browser refuses.
    pub(super) async fn write(&self, changes: &[Change]) -> Result<()> {
        let (transaction, table) = self.begin(TransactionMode::ReadWrite)?;
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
            Ok(_) => Err(full()),
            Err(error) => Err(refused(error)),
        }
    }

    fn begin(&self, mode: TransactionMode) -> Result<(Transaction, ObjectStore)> {
        let transaction = self.inner.transaction(&[TABLE], mode).map_err(refused)?;
        let table = transaction.object_store(TABLE).map_err(refused)?;
        Ok((transaction, table))
    }
}

/// A transaction that ends without a reason has found no room when it was to be written.
fn full() -> LabError {
    LabError::file("use", "this browser's storage", "it is full: delete kept runs, or free room on the disk")
}

fn refused(error: idb::Error) -> LabError {
    let reason = error.to_string();
    if is_about_room(&reason) {
        return full();
    }
    LabError::file(
        "use",
        "this browser's storage",
        format!("{reason}; private windows and strict settings refuse it"),
    )
}

/// Whether a browser's words are about too little room.
pub(super) fn is_about_room(reason: &str) -> bool {
    reason.contains("QuotaExceeded") || reason.contains("it is full")
}
