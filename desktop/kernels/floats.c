/* The plain types. Loops without branches, one weight a time: the compiler makes vectors of them. `worst` is the
   largest magnitude seen, as bits: those of NaN and infinity are the largest there are. */

#include "floats.h"

INLINE uint32_t larger(uint32_t a, uint32_t b) { return (int32_t)a > (int32_t)b ? a : b; } /* both below 2^31 */

int load_floats(int source, const void *from, float *to, int64_t count) {
    uint32_t worst = 0;
    if (source == TYPE_F32) {
        memcpy(to, from, (size_t)count * 4);
        for (int64_t i = 0; i < count; i++) worst = larger(worst, bits_of(to[i]) & 0x7fffffffu);
        return worst < 0x7f800000u;
    }
    const uint16_t *halves = from;
    if (source == TYPE_BF16)
        for (int64_t i = 0; i < count; i++) {
            uint32_t bits = (uint32_t)halves[i] << 16;
            worst = larger(worst, bits & 0x7fffffffu);
            to[i] = float_of(bits);
        }
    else
        for (int64_t i = 0; i < count; i++) {
            float x = float_of_half(halves[i]);
            worst = larger(worst, bits_of(x) & 0x7fffffffu);
            to[i] = x;
        }
    return worst < 0x7f800000u;
}

int store_floats(int kind, const float *from, void *to, int64_t count) {
    if (kind == TYPE_F32) {
        memcpy(to, from, (size_t)count * 4);
        return 1;
    }
    uint32_t worst = 0;
    uint16_t *halves = to;
    if (kind == TYPE_BF16) {
        for (int64_t i = 0; i < count; i++) {
            uint32_t bits = bits_of(from[i]);
            bits = (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16; /* to nearest, ties to even */
            worst = larger(worst, bits & 0x7fffu);
            halves[i] = (uint16_t)bits;
        }
        return worst < 0x7f80u;
    }
    for (int64_t i = 0; i < count; i++) {
        uint16_t half = half_of(from[i]);
        worst = larger(worst, half & 0x7fffu);
        halves[i] = half;
    }
    return worst < 0x7c00u;
}
