//! Pictures of few colours as PNG, in a data URI: how a heat map enters an SVG.
//!
//! Compression and checksums come from the libraries that pack capsules and recordings. The crate `png` would do
//! the rest in as many lines, but it brings flate2, which turns on features of the miniz_oxide that Burn has, so that
//! Burn would be built anew for every program with figures, and the page would carry that miniz_oxide as well as ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::deflate::compress_to_vec_zlib;

/// Nine steps from fast to small; a picture has at most some ten thousand pixels.
const COMPRESSION: u8 = 9;

/// Pixels with at most 256 colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PngImage {
    width: u32,
    height: u32,
    /// Red, green, blue of each colour.
    palette: Vec<[u8; 3]>,
    /// The colour's place in the palette for each pixel, row by row.
    pixels: Vec<u8>,
}

impl PngImage {
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
        format!("data:image/png;base64,{}", STANDARD.encode(self.to_png()))
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
        chunk(&mut png, *b"IDAT", &compress_to_vec_zlib(&raw, COMPRESSION));
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
    let sum = rawzip::crc32(&png[start..]);
    png.extend(sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use miniz_oxide::inflate::decompress_to_vec_zlib;

    use super::PngImage;

    #[test]
    fn rectangles_of_equal_pixels_become_one_pixel() {
        let cells = [[1, 2, 3], [4, 5, 6], [4, 5, 6], [7, 8, 9]];
        let (width, height) = (5, 3);
        let rgb: Vec<u8> = (0..2 * height)
            .flat_map(|y| (0..2 * width).map(move |x| y / height * 2 + x / width))
            .flat_map(|cell: usize| cells[cell])
            .collect();
        let picture = PngImage::from_rgb(10, 6, &rgb).unwrap();
        assert_eq!((picture.width, picture.height, picture.pixels), (2, 2, vec![0, 1, 1, 2]));
        assert_eq!(picture.palette, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    }

    #[test]
    fn too_many_colours_or_no_pixels_are_no_picture() {
        let many: Vec<u8> = (0..257u32).flat_map(|i| [(i / 256) as u8, (i % 256) as u8, 0]).collect();
        assert_eq!(PngImage::from_rgb(257, 1, &many), None);
        assert_eq!(PngImage::from_rgb(0, 0, &[]), None);
    }

    #[test]
    fn the_chunks_are_those_of_the_format() {
        let picture = PngImage::from_rgb(2, 1, &[255, 0, 0, 0, 0, 255]).unwrap();
        let uri = picture.data_uri();
        let png = STANDARD.decode(uri.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        assert_eq!(png, picture.to_png(), "the text is the file");
        // Made with Python's zlib, struct and base64: everything before the pixels, and the end.
        let start =
            STANDARD.decode("iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAMAAADD/I+4AAAABlBMVEX/AAAAAP9sof2O").unwrap();
        let end = STANDARD.decode("AAAAAElFTkSuQmCC").unwrap();
        let pixels =
            png.strip_prefix(&start[..]).and_then(|rest| rest.strip_suffix(&end[..])).expect("its frame");
        let (length, rest) = pixels.split_at(4);
        let (data, sum) = rest.split_at(rest.len() - 4);
        assert_eq!(length, (data.len() as u32 - 4).to_be_bytes(), "the length is that of the data");
        let packed = data.strip_prefix(b"IDAT").expect("the pixels' name");
        assert_eq!(decompress_to_vec_zlib(packed).unwrap(), [0, 0, 1], "no filter, a red and a blue pixel");
        assert_eq!(sum, rawzip::crc32(data).to_be_bytes(), "the checksum is over name and data");
        assert_eq!(rawzip::crc32(b"123456789"), 0xcbf4_3926, "and is the format's");
    }
}
