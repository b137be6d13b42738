/* IQ4_NL: 32 weights in 18 bytes, a half float d and 32 indices into a table of sixteen values that lie closer around
   zero: weight = d × value. IQ4_XS: 256 weights in 136 bytes, eight such blocks with six-bit scales under one half
   float. The blocks of 32 are the lanes; d is searched by least squares around the largest weight. */

#include "importance.h"

enum { SUB = 32, SUBS = SUPER / SUB, TRIES = 7 };

static const float VALUES[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/* The middle between neighbours, where the nearer one changes; in the middle the larger one wins. */
#define MIDDLE(k) ((VALUES[k] + VALUES[(k) + 1]) / 2)

/* The value nearest to each lane. */
INLINE Floats nearest_value(Floats x) {
    Floats value = all(VALUES[0]);
    for (int k = 0; k < 15; k++) value += pick(x < MIDDLE(k), all(0), all(VALUES[k + 1] - VALUES[k]));
    return value;
}

/* The index of the nearest value; ggml's search ends at the last one for NaN. */
INLINE uint8_t nearest_index(float x) {
    uint8_t index = 0;
    for (int k = 0; k < 15; k++) index += !(x < MIDDLE(k));
    return index;
}

/* The scale of each lane. */
INLINE Floats search(const Floats *x, const Floats *weights) {
    Floats max = extreme(SUB, x);
    Ints zero = absolute(max) < ALL_ZERO;
    max = pick(zero, all(1), max);
    Floats scale = all(0), fit = all(0);
    for (int k = -1; k <= 2 * TRIES; k++) { /* first the plain one, then the tries */
        Floats factor = k < 0 ? 1 / (-max / VALUES[0]) : ((float)(k - TRIES) + VALUES[0]) / max;
        Floats sum_qx = all(0), sum_q2 = all(0);
        for (int i = 0; i < SUB; i++) {
            Floats value = nearest_value(factor * x[i]), product = weights[i] * value;
            sum_qx += product * x[i];
            sum_q2 += product * value;
        }
        Ints better = sum_q2 > 0.0f;
        if (k >= 0) better &= sum_qx * sum_qx > fit * sum_q2;
        scale = pick(better, sum_qx / sum_q2, scale);
        fit = pick(better, scale * sum_qx, fit);
    }
    return pick(zero, all(0), scale);
}

/* The scales of all blocks of a run. `together`: how many blocks share a variance, which importance is weighed by. */
static void search_run(const float *x, int64_t subs, const float *importance, int together, float *scale) {
    Floats values[SUB], weights[SUB];
    float variance[RUN / SUB];
    if (importance) variances(x, SUB, subs, together, 1, 2, variance);
    for (int64_t at = 0; at < subs; at += LANES) {
        spread(x + at * SUB, SUB, subs - at, values);
        if (importance) weigh(importance + at * SUB, variance + at, SUB, subs - at, values, weights);
        else
            for (int i = 0; i < SUB; i++) weights[i] = values[i] * values[i];
        collect(search(values, weights), subs - at, scale + at);
    }
}

/* 32 weights to sixteen bytes of indices. */
INLINE void pack(const float *x, float factor, uint8_t *y) {
    uint8_t index[SUB];
    for (int i = 0; i < SUB; i++) index[i] = nearest_index(factor * x[i]);
    for (int i = 0; i < 16; i++) y[i] = (uint8_t)(index[i] | index[i + 16] << 4);
}

int quantize_iq4_nl(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    float scale[RUN / SUB];
    int broken = 0;
    search_run(x, blocks, importance, 1, scale);
    for (int64_t block = 0; block < blocks; block++, x += SUB, y += 18) {
        uint16_t d = half_of(scale[block]);
        put16(y, d);
        pack(x, scale[block] != 0.0f ? 1 / scale[block] : 0.0f, y + 2);
        broken |= broken_half(d);
    }
    return broken;
}

static int settle_xs(const float *x, const float *scale, uint8_t *y) {
    float largest = 0, size = 0;
    for (int j = 0; j < SUBS; j++)
        if (__builtin_fabsf(scale[j]) > size) {
            size = __builtin_fabsf(scale[j]);
            largest = scale[j];
        }
    float d = -largest / 32, per_scale = d != 0.0f ? 1 / d : 0.0f;
    uint16_t half = half_of(d), high = 0;
    memset(y + 4, 0, 4);
    for (int j = 0; j < SUBS; j++) {
        int32_t level = within(nearest(per_scale * scale[j]), -32, 31);
        float step = d * (float)level;
        pack(x + j * SUB, step != 0.0f ? 1 / step : 0.0f, y + 8 + j * 16);
        level += 32;
        y[4 + j / 2] |= (uint8_t)((level & 15) << (j % 2 * 4));
        high |= (uint16_t)((level >> 4) << (2 * j));
    }
    put16(y, half);
    put16(y + 2, high);
    return broken_half(half);
}

int quantize_iq4_xs(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    float scale[RUN / SUB];
    int broken = 0;
    search_run(x, blocks * SUBS, importance, SUBS, scale);
    for (int64_t block = 0; block < blocks; block++, x += SUPER, y += 136)
        broken |= settle_xs(x, scale + block * SUBS, y);
    return broken;
}
