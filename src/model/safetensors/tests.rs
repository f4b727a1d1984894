//! Both layouts there and back, and bytes that want to do harm.

use std::collections::BTreeMap;

use super::container::{self, Element, NamedTensor};
use super::{WeightLayout, WeightsFile};
use crate::config::{Activation, Preset};
use crate::model::init::initial_weights;
use crate::model::shape::{ModelShape, Param};
use crate::model::weights::Weights;

fn tiny() -> WeightsFile {
    let config = Preset::Tiny.config();
    let shape = ModelShape::new(&config.data, &config.model);
    WeightsFile { weights: initial_weights(&shape, 1), config: Some(config), step: Some(42) }
}

/// A model whose sizes all differ, so that no swap of dimensions can go unseen.
fn odd_sizes() -> Weights {
    let shape = ModelShape {
        n_ctx: 3,
        n_layers: 2,
        d_model: 10,
        n_heads: 3,
        d_head: 4,
        d_mlp: 6,
        d_vocab: 8,
        d_vocab_out: 7,
        activation: Activation::Gelu,
        causal: true,
        residual_scale: 1.0,
    };
    initial_weights(&shape, 5)
}

fn tensors_of(bytes: &[u8]) -> BTreeMap<String, NamedTensor> {
    container::read(bytes, |_| true).unwrap().tensors
}

fn bytes_of(tensors: &BTreeMap<String, NamedTensor>) -> Vec<u8> {
    let tensors: Vec<_> = tensors.values().cloned().collect();
    container::write(&tensors, &BTreeMap::new(), Element::F32)
}

fn message(bytes: &[u8]) -> String {
    WeightsFile::from_bytes(bytes).expect_err("the bytes are bad").to_string()
}

fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

#[test]
fn both_layouts_come_back_unchanged() {
    for layout in [WeightLayout::PaperCode, WeightLayout::TransformerLens] {
        let file = tiny();
        assert_eq!(WeightsFile::from_bytes(&file.to_bytes(layout)).unwrap(), file, "{layout:?}");
        let file = WeightsFile { weights: odd_sizes(), config: None, step: None };
        assert_eq!(WeightsFile::from_bytes(&file.to_bytes(layout)).unwrap(), file, "{layout:?}");
        assert_eq!(file.to_bytes(layout), file.to_bytes(layout), "the same bytes each time");
    }
}

