// What a matrix product does with its tile: c = alpha acc, or c += with accumulate.
layout(std430, binding = 0) buffer Result { float result[]; };

void store(int i0, int j0, int rows, int cols, float alpha, bool accumulate) {
	for (int i = 0; i < HIGH; i++) {
		int gi = i0 + TY * i + ty;
		for (int j = 0; j < WIDE; j++) {
			int gj = j0 + TX * j + tx;
			if (gi < rows && gj < cols) {
				int to = at[0].x + gi * at[0].y + gj;
				float v = alpha * acc[i][j];
				if (accumulate) v += result[to];
				result[to] = v;
			}
		}
	}
}
