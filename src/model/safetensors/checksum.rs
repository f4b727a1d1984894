//! A checksum over everything in a file, so that a flipped bit is seen where it would only be another number.
//!
//! SipHash-2-4 with 128 bits and a key of zeros, over the metadata and the tensors, each in the order of their
//! names; it guards against chance, not against intent. A program that stores the same tensors in another order
//! keeps it; one that changes a number has to take the entry out of the metadata.

use core::hash::Hasher;
use std::collections::BTreeMap;

use siphasher::sip128::{Hasher128, SipHasher24};

/// The metadata's entry that holds the checksum. A file without it is read unchecked.
pub(super) const KEY: &str = "checksum";

/// Which function the digits come from, so that another one can follow.
const PREFIX: &str = "siphash-2-4-128:";

/// A tensor as it lies in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredTensor<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The kind of its numbers: `F32`, `F64`.
    pub(super) dtype: &'a str,
    /// Its dimensions, outermost first.
    pub(super) dims: &'a [usize],
    /// Its bytes.
    pub(super) data: &'a [u8],
}

/// The checksum of a file's content as the metadata holds it; an entry of [`KEY`] does not count.
pub(super) fn checksum(metadata: &BTreeMap<String, String>, tensors: &mut [StoredTensor<'_>]) -> String {
    let mut digest = Digest(SipHasher24::new());
    let metadata: Vec<_> = metadata.iter().filter(|(key, _)| *key != KEY).collect();
    digest.number(metadata.len());
    for (key, value) in metadata {
        digest.bytes(key.as_bytes());
        digest.bytes(value.as_bytes());
    }
    tensors.sort_unstable_by_key(|tensor| tensor.name);
    digest.number(tensors.len());
    for StoredTensor { name, dtype, dims, data } in tensors {
        digest.bytes(name.as_bytes());
        digest.bytes(dtype.as_bytes());
        digest.number(dims.len());
        dims.iter().for_each(|&dim| digest.number(dim));
        digest.bytes(data);
    }
    format!("{PREFIX}{:032x}", digest.0.finish128().as_u128())
}

struct Digest(SipHasher24);

impl Digest {
    /// Each part with its length, so that what moves from one to the next is seen.
    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.write(bytes);
    }

    /// The same on machines of 32 and of 64 bits.
    fn number(&mut self, number: usize) {
        self.0.write(&(number as u64).to_le_bytes());
    }
}
