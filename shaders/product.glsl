// The tiled matrix product: 64 x COLUMNS values of the result for a work group of 64.
//
// Each invocation keeps HIGH x WIDE of them in registers: rows ty, ty+TY, ... and columns
// tx, tx+TX, ... Both operands come through shared memory, 32 of the depth at a time, four
// values of the depth in one vec4. What a step reads for its multiply-adds is what limits
// it: 16 vec4 for 256 where the tile is 64 columns wide (8 x 8 sums: with what is read about
// 110 registers, which cards have for an invocation; some then run fewer of them at once,
// or 8 in a thread for 16). Of results as narrow as LoRA's, 16 columns (4 x 4 sums), the
// wide tile would compute four times as much as is wanted. A row is 9 vec4 long, one more
// than is used, so that the eight rows that neighbours read at once lie in different banks.
// 18 KiB of shared memory in all; OpenGL guarantees 32.
//
// Who uses this defines COLUMNS and loadRight, which brings in the right operand's part of
// the depth, and calls multiply. With LORA there is a second product behind the first, of
// the low operand, whose depth is its rank, and of what loadUp brings in: the sum of both
// is written once.
layout(local_size_x = 64) in;
#ifdef FOURS // the rows of the left operand begin at every fourth value, as does their end
layout(std430, binding = 1) readonly buffer Left { vec4 left[]; };
#else
layout(std430, binding = 1) readonly buffer Left { float left[]; };
#endif

const int TILE = 64, DEPTH = 32, ROW = DEPTH / 4 + 1;
#if COLUMNS == 64
const int HIGH = 8, WIDE = 8;
#else
const int HIGH = 4, WIDE = 4;
#endif
const int TX = COLUMNS / WIDE, TY = TILE / HIGH;

shared vec4 leftTile[TILE * ROW], rightTile[COLUMNS * ROW];

int me = int(gl_LocalInvocationID.x), tx = me % TX, ty = me / TX;
float acc[HIGH][WIDE];

// loadRight puts values (k, j), k from k0 on, at rightTile[j * ROW + (k - k0) / 4].
void loadRight(int k0);

// inDepth is v with 0 for what lies beyond the depth.
vec4 inDepth(vec4 v, int k, int depth) {
	return vec4(k < depth ? v.x : 0.0, k + 1 < depth ? v.y : 0.0, k + 2 < depth ? v.z : 0.0, k + 3 < depth ? v.w : 0.0);
}

// LOAD brings 32 of the depth of LINES rows of a matrix, or columns where its rows are the
// depth (across), into shared memory. Where the depth is along the rows, eight neighbours
// read 128 bytes of one row; where it is across, LINES neighbours read as many values of
// one k. A line from count on stands for the last: nobody stores its products. A k beyond
// the depth reads a value within it and becomes 0.
#define LOAD(TO, LINES, FROM, OPERAND, first, count, k0, depth, across, scale) \
	for (int e = me; e < LINES * 8; e += 64) { \
		int line = across ? e % LINES : e >> 3, k4 = across ? e / LINES : e & 7, k = k0 + 4 * k4; \
		int at_ = min(first + line, count - 1), step = across ? at[OPERAND].y : 1; \
		int from = at[OPERAND].x + (across ? at_ : at_ * at[OPERAND].y); \
		ivec4 c = min(ivec4(k, k + 1, k + 2, k + 3), depth - 1) * step + from; \
		TO[line * ROW + k4] = inDepth(vec4(FROM[c.x], FROM[c.y], FROM[c.z], FROM[c.w]), k, depth) * scale; \
	}

#ifdef LORA
layout(std430, binding = 3) readonly buffer Low { float low[]; };
layout(std430, binding = 4) readonly buffer Up { float up[]; };
#define rank n[9]
void loadUp(int k0);
#endif

// accumulate adds the products of what lies in shared memory, some of the depth.
void accumulate(int depth) {
	for (int k4 = 0; k4 < (min(DEPTH, depth) + 3) / 4; k4++) {
		vec4 l[HIGH];
		for (int i = 0; i < HIGH; i++) l[i] = leftTile[(TY * i + ty) * ROW + k4];
		for (int j = 0; j < WIDE; j++) {
			vec4 r = rightTile[(TX * j + tx) * ROW + k4];
			for (int i = 0; i < HIGH; i++) acc[i][j] += dot(l[i], r);
		}
	}
}

// loadLeft brings in the left operand's part of the depth, of the rows from i0 on.
void loadLeft(int i0, int k0, int rows, int depth, bool transposed) {
#ifdef FOURS
	for (int e = me; e < TILE * 8; e += 64) {
		int k = k0 + 4 * (e & 7), from = at[1].x + min(i0 + (e >> 3), rows - 1) * at[1].y;
		vec4 v = left[(from + min(k, depth - 4)) >> 2];
		leftTile[(e >> 3) * ROW + (e & 7)] = k < depth ? v : vec4(0.0);
	}
#else
	LOAD(leftTile, TILE, left, 1, i0, rows, k0, depth, transposed, 1.0)
#endif
}

// multiply leaves the tile's values in acc.
void multiply(int i0, int rows, int depth, bool transposed) {
	for (int i = 0; i < HIGH; i++)
		for (int j = 0; j < WIDE; j++) acc[i][j] = 0.0;
	for (int k0 = 0; k0 < depth; k0 += DEPTH) {
		loadLeft(i0, k0, rows, depth, transposed);
		loadRight(k0);
		barrier();
		accumulate(depth - k0);
		barrier();
	}
#ifdef LORA
	for (int k0 = 0; k0 < rank; k0 += DEPTH) {
		LOAD(leftTile, TILE, low, 3, i0, rows, k0, rank, false, f[1])
		loadUp(k0);
		barrier();
		accumulate(rank - k0);
		barrier();
	}
#endif
}
