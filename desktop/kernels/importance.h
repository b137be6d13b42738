/* What an importance matrix changes: a number for each column tells how much its weights matter. ggml multiplies it
   with the size of the weight itself and searches longer (make_qkx3_quants: the same search with more candidates). */

#ifndef MODELYARD_IMPORTANCE_H
#define MODELYARD_IMPORTANCE_H

#include "search.h"

enum { STEPS = 36 };
#define FIRST -0.9f
#define STEP 0.05f

/* A number for each sub-block of n weights: the mean square of the `together` sub-blocks it is one of, times both
   factors. ggml doubles some means before the division and some after it, which near the limit of floats matters. */
INLINE void variances(const float *x, int n, int64_t subs, int together, float before, float after, float *to) {
    for (int64_t at = 0; at < subs; at++) {
        float sum = 0;
        for (int i = 0; at % together == 0 && i < together * n; i++) sum += x[at * n + i] * x[at * n + i];
        to[at] = at % together ? to[at - 1] : before * sum * (after / (float)(together * n));
    }
}

/* importance × √(variance + x²) for sub-blocks of n weights; `variance` has one number a sub-block. */
INLINE void weigh(const float *importance, const float *variance, int n, int64_t count, const Floats *x,
                  Floats *weights) {
    Floats of_lane = all(0);
    memcpy(&of_lane, variance, (size_t)(count < LANES ? count : LANES) * 4);
    spread(importance, n, count, weights);
    for (int i = 0; i < n; i++) weights[i] *= roots(of_lane + x[i] * x[i]);
}

INLINE Floats total(int n, const Floats *x) {
    Floats sum = all(0);
    for (int i = 0; i < n; i++) sum += x[i];
    return sum;
}

INLINE float squared_error(int n, const float *x, const float *weights, float factor, int top) {
    float scale = 1 / factor, error = 0;
    for (int i = 0; i < n; i++) {
        int32_t level = nearest(factor * x[i]);
        float difference = x[i] - scale * (float)(level < top ? level : top);
        error += weights[i] * difference * difference;
    }
    return error;
}

/* make_qp_quants: levels 0 to `top` and one scale for n numbers that are none below 0; returns the scale. */
INLINE float fit_positive(int n, int top, const float *x, uint8_t *levels, const float *weights) {
    float max = 0;
    for (int i = 0; i < n; i++) max = max > x[i] ? max : x[i];
    if (max < ALL_ZERO) {
        memset(levels, 0, (size_t)n);
        return 0;
    }
    float best = (float)top / max, least = squared_error(n, x, weights, best, 255);
    for (int off = -4; off <= 4; off++) {
        if (!off) continue;
        float factor = (0.1f * (float)off + (float)top) / max, error = squared_error(n, x, weights, factor, top);
        if (error < least) {
            least = error;
            best = factor;
        }
    }
    float sum_lx = 0, sum_l2 = 0;
    for (int i = 0; i < n; i++) {
        int32_t level = nearest(best * x[i]);
        levels[i] = (uint8_t)(level = level < top ? level : top);
        sum_lx += weights[i] * x[i] * (float)level;
        sum_l2 += weights[i] * (float)level * (float)level;
    }
    for (int round = 0; round < 5; round++) {
        int changed = 0;
        for (int i = 0; i < n; i++) {
            float weight = weights[i], old = levels[i];
            float lx = sum_lx - weight * x[i] * old, l2 = sum_l2 - weight * old * old;
            if (!(lx > 0 && l2 > 0)) continue;
            int32_t level = nearest(x[i] * l2 / lx);
            level = level < top ? level : top;
            if (level == levels[i]) continue;
            lx += weight * x[i] * (float)level;
            l2 += weight * (float)level * (float)level;
            if (lx * lx * sum_l2 > sum_lx * sum_lx * l2) {
                levels[i] = (uint8_t)level;
                sum_lx = lx;
                sum_l2 = l2;
                changed = 1;
            }
        }
        if (!changed) break;
    }
    return sum_l2 > 0 ? sum_lx / sum_l2 : 0;
}

#endif
