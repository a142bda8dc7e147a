// Functions that OpenGL leaves to the driver, to be computed as exactly as f32 goes:
// a card's own exponential is off by many units in the last place for large arguments,
// its logarithm near 1 by all of them. NaN goes through all of these.

// (exp(r) - 1) of |r| <= ln(2)/2, by its Taylor series: the next term is below 2^-27 of r.
float expm1Small(float r) {
	float p = 1.0 / 5040.0;
	p = p * r + 1.0 / 720.0;
	p = p * r + 1.0 / 120.0;
	p = p * r + 1.0 / 24.0;
	p = p * r + 1.0 / 6.0;
	p = p * r + 0.5;
	return p * r * r + r;
}

// exp(x) = 2^k exp(r), with x = k ln(2) + r. ln(2) is taken in two parts, the first of
// which times k is exact; 2^k in two factors, so that small results may be subnormal.
float exponential(float x) {
	float k = floor(clamp(x, -200.0, 200.0) * 1.44269504 + 0.5);
	float r = (x - k * 0.693359375) - k * -2.12194440e-4;
	int whole = int(k), lower = whole >> 1;
	float y = (1.0 + expm1Small(r)) * intBitsToFloat((lower + 127) << 23) * intBitsToFloat((whole - lower + 127) << 23);
	return x < -104.0 ? 0.0 : x > 88.7228 ? intBitsToFloat(0x7f800000) : y;
}

// exp(x) - 1, which keeps its digits where x is small.
float expm1(float x) { return abs(x) < 0.34 ? expm1Small(x) : exponential(x) - 1.0; }

// 2 atanh(s) of |s| <= 0.2, by its series.
float twiceAtanh(float s) {
	float t = s * s;
	float p = 1.0 / 9.0;
	p = p * t + 1.0 / 7.0;
	p = p * t + 1.0 / 5.0;
	p = p * t + 1.0 / 3.0;
	return 2.0 * (p * t * s + s);
}

// log(1 + x) of x >= 0: log(1+x) = 2 atanh(x / (2+x)); a larger 1+x is 2^k m first,
// with m from sqrt(1/2) to sqrt(2).
float log1p(float x) {
	if (x < 0.5) return twiceAtanh(x / (2.0 + x));
	float u = 1.0 + x;
	int k = ((floatBitsToInt(u) - 0x3f3504f3) >> 23);
	float m = intBitsToFloat(floatBitsToInt(u) - (k << 23));
	float y = float(k) * 0.693359375 + (float(k) * -2.12194440e-4 + twiceAtanh((m - 1.0) / (m + 1.0)));
	return u < 3.4e38 ? y : u; // infinity and NaN
}

const float infinity = intBitsToFloat(0x7f800000);
