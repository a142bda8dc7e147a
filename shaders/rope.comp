// RoPE turns each pair (u, v) of a head by its angle, in place: one pair an invocation.
// The cosines and sines are made on the processor in f64 (rope.go) and lie in a table
// with a row for each row of x: an angle in f32 would be off by eps times its size.
layout(local_size_x = 256) in;
layout(std430, binding = 0) buffer X { float x[]; };
layout(std430, binding = 1) readonly buffer Turns { vec2 turns[]; }; // cos, sin

void main() {
	int k = int(gl_GlobalInvocationID.x), row = int(gl_WorkGroupID.y), pairs = n[2];
	if (2 * k >= n[1]) return;
	int head = k / pairs, i = k - head * pairs;
	int p = at[0].x + row * at[0].y + head * 2 * pairs, q;
	if (n[3] != 0) { // the halves of a head
		p += i;
		q = p + pairs;
	} else {
		p += 2 * i;
		q = p + 1;
	}
	vec2 turn = turns[(at[1].x >> 1) + row * pairs + i];
	if (n[4] != 0) turn.y = -turn.y; // backward
	float u = x[p], v = x[q];
	x[p] = u * turn.x - v * turn.y;
	x[q] = u * turn.y + v * turn.x;
}
