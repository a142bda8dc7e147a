// CopyRows: dst[di[i]] = src[si[i]], or +=. One value an invocation, as in add.comp.
// Bound to 2 are di and behind it si, where they are given.
layout(local_size_x = 256) in;
layout(std430, binding = 0) buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly buffer Src { float src[]; };
layout(std430, binding = 2) readonly buffer Rows { int rows[]; };

void main() {
	int column = int(gl_GlobalInvocationID.x), i = int(gl_WorkGroupID.y);
	if (column >= n[1]) return;
	int count = n[0], d = i, s = i;
	if (n[2] != 0) d = rows[at[2].x + i];
	if (n[3] != 0) s = rows[at[2].x + i + (n[2] != 0 ? count : 0)];
	int to = at[0].x + d * at[0].y + column;
	float v = src[at[1].x + s * at[1].y + column];
	dst[to] = n[4] != 0 ? dst[to] + v : v;
}