#[test]
fn what_the_tensors_do_not_show_of_a_model_comes_back_from_the_metadata() {
    let usual = odd_sizes();
    let shape = ModelShape { causal: false, residual_scale: 2.5, ..usual.shape().clone() };
    let weights = Weights::from_flat(shape, usual.flat().to_vec());
    let file = WeightsFile { weights, config: None, step: None };
    let bytes = file.to_bytes(WeightLayout::PaperCode);
    assert_eq!(WeightsFile::from_bytes(&bytes).unwrap(), file);
    let wrong = String::from_utf8_lossy(&bytes[8..]).find(r#""2.5""#).expect("the metadata has it") + 8;
    let mut damaged = bytes.clone();
    damaged[wrong + 1..wrong + 4].copy_from_slice(b"two");
    let error = message(&damaged);
    assert!(error.contains("residual_scale two"), "{error}");
    let usual = WeightsFile { weights: usual, config: None, step: None }.to_bytes(WeightLayout::PaperCode);
    assert!(!String::from_utf8_lossy(&usual).contains("residual_scale"), "the usual value is not written");
}

#[test]
fn transformer_lens_has_its_own_shapes() {
    let file = WeightsFile { weights: odd_sizes(), config: None, step: None };
    let tensors = tensors_of(&file.to_bytes(WeightLayout::TransformerLens));
    let stored = |name: &str| &tensors[name];
    assert_eq!(stored("embed.W_E").dims, [8, 10], "d_vocab × d_model");
    assert_eq!(stored("pos_embed.W_pos").dims, [3, 10], "n_ctx × d_model");
    assert_eq!(stored("blocks.1.attn.W_Q").dims, [3, 10, 4], "head × d_model × d_head");
    assert_eq!(stored("blocks.1.attn.W_O").dims, [3, 4, 10], "head × d_head × d_model");
    assert_eq!(stored("blocks.1.mlp.W_in").dims, [10, 6], "d_model × d_mlp");
    assert_eq!(stored("blocks.1.mlp.W_out").dims, [6, 10], "d_mlp × d_model");
    assert_eq!(stored("unembed.W_U").dims, [10, 7], "d_model × d_vocab_out");
    // Head 2, input 9, width 3 of W_K; head 1, width 2, output 7 of W_O.
    let W_K = file.weights.get(Param::W_K(1));
    assert_eq!(stored("blocks.1.attn.W_K").values[(2 * 10 + 9) * 4 + 3], W_K[(2 * 4 + 3) * 10 + 9], "W_K");
    let W_O = file.weights.get(Param::W_O(1));
    assert_eq!(stored("blocks.1.attn.W_O").values[(4 + 2) * 10 + 7], W_O[7 * 12 + 4 + 2], "W_O");
}

#[test]
fn missing_and_zero_biases_are_accepted() {
    let file = WeightsFile { weights: odd_sizes(), config: None, step: None };
    let mut tensors = tensors_of(&file.to_bytes(WeightLayout::TransformerLens));
    tensors.retain(|name, _| !name.contains(".b_"));
    let zero = NamedTensor { name: "unembed.b_U".into(), dims: vec![7], values: vec![0.0; 7] };
    tensors.insert("unembed.b_U".into(), zero);
    let read = WeightsFile::from_bytes(&bytes_of(&tensors)).unwrap();
    assert!(read.weights.get(Param::b_in(0)).iter().all(|&b| b == 0.0), "a missing bias is zero");
    assert_eq!(read.weights.get(Param::W_U), file.weights.get(Param::W_U), "the rest is there");

    tensors.get_mut("unembed.b_U").unwrap().values[3] = 0.5;
    assert!(message(&bytes_of(&tensors)).contains("unembed.b_U is not zero"), "a bias that would be lost");
}

#[test]
fn wrong_names_shapes_and_values_are_named() {
    let good = tensors_of(&tiny().to_bytes(WeightLayout::PaperCode));
    type Spoil = fn(&mut BTreeMap<String, NamedTensor>);
    let cases: [(&str, Spoil); 8] = [
        ("embed.W_E is missing", |t| drop(t.remove("embed.W_E"))),
        ("blocks.0.mlp.W_out is missing", |t| drop(t.remove("blocks.0.mlp.W_out"))),
        ("blocks.0.ln1.w is not a tensor", |t| {
            t.insert(
                "blocks.0.ln1.w".into(),
                NamedTensor { name: "blocks.0.ln1.w".into(), dims: vec![1], values: vec![1.0] },
            );
        }),
        ("unembed.W_U has shape [32, 4]", |t| t.get_mut("unembed.W_U").unwrap().dims = vec![32, 4]),
        ("embed.W_E has shape [128, 1]", |t| t.get_mut("embed.W_E").unwrap().dims = vec![128, 1]),
        ("blocks.0.attn.W_V has shape [16, 16]", |t| {
            t.get_mut("blocks.0.attn.W_V").unwrap().dims = vec![16, 16];
        }),
        ("pos_embed.W_pos has shape [16, 3]", |t| t.get_mut("pos_embed.W_pos").unwrap().dims = vec![16, 3]),
        ("blocks.0.mlp.b_in holds NaN at place 7", |t| {
            t.get_mut("blocks.0.mlp.b_in").unwrap().values[7] = f64::NAN;
        }),
    ];
    for (expected, spoil) in cases {
        let mut tensors = good.clone();
        spoil(&mut tensors);
        let message = message(&bytes_of(&tensors));
        assert!(message.contains(expected), "{message:?} should say {expected:?}");
    }
}

/// A few megabytes that describe a model of terabytes: each tensor is of a size, but not of the others'.
#[test]
fn sizes_that_do_not_fit_each_other_are_refused_before_anything_is_allocated() {
    const WIDE: usize = 400_000;
    let own = |layout: WeightLayout| match layout {
        WeightLayout::PaperCode => [
            ("pos_embed.W_pos", vec![3, WIDE]),
            ("blocks.0.attn.W_O", vec![WIDE, 1]),
            ("blocks.0.mlp.W_in", vec![WIDE, 1]),
            ("embed.W_E", vec![1, 4]),
        ],
        WeightLayout::TransformerLens => [
            ("pos_embed.W_pos", vec![3, WIDE]),
            ("blocks.0.attn.W_O", vec![1, 1, WIDE]),
            ("blocks.0.mlp.W_in", vec![1, WIDE]),
            ("embed.W_E", vec![4, 1]),
        ],
    };
    let tensor = |name: &str, dims: Vec<usize>| {
        let values = vec![0.5; dims.iter().product()];
        (name.to_owned(), NamedTensor { name: name.to_owned(), dims, values })
    };
    for layout in [WeightLayout::PaperCode, WeightLayout::TransformerLens] {
        let attention = ["W_Q", "W_K", "W_V"].map(|name| (format!("blocks.0.attn.{name}"), vec![1, 1, 1]));
        let rest = [("unembed.W_U".to_owned(), vec![1, 4]), ("blocks.0.mlp.W_out".to_owned(), vec![1, 1])];
        let mut tensors: BTreeMap<_, _> =
            own(layout).into_iter().map(|(name, dims)| tensor(name, dims)).collect();
        tensors.extend(attention.into_iter().chain(rest).map(|(name, dims)| tensor(&name, dims)));
        let error = message(&bytes_of(&tensors));
        assert!(error.contains("embed.W_E has shape") && error.contains("400000"), "{layout:?}: {error}");
        // The sizes fit, but most of the model is not there.
        tensors.retain(|name, _| name.contains("W_pos") || name.contains("W_O") || name.contains("W_in"));
        tensors.extend([tensor("blocks.0.attn.W_Q", vec![1, 1, 1]), tensor("unembed.W_U", vec![1, 4])]);
        let error = message(&bytes_of(&tensors));
        assert!(error.contains("embed.W_E is missing"), "{layout:?}: {error}");
    }
}

#[test]
fn a_configuration_of_another_model_is_refused() {
    let mut file = tiny();
    file.config.as_mut().unwrap().model.d_mlp = 64;
    assert!(message(&file.to_bytes(WeightLayout::PaperCode)).contains("the configuration in the file"));
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = tiny().to_bytes(WeightLayout::PaperCode);
    for end in (0..3000).chain(bytes.len() - 300..bytes.len()) {
        WeightsFile::from_bytes(&bytes[..end]).expect_err("a part of the file");
    }
}

#[test]
fn every_damaged_header_byte_is_survived() {
    let bytes = tiny().to_bytes(WeightLayout::PaperCode);
    let header_end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for i in 0..header_end {
        for flip in [0x01, 0x04, 0x80] {
            let mut damaged = bytes.clone();
            damaged[i] ^= flip;
            // Some damage is harmless, as in the name of a setting: no panic is what is asked.
            let _ = WeightsFile::from_bytes(&damaged);
        }
    }
}

#[test]
fn hostile_headers_are_refused() {
    let entry = |shape: &str, from: u64, to: u64| {
        format!(r#"{{"embed.W_E":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}}}"#)
    };
    let overlap = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    let cases = [
        ("sizes that overflow", with_header(&entry("[4294967296,4294967296]", 0, 8), &[0; 8])),
        ("offsets beyond the file", with_header(&entry("[1000000000000]", 0, 4_000_000_000_000), &[0; 8])),
        ("offsets that run backwards", with_header(&entry("[2]", 8, 0), &[0; 8])),
        ("overlapping tensors", with_header(overlap, &[0; 12])),
        ("no values and a huge dimension", with_header(&entry("[0,1000000000000]", 0, 0), &[])),
        (
            "a number type it has not",
            with_header(r#"{"embed.W_E":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, &[0; 8]),
        ),
        ("no tensor at all", with_header("{}", &[])),
        ("a header that is not JSON", with_header("hello", &[])),
        ("a header that is not text", [&1u64.to_le_bytes()[..], &[0xff]].concat()),
        ("deeply nested JSON", with_header(&"[".repeat(100_000), &[])),
        ("a length of all ones", vec![0xff; 64]),
        ("nothing", Vec::new()),
    ];
    for (what, bytes) in cases {
        let message = message(&bytes);
        assert!(message.starts_with("safetensors weights: "), "{what}: {message}");
    }
}

#[test]
fn a_header_of_megabytes_is_refused_unread() {
    let header = format!(r#"{{"__metadata__":{{"x":"{}"}}}}"#, "y".repeat(2 << 20));
    assert!(message(&with_header(&header, &[])).contains("allowed are 1048576"));
}
