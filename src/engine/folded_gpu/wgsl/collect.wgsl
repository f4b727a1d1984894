// From gradients by pair to gradients by number: for one of the 2P rows (group.y) and 64 columns
// (group.x), dT = sum over its pairs of A du by head; for the rows of a also the plain sum of du.
// The pairs of a row come in a fixed order, so that sums do.

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) unit: u32) {
    let row = group.y;
    let side = row / P;
    let j = group.x * 64u + unit;
    if (j >= WIDE) { return; }
    let start = index[STARTS + row];
    let end = index[STARTS + row + 1u];
    var sums: array<f32, H>;
    var plain = 0.0;
    for (var at = start; at < end; at++) {
        let pair = index[PAIRS + at];
        let du = d_input(pair, j);
        plain += du;
        for (var h = 0u; h < H; h++) {
            sums[h] += arena[PATTERN + pair * 2u * H + side * H + h] * du;
        }
    }
    for (var h = 0u; h < H; h++) { arena[D_T + (row * H + h) * WIDE + j] = sums[h]; }
    if (side == 0u) { arena[D_SUM + row * WIDE + j] = plain; }
}
