/* The searches for scales, LANES sub-blocks at a time. x[i] holds weight i of each sub-block; all arrays have `n`
   vectors, n at most 32. Names follow ggml-quants.c (make_qkx2_quants and so on), whose operations they repeat. */

#ifndef MODELYARD_SEARCH_H
#define MODELYARD_SEARCH_H

#include "kernels.h"

/* A scale and a minimum for each lane: weights are about scale × level + minimum, levels 0 to `top`. The levels
   themselves are seldom needed; they follow from the factor and the minimum with which they were found. */
typedef struct {
    Floats scale, minimum;        /* the result; minimum is at most 0 */
    Floats factor, level_minimum; /* level = nearest(factor × (x - level_minimum)), within 0 and top */
} Affine;

/* How ggml weighs a candidate: by squares, or (Q2_K) by absolute differences. */
enum { SQUARES, ABSOLUTES };

/* The levels of all lanes for one candidate, as floats. If every product is within the range of the rounding trick,
   which the outermost weights tell, the cheap form does. */
INLINE void levels_of(int n, const Floats *x, Floats factor, Floats minimum, float top, Ints safe, Floats *levels) {
    if (!any(~safe)) {
        for (int i = 0; i < n; i++) levels[i] = clamp(nearest_float(factor * (x[i] - minimum)), 0, top);
    } else {
        for (int i = 0; i < n; i++)
            levels[i] = to_floats(clamp_int(nearest_lanes(factor * (x[i] - minimum)), 0, (int32_t)top));
    }
}

INLINE Ints in_range(Floats product) { return absolute(product) <= 4194303.0f; }

INLINE Floats error_of(int n, const Floats *x, const Floats *weights, const Floats *levels, Floats scale,
                       Floats minimum, int measure) {
    Floats error = all(0);
    for (int i = 0; i < n; i++) {
        Floats difference = scale * levels[i] + minimum - x[i];
        difference = measure == ABSOLUTES ? absolute(difference) : difference * difference;
        error += weights[i] * difference;
    }
    return error;
}

/* make_qkx2_quants: `steps` + 1 candidates around the plain range, each improved by weighted least squares. */
INLINE Affine search_affine(int n, const Floats *x, const Floats *weights, float top, float first, float step,
                            int steps, int measure) {
    Floats levels[32];
    Floats low = x[0], high = x[0], sum_w = weights[0], sum_x = sum_w * x[0];
    for (int i = 1; i < n; i++) {
        low = pick(x[i] < low, x[i], low);
        high = pick(x[i] > high, x[i], high);
        sum_w += weights[i];
        sum_x += weights[i] * x[i];
    }
    Floats least = low;
    low = pick(low > 0.0f, all(0), low);
    Ints flat = high == low; /* all weights the same, scale 0 */
    Affine best;
    Floats minimum = low;
    Floats range = pick(flat, all(1), high - minimum);
    best.factor = top / range;
    best.level_minimum = minimum;
    best.scale = 1.0f / best.factor;
    Ints safe = in_range(best.factor * (least - minimum)) & in_range(best.factor * (high - minimum));
    levels_of(n, x, best.factor, minimum, top, safe | flat, levels);
    Floats best_error = error_of(n, x, weights, levels, best.scale, minimum, measure);
    for (int k = 0; k <= steps; k++) {
        range = pick(flat, all(1), high - minimum);
        Floats factor = (first + step * (float)k + top) / range;
        safe = in_range(factor * (least - minimum)) & in_range(factor * (high - minimum));
        levels_of(n, x, factor, minimum, top, safe | flat, levels);
        Floats sum_l = all(0), sum_l2 = all(0), sum_xl = all(0);
        for (int i = 0; i < n; i++) {
            Floats wl = weights[i] * levels[i];
            sum_l += wl;
            sum_l2 += wl * levels[i];
            sum_xl += wl * x[i];
        }
        Floats determinant = sum_w * sum_l2 - sum_l * sum_l;
        Floats scale = (sum_w * sum_xl - sum_x * sum_l) / determinant;
        Floats fitted = (sum_l2 * sum_x - sum_l * sum_xl) / determinant;
        Ints positive = fitted > 0.0f;
        scale = pick(positive, sum_xl / sum_l2, scale);
        fitted = pick(positive, all(0), fitted);
        Floats error = error_of(n, x, weights, levels, scale, fitted, measure);
        Ints better = (determinant > 0.0f) & (error < best_error) & ~flat;
        best.factor = pick(better, factor, best.factor);
        best.level_minimum = pick(better, minimum, best.level_minimum);
        best.scale = pick(better, scale, best.scale);
        best_error = pick(better, error, best_error);
        minimum = pick(better, fitted, minimum);
    }
    best.scale = pick(flat, all(0), best.scale);
    best.factor = pick(flat, all(0), best.factor);
    best.minimum = minimum;
    return best;
}

/* A scale for each lane: weights are about scale × level, levels -top to top - 1. */
typedef struct {
    Floats scale;
    Floats factor; /* level = nearest(factor × x), within -top and top - 1 */
} Symmetric;

#define ALL_ZERO 1e-15f /* GROUP_MAX_EPS: below it a sub-block counts as zeros */

/* The weight of the largest magnitude, the first of equals, with its sign. */
INLINE Floats extreme(int n, const Floats *x) {
    Floats size = all(0), found = all(0);
    for (int i = 0; i < n; i++) {
        Floats now = absolute(x[i]);
        Ints larger = now > size;
        size = pick(larger, now, size);
        found = pick(larger, x[i], found);
    }
    return found;
}

/* make_qx_quants with rmse_type 1: the plain scale and eighteen around it, by least squares. `weights`: how much each
   weight counts, its square where nothing better is known. No product leaves the range of the rounding trick, for
   what is not all zero is at least 1e-15. */
INLINE Symmetric search_symmetric(int n, const Floats *x, const Floats *weights, int top) {
    Floats max = extreme(n, x);
    Ints zero = absolute(max) < ALL_ZERO;
    max = pick(zero, all(1), max);
    Symmetric best = {.scale = all(0), .factor = (float)-top / max};
    Floats best_fit = all(0);
    for (int k = 0; k < 19; k++) { /* first the plain one, then -9 to 9 without 0 */
        int off = k <= 9 ? k - 10 : k - 9;
        Floats factor = k ? -((float)top + 0.1f * (float)off) / max : best.factor;
        Floats sum_lx = all(0), sum_l2 = all(0);
        for (int i = 0; i < n; i++) {
            Floats level = clamp(nearest_float(factor * x[i]), (float)-top, (float)(top - 1));
            sum_lx += weights[i] * x[i] * level;
            sum_l2 += weights[i] * level * level;
        }
        Floats scale = sum_lx / sum_l2;
        if (!k) {
            best.scale = pick(sum_l2 != 0.0f, scale, all(0));
            best_fit = best.scale * sum_lx;
            continue;
        }
        Ints better = (sum_l2 > 0.0f) & (sum_lx * sum_lx > best_fit * sum_l2);
        best.scale = pick(better, scale, best.scale);
        best.factor = pick(better, factor, best.factor);
        best_fit = pick(better, scale * sum_lx, best_fit);
    }
    best.scale = pick(zero, all(0), best.scale);
    best.factor = pick(zero, all(0), best.factor);
    return best;
}

#endif
