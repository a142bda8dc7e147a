// What the attention shaders share. A work group has 8 x TX invocations and goes over
// squares of 32 query rows by 32 keys of one head: rows ty, ty+8, ... and keys tx,
// tx+TX, ... are an invocation's own, 4 x 32/TX of the square's scores in registers. The
// scores are a matrix product whose depth is the head's; it comes through shared
// memory 32 values at a time, as in product.glsl. Of what is summed over a square
// ([32, dim]) an invocation has 4 rows and the columns tx, tx+TX, ..., WIDTH/TX of
// them. WIDTH is the head's dim rounded up to a power of two from 64 on, TX an eighth
// of it, 32 at most: so an invocation has 8 columns and 32 sums for dims up to 256.
//
// The plan (attention_plan.go) says which squares there are. Every key in one is a key
// of some row in it; a key that no row looks at is not even read, it may hold anything.
layout(local_size_x = THREADS) in; // 8 x TX
layout(std430, binding = PLAN) readonly buffer Plan { int plan[]; };

#define dim n[0]
#define rowCount n[1]
#define keyCount n[2]
#define group n[3] // query heads of a key head
#define spansAt n[4] // places within the plan
#define tilesAt n[5]
#define blocksAt n[6]
#define firstTile n[7] // of this dispatch
#define firstHead n[8]

const int SIDE = 32, ROW = 9, KEYS = SIDE / TX, COLUMNS = WIDTH / TX;

int me = int(gl_LocalInvocationID.x), tx = me % TX, ty = me / TX;

vec4 inDim(vec4 v, int d) {
	return vec4(d < dim ? v.x : 0.0, d + 1 < dim ? v.y : 0.0, d + 2 < dim ? v.z : 0.0, d + 3 < dim ? v.w : 0.0);
}

// LOAD brings the values [d0, d0+32) of a head, of 32 rows from first on, into shared
// memory. A row beyond last stands for last; nobody uses its scores.
#define LOAD(TO, FROM, OPERAND, first, last, head) \
	for (int e = me; e < SIDE * 8; e += THREADS) { \
		int d = d0 + 4 * (e & 7), from = at[OPERAND].x + min(first + (e >> 3), last) * at[OPERAND].y + head * dim; \
		ivec4 c = min(ivec4(d, d + 1, d + 2, d + 3), dim - 1) + from; \
		TO[(e >> 3) * ROW + (e & 7)] = inDim(vec4(FROM[c.x], FROM[c.y], FROM[c.z], FROM[c.w]), d); \
	}

// SCORES adds the products of the 32 values in shared memory to to[4][KEYS].
#define SCORES(to, A, B) \
	for (int k4 = 0; k4 < min(8, (dim - d0 + 3) / 4); k4++) { \
		vec4 l[4]; \
		for (int i = 0; i < 4; i++) l[i] = A[(8 * i + ty) * ROW + k4]; \
		for (int j = 0; j < KEYS; j++) { \
			vec4 r = B[(TX * j + tx) * ROW + k4]; \
			for (int i = 0; i < 4; i++) to[i][j] += dot(l[i], r); \
		} \
	}

// looks is how often a row looks at a key: its two ranges may overlap.
float looks(int row, int key) {
	if (row >= rowCount) return 0.0;
	int s = at[PLAN].x + spansAt + 4 * row;
	return float(int(key >= plan[s] && key < plan[s + 1]) + int(key >= plan[s + 2] && key < plan[s + 3]));
}
