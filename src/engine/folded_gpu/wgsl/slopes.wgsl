// The gradient of the attention pattern, dA = du . T[row, h], for eight pairs (block group.x) of one of
// the 2P rows (group.y), eight invocations each. 64 heads, the most there may be, take 16 KiB.

var<workgroup> parts: array<f32, H * 64u>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) unit: u32) {
    let row = group.y;
    let first = index[STARTS + row] + group.x * 8u;
    let end = index[STARTS + row + 1u];
    if (first >= end) { return; }
    let pair = index[PAIRS + min(first + unit / 8u, end - 1u)];
    var sums: array<f32, H>;
    for (var j = unit % 8u; j < WIDE; j += 8u) {
        let du = d_input(pair, j);
        for (var h = 0u; h < H; h++) { sums[h] += du * arena[T + (row * H + h) * WIDE + j]; }
    }
    for (var h = 0u; h < H; h++) { parts[h * 64u + unit] = sums[h]; }
    workgroupBarrier();
    for (var v = unit; v < min(8u, end - first) * H; v += 64u) {
        let i = v / H;
        let h = v % H;
        var sum = 0.0;
        for (var k = 0u; k < 8u; k++) { sum += parts[h * 64u + i * 8u + k]; }
        arena[D_PATTERN + (index[PAIRS + first + i] * 2u + row / P) * H + h] = sum;
    }
}
