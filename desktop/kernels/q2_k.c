/* Q2_K: 256 weights in 84 bytes. Half floats d and dmin, sixteen four-bit scales and minima, levels of two bits:
   weight = d × scale × level - dmin × minimum. Its sixteen sub-blocks of 16 are the lanes; candidates are weighed by
   absolute differences. */

#include "importance.h"

enum { SUB = 16, SUBS = SUPER / SUB, TOP = 3 };

typedef struct {
    float scale[RUN / SUB], minimum[RUN / SUB], factor[RUN / SUB], level_minimum[RUN / SUB], weight[RUN / SUB];
} Found;

static void search(const float *x, const float *importance, int64_t subs, Found *to) {
    Floats values[SUB], weights[SUB];
    float variance[RUN / SUB];
    if (importance) variances(x, SUB, subs, SUBS, 1, 1, variance);
    for (int64_t at = 0; at < subs; at += LANES) {
        Affine found;
        spread(x + at * SUB, SUB, subs - at, values);
        if (importance) {
            weigh(importance + at * SUB, variance + at, SUB, subs - at, values, weights);
            found = search_affine(SUB, values, weights, TOP, FIRST, STEP, STEPS, SQUARES);
        } else {
            for (int i = 0; i < SUB; i++) weights[i] = absolute(values[i]);
            found = search_affine(SUB, values, weights, TOP, -0.5f, 0.1f, 15, ABSOLUTES);
        }
        collect(total(SUB, weights), subs - at, to->weight + at);
        collect(found.scale, subs - at, to->scale + at);
        collect(-found.minimum, subs - at, to->minimum + at);
        collect(found.factor, subs - at, to->factor + at);
        collect(found.level_minimum, subs - at, to->level_minimum + at);
    }
}

/* Sixteen numbers, none below 0, in four bits each; returns what one unit is worth. */
static float shrink(const float *x, uint8_t *levels) {
    float largest = 0;
    for (int j = 0; j < SUBS; j++) largest = x[j] > largest ? x[j] : largest;
    float factor = 15.0f / largest;
    for (int j = 0; j < SUBS; j++) levels[j] = largest > 0 ? (uint8_t)nearest(factor * x[j]) : 0;
    return largest > 0 ? largest / 15.0f : 0.0f;
}

static float fit(const float *x, const float *weights, int weighed, uint8_t *levels) {
    return weighed ? fit_positive(SUBS, 15, x, levels, weights) : shrink(x, levels);
}

static int settle(const float *x, const Found *found, int64_t at, int weighed, uint8_t *y) {
    uint8_t levels[SUPER], scales[SUBS], minima[SUBS];
    uint16_t d = half_of(fit(found->scale + at, found->weight + at, weighed, scales));
    uint16_t dmin = half_of(fit(found->minimum + at, found->weight + at, weighed, minima));
    put16(y + 80, d);
    put16(y + 82, dmin);
    for (int j = 0; j < SUBS; j++) {
        y[j] = (uint8_t)(scales[j] | minima[j] << 4);
        float step = float_of_half(d) * (y[j] & 15), offset = float_of_half(dmin) * (y[j] >> 4);
        float factor = found->factor[at + j], minimum = found->level_minimum[at + j];
        const float *sub = x + j * SUB;
        uint8_t *to = levels + j * SUB;
        if (step != 0.0f)
            for (int i = 0; i < SUB; i++) to[i] = (uint8_t)within(nearest((sub[i] + offset) / step), 0, TOP);
        else /* too small to count: the levels of the search stay */
            for (int i = 0; i < SUB; i++) to[i] = (uint8_t)within(nearest(factor * (sub[i] - minimum)), 0, TOP);
    }
    for (int part = 0; part < 2; part++)
        for (int i = 0; i < 32; i++) {
            const uint8_t *l = levels + part * 128 + i;
            y[16 + part * 32 + i] = (uint8_t)(l[0] | l[32] << 2 | l[64] << 4 | l[96] << 6);
        }
    return broken_half(d) | broken_half(dmin);
}

int quantize_q2_k(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    Found found;
    int broken = 0;
    search(x, importance, blocks * SUBS, &found);
    for (int64_t block = 0; block < blocks; block++, x += SUPER, y += 84)
        broken |= settle(x, &found, block * SUBS, importance != 0, y);
    return broken;
}
