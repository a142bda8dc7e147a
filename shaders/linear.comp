// Linear: y = x Wᵀ, and with BACKWARD dx = dy W, or +=, by tiles: product.glsl. The
// weight is unpacked on its way into shared memory, once for 64 rows of x.
#define rows n[0]
#define cols n[1]
#define depth n[2]
#define firstColumn n[7] // of W, with BACKWARD
#define allColumns n[8]

void loadRight(int k0) {
	int j0 = 64 * int(gl_WorkGroupID.x), base = at[2].x, stride = at[2].y;
#ifndef BACKWARD
	// Column j of the tile is row j0+j of W: two invocations unpack 16 values of it each.
	int j = me & 63, half_ = me >> 6;
	Block32 b = block(base + min(j0 + j, cols - 1) * stride, k0 >> 5);
	int to = 4 * half_ + min(4, (depth - k0 - 16 * half_ + 3) / 4);
	for (int k4 = 4 * half_; k4 < to; k4++) rightTile[j * ROW + k4] = four(b, k4, depth);
#else
	// Each invocation turns four columns of four rows of W in registers.
	int k4 = me >> 4, j4 = me & 15, k = k0 + 4 * k4, c = min(firstColumn + j0 + 4 * j4, (allColumns - 1) / 4 * 4);
	vec4 q[4];
	for (int i = 0; i < 4; i++) {
		q[i] = four(block(base + min(k + i, depth - 1) * stride, c >> 5), (c >> 2) & 7, allColumns);
	}
	for (int i = 0; i < 4; i++) {
		rightTile[(4 * j4 + i) * ROW + k4] = inDepth(vec4(q[0][i], q[1][i], q[2][i], q[3][i]), k, depth);
	}
#endif
}

void main() {
	int i0 = 64 * int(gl_WorkGroupID.y), j0 = 64 * int(gl_WorkGroupID.x);
	multiply(i0, rows, depth, false);
	store(i0, j0, rows, cols, 1.0, n[5] != 0);
}
