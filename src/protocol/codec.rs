//! The only file that turns the protocol's types into `JsValue` and back.
//!
//! A message is an object `{ body, arrays }`: the body through serde, the big arrays as
//! `Float32Array`s whose buffers are transferred, not copied.

use js_sys::{Array, Float32Array, Object, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

use super::{Command, Event};
use crate::error::{LabError, Result};

/// A value ready for `postMessage`, and the buffers to transfer with it.
#[derive(Debug)]
pub struct Encoded {
    /// The message.
    pub value: JsValue,
    /// The list for `postMessage`'s second argument.
    pub transfer: Array,
}

/// A message of the protocol: its big arrays travel beside the rest.
pub trait Message: Serialize + DeserializeOwned {
    /// The fields that serde skips, in a fixed order.
    fn arrays(&mut self) -> Vec<&mut Vec<f32>>;
}

impl Message for Command {
    fn arrays(&mut self) -> Vec<&mut Vec<f32>> {
        Vec::new()
    }
}

impl Message for Event {
    fn arrays(&mut self) -> Vec<&mut Vec<f32>> {
        match self {
            Self::Spectrum { norms, .. } => vec![norms],
            _ => Vec::new(),
        }
    }
}

/// Prepares a message for the other side.
///
/// # Errors
/// [`LabError::Protocol`] if serde refuses the value.
pub fn encode<M: Message>(mut message: M) -> Result<Encoded> {
    let failed = |reason: &dyn std::fmt::Debug| LabError::Protocol(format!("could not write: {reason:?}"));
    let (arrays, transfer) = (Array::new(), Array::new());
    for values in message.arrays() {
        let array = Float32Array::from(values.as_slice());
        transfer.push(&array.buffer());
        arrays.push(&array);
    }
    let body = serde_wasm_bindgen::to_value(&message).map_err(|e| failed(&e))?;
    let value = Object::new();
    Reflect::set(&value, &"body".into(), &body).map_err(|e| failed(&e))?;
    Reflect::set(&value, &"arrays".into(), &arrays).map_err(|e| failed(&e))?;
    Ok(Encoded { value: value.into(), transfer })
}

/// Reads a message from the other side.
///
/// # Errors
/// [`LabError::Protocol`] if it is not one of this protocol's messages.
pub fn decode<M: Message>(value: &JsValue) -> Result<M> {
    let failed = |reason: &dyn std::fmt::Debug| LabError::Protocol(format!("could not read: {reason:?}"));
    let body = Reflect::get(value, &"body".into()).map_err(|e| failed(&e))?;
    let arrays: Array = Reflect::get(value, &"arrays".into())
        .map_err(|e| failed(&e))?
        .dyn_into()
        .map_err(|_| LabError::Protocol("could not read: no list of arrays".into()))?;
    let mut message: M = serde_wasm_bindgen::from_value(body).map_err(|e| failed(&e))?;
    for (values, array) in message.arrays().into_iter().zip(arrays.iter()) {
        *values = array
            .dyn_into::<Float32Array>()
            .map_err(|_| LabError::Protocol("could not read: an array is not a Float32Array".into()))?
            .to_vec();
    }
    Ok(message)
}
