/* Q4_K: 256 weights in 144 bytes. Half floats d and dmin, eight six-bit scales and minima, 256 levels of four bits:
   weight = d × scale × level - dmin × minimum. Its eight sub-blocks of 32 are the lanes. */

#include "affine.h"

int quantize_q4_k(const float *x, uint8_t *y, int64_t blocks, const float *importance) {
    AffineRun run;
    int broken = 0;
    if (importance) search_run_weighed(x, importance, blocks * SUBS, 15, &run);
    else search_run(x, blocks * SUBS, 15, -1.0f, 0.1f, 20, &run);
    for (int64_t block = 0; block < blocks; block++, x += SUPER, y += 144) {
        uint8_t levels[SUPER];
        broken |= settle(x, &run, block * SUBS, 15, importance != 0, y, levels);
        for (int part = 0; part < 4; part++)
            for (int i = 0; i < 32; i++)
                y[16 + part * 32 + i] = (uint8_t)(levels[part * 64 + i] | levels[part * 64 + 32 + i] << 4);
    }
    return broken;
}
