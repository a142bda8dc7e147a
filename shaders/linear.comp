// Linear: y = x Wᵀ, and with BACKWARD dx = dy W, or +=, by tiles: product.glsl. The
// weight is unpacked on its way into shared memory, once for 64 rows of x. With LORA y has
// low Bᵀ added to it, dx has low A: low is scaled.
#define rows n[0]
#define cols n[1]
#define depth n[2]
#define firstColumn n[7] // of W, with BACKWARD
#define allColumns n[8]

void loadRight(int k0) {
	int j0 = COLUMNS * int(gl_WorkGroupID.x), base = at[2].x, stride = at[2].y;
#ifndef BACKWARD
	// Column j of the tile is row j0+j of W: an invocation unpacks 32 values of it.
	Block32 b = block(base + min(j0 + me, cols - 1) * stride, k0 >> 5);
	int to = min(8, (depth - k0 + 3) / 4);
	for (int k4 = 0; k4 < to; k4++) rightTile[me * ROW + k4] = four(b, k4, depth);
#else
	// Each invocation turns, twice, four columns of four rows of W in registers.
	int j4 = me & 15, c = min(firstColumn + j0 + 4 * j4, (allColumns - 1) / 4 * 4);
	for (int k4 = me >> 4; k4 < 8; k4 += 4) {
		int k = k0 + 4 * k4;
		vec4 q[4];
		for (int i = 0; i < 4; i++) {
			q[i] = four(block(base + min(k + i, depth - 1) * stride, c >> 5), (c >> 2) & 7, allColumns);
		}
		for (int i = 0; i < 4; i++) {
			rightTile[(4 * j4 + i) * ROW + k4] = inDepth(vec4(q[0][i], q[1][i], q[2][i], q[3][i]), k, depth);
		}
	}
#endif
}

#ifdef LORA
void loadUp(int k0) {
	int j0 = COLUMNS * int(gl_WorkGroupID.x);
#ifndef BACKWARD
	LOAD(rightTile, COLUMNS, up, 4, j0, cols, k0, rank, false, 1.0)
#else
	LOAD(rightTile, COLUMNS, up, 4, j0, cols, k0, rank, true, 1.0)
#endif
}
#endif

void main() {
	int i0 = TILE * int(gl_WorkGroupID.y), j0 = COLUMNS * int(gl_WorkGroupID.x);
	multiply(i0, rows, depth, false);
	store(i0, j0, rows, cols, f[0], n[5] != 0);
}
