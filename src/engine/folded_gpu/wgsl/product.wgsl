// C = scale * (sum over segments of A B), tile by tile, for matrices with any strides.
//
// 64 invocations in a square of 8 x 8; each sums SIDE groups of four rows times SIDE groups of four columns.
// `params.x`: where in `jobs` the tiles of this dispatch begin: triples of job, first row and first column.
// load_a, load_b and store_c, and the lines DECLARE, MULTIPLY and SUMS, are generated for each kernel.

const GROUPS = SIDE * 8u;
// Each invocation loads SIDE squared vectors of either matrix. Not more: a software adapter clears workgroup memory
// in code of its own, which takes it a quarter of a millisecond per word to compile.
const DEPTH = SIDE * 8u;
var<workgroup> a_tile: array<vec4f, DEPTH * GROUPS>;
var<workgroup> b_tile: array<vec4f, DEPTH * GROUPS>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
    let tile = params.x + group.x * 3u;
    let job = jobs[tile];
    let row0 = jobs[tile + 1u];
    let col0 = jobs[tile + 2u];
    let n_rows = jobs[job];
    let n_cols = jobs[job + 1u];
    let c_at = jobs[job + 2u];
    let c_row = jobs[job + 3u];
    let c_col = jobs[job + 4u];
    let scale = bitcast<f32>(jobs[job + 5u]);
    let n_segments = jobs[job + 6u];
    let own_row = invocation / 8u;
    let own_col = invocation % 8u;
    //DECLARE
    for (var s = 0u; s < n_segments; s++) {
        let segment = job + 7u + s * 7u;
        let depth = jobs[segment];
        let a_at = jobs[segment + 1u];
        let a_row = jobs[segment + 2u];
        let a_col = jobs[segment + 3u];
        let b_at = jobs[segment + 4u];
        let b_row = jobs[segment + 5u];
        let b_col = jobs[segment + 6u];
        for (var k0 = 0u; k0 < depth; k0 += DEPTH) {
            for (var at = invocation; at < DEPTH * GROUPS; at += 64u) {
                // Neighbouring invocations read neighbouring words, whether rows or columns are contiguous.
                let a_deep = a_col == 1u;
                let a_k = select(at / GROUPS, at % DEPTH, a_deep);
                let a_group = select(at % GROUPS, at / DEPTH, a_deep);
                let b_deep = b_row == 1u;
                let b_k = select(at / GROUPS, at % DEPTH, b_deep);
                let b_group = select(at % GROUPS, at / DEPTH, b_deep);
                let a_from = a_at + min(k0 + a_k, depth - 1u) * a_col;
                let b_from = b_at + min(k0 + b_k, depth - 1u) * b_row;
                var a = vec4f(0.0);
                var b = vec4f(0.0);
                // A loop: software adapters take long to compile every access that is written out.
                for (var i = 0u; i < 4u; i++) {
                    // Past the edge the last row is read again, and never stored.
                    let row = min(row0 + a_group * 4u + i, n_rows - 1u);
                    let col = min(col0 + b_group * 4u + i, n_cols - 1u);
                    let is_own = vec4u(0u, 1u, 2u, 3u) == vec4u(i);
                    a = select(a, vec4f(load_a(a_from + row * a_row)), is_own);
                    b = select(b, vec4f(load_b(b_from + col * b_col)), is_own);
                }
                a_tile[a_k * GROUPS + a_group] = select(vec4f(0.0), a, k0 + a_k < depth);
                b_tile[b_k * GROUPS + b_group] = b;
            }
            workgroupBarrier();
            for (var k = 0u; k < DEPTH; k++) {
                let a_from = k * GROUPS + own_row;
                let b_from = k * GROUPS + own_col;
                //MULTIPLY
            }
            workgroupBarrier();
        }
    }
    var sums = array<vec4f, SIDE * SIDE * 4u>(
        //SUMS
    );
    for (var at = 0u; at < SIDE * SIDE * 16u; at++) {
        let i = at / (SIDE * 4u);
        let j = at % (SIDE * 4u);
        let row = row0 + (own_row + i / 4u * 8u) * 4u + i % 4u;
        let col = col0 + (own_col + j / 4u * 8u) * 4u + j % 4u;
        if (row < n_rows && col < n_cols) {
            store_c(c_at + row * c_row + col * c_col, sums[i * SIDE + j / 4u][j % 4u] * scale);
        }
    }
}
