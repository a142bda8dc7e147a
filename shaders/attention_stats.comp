// What the backward of attention needs of each row and head: its log-sum-exp and
// D = dout·out, the sum of p dp over its keys (Dao et al. 2022). One row and head an
// invocation.
layout(local_size_x = 64) in;
layout(std430, binding = 0) writeonly buffer Stats { vec2 stats[]; };
layout(std430, binding = 1) readonly buffer LSE { float lse[]; };
layout(std430, binding = 2) readonly buffer Out { float outs[]; };
layout(std430, binding = 3) readonly buffer DOut { float dout[]; };

void main() {
	int i = int(gl_GlobalInvocationID.x), heads = n[2], dim = n[0];
	if (i >= n[1] * heads) return;
	int row = i / heads, head = i - row * heads;
	float d = 0.0;
	for (int c = head * dim; c < (head + 1) * dim; c++) {
		d += outs[at[2].x + row * at[2].y + c] * dout[at[3].x + row * at[3].y + c];
	}
	stats[(at[0].x >> 1) + i] = vec2(lse[at[1].x + row * at[1].y + head], d);
}
