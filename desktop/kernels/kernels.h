/* What all kernels share: vectors of lanes, rounding as ggml rounds, half floats, the shape of a kernel.

   The idea of the whole folder: ggml's quantizers search the best scale of each small sub-block by trying a few dozen
   candidates, one weight after another. Sub-blocks know nothing of each other. So a vector holds one weight of each
   of LANES sub-blocks, and every lane does exactly the operations of ggml's scalar code in exactly its order: the
   result is the same to the last bit, only LANES times as many of them are made at once. What would be `if` and
   `break` becomes a mask. For this to hold the compiler may neither fuse nor reorder floating-point operations
   (-ffp-contract=off, no -ffast-math). */

#ifndef MODELYARD_KERNELS_H
#define MODELYARD_KERNELS_H

#include <stdint.h>
#include <string.h>

#ifndef LANES
#define LANES 8 /* the build sets 16 where vectors of 512 bits exist */
#endif

typedef float Floats __attribute__((vector_size(4 * LANES)));
typedef int32_t Ints __attribute__((vector_size(4 * LANES)));

/* A run: the weights a kernel gets at once at most. 16 kB, sixteen super-blocks. */
enum { RUN = 4096, SUPER = 256 };

#define INLINE static inline __attribute__((always_inline))

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* What a conversion ends with (native.py, Outcome). */
enum { DONE = 0, NOT_FINITE = 1, TOO_LARGE = 2, UNSUPPORTED = 3 };

/* Numbers of ggml_type. */
enum {
    TYPE_F32 = 0, TYPE_F16 = 1, TYPE_Q4_0 = 2, TYPE_Q4_1 = 3, TYPE_Q5_0 = 6, TYPE_Q5_1 = 7, TYPE_Q8_0 = 8,
    TYPE_Q2_K = 10, TYPE_Q3_K = 11, TYPE_Q4_K = 12, TYPE_Q5_K = 13, TYPE_Q6_K = 14, TYPE_IQ4_NL = 20,
    TYPE_IQ4_XS = 23, TYPE_BF16 = 30
};

/* A kernel: `blocks` blocks of weights `x`, of one row or of several in a run, to bytes `y`. `importance` (may be
   NULL) has one number a weight. Returns nonzero if a scale came out infinite or no number. */
typedef int Kernel(const float *x, uint8_t *y, int64_t blocks, const float *importance);

Kernel quantize_q8_0, quantize_q4_0, quantize_q4_1, quantize_q5_0, quantize_q5_1;
Kernel quantize_q2_k, quantize_q3_k, quantize_q4_k, quantize_q5_k, quantize_q6_k;
Kernel quantize_iq4_nl, quantize_iq4_xs;

/* --- lanes ------------------------------------------------------------------------------------------------------- */

INLINE Floats all(float value) { return value - (Floats){0}; }

INLINE Ints all_int(int32_t value) { return value - (Ints){0}; }

/* Lane by lane: yes where the mask is set, no elsewhere. */
INLINE Floats pick(Ints mask, Floats yes, Floats no) {
    return (Floats)(((Ints)yes & mask) | ((Ints)no & ~mask));
}

INLINE Ints pick_int(Ints mask, Ints yes, Ints no) { return (yes & mask) | (no & ~mask); }

INLINE Floats absolute(Floats x) { return (Floats)((Ints)x & 0x7fffffff); }

INLINE int any(Ints mask) {
    int32_t sum = 0;
    for (int i = 0; i < LANES; i++) sum |= mask[i];
    return sum != 0;
}

/* Square roots; every processor rounds them correctly. */
INLINE Floats roots(Floats x) {
    for (int i = 0; i < LANES; i++) x[i] = __builtin_sqrtf(x[i]);
    return x;
}

/* Two vectors shuffled together: one's lane 0, the other's lane 0, one's lane 1 … in two halves. */
#if LANES == 16
#define LOWER(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define UPPER(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif LANES == 8
#define LOWER(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define UPPER(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#error "LANES must be 8 or 16"
#endif

/* Rows to columns. Shuffling row i with row i + LANES / 2 moves the highest bit of the row number to the lowest of the
   lane number; after all bits have moved, rows are lanes. */
