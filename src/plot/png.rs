//! Pictures of few colours as PNG, in a data URI: how a heat map enters an SVG.
//!
//! The pixels are stored, not compressed: a map of 113 × 113 takes 13 kB, and no library is needed.

use std::fmt::Write;

/// Pixels with at most 256 colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    width: u32,
    height: u32,
    /// Red, green, blue of each colour.
    palette: Vec<[u8; 3]>,
    /// The colour's place in the palette for each pixel, row by row.
    pixels: Vec<u8>,
}

impl Picture {
    /// Takes rows of red, green, blue; a picture that shows each pixel as a rectangle of several is
    /// brought back to one. `None` if it has more than 256 colours or no pixel.
    pub(super) fn from_rgb(width: u32, height: u32, rgb: &[u8]) -> Option<Self> {
        let (cols, rows) = (width as usize, height as usize);
        let rgb = rgb.as_chunks::<3>().0;
        if rgb.is_empty() || rgb.len() != cols * rows {
            return None;
        }
        let (width, height) = cell(cols, rows, rgb);
        let mut palette: Vec<[u8; 3]> = Vec::new();
        let mut pixels = Vec::with_capacity(rgb.len() / (width * height));
        for row in rgb.chunks_exact(cols).step_by(height) {
            for &pixel in row.iter().step_by(width) {
                let place = palette.iter().position(|&color| color == pixel).unwrap_or_else(|| {
                    palette.push(pixel);
                    palette.len() - 1
                });
                pixels.push(u8::try_from(place).ok()?);
            }
        }
        Some(Self { width: (cols / width) as u32, height: (rows / height) as u32, palette, pixels })
    }

    /// The picture as a `data:` URI.
    pub(super) fn data_uri(&self) -> String {
        format!("data:image/png;base64,{}", base64(&self.to_png()))
    }

    fn to_png(&self) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut header = [self.width.to_be_bytes(), self.height.to_be_bytes()].concat();
        // Eight bits a pixel, palette, and the only compression, filter and order there is.
        header.extend([8, 3, 0, 0, 0]);
        chunk(&mut png, *b"IHDR", &header);
        chunk(&mut png, *b"PLTE", self.palette.as_flattened());
        // Each row begins with its filter: none.
        let rows = self.pixels.chunks_exact(self.width as usize);
        let raw: Vec<u8> = rows.flat_map(|row| std::iter::once(0).chain(row.iter().copied())).collect();
        chunk(&mut png, *b"IDAT", &stored(&raw));
        chunk(&mut png, *b"IEND", &[]);
        png
    }
}

/// Width and height of the largest equal rectangles of one colour that the picture divides into: every
/// edge between two colours lies at a multiple of them.
fn cell(cols: usize, rows: usize, rgb: &[[u8; 3]]) -> (usize, usize) {
    let (mut width, mut height) = (cols, rows);
    for (y, row) in rgb.chunks_exact(cols).enumerate() {
        if row != &rgb[y.saturating_sub(1) * cols..][..cols] {
            height = greatest_common_divisor(height, y);
        }
        let edges = (1..cols).filter(|&x| row[x] != row[x - 1]);
        width = edges.fold(width, greatest_common_divisor);
    }
    (width, height)
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Appends length, name, data and checksum.
fn chunk(png: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    let start = png.len();
    png.extend(name);
    png.extend(data);
    let sum = crc32(&png[start..]);
    png.extend(sum.to_be_bytes());
}

/// A zlib stream (RFC 1950) of stored blocks.
fn stored(raw: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let n_blocks = raw.chunks(0xffff).len();
    for (i, block) in raw.chunks(0xffff).enumerate() {
        let length = block.len() as u16;
        out.push(u8::from(i + 1 == n_blocks));
        out.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
        out.extend(block);
    }
    out.extend(adler32(raw).to_be_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |s, _| (s >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(s & 1)))
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let all = three.iter().chain(&[0; 3]).take(3).fold(0, |all, &byte| all << 8 | usize::from(byte));
        for i in 0..4 {
            let letter = if i <= three.len() { LETTERS[all >> (18 - 6 * i) & 63] } else { b'=' };
            // Writing to a string does not fail.
            let _ = text.write_char(char::from(letter));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Picture, adler32, base64, crc32};

    #[test]
    fn checksums_and_letters_of_known_texts() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of CRC-32");
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text, "RFC 4648 section 10");
        }
    }

    #[test]
    fn rectangles_of_equal_pixels_become_one_pixel() {
        let cells = [[1, 2, 3], [4, 5, 6], [4, 5, 6], [7, 8, 9]];
        let (width, height) = (5, 3);
        let rgb: Vec<u8> = (0..2 * height)
            .flat_map(|y| (0..2 * width).map(move |x| y / height * 2 + x / width))
            .flat_map(|cell: usize| cells[cell])
            .collect();
        let picture = Picture::from_rgb(10, 6, &rgb).unwrap();
        assert_eq!((picture.width, picture.height, picture.pixels), (2, 2, vec![0, 1, 1, 2]));
        assert_eq!(picture.palette, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    }

    #[test]
    fn too_many_colours_or_no_pixels_are_no_picture() {
        let many: Vec<u8> = (0..257u32).flat_map(|i| [(i / 256) as u8, (i % 256) as u8, 0]).collect();
        assert_eq!(Picture::from_rgb(257, 1, &many), None);
        assert_eq!(Picture::from_rgb(0, 0, &[]), None);
    }

    #[test]
    fn the_file_is_the_one_that_zlib_makes() {
        // Chunks around zlib.compress(bytes([0, 0, 1]), 0), made with Python's zlib, struct and base64.
        let expected = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAMAAADD/I+4AAAA\
                        BlBMVEX/AAAAAP9sof2OAAAADklEQVR4AQEDAPz/AAABAAQAAgshi3EAAAAASUVORK5CYII=";
        let picture = Picture::from_rgb(2, 1, &[255, 0, 0, 0, 0, 255]).unwrap();
        assert_eq!(picture.data_uri(), expected, "a red and a blue pixel");
    }
}
