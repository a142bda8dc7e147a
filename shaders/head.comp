// HeadLogProbs and, with BACKWARD, its gradient with respect to the logits, by tiles of
// 64 rows and 64 logits: product.glsl. A tile's logits are used up where they are, in
// registers; what leaves is, forward, for each row the largest logit of the tile and the
// sum of exp(z - largest) over the others, and the logits of the candidates. The others
// without the largest: beside a sure token they would be rounded away.
//
//	backward: dz[v] = sum of dlogp of the candidates that are v, less total p
//	          of a candidate (direct - total) - total (p - 1): for a sure token p is 1
//	          but for its last digits, and what counts is 1 - p
#define rows n[0]
#define cols n[1]
#define depth n[2]
#define firstId n[7] // the id of column 0
#define candidates n[8] // of a row
layout(std430, binding = 4) readonly buffer Ids { int ids[]; };
#ifdef BACKWARD
layout(std430, binding = 0) writeonly buffer DZ { float dz[]; };
layout(std430, binding = 3) readonly buffer LSE { float lse[]; };
layout(std430, binding = 5) readonly buffer DLogp { float dlogp[]; };
#else
layout(std430, binding = 0) writeonly buffer Logp { float logp[]; };
layout(std430, binding = 3) writeonly buffer Sums { vec2 tileSums[]; };
#define firstTile n[9]
#define tiles n[10] // of the vocabulary

shared float most[TILE * TX];
shared vec2 others[TILE * TX]; // the sum of those that are not the largest, how often it is there
#endif

void loadRight(int k0) {
	int j0 = COLUMNS * int(gl_WorkGroupID.x);
	Block32 b = block(at[2].x + min(j0 + me, cols - 1) * at[2].y, k0 >> 5);
	int to = min(8, (depth - k0 + 3) / 4);
	for (int k4 = 0; k4 < to; k4++) rightTile[me * ROW + k4] = four(b, k4, depth);
}

#ifdef BACKWARD
void main() {
	int i0 = TILE * int(gl_WorkGroupID.y), j0 = COLUMNS * int(gl_WorkGroupID.x);
	multiply(i0, rows, depth, false);
	for (int i = 0; i < HIGH; i++) {
		int row = i0 + TY * i + ty;
		if (row >= rows) continue;
		float direct[WIDE], total = 0.0;
		int hits = 0;
		for (int j = 0; j < WIDE; j++) direct[j] = 0.0;
		for (int c = 0; c < candidates; c++) {
			int id = ids[at[4].x + row * candidates + c];
			if (id < 0) continue;
			float d = dlogp[at[5].x + row * at[5].y + c];
			total += d;
			for (int j = 0; j < WIDE; j++) {
				bool hit = id - firstId == j0 + TX * j + tx;
				direct[j] += hit ? d : 0.0;
				hits |= int(hit) << j;
			}
		}
		float m = lse[at[3].x + row * at[3].y], sum = lse[at[3].x + row * at[3].y + 1];
		for (int j = 0; j < WIDE; j++) {
			int column = j0 + TX * j + tx;
			float x = (acc[i][j] - m) - sum;
			float v = (hits >> j & 1) != 0 ? (direct[j] - total) - total * expm1(x) : -total * exponential(x);
			if (column < cols) dz[at[0].x + row * at[0].y + column] = v;
		}
	}
}
#else
void main() {
	int i0 = TILE * int(gl_WorkGroupID.y), j0 = COLUMNS * int(gl_WorkGroupID.x);
	multiply(i0, rows, depth, false);
	for (int i = 0; i < HIGH; i++) {
		float largest = -infinity;
		for (int j = 0; j < WIDE; j++) {
			if (j0 + TX * j + tx < cols) largest = max(largest, acc[i][j]);
		}
		most[(TY * i + ty) * TX + tx] = largest;
	}
	barrier();
	for (int i = 0; i < HIGH; i++) {
		float m = -infinity;
		vec2 sum = vec2(0.0);
		for (int x = 0; x < TX; x++) m = max(m, most[(TY * i + ty) * TX + x]);
		for (int j = 0; j < WIDE; j++) {
			if (j0 + TX * j + tx < cols) sum += acc[i][j] == m ? vec2(0.0, 1.0) : vec2(exponential(acc[i][j] - m), 0.0);
		}
		others[(TY * i + ty) * TX + tx] = sum;
	}
	barrier();
	for (int i = 0; i < HIGH; i++) {
		int row = i0 + TY * i + ty;
		if (row >= rows) continue;
		for (int c = 0; c < candidates; c++) {
			int column = ids[at[4].x + row * candidates + c] - firstId - j0;
			if (column < 0 || column >= COLUMNS || column % TX != tx) continue;
			float z = 0.0;
			for (int j = 0; j < WIDE; j++) z = column / TX == j ? acc[i][j] : z;
			logp[at[0].x + row * at[0].y + c] = z;
		}
	}
	// One invocation a row finishes it.
	if (i0 + me < rows) {
		float m = -infinity;
		vec2 sum = vec2(0.0, -1.0);
		for (int x = 0; x < TX; x++) {
			m = max(m, most[me * TX + x]);
			sum += others[me * TX + x];
		}
		tileSums[(at[3].x >> 1) + (i0 + me) * tiles + firstTile + int(gl_WorkGroupID.x)] = vec2(m, sum.x + sum.y);
	}
}
#endif
