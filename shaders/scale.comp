// Scale: y = y alpha; 0 clears, whatever was there. One value an invocation, as in
// add.comp.
layout(local_size_x = 256) in;
layout(std430, binding = 0) buffer Y { float y[]; };

void main() {
	int column = int(gl_GlobalInvocationID.x), row = int(gl_WorkGroupID.y);
	if (column >= n[1]) return;
	int i = at[0].x + row * at[0].y + column;
	y[i] = f[0] == 0.0 ? 0.0 : y[i] * f[0];
}
