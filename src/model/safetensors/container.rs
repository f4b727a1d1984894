//! Named tensors in and out of the safetensors container, without trust in the bytes.

use std::collections::BTreeMap;

use ::half::f16;
use ::safetensors::tensor::{Dtype, SafeTensorError, SafeTensors};
use serde_json::{Map, Value, json};

use super::checksum::{self, StoredTensor, checksum};
use crate::error::{LabError, Result};

/// The longest header that is read. One with every tensor of the largest model and its
/// configuration stays below 20 kB; parsing costs several times the header's size in memory.
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// One tensor on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Its name in the file, for example `embed.W_E`.
    pub name: String,
    /// Its dimensions, outermost first.
    pub dims: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f64>,
}

/// Width of the numbers in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// 16 bits (IEEE half precision): for weights that are published to be looked at.
    F16,
    /// 32 bits: the layout every reader expects.
    F32,
    /// 64 bits: for the state of a run in that precision.
    F64,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contents {
    /// The tensors, by name.
    pub tensors: BTreeMap<String, NamedTensor>,
    /// The strings of the header's `__metadata__`.
    pub metadata: BTreeMap<String, String>,
}

/// Reads a file's tensors and metadata; only the tensors whose name `wanted` accepts are copied.
///
/// The copies take at most four times the bytes given.
///
/// # Errors
/// [`LabError::Content`] if the bytes are no safetensors file, end early, claim sizes that overflow
/// or regions that overlap or leave gaps, if it has a checksum that does not fit, or if a wanted tensor is
/// empty, holds something else than floats of 16, 32 or 64 bits, or a value that is not finite.
pub fn read(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Contents> {
    check_header_length(bytes)?;
    let (header_len, header) = SafeTensors::read_metadata(bytes).map_err(|e| broken(&e))?;
    let file = SafeTensors::deserialize(bytes).map_err(|e| broken(&e))?;
    let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
    check_checksum(&metadata, &file)?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.iter().filter(|(name, _)| wanted(name)) {
        let values = match view.dtype() {
            Dtype::F16 => floats(view.data(), |b| f64::from(f16::from_le_bytes(b))),
            Dtype::F32 => floats(view.data(), |b| f64::from(f32::from_le_bytes(b))),
            Dtype::F64 => floats(view.data(), f64::from_le_bytes),
            other => {
                return Err(wrong(format!("{name} holds {other} numbers; allowed are F16, F32 and F64")));
            }
        };
        if values.is_empty() {
            return Err(wrong(format!("{name} of shape {:?} is empty", view.shape())));
        }
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            return Err(wrong(format!(
                "{name} holds {} at place {i}; every value must be finite",
                values[i]
            )));
        }
        let tensor = NamedTensor { name: name.to_owned(), dims: view.shape().to_vec(), values };
        tensors.insert(name.to_owned(), tensor);
    }
    debug_assert!(header_len as u64 <= MAX_HEADER_BYTES, "checked above");
    Ok(Contents { tensors, metadata })
}

/// Writes tensors in the order given; the same input gives the same bytes.
///
/// # Panics
/// If a tensor's dimensions do not multiply to its number of values.
pub fn write(tensors: &[NamedTensor], metadata: &BTreeMap<String, String>, element: Element) -> Vec<u8> {
    let data = Data::of(tensors, element);
    assemble(tensors, metadata, &data)
}

/// Writes a file as [`write()`] does, with a checksum of all of it in the metadata, which [`read`] compares.
///
/// # Panics
/// As [`write()`].
pub fn write_with_checksum(
    tensors: &[NamedTensor],
    mut metadata: BTreeMap<String, String>,
    element: Element,
) -> Vec<u8> {
    let data = Data::of(tensors, element);
    let mut stored: Vec<_> = tensors
        .iter()
        .zip(&data.offsets)
        .map(|(NamedTensor { name, dims, .. }, &[start, end])| StoredTensor {
            name,
            dtype: data.dtype,
            dims,
            data: &data.bytes[start..end],
        })
        .collect();
    let sum = checksum(&metadata, &mut stored);
    metadata.insert(checksum::KEY.to_owned(), sum);
    assemble(tensors, &metadata, &data)
}

