// Forward, from the embeddings. Workgroup h < H, one head each:
//   q[h]  = W_Q[h] X_eq                 the query of "="
//   kq[h] = q[h] W_K[h] / sqrt(d_head)  so that the score of a row is X . kq[h]
// The other workgroups, 64 entries of X each:
//   X[2p] = X_eq = W_E["="] + W_pos[2]
//   X[r]  = W_E[number] + W_pos[position] - X_eq       2p table rows, measured from "="

var<workgroup> query: array<f32, DH>;

fn x_eq(d: u32) -> f32 { return arena[W_E + d * (P + 1u) + P] + arena[W_POS + 2u * D + d]; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
    if (group.x < H) {
        let first = group.x * DH;
        for (var i = invocation; i < DH; i += 64u) {
            var sum = 0.0;
            for (var d = 0u; d < D; d++) { sum += arena[W_Q + (first + i) * D + d] * x_eq(d); }
            query[i] = sum;
            arena[Q + first + i] = sum;
        }
        workgroupBarrier();
        for (var d = invocation; d < D; d += 64u) {
            var sum = 0.0;
            for (var i = 0u; i < DH; i++) { sum += query[i] * arena[W_K + (first + i) * D + d]; }
            arena[KQ + group.x * D + d] = sum * SCORE_SCALE;
        }
        return;
    }
    let i = (group.x - H) * 64u + invocation;
    if (i >= (2u * P + 1u) * D) { return; }
    let row = i / D;
    let d = i % D;
    var x = x_eq(d);
    if (row < 2u * P) {
        let pos = row / P;
        x = (arena[W_E + d * (P + 1u) + row % P] + arena[W_POS + pos * D + d]) - x;
    }
    arena[X + i] = x;
}
