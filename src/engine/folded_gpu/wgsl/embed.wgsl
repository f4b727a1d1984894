// What depends on the weights alone. The first H workgroups: the query of "=" and, through W_K,
// what it asks of the residual stream. The others, 64 entries each: X by row, 2P + 1 rows, "=" last,
// the others measured from "=".

var<workgroup> query: array<f32, DH>;

// The residual stream of "=".
fn x_eq(d: u32) -> f32 { return arena[W_E + d * (P + 1u) + P] + arena[W_POS + 2u * D + d]; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) unit: u32) {
    if (group.x < H) {
        let first = group.x * DH;
        for (var i = unit; i < DH; i += 64u) {
            var sum = 0.0;
            for (var d = 0u; d < D; d++) { sum += arena[W_Q + (first + i) * D + d] * x_eq(d); }
            query[i] = sum;
            arena[Q + first + i] = sum;
        }
        workgroupBarrier();
        for (var d = unit; d < D; d += 64u) {
            var sum = 0.0;
            for (var i = 0u; i < DH; i++) { sum += query[i] * arena[W_K + (first + i) * D + d]; }
            arena[KQ + group.x * D + d] = sum * SCORE_SCALE;
        }
        return;
    }
    let at = (group.x - H) * 64u + unit;
    if (at >= (2u * P + 1u) * D) { return; }
    let row = at / D;
    let d = at % D;
    var x = x_eq(d);
    if (row < 2u * P) {
        let side = row / P;
        x = (arena[W_E + d * (P + 1u) + row % P] + arena[W_POS + side * D + d]) - x;
    }
    arena[X + at] = x;
}
