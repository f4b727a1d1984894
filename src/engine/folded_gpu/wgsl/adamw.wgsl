// One update of AdamW over the flat parameters, one invocation each:
//   m = beta1 m + (1 - beta1) g        m_hat = m / (1 - beta1^t)
//   v = beta2 v + (1 - beta2) g^2      v_hat = v / (1 - beta2^t)
//   w = (1 - lr decay) w - lr m_hat / (sqrt(v_hat) + eps)

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let i = id.x;
    if (i >= N_VALUES) { return; }
    // `embed_backward` has advanced the counter already: this is update number `step - 1`.
    let step = bitcast<u32>(record[0]);
    // 1 - lr decay, lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t)
    let factors = coefficients[(step - 1u) % COEFFICIENT_STEPS];
    let g = arena[GRADIENT_AT + i];
    let m = BETA1 * moments[i] + ONE_MINUS_BETA1 * g;
    let v = BETA2 * moments[N_VALUES + i] + ONE_MINUS_BETA2 * (g * g);
    moments[i] = m;
    moments[N_VALUES + i] = v;
    let change = factors.y * m / (sqrt(v) * factors.z + EPS);
    arena[i] = arena[i] * factors.x - change;
}
