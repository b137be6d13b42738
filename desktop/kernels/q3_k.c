/* Q3_K: 256 weights in 110 bytes. A half float d, sixteen signed six-bit scales, levels of three bits (low two, and a
   mask of high ones): weight = d × scale × (level - 4). Its sixteen sub-blocks of 16 are the lanes. */

#include "importance.h"

enum { SUB = 16, SUBS = SUPER / SUB, TOP = 4 };

/* Each step waits for the one before it, so several groups of lanes go side by side to keep the processor busy. */
#ifdef __AVX512F__
enum { GROUPS = 4 };
#else
enum { GROUPS = 32 / LANES };
#endif

typedef struct {
    Floats x[SUB], levels[SUB], square[SUB], cube[SUB];
    Floats sum_lx, sum_l2;
    Ints zero;
} Group;

/* The plain levels. */
INLINE void begin(Group *g) {
    Floats max = extreme(SUB, g->x);
    g->zero = absolute(max) < ALL_ZERO;
    Floats factor = -(float)TOP / pick(g->zero, all(1), max);
    g->sum_lx = g->sum_l2 = all(0);
    for (int i = 0; i < SUB; i++) {
        Floats level = clamp(nearest_float(factor * g->x[i]), -TOP, TOP - 1);
        g->levels[i] = level;
        g->square[i] = g->x[i] * g->x[i];
        g->cube[i] = g->square[i] * g->x[i];
        g->sum_lx += g->cube[i] * level;
        g->sum_l2 += g->square[i] * level * level;
    }
}

/* Level i moves where the fit gets better; returns the lanes where it did. */
INLINE Ints improve(Group *g, int i) {
    Floats level = g->levels[i], square = g->square[i], cube = g->cube[i];
    Floats lx = g->sum_lx - cube * level, l2 = g->sum_l2 - square * level * level;
    Floats moved = to_floats(clamp_int(nearest_lanes(g->x[i] * l2 / lx), -TOP, TOP - 1));
    Floats moved_lx = lx + cube * moved, moved_l2 = l2 + square * moved * moved;
    Ints better = (lx > 0.0f) & (moved != level) & (moved_l2 > 0.0f) &
                  (moved_lx * moved_lx * g->sum_l2 > g->sum_lx * g->sum_lx * moved_l2);
    g->levels[i] = pick(better, moved, level);
    g->sum_lx = pick(better, moved_lx, g->sum_lx);
    g->sum_l2 = pick(better, moved_l2, g->sum_l2);
    return better;
}

/* make_q3_quants for all groups: the plain levels, then up to five rounds of improving one after another. */
static void search(Group *groups) {
    for (int k = 0; k < GROUPS; k++) begin(groups + k);
    for (int round = 0; round < 5; round++) {
        Ints changed = all_int(0);
        for (int i = 0; i < SUB; i++)
            for (int k = 0; k < GROUPS; k++) changed |= improve(groups + k, i);
        if (!any(changed)) break;
    }
}

/* Sixteen six-bit scales in twelve bytes: low four bits of 0–7 and 8–15, then the high two of each. */
static void pack_scales(const uint8_t *scales, uint8_t *y) {
    for (int j = 0; j < 8; j++) y[j] = (uint8_t)((scales[j] & 15) | (scales[j + 8] & 15) << 4);
    for (int j = 0; j < 4; j++)
        y[j + 8] = (uint8_t)(scales[j] >> 4 | (scales[j + 4] >> 4) << 2 | (scales[j + 8] >> 4) << 4 |
                             (scales[j + 12] >> 4) << 6);
}

static void pack_levels(const uint8_t *levels, uint8_t *y) {
    memset(y, 0, 32);
    for (int bit = 0; bit < 8; bit++)
        for (int i = 0; i < 32; i++) y[i] |= (uint8_t)((levels[bit * 32 + i] >> 2) << bit);
    for (int part = 0; part < 2; part++)
        for (int i = 0; i < 32; i++) {
            const uint8_t *l = levels + part * 128 + i;
            y[32 + part * 32 + i] =
                (uint8_t)((l[0] & 3) | (l[32] & 3) << 2 | (l[64] & 3) << 4 | (l[96] & 3) << 6);
        }
}

/* What the search found for a run: the scale of each sub-block, its levels as LANES lie, and its weight. */
typedef struct {
    float scale[RUN / SUB], weight[RUN / SUB];
    Floats levels[RUN / LANES];
} Found;