INLINE void transpose(Floats *rows) {
    Floats mixed[LANES];
    for (int bits = 1; bits < LANES; bits *= 2) {
        for (int i = 0; i < LANES / 2; i++) {
            mixed[2 * i] = LOWER(rows[i], rows[i + LANES / 2]);
            mixed[2 * i + 1] = UPPER(rows[i], rows[i + LANES / 2]);
        }
        memcpy(rows, mixed, sizeof mixed);
    }
}

/* Sub-blocks of n weights each, one behind the other, to one lane each: to[i] gets weight i of all of them. Lanes from
   `count` on become 0. n is a multiple of LANES. */
INLINE void spread(const float *x, int n, int64_t count, Floats *to) {
    for (int at = 0; at < n; at += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
            to[at + lane] = all(0);
            if (lane < count) memcpy(&to[at + lane], x + lane * n + at, sizeof(Floats));
        }
        transpose(to + at);
    }
}

/* The first `count` lanes to consecutive numbers. */
INLINE void collect(Floats x, int64_t count, float *to) {
    if (count >= LANES) memcpy(to, &x, sizeof x);
    else memcpy(to, &x, (size_t)count * 4);
}

/* --- rounding ---------------------------------------------------------------------------------------------------- */

/* ggml rounds by adding 1.5 × 2^23 and taking the low bits. Beyond ±4194303 this gives nonsense, the same nonsense
   here as there. */
#define MAGIC 12582912.0f

INLINE int32_t nearest(float x) {
    float sum = x + MAGIC;
    int32_t bits;
    memcpy(&bits, &sum, 4);
    return (bits & 0x007fffff) - 0x00400000;
}

INLINE Ints nearest_lanes(Floats x) { return ((Ints)(x + MAGIC) & 0x007fffff) - 0x00400000; }

/* The same as a float, right only within ±4194303: cheaper. */
INLINE Floats nearest_float(Floats x) { return (x + MAGIC) - MAGIC; }

INLINE Floats to_floats(Ints x) { return __builtin_convertvector(x, Floats); }

INLINE Floats clamp(Floats x, float low, float high) {
    x = pick(x > low, x, all(low));
    return pick(x < high, x, all(high));
}

INLINE Ints clamp_int(Ints x, int32_t low, int32_t high) {
    x = pick_int(x > low, x, all_int(low));
    return pick_int(x < high, x, all_int(high));
}

INLINE int32_t within(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

/* --- half floats ------------------------------------------------------------------------------------------------- */

INLINE uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}

INLINE float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

/* Round to nearest even; too large becomes infinity; every NaN becomes 0x7e00. */
INLINE uint16_t half_of(float x) {
    uint32_t bits = bits_of(x), sign = (bits >> 16) & 0x8000u, size = bits & 0x7fffffffu;
    /* Adding a power of two that is 2^13 units above the last kept bit rounds to that bit; 2^-14 is the smallest
       normal half, below it the last bit stays where it is. */
    uint32_t exponent = size & 0x7f800000u;
    exponent = exponent < 0x38800000u ? 0x38800000u : exponent;
    uint32_t rounder = exponent + (13u << 23);
    uint32_t kept = bits_of(float_of(size) + float_of(rounder)) - rounder;
    uint32_t half = kept + ((exponent - 0x38800000u) >> 13);
    half = size >= 0x47800000u ? 0x7c00u : half; /* 65536 and above; 65520 and above rounds up to it by itself */
    half = size > 0x7f800000u ? 0x7e00u : half;
    return (uint16_t)(sign | half);
}

INLINE float float_of_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, size = half & 0x7fffu;
    /* Moved to its place the number is 2^112 too small; one product corrects normal and subnormal ones alike. */
    float x = float_of(size << 13) * 0x1.0p+112f;
    uint32_t bits = size >= 0x7c00u ? (size << 13) | 0x7f800000u : bits_of(x);
    return float_of(sign | bits);
}

INLINE int broken_half(uint16_t half) { return (half & 0x7c00u) == 0x7c00u; }

INLINE void put16(uint8_t *to, uint16_t value) { memcpy(to, &value, 2); }

INLINE void put32(uint8_t *to, uint32_t value) { memcpy(to, &value, 4); }

#endif
