// Losses of eight pairs, eight invocations each, and with GRADIENT, in place, the gradient of their
// mean. The exact form is log1p of the sum over the wrong answers: no difference of nearly equal
// numbers anywhere. TEXTBOOK goes through log-softmax and stalls near 1.2e-7.
//
// `params`: where the answers begin in `index`, the number of pairs, where in `record` the workgroups'
// sums (loss, right, collapsed) begin. A pair with a logit that is infinite or no number takes 1e9 off the
// right ones: who reads a negative sum knows that there is no loss.

// In `beaten`, beside 1 for a larger logit than the answer's.
const BROKEN = 2u;

var<workgroup> tops: array<f32, 64>;
var<workgroup> sums: array<f32, 64>;
var<workgroup> beaten: array<u32, 64>;
var<workgroup> scores: array<vec3f, 8>;

// log(1 + x), near 0 through 2 artanh(x / (2 + x)): s <= 1/9, and s^8 / 9 is below float32.
fn log1p_of(x: f32) -> f32 {
    if (x >= 0.25) { return log(1.0 + x); }
    let s = x / (2.0 + x);
    let q = s * s;
    return 2.0 * s * (1.0 + q * (0.33333333 + q * (0.2 + q * 0.14285714)));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) unit: u32) {
    let i = unit / 8u;
    let lane = unit % 8u;
    let pair = group.x * 8u + i;
    let is_there = pair < params.y;
    let row = min(pair, params.y - 1u) * O;
    let answer = index[params.x + min(pair, params.y - 1u)];
    let of_answer = logits[row + answer];
    // Differences from the answer's logit; there its own 0 is among them, so the largest is >= 0.
    var top = 0.0;
    var is_beaten = 0u;
    for (var j = lane; j < O; j += 8u) {
        let d = logits[row + j] - of_answer;
        top = max(top, d);
        if (d > 0.0 || (d == 0.0 && j < answer)) { is_beaten |= 1u; }
        // Infinite or no number, by its bits: comparisons may be compiled as if there were no such.
        if ((bitcast<u32>(d) & 0x7f800000u) == 0x7f800000u) { is_beaten |= BROKEN; }
    }
    tops[unit] = top;
    beaten[unit] = is_beaten;
    workgroupBarrier();
    for (var k = 0u; k < 8u; k++) {
        top = max(top, tops[i * 8u + k]);
        is_beaten |= beaten[i * 8u + k];
    }
    // What exponents are measured from.
    var from_logit = of_answer;
    var shift = top;
    if (TEXTBOOK) {
        from_logit = of_answer + top;
        shift = 0.0;
    }
    var sum = 0.0;
    for (var j = lane; j < O; j += 8u) {
        let e = exp_of((logits[row + j] - from_logit) - shift);
        if (TEXTBOOK || j != answer) { sum += e; }
    }
    sums[unit] = sum;
    workgroupBarrier();
    sum = 0.0;
    for (var k = 0u; k < 8u; k++) { sum += sums[i * 8u + k]; }

    var loss = 0.0;
    var is_collapsed = false;
    if (TEXTBOOK) {
        let log_sum = log(sum);
        loss = log_sum - (of_answer - from_logit);
        is_collapsed = sum == 1.0 && of_answer == from_logit;
        if (GRADIENT && is_there) {
            for (var j = lane; j < O; j += 8u) {
                let probability = exp_of((logits[row + j] - from_logit) - log_sum);
                logits[row + j] = (probability - select(0.0, 1.0, j == answer)) * GRADIENT_SCALE;
            }
        }
    } else {
        let at_answer = exp_of(-shift);
        loss = log1p_of(sum);
        if (shift > 0.0) { loss = shift + log(at_answer + sum); }
        // 2^-24: up to there 1 + sum is 1. Where a wrong answer leads the sum is at least 1.
        is_collapsed = sum <= 5.9604645e-8;
        if (GRADIENT && is_there) {
            let factor = GRADIENT_SCALE / (at_answer + sum);
            for (var j = lane; j < O; j += 8u) {
                let e = exp_of((logits[row + j] - of_answer) - shift);
                logits[row + j] = select(e, -sum, j == answer) * factor;
            }
        }
    }
    if (lane == 0u) {
        var score = vec3f(loss, select(1.0, 0.0, is_beaten != 0u), select(0.0, 1.0, is_collapsed));
        if ((is_beaten & BROKEN) != 0u) { score = vec3f(0.0, -1e9, 0.0); }
        scores[i] = select(vec3f(0.0), score, is_there);
    }
    workgroupBarrier();
    if (unit == 0u) {
        var total = vec3f(0.0);
        for (var k = 0u; k < 8u; k++) { total += scores[k]; }
        let to = params.z + group.x * 3u;
        record[to] = total.x;
        record[to + 1u] = total.y;
        record[to + 2u] = total.z;
    }
}
