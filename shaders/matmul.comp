// MatMul: c = alpha op(a) op(b), or +=, by tiles: product.glsl. Four values of the depth
// of b make one vec4: across its rows they are four loads, each of which 64
// neighbours make together; along its rows eight neighbours read 128 bytes.
layout(std430, binding = 2) readonly buffer Right { float right[]; };

#define rows n[0]
#define cols n[1]
#define depth n[2]

void loadRight(int k0) {
	int j0 = 64 * int(gl_WorkGroupID.x), stride = at[2].y, last = depth - 1;
	bool transposed = n[4] != 0;
	for (int r = 0; r < 4; r++) {
		int j = transposed ? 16 * r + ty : me & 63, k4 = transposed ? tx : 2 * r + (me >> 6);
		int gj = min(j0 + j, cols - 1), k = k0 + 4 * k4;
		int first = at[2].x + (transposed ? gj * stride : gj), step = transposed ? 1 : stride;
		vec4 v = vec4(right[first + min(k, last) * step], right[first + min(k + 1, last) * step],
			right[first + min(k + 2, last) * step], right[first + min(k + 3, last) * step]);
		rightTile[j * ROW + k4] = inDepth(v, k, depth);
	}
}

void main() {
	int i0 = 64 * int(gl_WorkGroupID.y), j0 = 64 * int(gl_WorkGroupID.x);
	multiply(i0, rows, depth, n[3] != 0);
	store(i0, j0, rows, cols, f[0], n[5] != 0);
}
