// From the gradient of X by row to that of W_E and W_pos, and the step's entry in the ring of losses.
// A row is a token and a position less "=", which is itself a token and a position.
//
// Workgroups: entries of W_E but "="; columns of W_pos and "="; the ring.
// `params`: where in `record` the sums of the workgroups begin, and how many there are.

var<workgroup> totals: array<vec3f, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) unit: u32) {
    const N_ENTRIES = (D * P + 63u) / 64u;
    const N_COLUMNS = (D + 63u) / 64u;
    if (group.x < N_ENTRIES) {
        let at = group.x * 64u + unit;
        if (at < D * P) {
            let t = at / D;
            let d = at % D;
            arena[GRADIENT_AT + W_E + d * (P + 1u) + t] = arena[D_X + t * D + d] + arena[D_X + (P + t) * D + d];
        }
        return;
    }
    if (group.x < N_ENTRIES + N_COLUMNS) {
        let d = (group.x - N_ENTRIES) * 64u + unit;
        if (d < D) {
            var of_a = 0.0;
            var of_b = 0.0;
            for (var t = 0u; t < P; t++) {
                of_a += arena[D_X + t * D + d];
                of_b += arena[D_X + (P + t) * D + d];
            }
            let of_eq = arena[D_X + 2u * P * D + d] - (of_a + of_b);
            arena[GRADIENT_AT + W_POS + d] = of_a;
            arena[GRADIENT_AT + W_POS + D + d] = of_b;
            arena[GRADIENT_AT + W_POS + 2u * D + d] = of_eq;
            arena[GRADIENT_AT + W_E + d * (P + 1u) + P] = of_eq;
        }
        return;
    }
    var total = vec3f(0.0);
    for (var k = unit; k < params.y; k += 64u) {
        let first = params.x + k * 3u;
        total += vec3f(record[first], record[first + 1u], record[first + 2u]);
    }
    totals[unit] = total;
    workgroupBarrier();
    if (unit == 0u) {
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
