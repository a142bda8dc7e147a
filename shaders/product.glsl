// The tiled matrix product: 64 x 64 values of the result for a work group of 128.
//
// Each invocation keeps 4 x 8 of them in registers: rows ty, ty+16, ... and columns tx,
// tx+8, ... Both operands come through shared memory, 32 of the depth at a time, four
// values of the depth in one vec4: a step then reads 12 vec4 for 128 multiply-adds,
// and loads of 16 bytes are what shared memory does best. A row is 9 vec4 long, one
// more than is used, so that the eight rows that neighbours read at once lie in
// different banks. 32 accumulators and 5 vec4 are about 60 registers, which cards with
// small register files hold as well, and leave room for other groups on the rest.
// 18 KiB of shared memory in all; OpenGL guarantees 32.
//
// Who uses this defines loadRight, which brings in the right operand's part of the
// depth, and calls multiply.
layout(local_size_x = 128) in;
layout(std430, binding = 1) readonly buffer Left { float left[]; };

const int TILE = 64, DEPTH = 32, ROW = DEPTH / 4 + 1;

shared vec4 leftTile[TILE * ROW], rightTile[TILE * ROW];

int me = int(gl_LocalInvocationID.x), tx = me & 7, ty = me >> 3;
float acc[4][8];

// loadRight puts values (k, j), k from k0 on, at rightTile[j * ROW + (k - k0) / 4].
void loadRight(int k0);

// inDepth is v with 0 for what lies beyond the depth.
vec4 inDepth(vec4 v, int k, int depth) {
	return vec4(k < depth ? v.x : 0.0, k + 1 < depth ? v.y : 0.0, k + 2 < depth ? v.z : 0.0, k + 3 < depth ? v.w : 0.0);
}

// loadLeft does so with the rows i of the left operand, from i0 on. Where the depth is
// along the rows, eight neighbours read 128 bytes of one row; where it is across
// (transposed), 64 neighbours read 64 values of one k. A row beyond the last stands for
// the last: nobody stores its products. A k beyond the depth reads a value within it
// and becomes 0.
void loadLeft(int i0, int k0, int rows, int depth, bool transposed) {
	int stride = at[1].y, last = depth - 1;
	for (int r = 0; r < 4; r++) {
		int i = transposed ? me & 63 : 16 * r + ty, k4 = transposed ? 2 * r + (me >> 6) : tx;
		int gi = min(i0 + i, rows - 1), k = k0 + 4 * k4;
		int first = at[1].x + (transposed ? gi : gi * stride), step = transposed ? stride : 1;
		vec4 v = vec4(left[first + min(k, last) * step], left[first + min(k + 1, last) * step],
			left[first + min(k + 2, last) * step], left[first + min(k + 3, last) * step]);
		leftTile[i * ROW + k4] = inDepth(v, k, depth);
	}
}

// multiply leaves the tile's values in acc.
void multiply(int i0, int rows, int depth, bool transposed) {
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 8; j++) acc[i][j] = 0.0;
	for (int k0 = 0; k0 < depth; k0 += DEPTH) {
		loadLeft(i0, k0, rows, depth, transposed);
		loadRight(k0);
		barrier();
		int steps = (min(DEPTH, depth - k0) + 3) / 4;
		for (int k4 = 0; k4 < steps; k4++) {
			vec4 l[4];
			for (int i = 0; i < 4; i++) l[i] = leftTile[(16 * i + ty) * ROW + k4];
			for (int j = 0; j < 8; j++) {
				vec4 r = rightTile[(8 * j + tx) * ROW + k4];
				for (int i = 0; i < 4; i++) acc[i][j] += dot(l[i], r);
			}
		}
		barrier();
	}
}