/// The second part of a file, and where each tensor lies in it.
struct Data {
    dtype: &'static str,
    bytes: Vec<u8>,
    offsets: Vec<[usize; 2]>,
}

impl Data {
    fn of(tensors: &[NamedTensor], element: Element) -> Self {
        let (dtype, n_bytes) = match element {
            Element::F16 => ("F16", 2),
            Element::F32 => ("F32", 4),
            Element::F64 => ("F64", 8),
        };
        let mut data = Self { dtype, bytes: Vec::new(), offsets: Vec::new() };
        for NamedTensor { name, dims, values } in tensors {
            assert_eq!(dims.iter().product::<usize>(), values.len(), "{name}: shape and number of values");
            let start = data.bytes.len();
            match element {
                Element::F16 => {
                    data.bytes.extend(values.iter().flat_map(|&v| f16::from_f64(v).to_le_bytes()));
                }
                Element::F32 => data.bytes.extend(values.iter().flat_map(|&v| (v as f32).to_le_bytes())),
                Element::F64 => data.bytes.extend(values.iter().flat_map(|v| v.to_le_bytes())),
            }
            debug_assert_eq!(data.bytes.len() - start, n_bytes * values.len(), "bytes of {name}");
            data.offsets.push([start, data.bytes.len()]);
        }
        data
    }
}

fn assemble(tensors: &[NamedTensor], metadata: &BTreeMap<String, String>, data: &Data) -> Vec<u8> {
    let mut header = Map::new();
    header.insert("__metadata__".into(), json!(metadata));
    for (NamedTensor { name, dims, .. }, offsets) in tensors.iter().zip(&data.offsets) {
        header.insert(name.clone(), json!({ "dtype": data.dtype, "shape": dims, "data_offsets": offsets }));
    }
    let mut text = Value::Object(header).to_string();
    // The format asks for tensors that begin at a multiple of eight bytes.
    text.extend(std::iter::repeat_n(' ', text.len().next_multiple_of(8) - text.len()));
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.into_bytes());
    bytes.extend_from_slice(&data.bytes);
    bytes
}

fn check_checksum(metadata: &BTreeMap<String, String>, file: &SafeTensors<'_>) -> Result<()> {
    let Some(written) = metadata.get(checksum::KEY) else { return Ok(()) };
    let views: Vec<_> = file.iter().map(|(name, view)| (name, view.dtype().to_string(), view)).collect();
    let mut stored: Vec<_> = views
        .iter()
        .map(|(name, dtype, view)| StoredTensor { name, dtype, dims: view.shape(), data: view.data() })
        .collect();
    // A fuzzer would hardly get past it.
    if cfg!(fuzzing) || checksum(metadata, &mut stored) == *written {
        return Ok(());
    }
    Err(wrong("the checksum in the metadata is not that of the content: the file is damaged"))
}

/// An error about the content of the file.
pub(super) fn wrong(reason: impl ToString) -> LabError {
    LabError::content("safetensors weights", reason)
}

fn check_header_length(bytes: &[u8]) -> Result<()> {
    let Some((head, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(wrong(format!("{} bytes; a file begins with 8 bytes of header length", bytes.len())));
    };
    let header_len = u64::from_le_bytes(*head);
    if header_len > rest.len() as u64 {
        return Err(wrong(format!(
            "the header claims {header_len} bytes, but only {} follow: not a safetensors file, or cut short",
            rest.len()
        )));
    }
    if header_len > MAX_HEADER_BYTES {
        return Err(wrong(format!("a header of {header_len} bytes; allowed are {MAX_HEADER_BYTES}")));
    }
    Ok(())
}

fn broken(error: &SafeTensorError) -> LabError {
    let hint = match error {
        SafeTensorError::MetadataIncompleteBuffer => ": cut short, or bytes that belong to no tensor",
        SafeTensorError::InvalidOffset(_) => ": tensors must follow each other without overlap or gap",
        _ => "",
    };
    wrong(format!("{error}{hint}"))
}

fn floats<const N: usize>(data: &[u8], read: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    data.as_chunks::<N>().0.iter().map(|chunk| read(*chunk)).collect()
}
