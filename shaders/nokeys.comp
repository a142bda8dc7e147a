// The log-sum-exp of rows without keys: -infinity. One value an invocation.
layout(local_size_x = 256) in;
layout(std430, binding = 0) writeonly buffer LSE { float lse[]; };

void main() {
	int column = int(gl_GlobalInvocationID.x), row = int(gl_WorkGroupID.y);
	if (column < n[1]) lse[at[0].x + row * at[0].y + column] = -infinity;
}
