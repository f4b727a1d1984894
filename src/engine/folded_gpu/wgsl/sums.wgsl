// Three kinds of sums, one invocation each:
// ds of a row and head through the softmax, A (dA - sum A dA), where dA of "=" is zero because all is
// measured from it; the gradient of `base`, which is the last row of dT; dW_out_U from its parts.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    var at = id.x;
    if (at < 2u * P * H) {
        let row = at / H;
        let h = at % H;
        let side = row / P;
        var sum = 0.0;
        for (var k = index[STARTS + row]; k < index[STARTS + row + 1u]; k++) {
            let place = index[PAIRS + k] * 2u * H + h;
            let on_a = arena[PATTERN + place];
            let on_b = arena[PATTERN + place + H];
            let d_a = arena[D_PATTERN + place];
            let d_b = arena[D_PATTERN + place + H];
            let mean = on_a * d_a + on_b * d_b;
            sum += select(on_b * (d_b - mean), on_a * (d_a - mean), side == 0u);
        }
        arena[D_S + at] = sum;
        return;
    }
    at -= 2u * P * H;
    if (at < WIDE) {
        var sum = 0.0;
        for (var a = 0u; a < P; a++) { sum += arena[D_SUM + a * WIDE + at]; }
        for (var h = 0u; h < H; h++) { arena[D_T + (2u * P * H + h) * WIDE + at] = sum; }
        if (at < M) { arena[GRADIENT_AT + B_IN + at] = sum; }
        return;
    }
    at -= WIDE;
    if (at < M * O) {
        var sum = 0.0;
        for (var s = 0u; s < SPLITS; s++) { sum += arena[D_W_OUT_U_PARTS + s * M * O + at]; }
        arena[D_W_OUT_U_T + at] = sum;
    }
}
