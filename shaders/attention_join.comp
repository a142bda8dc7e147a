// Joins the chunks that attention_rows.comp left of a row and head: each has its largest
// score, the sum of its weights and the sum over its values, relative to that score.
// One column an invocation; a row has few chunks.
layout(local_size_x = 64) in;
layout(std430, binding = 0) writeonly buffer Out { float outs[]; };
layout(std430, binding = 1) writeonly buffer LSE { float lse[]; };
layout(std430, binding = 2) readonly buffer Parts { float parts[]; };

#define dim n[0]
#define chunks n[1]

void main() {
	int c = int(gl_GlobalInvocationID.x), head = int(gl_WorkGroupID.y), row = n[2] + int(gl_WorkGroupID.z);
	if (c >= dim) return;
	int first = at[2].x + (row * int(gl_NumWorkGroups.y) + head) * chunks * (dim + 2);
	float m = -infinity, sum = 0.0, value = 0.0;
	for (int i = 0; i < chunks; i++) m = max(m, parts[first + i * (dim + 2)]);
	for (int i = 0; i < chunks; i++) {
		int p = first + i * (dim + 2);
		if (parts[p + 1] == 0.0) continue; // a chunk behind the row's end
		float less = exponential(parts[p] - m);
		sum += less * parts[p + 1];
		value += less * parts[p + 2 + c];
	}
	outs[at[0].x + row * at[0].y + head * dim + c] = sum == 0.0 ? 0.0 : value / sum;
	if (c == 0 && n[3] != 0) lse[at[1].x + row * at[1].y + head] = sum == 0.0 ? -infinity : m + log1p(sum - 1.0);
}
