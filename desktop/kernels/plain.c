/* The types without a search: blocks of 32 weights with one half float d, some with a minimum m, and levels of eight,
   five or four bits. Bound by memory, so one block at a time, in loops the compiler makes vectors of.

   Q8_0: weight = d × level, level -127 to 127.         Q4_0, Q5_0: weight = d × (level - 8 or 16).
   Q4_1, Q5_1: weight = d × level + m. */

#include "kernels.h"

enum { BLOCK = 32 };

/* The weight of the largest magnitude, the first of equals, with its sign. */
INLINE float extreme_of(const float *x) {
    float size = 0, found = 0;
    for (int i = 0; i < BLOCK; i++) {
        float now = __builtin_fabsf(x[i]);
        found = size < now ? x[i] : found;
        size = size < now ? now : size;
    }
    return found;
}

INLINE float inverse(float d) { return d != 0.0f ? 1.0f / d : 0.0f; }

/* Float to integer as x86 does it: what does not fit becomes the smallest integer, whose low byte is 0. */
INLINE int32_t whole(float x) { return x > -2147483648.0f && x < 2147483648.0f ? (int32_t)x : 0; }

/* Levels of block halves side by side: the low four bits in sixteen bytes, the fifth bits in a word. */
INLINE void pack_low(const uint8_t *levels, uint8_t *y) {
    for (int i = 0; i < 16; i++) y[i] = (uint8_t)((levels[i] & 15) | (levels[i + 16] & 15) << 4);
}

INLINE void pack_high(const uint8_t *levels, uint8_t *y) {
    uint32_t high = 0;
    for (int i = 0; i < BLOCK; i++) high |= (uint32_t)(levels[i] >> 4 & 1) << i;
    put32(y, high);
}

/* roundf: halves away from zero. What does not fit becomes 0, as above. */
INLINE int32_t rounded(float x) {
    float size = __builtin_fabsf(x);
    int32_t level = whole(size);
    level += size < 8388608.0f && size - (float)level >= 0.5f;
    return x < 0 ? -level : level;
}

int quantize_q8_0(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    (void)importance;
    int broken = 0;
    for (int64_t block = 0; block < blocks; block++, x += BLOCK, y += 34) {
        float size = 0;
        for (int i = 0; i < BLOCK; i++) size = size > __builtin_fabsf(x[i]) ? size : __builtin_fabsf(x[i]);
        float d = size / 127, per_level = inverse(d);
        uint16_t half = half_of(d);
        put16(y, half);
        for (int i = 0; i < BLOCK; i++) y[2 + i] = (uint8_t)rounded(x[i] * per_level);
        broken |= broken_half(half);
    }
    return broken;
}

/* Q4_0 and Q5_0: symmetric around the middle level. */
INLINE int symmetric(const float *x, int middle, uint8_t *y, uint8_t *levels) {
    float d = extreme_of(x) / (float)-middle, per_level = inverse(d);
    uint16_t half = half_of(d);
    put16(y, half);
    for (int i = 0; i < BLOCK; i++) {
        int32_t level = (int8_t)whole(x[i] * per_level + ((float)middle + 0.5f));
        levels[i] = (uint8_t)(level < 2 * middle - 1 ? level : 2 * middle - 1);
    }
    return broken_half(half);
}

/* Q4_1 and Q5_1: from the smallest to the largest weight. Only Q4_1 bounds its levels. */
INLINE int between(const float *x, int top, int bound, uint8_t *y, uint8_t *levels) {
    float low = x[0], high = x[0];
    for (int i = 1; i < BLOCK; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    float d = (high - low) / (float)top, per_level = inverse(d);
    uint16_t half = half_of(d), minimum = half_of(low);
    put16(y, half);
    put16(y + 2, minimum);
    for (int i = 0; i < BLOCK; i++) {
        int32_t level = whole((x[i] - low) * per_level + 0.5f);
        if (bound) level = (int8_t)level < top ? (int8_t)level : top;
        levels[i] = (uint8_t)level;
    }
    return broken_half(half) | broken_half(minimum);
}

int quantize_q4_0(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    (void)importance;
    int broken = 0;
    for (int64_t block = 0; block < blocks; block++, x += BLOCK, y += 18) {
        uint8_t levels[BLOCK];
        broken |= symmetric(x, 8, y, levels);
        pack_low(levels, y + 2);
    }
    return broken;
}

int quantize_q5_0(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    (void)importance;
    int broken = 0;
    for (int64_t block = 0; block < blocks; block++, x += BLOCK, y += 22) {
        uint8_t levels[BLOCK];
        broken |= symmetric(x, 16, y, levels);
        pack_high(levels, y + 2);
        pack_low(levels, y + 6);
    }
    return broken;
}

int quantize_q4_1(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    (void)importance;
    int broken = 0;
    for (int64_t block = 0; block < blocks; block++, x += BLOCK, y += 20) {
        uint8_t levels[BLOCK];
        broken |= between(x, 15, 1, y, levels);
        pack_low(levels, y + 4);
    }
    return broken;
}

int quantize_q5_1(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    (void)importance;
    int broken = 0;
    for (int64_t block = 0; block < blocks; block++, x += BLOCK, y += 24) {
        uint8_t levels[BLOCK];
        broken |= between(x, 31, 0, y, levels);
        pack_high(levels, y + 4);
        pack_low(levels, y + 8);
    }
    return broken;
}
