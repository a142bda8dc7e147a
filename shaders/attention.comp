// Attention: out = softmax(scale q kᵀ) v with an online softmax (Milakov & Gimelshein
// 2018, Dao et al. 2022): the scores of a square of 32 rows and 32 keys are made,
// weighed against the largest so far and used up, so that no more than a square of
// them ever exists. Largest and sum of a row are kept by all TX invocations that
// share it, each adding up the same partial values in the same order. Keys and values
// are read once for 32 rows.
layout(std430, binding = 0) writeonly buffer Out { float outs[]; };
layout(std430, binding = 1) writeonly buffer LSE { float lse[]; };
layout(std430, binding = 2) readonly buffer Q { float q[]; };
layout(std430, binding = 3) readonly buffer K { float k[]; };
layout(std430, binding = 4) readonly buffer V { float v[]; };

shared vec4 qTile[SIDE * ROW], kTile[SIDE * ROW];
shared float weights[SIDE * (SIDE + 1)], most[SIDE * TX], sums[SIDE * TX];

void main() {
	int tile = firstTile + int(gl_WorkGroupID.x), head = firstHead + int(gl_WorkGroupID.y), keyHead = head / group;
	int row0 = SIDE * tile, t = at[PLAN].x + tilesAt + 2 * tile;
	float acc[4][COLUMNS], m[4], sum[4];
	for (int i = 0; i < 4; i++) {
		m[i] = -infinity;
		sum[i] = 0.0;
		for (int c = 0; c < COLUMNS; c++) acc[i][c] = 0.0;
	}
	for (int b = plan[t]; b < plan[t + 1]; b++) {
		int key0 = plan[at[PLAN].x + blocksAt + 2 * b], keys = plan[at[PLAN].x + blocksAt + 2 * b + 1];
		float s[4][KEYS], times[4][KEYS];
		for (int i = 0; i < 4; i++)
			for (int j = 0; j < KEYS; j++) s[i][j] = 0.0;
		for (int d0 = 0; d0 < dim; d0 += 32) {
			LOAD(qTile, q, 2, row0, rowCount - 1, head)
			LOAD(kTile, k, 3, key0, key0 + keys - 1, keyHead)
			barrier();
			SCORES(s, qTile, kTile)
			barrier();
		}
		for (int i = 0; i < 4; i++) {
			float largest = -infinity;
			for (int j = 0; j < KEYS; j++) {
				int kk = TX * j + tx;
				times[i][j] = kk < keys ? looks(row0 + 8 * i + ty, key0 + kk) : 0.0;
				s[i][j] *= f[0];
				if (times[i][j] > 0.0) largest = max(largest, s[i][j]);
			}
			most[(8 * i + ty) * TX + tx] = largest;
		}
		barrier();
		for (int i = 0; i < 4; i++) {
			int row = 8 * i + ty;
			float before = m[i], part = 0.0;
			for (int x = 0; x < TX; x++) m[i] = max(m[i], most[row * TX + x]);
			for (int j = 0; j < KEYS; j++) {
				float w = times[i][j] > 0.0 ? times[i][j] * exponential(s[i][j] - m[i]) : 0.0;
				weights[row * (SIDE + 1) + TX * j + tx] = w;
				part += w;
			}
			sums[row * TX + tx] = part;
			float shrink = before == -infinity ? 0.0 : exponential(before - m[i]);
			sum[i] *= shrink;
			for (int c = 0; c < COLUMNS; c++) acc[i][c] *= shrink;
		}
		barrier();
		for (int i = 0; i < 4; i++)
			for (int x = 0; x < TX; x++) sum[i] += sums[(8 * i + ty) * TX + x];
		for (int kk = 0; kk < keys; kk++) {
			int from = at[4].x + (key0 + kk) * at[4].y + keyHead * dim;
			float w[4];
			for (int i = 0; i < 4; i++) w[i] = weights[(8 * i + ty) * (SIDE + 1) + kk];
			for (int c = 0; c < COLUMNS; c++) {
				float value = v[from + min(TX * c + tx, dim - 1)];
				for (int i = 0; i < 4; i++) acc[i][c] += w[i] * value;
			}
		}
		barrier();
	}
	for (int i = 0; i < 4; i++) {
		int row = row0 + 8 * i + ty;
		if (row >= rowCount) continue;
		for (int c = 0; c < COLUMNS; c++) {
			int column = TX * c + tx;
			if (column < dim) outs[at[0].x + row * at[0].y + head * dim + column] = sum[i] == 0.0 ? 0.0 : acc[i][c] / sum[i];
		}
		if (tx == 0 && n[9] != 0) lse[at[1].x + row * at[1].y + head] = sum[i] == 0.0 ? -infinity : m[i] + log1p(sum[i] - 1.0);
	}
}
