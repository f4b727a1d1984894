//! The only file that turns the protocol's types into `JsValue` and back.
//!
//! A message is an object `{ body, arrays, files }`: the body through serde, big arrays as
//! `Float32Array`s and files as `Uint8Array`s, whose buffers are transferred, not copied.

use std::cell::RefCell;

use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

use super::analyst::{AnalystReply, AnalystRequest};
use super::peer::{PeerCommand, PeerReply};
use super::{Command, Event};
use crate::analysis::checkpoint::GridMaps;
use crate::error::{LabError, Result};

/// A value ready for `postMessage`, and the buffers to transfer with it.
#[derive(Debug)]
pub struct Encoded {
    /// The message.
    pub value: JsValue,
    /// The list for `postMessage`'s second argument.
    pub transfer: Array,
}

/// Arrays whose numbers have been read, to carry others back: a worker that exchanges a megabyte at every
/// step would otherwise leave two to the garbage collector each time.
#[derive(Debug, Default)]
pub struct BufferPool(RefCell<Vec<Float32Array>>);

impl BufferPool {
    /// How many are kept at most: what is under way between two workers at a time.
    const ROOM: usize = 4;

    fn keep(&self, array: Float32Array) {
        let mut arrays = self.0.borrow_mut();
        if arrays.len() == Self::ROOM {
            arrays.remove(0);
        }
        arrays.push(array);
    }

    /// An array of these values.
    fn array_of(&self, values: &[f32]) -> Float32Array {
        let mut arrays = self.0.borrow_mut();
        match arrays.iter().position(|array| array.length() as usize == values.len()) {
            Some(i) => {
                let array = arrays.swap_remove(i);
                array.copy_from(values);
                array
            }
            None => Float32Array::from(values),
        }
    }
}

/// A message of the protocol: its big arrays travel beside the rest.
pub trait Message: Serialize + DeserializeOwned {
    /// The big arrays, in a fixed order. They are taken out of a message before serde sees it.
    fn arrays(&mut self) -> Vec<&mut Vec<f32>> {
        Vec::new()
    }

    /// The files, in a fixed order; they too are taken out.
    fn files(&mut self) -> Vec<&mut Vec<u8>> {
        Vec::new()
    }
}

impl Message for Command {
    fn files(&mut self) -> Vec<&mut Vec<u8>> {
        match self {
            Self::Start { saved, .. } => vec![saved],
            _ => Vec::new(),
        }
    }
}

impl Message for Event {
    fn arrays(&mut self) -> Vec<&mut Vec<f32>> {
        match self {
            Self::Spectrum { norms, .. } => vec![norms],
            _ => Vec::new(),
        }
    }

    fn files(&mut self) -> Vec<&mut Vec<u8>> {
        match self {
            Self::Checkpoint { weights: file, .. } | Self::Saved { state: file, .. } => vec![file],
            _ => Vec::new(),
        }
    }
}

impl Message for AnalystRequest {
    fn files(&mut self) -> Vec<&mut Vec<u8>> {
        match self {
            Self::LoadWeights { file, .. } => vec![file],
            _ => Vec::new(),
        }
    }
}

impl Message for AnalystReply {
    fn arrays(&mut self) -> Vec<&mut Vec<f32>> {
        match self {
            Self::Snapshot { snapshot, .. } => {
                let Some(modular) = &mut snapshot.modular else { return Vec::new() };
                let GridMaps { attention_scores, margins, logit_norms, circles, neurons } = &mut modular.maps;
                let circles = circles.iter_mut().flat_map(|circle| [&mut circle.x, &mut circle.y]);
                let neurons = neurons.iter_mut().map(|neuron| &mut neuron.values);
                attention_scores
                    .iter_mut()
                    .chain([margins, logit_norms])
                    .chain(circles)
                    .chain(neurons)
                    .collect()
            }
            Self::Ablated { margins, .. } => vec![margins],
            Self::Answer { logits, votes, .. } => {
                std::iter::once(logits).chain(votes.iter_mut().map(|(_, votes)| votes)).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Message for PeerCommand {
    fn arrays(&mut self) -> Vec<&mut Vec<f32>> {
        match self {
            Self::Load { state } => state.tensors.iter_mut().collect(),
            Self::Tell { told, .. } => vec![told],
            Self::Join { .. } | Self::Ask { .. } => Vec::new(),
        }
    }
}

impl Message for PeerReply {
    fn arrays(&mut self) -> Vec<&mut Vec<f32>> {
        match self {
            Self::Told { told } => vec![told],
            _ => Vec::new(),
        }
    }
}

/// Prepares a message for the other side.
///
/// # Errors
/// [`LabError::Protocol`] if serde refuses the value.
pub fn encode<M: Message>(message: M) -> Result<Encoded> {
    encode_in(message, &BufferPool::default())
}

/// [`encode`] into arrays that came in before.
///
/// # Errors
/// As [`encode`].
pub fn encode_in<M: Message>(mut message: M, pool: &BufferPool) -> Result<Encoded> {
    let failed = |reason: &dyn std::fmt::Debug| LabError::Protocol(format!("could not write: {reason:?}"));
    let (arrays, files, transfer) = (Array::new(), Array::new(), Array::new());
    for values in message.arrays() {
        let array = pool.array_of(&std::mem::take(values));
        transfer.push(&array.buffer());
        arrays.push(&array);
    }
    for bytes in message.files() {
        let array = Uint8Array::from(std::mem::take(bytes).as_slice());
        transfer.push(&array.buffer());
        files.push(&array);
    }
    let body = serde_wasm_bindgen::to_value(&message).map_err(|e| failed(&e))?;
    let value = Object::new();
    Reflect::set(&value, &"body".into(), &body).map_err(|e| failed(&e))?;
    Reflect::set(&value, &"arrays".into(), &arrays).map_err(|e| failed(&e))?;
    Reflect::set(&value, &"files".into(), &files).map_err(|e| failed(&e))?;
    Ok(Encoded { value: value.into(), transfer })
}

/// Reads a message from the other side.
///
/// # Errors
/// [`LabError::Protocol`] if it is not one of this protocol's messages.
pub fn decode<M: Message>(value: &JsValue) -> Result<M> {
    decode_keeping(value, &BufferPool::default())
}

/// [`decode`], after which the arrays are spare.
///
/// # Errors
/// As [`decode`].
pub fn decode_keeping<M: Message>(value: &JsValue, pool: &BufferPool) -> Result<M> {
    let failed = |reason: &dyn std::fmt::Debug| LabError::Protocol(format!("could not read: {reason:?}"));
    let body = Reflect::get(value, &"body".into()).map_err(|e| failed(&e))?;
    let list = |name: &str| {
        let list = Reflect::get(value, &name.into()).map_err(|e| failed(&e))?;
        list.dyn_into::<Array>().map_err(|_| LabError::Protocol(format!("could not read: no list of {name}")))
    };
    let (arrays, files) = (list("arrays")?, list("files")?);
    let mut message: M = serde_wasm_bindgen::from_value(body).map_err(|e| failed(&e))?;
    for (values, array) in message.arrays().into_iter().zip(arrays.iter()) {
        let array = array
            .dyn_into::<Float32Array>()
            .map_err(|_| LabError::Protocol("could not read: an array is not a Float32Array".into()))?;
        *values = array.to_vec();
        pool.keep(array);
    }
    for (bytes, file) in message.files().into_iter().zip(files.iter()) {
        *bytes = file
            .dyn_into::<Uint8Array>()
            .map_err(|_| LabError::Protocol("could not read: a file is not a Uint8Array".into()))?
            .to_vec();
    }
    Ok(message)
}