static void search_run(const float *x, int64_t subs, Found *found) {
    Group groups[GROUPS];
    for (int64_t at = 0; at < subs; at += GROUPS * LANES) {
        for (int k = 0; k < GROUPS; k++) spread(x + (at + k * LANES) * SUB, SUB, subs - at - k * LANES, groups[k].x);
        search(groups);
        for (int k = 0; k < GROUPS; k++) {
            const Group *g = groups + k;
            int64_t first = at + k * LANES;
            if (first >= subs) break;
            Floats scale = pick(~g->zero & (g->sum_l2 > 0.0f), g->sum_lx / g->sum_l2, all(0));
            collect(scale, subs - first, found->scale + first);
            for (int i = 0; i < SUB; i++)
                found->levels[first / LANES * SUB + i] = pick(g->zero, all(-TOP), g->levels[i]);
        }
    }
}

static void search_run_weighed(const float *x, const float *importance, int64_t subs, Found *found) {
    Floats values[SUB], weights[SUB];
    float variance[RUN / SUB];
    variances(x, SUB, subs, SUBS, 2, 1, variance);
    for (int64_t at = 0; at < subs; at += LANES) {
        spread(x + at * SUB, SUB, subs - at, values);
        weigh(importance + at * SUB, variance + at, SUB, subs - at, values, weights);
        Symmetric best = search_symmetric(SUB, values, weights, TOP);
        collect(best.scale, subs - at, found->scale + at);
        collect(total(SUB, weights), subs - at, found->weight + at);
        for (int i = 0; i < SUB; i++) {
            Floats level = clamp(nearest_float(best.factor * values[i]), -TOP, TOP - 1);
            found->levels[at / LANES * SUB + i] = pick(best.factor == 0.0f, all(-TOP), level);
        }
    }
}

/* The half float of a super-block and its sixteen scales, 0 to 63 around 32. */
static uint16_t plain_scales(const float *scale, uint8_t *scales) {
    float largest = 0, size = 0;
    for (int j = 0; j < SUBS; j++)
        if (__builtin_fabsf(scale[j]) > size) {
            size = __builtin_fabsf(scale[j]);
            largest = scale[j];
        }
    memset(scales, 0, SUBS);
    if (largest == 0.0f) return 0;
    float per_scale = -32.0f / largest;
    for (int j = 0; j < SUBS; j++)
        scales[j] = (uint8_t)(within((int8_t)nearest(per_scale * scale[j]), -32, 31) + 32);
    return half_of(1 / per_scale);
}

/* The same by least squares; the search has lanes, of which one is needed here. */
static uint16_t weighed_scales(const float *scale, const float *weight, uint8_t *scales) {
    Floats values[SUBS], weights[SUBS];
    for (int j = 0; j < SUBS; j++) {
        values[j] = all(scale[j]);
        weights[j] = all(weight[j]);
    }
    Symmetric best = search_symmetric(SUBS, values, weights, 32);
    float factor = best.factor[0];
    for (int j = 0; j < SUBS; j++)
        scales[j] = factor != 0.0f ? (uint8_t)(within(nearest(factor * scale[j]), -32, 31) + 32) : 0;
    return half_of(best.scale[0]);
}

/* A level of the search, 0 to 7. ggml leaves raw zeros in a sub-block that is all zero. */
INLINE uint8_t found_level(const Found *found, int64_t sub, int i) {
    float level = found->levels[sub / LANES * SUB + i][sub % LANES];
    return (uint8_t)((int)level + TOP);
}

static int settle(const float *x, const Found *found, int64_t at, int weighed, uint8_t *y) {
    uint8_t scales[SUBS], levels[SUPER];
    uint16_t d = weighed ? weighed_scales(found->scale + at, found->weight + at, scales)
                         : plain_scales(found->scale + at, scales);
    put16(y + 108, d);
    pack_scales(scales, y + 96);
    for (int j = 0; j < SUBS; j++) {
        float step = float_of_half(d) * (float)(scales[j] - 32);
        const float *sub = x + j * SUB;
        uint8_t *to = levels + j * SUB;
        if (step != 0.0f)
            for (int i = 0; i < SUB; i++) to[i] = (uint8_t)(within(nearest(sub[i] / step), -TOP, TOP - 1) + TOP);
        else /* too small to count: the levels of the search stay */
            for (int i = 0; i < SUB; i++) to[i] = found_level(found, at + j, i);
    }
    pack_levels(levels, y);
    return broken_half(d);
}

int quantize_q3_k(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    Found found;
    int broken = 0;
    if (importance) search_run_weighed(x, importance, blocks * SUBS, &found);
    else search_run(x, blocks * SUBS, &found);
    for (int64_t block = 0; block < blocks; block++, x += SUPER, y += 110)
        broken |= settle(x, &found, block * SUBS, importance != 0, y);
    return broken;
}
