// MatMul: c = alpha op(a) op(b), or +=, by tiles: product.glsl.
layout(std430, binding = 2) readonly buffer Right { float right[]; };

#define rows n[0]
#define cols n[1]
#define depth n[2]

void loadRight(int k0) {
	int j0 = COLUMNS * int(gl_WorkGroupID.x);
	bool across = n[4] == 0;
	LOAD(rightTile, COLUMNS, right, 2, j0, cols, k0, depth, across, 1.0)
}

void main() {
	int i0 = TILE * int(gl_WorkGroupID.y), j0 = COLUMNS * int(gl_WorkGroupID.x);
	multiply(i0, rows, depth, n[3] != 0);
	store(i0, j0, rows, cols, f[0], n[5] != 0);
}
