/* Q5_K: 256 weights in 176 bytes. As Q4_K with levels of five bits, the fifth bits in 32 bytes of their own. */

#include "affine.h"

int quantize_q5_k(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    AffineRun run;
    int broken = 0;
    if (importance) search_run_weighed(x, importance, blocks * SUBS, 31, &run);
    else search_run(x, blocks * SUBS, 31, -0.5f, 0.1f, 15, &run);
    for (int64_t block = 0; block < blocks; block++, x += SUPER, y += 176) {
        uint8_t levels[SUPER], *high = y + 16, *low = y + 48;
        broken |= settle(x, &run, block * SUBS, 31, importance != 0, y, levels);
        memset(high, 0, 32);
        for (int part = 0; part < 4; part++)
            for (int i = 0; i < 32; i++) {
                uint8_t one = levels[part * 64 + i], two = levels[part * 64 + 32 + i];
                low[part * 32 + i] = (uint8_t)((one & 15) | (two & 15) << 4);
                high[i] |= (uint8_t)((one >> 4 | (two >> 4) << 1) << (2 * part));
            }
    }
    return broken;
}
