// Forward, per pair: all pairs of one number a (group.y) and 64 columns (group.x). For a pair (a, b) and head h:
//   A_a, A_b = softmax(s[a, h], s[p + b, h], 0)        scores are measured from "=", whose own is 0
//   u        = base + sum_h ( A_a[h] T[a, h] + A_b[h] T[p + b, h] )
//   base     = base_resid + sum_h T["=", h]
// u goes to `hidden` (inputs of the neurons) and `logits` (what reaches the logits past the neurons).
//
// `params`: where in `index` the starts by a begin, where the numbers b begin, the first a, and the pair that is
// the first in the buffers.

// Pairs whose pattern is computed at a time, one invocation per pair and head where possible.
const BATCH = max(1u, 64u / H);
var<workgroup> pattern: array<f32, BATCH * 2u * H>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
    let a = params.z + group.y;
    let start = index[params.x + a];
    let end = index[params.x + a + 1u];
    let j = group.x * 64u + invocation;
    let column = min(j, WIDTH - 1u);
    var T_a: array<f32, H>;
    var base = arena[BASE_RESID + column];
    for (var h = 0u; h < H; h++) {
        T_a[h] = arena[T + (a * H + h) * WIDTH + column];
        base += arena[T + (2u * P * H + h) * WIDTH + column];
    }
    for (var first = start; first < end; first += BATCH) {
        let n = min(BATCH, end - first);
        workgroupBarrier();
        for (var k = invocation; k < n * H; k += 64u) {
            let i = k / H;
            let h = k % H;
            let b = index[params.y + first + i];
            let score_a = arena[S + a * H + h];
            let score_b = arena[S + (P + b) * H + h];
            let largest = max(max(score_a, score_b), 0.0);
            let exp_a = exp_of(score_a - largest);
            let exp_b = exp_of(score_b - largest);
            let inverse_sum = 1.0 / (exp_a + exp_b + exp_of(-largest));
            pattern[i * 2u * H + h] = exp_a * inverse_sum;
            pattern[i * 2u * H + H + h] = exp_b * inverse_sum;
            if (group.x == 0u) {
                let to = PATTERN + (first + i - params.w) * 2u * H + h;
                arena[to] = exp_a * inverse_sum;
                arena[to + H] = exp_b * inverse_sum;
            }
        }
        workgroupBarrier();
        if (j < WIDTH) {
            for (var i = 0u; i < n; i++) {
                let b = index[params.y + first + i];
                var u = base;
                for (var h = 0u; h < H; h++) {
                    u += pattern[i * 2u * H + h] * T_a[h]
                        + pattern[i * 2u * H + H + h] * arena[T + ((P + b) * H + h) * WIDTH + j];
                }
                let pair = first + i - params.w;
                if (j < M) { hidden[pair * M + j] = u; } else { logits[pair * O + (j - M)] = u; }
            }
        }
    }
}
