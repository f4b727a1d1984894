// Attention pattern and inputs of neurons and logits, for all pairs of a number a (group.y) and 64
// columns (group.x): u = base + sum over heads of A_a T[a] + A_b T[b], all measured from "=".
//
// `params`: where the starts by a begin in `index`, where the numbers b begin, the first a, and the
// pair that comes first in the buffers.

const BLOCK = max(1u, 64u / H);
var<workgroup> pattern: array<f32, BLOCK * 2u * H>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) unit: u32) {
    let a = params.z + group.y;
    let start = index[params.x + a];
    let end = index[params.x + a + 1u];
    let j = group.x * 64u + unit;
    let column = min(j, WIDE - 1u);
    var of_a: array<f32, H>;
    var base = arena[XB + column];
    for (var h = 0u; h < H; h++) {
        of_a[h] = arena[T + (a * H + h) * WIDE + column];
        base += arena[T + (2u * P * H + h) * WIDE + column];
    }
    for (var first = start; first < end; first += BLOCK) {
        let n = min(BLOCK, end - first);
        workgroupBarrier();
        for (var at = unit; at < n * H; at += 64u) {
            let i = at / H;
            let h = at % H;
            let b = index[params.y + first + i];
            let score_a = arena[S + a * H + h];
            let score_b = arena[S + (P + b) * H + h];
            let top = max(max(score_a, score_b), 0.0);
            let on_a = exp_of(score_a - top);
            let on_b = exp_of(score_b - top);
            let share = 1.0 / (on_a + on_b + exp_of(-top));
            pattern[i * 2u * H + h] = on_a * share;
            pattern[i * 2u * H + H + h] = on_b * share;
            if (group.x == 0u) {
                let to = PATTERN + (first + i - params.w) * 2u * H + h;
                arena[to] = on_a * share;
                arena[to + H] = on_b * share;
            }
        }
        workgroupBarrier();
        if (j < WIDE) {
            for (var i = 0u; i < n; i++) {
                let b = index[params.y + first + i];
                var u = base;
                for (var h = 0u; h < H; h++) {
                    u += pattern[i * 2u * H + h] * of_a[h]
                        + pattern[i * 2u * H + H + h] * arena[T + ((P + b) * H + h) * WIDE + j];
                }
                let pair = first + i - params.w;
                if (j < M) { hidden[pair * M + j] = u; } else { logits[pair * O + (j - M)] = u; }
            }
        }
    }
}
