// One update of AdamW over the flat parameters, 256 a workgroup:
// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
// w = (1 - lr decay) w - lr m_hat / (sqrt(v_hat) + eps).

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let at = id.x;
    if (at >= N_VALUES) { return; }
    // The counter was moved on before: this is update number `step - 1`.
    let step = bitcast<u32>(record[0]);
    let rate = rates[(step - 1u) % RATES_LENGTH];
    let g = arena[GRADIENT_AT + at];
    let mean = BETA1 * moments[at] + REST1 * g;
    let square = BETA2 * moments[N_VALUES + at] + REST2 * (g * g);
    moments[at] = mean;
    moments[N_VALUES + at] = square;
    let change = rate.y * mean / (sqrt(square) * rate.z + EPS);
    arena[at] = arena[at] * rate.x - change;
}
