// Embedding: dst[i] = scale * row ids[i] of w. Four values an invocation, which is what
// weight.glsl unpacks at a time: 64 of them take 256 columns of one row.
layout(local_size_x = 64) in;
layout(std430, binding = 0) writeonly buffer Dst { float dst[]; };
layout(std430, binding = 2) readonly buffer Ids { int ids[]; };

void main() {
	int cols = n[1], c = 4 * int(gl_GlobalInvocationID.x), i = int(gl_WorkGroupID.y);
	if (c >= cols) return;
	int row = ids[at[2].x + i] - n[3]; // the rows of w seen here begin at n[3]
	if (row < 0 || row >= n[4]) return;
	Block32 k = block(at[1].x + row * at[1].y, c >> 5);
	vec4 v = four(k, (c >> 2) & 7, cols);
	int to = at[0].x + i * at[0].y + c;
	for (int j = 0; j < 4; j++) {
		if (c + j < cols) dst[to + j] = f[0] == 1.0 ? v[j] : v[j] * f[0];
	}
}
