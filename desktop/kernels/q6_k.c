/* Q6_K: 256 weights in 210 bytes. A half float d, sixteen signed eight-bit scales, levels of six bits (low four, high
   two): weight = d × scale × (level - 32). Its sixteen sub-blocks of 16 are the lanes. */

#include "search.h"

enum { SUB = 16, SUBS = SUPER / SUB, TOP = 32 };

static void pack(const uint8_t *levels, uint8_t *low, uint8_t *high) {
    for (int part = 0; part < 2; part++, levels += 128, low += 64, high += 32)
        for (int i = 0; i < 32; i++) {
            uint8_t a = levels[i], b = levels[i + 32], c = levels[i + 64], d = levels[i + 96];
            low[i] = (uint8_t)((a & 15) | (c & 15) << 4);
            low[i + 32] = (uint8_t)((b & 15) | (d & 15) << 4);
            high[i] = (uint8_t)(a >> 4 | (b >> 4) << 2 | (c >> 4) << 4 | (d >> 4) << 6);
        }
}

/* One super-block from the scale and factor of each sub-block. */
static int settle(const float *x, const float *scale, const float *factor, uint8_t *y) {
    uint8_t levels[SUPER];
    int8_t *scales = (int8_t *)y + 192;
    float largest = 0, size = 0;
    for (int j = 0; j < SUBS; j++)
        if (__builtin_fabsf(scale[j]) > size) {
            size = __builtin_fabsf(scale[j]);
            largest = scale[j];
        }
    if (size < ALL_ZERO) {
        memset(y, 0, 210);
        return 0;
    }
    float per_scale = -128.0f / largest;
    uint16_t d = half_of(1 / per_scale);
    put16(y + 208, d);
    for (int j = 0; j < SUBS; j++) {
        int32_t rounded = nearest(per_scale * scale[j]);
        scales[j] = (int8_t)(rounded > 127 ? 127 : rounded);
    }
    for (int j = 0; j < SUBS; j++) {
        float step = float_of_half(d) * scales[j];
        const float *sub = x + j * SUB;
        uint8_t *to = levels + j * SUB;
        if (step != 0.0f)
            for (int i = 0; i < SUB; i++) to[i] = (uint8_t)(within(nearest(sub[i] / step), -TOP, TOP - 1) + TOP);
        else if (factor[j] != 0.0f) /* too small to count: the levels of the search stay */
            for (int i = 0; i < SUB; i++) to[i] = (uint8_t)(within(nearest(factor[j] * sub[i]), -TOP, TOP - 1) + TOP);
        else /* all zero: ggml leaves raw zeros, which nothing multiplies */
            memset(to, 0, SUB);
    }
    pack(levels, y, y + 128);
    return broken_half(d);
}

int quantize_q6_k(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    float scale[RUN / SUB], factor[RUN / SUB];
    Floats values[SUB], weights[SUB];
    int broken = 0;
    int64_t subs = blocks * SUBS;
    for (int64_t at = 0; at < subs; at += LANES) {
        spread(x + at * SUB, SUB, subs - at, values);
        if (importance) spread(importance + at * SUB, SUB, subs - at, weights);
        else
            for (int i = 0; i < SUB; i++) weights[i] = values[i] * values[i];
        Symmetric found = search_symmetric(SUB, values, weights, TOP);
        collect(found.scale, subs - at, scale + at);
        collect(found.factor, subs - at, factor + at);
    }
    for (int64_t block = 0; block < blocks; block++, x += SUPER, y += 210)
        broken |= settle(x, scale + block * SUBS, factor + block * SUBS, y);
    return broken;
}
