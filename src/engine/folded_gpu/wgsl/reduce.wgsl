// Three independent groups of sums, one invocation for each result:
//   d_s[r, h]    = sum over the pairs of row r of A_r (d_A_r - (A_a d_A_a + A_b d_A_b))
//   d_base       = sum over a of d_base_by_a; also the d_T of "=" for every head, and the gradient of b_in
//   d_W_out_U^T  = sum over the splits of the pairs
// The first is the softmax backwards; its term of "=" is zero because T is measured from "=".

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    var i = id.x;
    if (i < 2u * P * H) {
        let row = i / H;
        let h = i % H;
        let pos = row / P;
        var sum = 0.0;
        for (var k = index[ROW_STARTS + row]; k < index[ROW_STARTS + row + 1u]; k++) {
            let at = index[PAIRS_OF_ROW + k] * 2u * H + h;
            let A_a = arena[PATTERN + at];
            let A_b = arena[PATTERN + at + H];
            let d_A_a = arena[D_PATTERN + at];
            let d_A_b = arena[D_PATTERN + at + H];
            let mean = A_a * d_A_a + A_b * d_A_b;
            sum += select(A_b * (d_A_b - mean), A_a * (d_A_a - mean), pos == 0u);
        }
        arena[D_S + i] = sum;
        return;
    }
    i -= 2u * P * H;
    if (i < WIDTH) {
        var sum = 0.0;
        for (var a = 0u; a < P; a++) { sum += arena[D_BASE_BY_A + a * WIDTH + i]; }
        // base = base_resid + sum_h T["=", h]: each T of "=" has the gradient of base.
        for (var h = 0u; h < H; h++) { arena[D_T + (2u * P * H + h) * WIDTH + i] = sum; }
        if (i < M) { arena[GRADIENT_AT + B_IN + i] = sum; }
        return;
    }
    i -= WIDTH;
    if (i < M * O) {
        var sum = 0.0;
        for (var s = 0u; s < N_SPLITS; s++) { sum += arena[D_W_OUT_U_SPLITS + s * M * O + i]; }
        arena[D_W_OUT_U_T + i] = sum;
    }
}
