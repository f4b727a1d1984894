// Losses of eight pairs, eight invocations each; with GRADIENT, replaces the logits by the gradient of the mean
// loss. With d_j = l_j - l_y for the answer y, m = max(0, max_j d_j) and S = sum over j != y of exp(d_j - m):
//   exact:     loss = log1p(S) if m = 0, else m + log(exp(-m) + S)
//              d_logits_j = exp(d_j - m) / (exp(-m) + S),  d_logits_y = -S / (exp(-m) + S)
//   TEXTBOOK:  loss = log sum_j exp(l_j - max l) - (l_y - max l)
//              d_logits_j = softmax(l)_j - [j = y]
// The exact form subtracts no nearly equal numbers; the textbook form stalls near 1.2e-7.
//
// `params`: where in `index` the answers begin, the number of pairs, and where in `record` the sums of the
// workgroups begin: loss, correct, collapsed. A pair with an infinite or NaN logit subtracts 1e9 from the correct
// ones: a negative sum tells the reader that there is no loss.

// Bits of `flags`: some logit is larger than the answer's, or equal and before it; some logit is not finite.
const WRONG = 1u;
const NOT_FINITE = 2u;

var<workgroup> maxima: array<f32, 64>;
var<workgroup> sums: array<f32, 64>;
var<workgroup> flags: array<u32, 64>;
var<workgroup> scores: array<vec3f, 8>;

// log(1 + x), near 0 through 2 artanh(x / (2 + x)): s <= 1/9, and s^8 / 9 is below float32.
fn log1p_of(x: f32) -> f32 {
    if (x >= 0.25) { return log(1.0 + x); }
    let s = x / (2.0 + x);
    let q = s * s;
    return 2.0 * s * (1.0 + q * (0.33333333 + q * (0.2 + q * 0.14285714)));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
    let i = invocation / 8u;
    let lane = invocation % 8u;
    let pair = group.x * 8u + i;
    let is_in_set = pair < params.y;
    let row = min(pair, params.y - 1u) * O;
    let answer = index[params.x + min(pair, params.y - 1u)];
    let l_y = logits[row + answer];
    // The answer's own d is 0, so that the maximum m of all d is at least 0.
    var m = 0.0;
    var flag = 0u;
    for (var j = lane; j < O; j += 8u) {
        let d = logits[row + j] - l_y;
        m = max(m, d);
        if (d > 0.0 || (d == 0.0 && j < answer)) { flag |= WRONG; }
        // By its bits: a compiler may assume that comparisons never see infinity or NaN.
        if ((bitcast<u32>(d) & 0x7f800000u) == 0x7f800000u) { flag |= NOT_FINITE; }
    }
    maxima[invocation] = m;
    flags[invocation] = flag;
    workgroupBarrier();
    for (var k = 0u; k < 8u; k++) {
        m = max(m, maxima[i * 8u + k]);
        flag |= flags[i * 8u + k];
    }
    // Exponents are (l_j - origin) - shift.
    var origin = l_y;
    var shift = m;
    if (TEXTBOOK) {
        origin = l_y + m;
        shift = 0.0;
    }
    var sum = 0.0;
    for (var j = lane; j < O; j += 8u) {
        let e = exp_of((logits[row + j] - origin) - shift);
        if (TEXTBOOK || j != answer) { sum += e; }
    }
    sums[invocation] = sum;
    workgroupBarrier();
    sum = 0.0;
    for (var k = 0u; k < 8u; k++) { sum += sums[i * 8u + k]; }

    var loss = 0.0;
    var is_collapsed = false;
    if (TEXTBOOK) {
        let log_sum = log(sum);
        loss = log_sum - (l_y - origin);
        is_collapsed = sum == 1.0 && l_y == origin;
        if (GRADIENT && is_in_set) {
            for (var j = lane; j < O; j += 8u) {
                let probability = exp_of((logits[row + j] - origin) - log_sum);
                logits[row + j] = (probability - select(0.0, 1.0, j == answer)) * GRADIENT_SCALE;
            }
        }
    } else {
        let at_answer = exp_of(-shift);
        loss = log1p_of(sum);
        if (shift > 0.0) { loss = shift + log(at_answer + sum); }
        // 2^-24, the largest S for which 1 + S is 1. Where a wrong answer has the largest logit, S is at least 1.
        is_collapsed = sum <= 5.9604645e-8;
        if (GRADIENT && is_in_set) {
            let factor = GRADIENT_SCALE / (at_answer + sum);
            for (var j = lane; j < O; j += 8u) {
                let e = exp_of((logits[row + j] - l_y) - shift);
                logits[row + j] = select(e, -sum, j == answer) * factor;
            }
        }
    }
    if (lane == 0u) {
        var score = vec3f(loss, select(1.0, 0.0, flag != 0u), select(0.0, 1.0, is_collapsed));
        if ((flag & NOT_FINITE) != 0u) { score = vec3f(0.0, -1e9, 0.0); }
        scores[i] = select(vec3f(0.0), score, is_in_set);
    }
    workgroupBarrier();
    if (invocation == 0u) {
        var total = vec3f(0.0);
        for (var k = 0u; k < 8u; k++) { total += scores[k]; }
        let to = params.z + group.x * 3u;
        record[to] = total.x;
        record[to + 1u] = total.y;
        record[to + 2u] = total.z;
    }
}
