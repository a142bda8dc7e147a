// GLU: y = act(gate) up; with BACKWARD dup = dy act(gate), dgate = dy up act'(gate).
// One value an invocation, as in add.comp: everything is read before anything is
// written, so that results may take the place of arguments.
layout(local_size_x = 256) in;
#ifdef BACKWARD
layout(std430, binding = 0) buffer DGate { float dgate[]; };
layout(std430, binding = 1) buffer DUp { float dup[]; };
layout(std430, binding = 2) readonly buffer Gate { float gate[]; };
layout(std430, binding = 3) readonly buffer Up { float up[]; };
layout(std430, binding = 4) readonly buffer DY { float dy[]; };
#else
layout(std430, binding = 0) buffer Y { float y[]; };
layout(std430, binding = 1) readonly buffer Gate { float gate[]; };
layout(std430, binding = 2) readonly buffer Up { float up[]; };
#endif

// act(g) and its derivative. SiLU: s = 1/(1+exp(-g)). GELU in its tanh form, where
// 1 + tanh(u) = 2 s with s = 1/(1+exp(-2u)) keeps its digits where tanh is near -1, and
// 1 - tanh(u)^2 = 4 s (1-s).
vec2 activation(float g) {
#ifdef GELU
	float u = 0.7978845608 * (g + 0.044715 * g * g * g);
	float du = 0.7978845608 * (1.0 + 0.134145 * g * g);
	float e = exponential(-2.0 * abs(u)); // of the smaller side, so that it stays finite
	float lesser = e / (1.0 + e), larger = 1.0 / (1.0 + e);
	float s = u < 0.0 ? lesser : larger;
	float t = 2.0 * g * lesser * larger;
	return vec2(g * s, t == 0.0 ? s : s + t * du); // far out du is large, t is 0
#else
	float s = 1.0 / (1.0 + exponential(-g));
	return vec2(g * s, s * (1.0 + g * (1.0 - s)));
#endif
}

int place(int operand, int row, int column) { return at[operand].x + row * at[operand].y + column; }

void main() {
	int column = int(gl_GlobalInvocationID.x), row = int(gl_WorkGroupID.y);
	if (column >= n[1]) return;
#ifdef BACKWARD
	float u = up[place(3, row, column)], d = dy[place(4, row, column)];
	vec2 a = activation(gate[place(2, row, column)]);
	dgate[place(0, row, column)] = d * u * a.y;
	dup[place(1, row, column)] = d * a.x;
#else
	y[place(0, row, column)] = activation(gate[place(1, row, column)]).x * up[place(2, row, column)];
#endif
}
