// AttentionBackward (Dao et al. 2022), with s = scale q·k, p = exp(s - lse), D = dout·out:
//
//	dp = dout·v    ds = p (dp - D) scale
//	dq = sum over keys of ds k    dk += sum over rows of ds q    dv += sum of p dout
//
// The scores are made again, by squares of 32 rows and 32 keys (attention.glsl). There
// are two shaders of this file, so that each sum has one owner and no value is added to
// by two work groups: without KEYS_SIDE a group has 32 rows of one query head and goes
// over their keys, for dq; with it a group has 32 keys of one key head and goes over the
// rows that look at them, of all the query heads that share it, for dk and dv.
#ifdef KEYS_SIDE
layout(std430, binding = 0) buffer DK { float dk[]; };
layout(std430, binding = 1) buffer DV { float dv[]; };
#else
layout(std430, binding = 0) writeonly buffer DQ { float dq[]; };
#endif
layout(std430, binding = 2) readonly buffer Stats { vec2 stats[]; };
layout(std430, binding = 3) readonly buffer Q { float q[]; };
layout(std430, binding = 4) readonly buffer K { float k[]; };
layout(std430, binding = 5) readonly buffer V { float v[]; };
layout(std430, binding = 6) readonly buffer DOut { float dout[]; };

shared vec4 qTile[SIDE * ROW], kTile[SIDE * ROW], vTile[SIDE * ROW], doutTile[SIDE * ROW];
#ifdef KEYS_SIDE
shared float p[SIDE * (SIDE + 1)];
#endif
shared float ds[SIDE * (SIDE + 1)];

// square fills p and ds for 32 rows and some keys. What is not looked at becomes 0,
// whatever its products are.
void square(int row0, int key0, int keys, int head, int keyHead) {
	float s[4][KEYS], dp[4][KEYS];
	for (int i = 0; i < 4; i++) {
		for (int j = 0; j < KEYS; j++) {
			s[i][j] = 0.0;
			dp[i][j] = 0.0;
		}
	}
	for (int d0 = 0; d0 < dim; d0 += 32) {
		LOAD(qTile, q, 3, row0, rowCount - 1, head)
		LOAD(kTile, k, 4, key0, key0 + keys - 1, keyHead)
		LOAD(vTile, v, 5, key0, key0 + keys - 1, keyHead)
		LOAD(doutTile, dout, 6, row0, rowCount - 1, head)
		barrier();
		SCORES(s, qTile, kTile)
		SCORES(dp, doutTile, vTile)
		barrier();
	}
	for (int i = 0; i < 4; i++) {
		int row = row0 + 8 * i + ty;
		vec2 st = stats[(at[2].x >> 1) + min(row, rowCount - 1) * n[9] + head];
		for (int j = 0; j < KEYS; j++) {
			int kk = TX * j + tx;
			float times = kk < keys ? looks(row, key0 + kk) : 0.0;
			float w = times > 0.0 ? times * exponential(s[i][j] * f[0] - st.x) : 0.0;
#ifdef KEYS_SIDE
			p[(8 * i + ty) * (SIDE + 1) + kk] = w;
#endif
			ds[(8 * i + ty) * (SIDE + 1) + kk] = times > 0.0 ? w * (dp[i][j] - st.y) * f[0] : 0.0;
		}
	}
	barrier();
}

#ifdef KEYS_SIDE
void main() {
	int t = at[PLAN].x + tilesAt + 3 * (firstTile + int(gl_WorkGroupID.x)), keyHead = firstHead + int(gl_WorkGroupID.y);
	int key0 = SIDE * plan[t], keys = min(SIDE, keyCount - key0);
	float sumK[4][COLUMNS], sumV[4][COLUMNS];
	for (int i = 0; i < 4; i++) {
		for (int c = 0; c < COLUMNS; c++) {
			sumK[i][c] = 0.0;
			sumV[i][c] = 0.0;
		}
	}
	for (int head = keyHead * group; head < (keyHead + 1) * group; head++) {
		for (int b = plan[t + 1]; b < plan[t + 2]; b++) {
			int row0 = SIDE * plan[at[PLAN].x + blocksAt + b], rows = min(SIDE, rowCount - row0);
			square(row0, key0, keys, head, keyHead);
			for (int r = 0; r < rows; r++) {
				int qAt = at[3].x + (row0 + r) * at[3].y + head * dim, doutAt = at[6].x + (row0 + r) * at[6].y + head * dim;
				float a[4], w[4];
				for (int i = 0; i < 4; i++) {
					a[i] = ds[r * (SIDE + 1) + 8 * i + ty];
					w[i] = p[r * (SIDE + 1) + 8 * i + ty];
				}
				for (int c = 0; c < COLUMNS; c++) {
					int column = min(TX * c + tx, dim - 1);
					float qv = q[qAt + column], g = dout[doutAt + column];
					for (int i = 0; i < 4; i++) {
						sumK[i][c] += a[i] * qv;
						sumV[i][c] += w[i] * g;
					}
				}
			}
			barrier();
		}
	}
	for (int i = 0; i < 4; i++) {
		int kk = 8 * i + ty;
		for (int c = 0; c < COLUMNS; c++) {
			int column = TX * c + tx;
			if (kk < keys && column < dim) {
				dk[at[0].x + (key0 + kk) * at[0].y + keyHead * dim + column] += sumK[i][c];
				dv[at[1].x + (key0 + kk) * at[1].y + keyHead * dim + column] += sumV[i][c];
			}
		}
	}
}
#else
void main() {
	int tile = firstTile + int(gl_WorkGroupID.x), head = firstHead + int(gl_WorkGroupID.y), keyHead = head / group;
	int row0 = SIDE * tile, t = at[PLAN].x + tilesAt + 2 * tile;
	float sum[4][COLUMNS];
	for (int i = 0; i < 4; i++)
		for (int c = 0; c < COLUMNS; c++) sum[i][c] = 0.0;
	for (int b = plan[t]; b < plan[t + 1]; b++) {
		int key0 = plan[at[PLAN].x + blocksAt + 2 * b], keys = plan[at[PLAN].x + blocksAt + 2 * b + 1];
		square(row0, key0, keys, head, keyHead);
		for (int kk = 0; kk < keys; kk++) {
			int from = at[4].x + (key0 + kk) * at[4].y + keyHead * dim;
			float a[4];
			for (int i = 0; i < 4; i++) a[i] = ds[(8 * i + ty) * (SIDE + 1) + kk];
			for (int c = 0; c < COLUMNS; c++) {
				float value = k[from + min(TX * c + tx, dim - 1)];
				for (int i = 0; i < 4; i++) sum[i][c] += a[i] * value;
			}
		}
		barrier();
	}
	for (int i = 0; i < 4; i++) {
		int row = row0 + 8 * i + ty;
		for (int c = 0; c < COLUMNS; c++) {
			int column = TX * c + tx;
			if (row < rowCount && column < dim) dq[at[0].x + row * at[0].y + head * dim + column] = sum[i][c];
		}
	}
}
#endif
