// Backward, from pairs to tables. One of the 2p table rows (group.y) and 64 columns (group.x); over the pairs
// that read row r:
//   d_T[r, h]      = sum A_r[h] d_u
//   d_base_by_a[r] = sum d_u            rows of a only; `reduce` adds them up to d_base
// The pairs of a row come in ascending order: the same sums at every run, without atomics.

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
    let row = group.y;
    let pos = row / P;
    let j = group.x * 64u + invocation;
    if (j >= WIDTH) { return; }
    let start = index[ROW_STARTS + row];
    let end = index[ROW_STARTS + row + 1u];
    var weighted: array<f32, H>;
    var unweighted = 0.0;
    for (var i = start; i < end; i++) {
        let pair = index[PAIRS_OF_ROW + i];
        let du = d_u(pair, j);
        unweighted += du;
        for (var h = 0u; h < H; h++) {
            weighted[h] += arena[PATTERN + pair * 2u * H + pos * H + h] * du;
        }
    }
    for (var h = 0u; h < H; h++) { arena[D_T + (row * H + h) * WIDTH + j] = weighted[h]; }
    if (pos == 0u) { arena[D_BASE_BY_A + row * WIDTH + j] = unweighted; }
}
