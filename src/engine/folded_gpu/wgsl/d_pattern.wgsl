// Backward through u = base + sum A T, to the attention pattern:
//   d_A_r[h] = d_u . T[r, h]            one number per pair, table row and head
// Eight pairs (group.x) of one of the 2p table rows (group.y), eight invocations each. The workgroup memory of
// 64 heads, the most that are allowed, is 16 KiB: the limit that every WebGPU device has.

var<workgroup> partial_sums: array<f32, H * 64u>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
    let row = group.y;
    let first = index[ROW_STARTS + row] + group.x * 8u;
    let end = index[ROW_STARTS + row + 1u];
    if (first >= end) { return; }
    let pair = index[PAIRS_OF_ROW + min(first + invocation / 8u, end - 1u)];
    // Invocation k of a pair takes the columns k, k + 8, ...
    var sums: array<f32, H>;
    for (var j = invocation % 8u; j < WIDTH; j += 8u) {
        let du = d_u(pair, j);
        for (var h = 0u; h < H; h++) { sums[h] += du * arena[T + (row * H + h) * WIDTH + j]; }
    }
    for (var h = 0u; h < H; h++) { partial_sums[h * 64u + invocation] = sums[h]; }
    workgroupBarrier();
    for (var v = invocation; v < min(8u, end - first) * H; v += 64u) {
        let i = v / H;
        let h = v % H;
        var sum = 0.0;
        for (var k = 0u; k < 8u; k++) { sum += partial_sums[h * 64u + i * 8u + k]; }
        arena[D_PATTERN + (index[PAIRS_OF_ROW + first + i] * 2u + row / P) * H + h] = sum;
    }
}
