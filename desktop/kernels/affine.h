/* What Q4_K and Q5_K share: super-blocks of eight sub-blocks of 32 weights, each with a scale and a minimum of six
   bits, and two half floats to scale those. One lane a sub-block. */

#ifndef MODELYARD_AFFINE_H
#define MODELYARD_AFFINE_H

#include "importance.h"

enum { SUB = 32, SUBS = SUPER / SUB };

/* What the search found for each sub-block of a run; `minimum` with its sign turned, at least 0; `weight` only with
   importance: the sum over the sub-block. */
typedef struct {
    float scale[RUN / SUB], minimum[RUN / SUB], factor[RUN / SUB], level_minimum[RUN / SUB], weight[RUN / SUB];
} AffineRun;

INLINE void keep(const Affine *found, int64_t count, AffineRun *run, int64_t at) {
    collect(found->scale, count, run->scale + at);
    collect(-found->minimum, count, run->minimum + at);
    collect(found->factor, count, run->factor + at);
    collect(found->level_minimum, count, run->level_minimum + at);
}

INLINE void search_run(const float *x, int64_t subs, float top, float first, float step, int steps, AffineRun *run) {
    Floats values[SUB], weights[SUB];
    for (int64_t at = 0; at < subs; at += LANES) {
        spread(x + at * SUB, SUB, subs - at, values);
        Floats squares = all(0);
        for (int i = 0; i < SUB; i++) squares += values[i] * values[i];
        Floats deviation = roots(squares / (float)SUB);
        for (int i = 0; i < SUB; i++) weights[i] = deviation + absolute(values[i]);
        Affine found = search_affine(SUB, values, weights, top, first, step, steps, SQUARES);
        keep(&found, subs - at, run, at);
    }
}

INLINE void search_run_weighed(const float *x, const float *importance, int64_t subs, float top, AffineRun *run) {
    Floats values[SUB], weights[SUB];
    float variance[RUN / SUB];
    variances(x, SUB, subs, SUBS, 2, 1, variance);
    for (int64_t at = 0; at < subs; at += LANES) {
        spread(x + at * SUB, SUB, subs - at, values);
        weigh(importance + at * SUB, variance + at, SUB, subs - at, values, weights);
        Affine found = search_affine(SUB, values, weights, top, FIRST, STEP, STEPS, SQUARES);
        keep(&found, subs - at, run, at);
        collect(total(SUB, weights), subs - at, run->weight + at);
    }
}

/* The two half floats and the six-bit numbers of a super-block. */
typedef struct {
    uint16_t d, dmin;
    uint8_t scales[SUBS], minima[SUBS];
} Scales;

/* Eight numbers, none below 0, in six bits each; returns what one unit is worth. */
INLINE float shrink(const float *x, uint8_t *to) {
    float largest = 0;
    for (int j = 0; j < SUBS; j++) largest = x[j] > largest ? x[j] : largest;
    float factor = largest > 0 ? 63.0f / largest : 0.0f;
    for (int j = 0; j < SUBS; j++) {
        uint8_t number = (uint8_t)nearest(factor * x[j]);
        to[j] = number > 63 ? 63 : number;
    }
    return largest / 63.0f;
}

/* A number far off its place may leave the range in the last rounds of the fit: ggml bounds those of Q5_K, and cuts
   the bits of Q4_K's. */
INLINE void bound(uint8_t *numbers) {
    for (int j = 0; j < SUBS; j++) numbers[j] = numbers[j] > 63 ? 63 : numbers[j];
}

INLINE Scales scales_of(const AffineRun *run, int64_t at, int top, int weighed) {
    Scales s;
    if (weighed) {
        s.d = half_of(fit_positive(SUBS, 63, run->scale + at, s.scales, run->weight + at));
        s.dmin = half_of(fit_positive(SUBS, 63, run->minimum + at, s.minima, run->weight + at));
        if (top == 31) {
            bound(s.scales);
            bound(s.minima);
        }
    } else {
        s.d = half_of(shrink(run->scale + at, s.scales));
        s.dmin = half_of(shrink(run->minimum + at, s.minima));
    }
    return s;
}

/* d, dmin, and eight scales and eight minima of six bits in twelve bytes. */
INLINE void pack_scales(const Scales *s, uint8_t *y) {
    put16(y, s->d);
    put16(y + 2, s->dmin);
    for (int j = 0; j < 4; j++) {
        y[j + 4] = (uint8_t)(s->scales[j] | (s->scales[j + 4] >> 4) << 6);
        y[j + 8] = (uint8_t)(s->minima[j] | (s->minima[j + 4] >> 4) << 6);
        y[j + 12] = (uint8_t)((s->scales[j + 4] & 15) | (s->minima[j + 4] & 15) << 4);
    }
}

/* One super-block from what the search found: writes d, dmin and scales (16 bytes at y), and the levels. */
INLINE int settle(const float *x, const AffineRun *run, int64_t at, int top, int weighed, uint8_t *y,
                  uint8_t *levels) {
    Scales s = scales_of(run, at, top, weighed);
    pack_scales(&s, y);
    for (int j = 0; j < SUBS; j++, x += SUB, levels += SUB) {
        float step = float_of_half(s.d) * s.scales[j], offset = float_of_half(s.dmin) * s.minima[j];
        float factor = run->factor[at + j], minimum = run->level_minimum[at + j];
        if (step != 0.0f)
            for (int i = 0; i < SUB; i++) levels[i] = (uint8_t)within(nearest((x[i] + offset) / step), 0, top);
        else /* too small to count: the levels of the search stay */
            for (int i = 0; i < SUB; i++) levels[i] = (uint8_t)within(nearest(factor * (x[i] - minimum)), 0, top);
    }
    return broken_half(s.d) | broken_half(s.dmin);
}

#endif
