// The values of a frozen weight, unpacked where they are used. A row is, in 32-bit words
// (see weight.go, which lays it out): first the 16-bit halves of all its blocks, two to
// a word, then the words of block after block. TYPE is the layout; a shader asks for
// 32 values at a time, the part of a row that shares what block() looks up, and
// unpacks them four by four.
layout(std430, binding = WEIGHT) readonly buffer Weight { uint weight[]; };

// block32 is what 32 values have in common: value = (q - zero) scale + shift.
struct Block32 {
	vec2 scale; // of the first and of the last 16
	float shift;
	int at;    // the word that holds the first of them
	int part;  // their place in a superblock of 256
	uint fifth; // their fifth bits
};

float half16(int row, int i) {
	vec2 two = unpackHalf2x16(weight[row + (i >> 1)]);
	return (i & 1) == 0 ? two.x : two.y;
}

vec4 bytes(uint word) {
	return vec4(float(word & 255u), float(word >> 8 & 255u), float(word >> 16 & 255u), float(word >> 24));
}

vec4 signedBytes(uint word) {
	int w = int(word);
	return vec4(float(w << 24 >> 24), float(w << 16 >> 24), float(w << 8 >> 24), float(w >> 24));
}

uint byteAt(int word, int i) { return weight[word + (i >> 2)] >> (8 * (i & 3)) & 255u; }

#if TYPE == Q4_K || TYPE == Q5_K
// The 6-bit scale and minimum of a part, from the 12 bytes of its superblock.
vec2 scaleMin(int at, int j) {
	if (j < 4) return vec2(float(byteAt(at, j) & 63u), float(byteAt(at, j + 4) & 63u));
	uint low = byteAt(at, j + 4);
	return vec2(float((low & 15u) | byteAt(at, j - 4) >> 6 << 4), float(low >> 4 | byteAt(at, j) >> 6 << 4));
}
#endif

// block looks up values [32b, 32b+32) of the row that begins at a word.
Block32 block(int row, int b) {
	Block32 k;
	k.scale = vec2(1.0);
	k.shift = 0.0;
	k.part = b & 7;
	k.fifth = 0u;
#if TYPE == F32 || TYPE == F16 || TYPE == BF16
	k.at = row;
	k.part = 32 * b;
#elif TYPE == Q4_0 || TYPE == Q8_0 || TYPE == Q5_0
	k.scale = vec2(half16(row, b));
	k.at = row + n[HALVES] + b * WORDS;
#elif TYPE == Q4_1 || TYPE == Q5_1
	vec2 two = unpackHalf2x16(weight[row + b]);
	k.scale = two.xx;
	k.shift = two.y;
	k.at = row + n[HALVES] + b * WORDS;
#elif TYPE == Q4_K || TYPE == Q5_K
	vec2 two = unpackHalf2x16(weight[row + (b >> 3)]);
	k.at = row + n[HALVES] + (b >> 3) * WORDS;
	vec2 s = scaleMin(k.at, k.part);
	k.scale = two.xx * s.x;
	k.shift = -(two.y * s.y);
#elif TYPE == Q6_K
	k.at = row + n[HALVES] + (b >> 3) * WORDS;
	int first = (k.part >> 2) * 8 + (k.part & 3) * 2; // of 16 signed bytes behind 48 words
	float d = half16(row, b >> 3);
	k.scale.x = d * float(int(byteAt(k.at + 48, first)) << 24 >> 24);
	k.scale.y = d * float(int(byteAt(k.at + 48, first + 1)) << 24 >> 24);
#endif
#if TYPE == Q5_0 || TYPE == Q5_1
	k.fifth = weight[k.at];
	k.at += 1;
#endif
	return k;
}

// four unpacks the values [4j, 4j+4) of a block. Columns from cols on are 0.
vec4 four(Block32 k, int j, int cols) {
#if TYPE == F32
	int c = k.part + 4 * j;
	return vec4(
		c < cols ? uintBitsToFloat(weight[k.at + c]) : 0.0, c + 1 < cols ? uintBitsToFloat(weight[k.at + c + 1]) : 0.0,
		c + 2 < cols ? uintBitsToFloat(weight[k.at + c + 2]) : 0.0, c + 3 < cols ? uintBitsToFloat(weight[k.at + c + 3]) : 0.0);
#elif TYPE == F16 || TYPE == BF16
	int c = k.part + 4 * j;
	if (c >= cols) return vec4(0.0);
	uint a = weight[k.at + (c >> 1)], b = c + 2 < cols ? weight[k.at + (c >> 1) + 1] : 0u;
#if TYPE == F16
	vec4 v = vec4(unpackHalf2x16(a), unpackHalf2x16(b));
#else
	vec4 v = vec4(uintBitsToFloat(a << 16), uintBitsToFloat(a & 0xffff0000u), uintBitsToFloat(b << 16), uintBitsToFloat(b & 0xffff0000u));
#endif
	if (c + 1 >= cols) v.y = 0.0; // the row's last word may be half filled
	if (c + 3 >= cols) v.w = 0.0;
	return v;
#elif TYPE == Q8_0
	return signedBytes(weight[k.at + j]) * k.scale.x;
#elif TYPE == Q6_K
	// 32 words with the low nibbles, 16 with two upper bits, 4 with the scales.
	int half_ = k.part >> 2, p = k.part & 3;
	uint low = weight[k.at + half_ * 16 + (p & 1) * 8 + j] >> (4 * (p >> 1)) & 0x0f0f0f0fu;
	uint high = (weight[k.at + 32 + half_ * 8 + j] >> (2 * p) & 0x03030303u) << 4;
	return (bytes(low | high) - 32.0) * (j < 4 ? k.scale.x : k.scale.y);
#elif TYPE == Q4_K
	uint q = weight[k.at + 3 + (k.part >> 1) * 8 + j] >> (4 * (k.part & 1)) & 0x0f0f0f0fu;
	return bytes(q) * k.scale.x + k.shift;
#elif TYPE == Q5_K
	uint q = weight[k.at + 11 + (k.part >> 1) * 8 + j] >> (4 * (k.part & 1)) & 0x0f0f0f0fu;
	q |= (weight[k.at + 3 + j] >> k.part & 0x01010101u) << 4;
	return bytes(q) * k.scale.x + k.shift;
#else
	// The low nibbles of 4 words are the first 16 values, the high ones the others.
	vec4 q = bytes(weight[k.at + (j & 3)] >> (4 * (j >> 2)) & 0x0f0f0f0fu);
#if TYPE == Q5_0 || TYPE == Q5_1
	uvec4 bits = uvec4(k.fifth >> (4 * j)) >> uvec4(0, 1, 2, 3) & 1u;
	q += vec4(bits) * 16.0;
#endif
#if TYPE == Q4_0
	q -= 8.0;
#elif TYPE == Q5_0
	q -= 16.0;
#endif
	return q * k.scale.x + k.shift;
#endif
}
