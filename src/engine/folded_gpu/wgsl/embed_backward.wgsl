// Backward, to the embeddings, and the step's entry in the ring of losses. Row r < 2p of X is
// W_E[number] + W_pos[position] - X_eq, row 2p is X_eq = W_E["="] + W_pos[2], so that
//   d_W_E[t]   = d_X[t] + d_X[p + t]
//   d_W_pos[0] = sum_a d_X[a],  d_W_pos[1] = sum_b d_X[p + b]
//   d_W_E["="] = d_W_pos[2] = d_X[2p] - d_W_pos[0] - d_W_pos[1]
//
// Workgroups, in this order: entries of W_E except "="; columns of W_pos and "="; the ring.
// `params`: where in `record` the score sums of the loss kernel's workgroups begin, and how many there are.

var<workgroup> totals: array<vec3f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
    const N_ENTRIES = (D * P + 63u) / 64u;
    const N_COLUMNS = (D + 63u) / 64u;
    if (group.x < N_ENTRIES) {
        let i = group.x * 64u + invocation;
        if (i < D * P) {
            let t = i / D;
            let d = i % D;
            arena[GRADIENT_AT + W_E + d * (P + 1u) + t] = arena[D_X + t * D + d] + arena[D_X + (P + t) * D + d];
        }
        return;
    }
    if (group.x < N_ENTRIES + N_COLUMNS) {
        let d = (group.x - N_ENTRIES) * 64u + invocation;
        if (d < D) {
            var d_pos_a = 0.0;
            var d_pos_b = 0.0;
            for (var t = 0u; t < P; t++) {
                d_pos_a += arena[D_X + t * D + d];
                d_pos_b += arena[D_X + (P + t) * D + d];
            }
            let d_eq = arena[D_X + 2u * P * D + d] - (d_pos_a + d_pos_b);
            arena[GRADIENT_AT + W_POS + d] = d_pos_a;
            arena[GRADIENT_AT + W_POS + D + d] = d_pos_b;
            arena[GRADIENT_AT + W_POS + 2u * D + d] = d_eq;
            arena[GRADIENT_AT + W_E + d * (P + 1u) + P] = d_eq;
        }
        return;
    }
    var total = vec3f(0.0);
    for (var k = invocation; k < params.y; k += 64u) {
        let first = params.x + k * 3u;
        total += vec3f(record[first], record[first + 1u], record[first + 2u]);
    }
    totals[invocation] = total;
    workgroupBarrier();
    if (invocation == 0u) {
        total = vec3f(0.0);
        for (var k = 0u; k < 64u; k++) { total += totals[k]; }
        let step = bitcast<u32>(record[0]);
        let to = RING + step % RING_LENGTH * 3u;
        record[to] = total.x;
        record[to + 1u] = total.y;
        record[to + 2u] = total.z;
        record[0] = bitcast<f32>(step + 1u);
    }
}
