/* The one door: rows of F32, F16 or BF16 in, rows of any type out.

   Rows come in runs of a few thousand weights: converted to float32 in a buffer that stays in the first-level cache,
   looked over for NaN and infinity, and handed to the kernel of the type. No float32 copy of a tensor ever exists. */

#include "floats.h"

static Kernel *kernel_of(int type, int64_t *block_weights, int64_t *block_bytes) {
    static const struct {
        int type, weights, bytes;
        Kernel *kernel;
    } table[] = {
        {TYPE_Q8_0, 32, 34, quantize_q8_0},    {TYPE_Q4_0, 32, 18, quantize_q4_0},
        {TYPE_Q4_1, 32, 20, quantize_q4_1},    {TYPE_Q5_0, 32, 22, quantize_q5_0},
        {TYPE_Q5_1, 32, 24, quantize_q5_1},    {TYPE_IQ4_NL, 32, 18, quantize_iq4_nl},
        {TYPE_Q2_K, 256, 84, quantize_q2_k},   {TYPE_Q3_K, 256, 110, quantize_q3_k},
        {TYPE_Q4_K, 256, 144, quantize_q4_k},  {TYPE_Q5_K, 256, 176, quantize_q5_k},
        {TYPE_Q6_K, 256, 210, quantize_q6_k},  {TYPE_IQ4_XS, 256, 136, quantize_iq4_xs},
    };
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].type == type) {
            *block_weights = table[i].weights;
            *block_bytes = table[i].bytes;
            return table[i].kernel;
        }
    return 0;
}

/* With importance ggml weighs these by the variance of the whole row; they are left to it. */
static int wants_whole_row(int type) {
    return type == TYPE_Q4_0 || type == TYPE_Q4_1 || type == TYPE_Q5_0 || type == TYPE_Q5_1;
}

static int quantize(int source, const uint8_t *rows, int kind, uint8_t *out, int64_t count, int64_t columns,
                    const float *importance) {
    int64_t block_weights, block_bytes;
    Kernel *kernel = kernel_of(kind, &block_weights, &block_bytes);
    if (!kernel || columns % block_weights || (importance && wants_whole_row(kind))) return UNSUPPORTED;
    float run[RUN];
    int64_t item = source == TYPE_F32 ? 4 : 2;
    /* Without importance rows need not be told apart. */
    int64_t length = importance ? columns : count * columns, pieces = importance ? count : 1;
    for (int64_t piece = 0; piece < pieces; piece++)
        for (int64_t at = 0; at < length; at += RUN) {
            int64_t weights = length - at < RUN ? length - at : RUN;
            if (!load_floats(source, rows, run, weights)) return NOT_FINITE;
            if (kernel(run, out, weights / block_weights, importance ? importance + at : 0)) return TOO_LARGE;
            rows += weights * item;
            out += weights / block_weights * block_bytes;
        }
    return DONE;
}

static int convert_plain(int source, const uint8_t *rows, int kind, uint8_t *out, int64_t weights) {
    float run[RUN];
    int64_t from = source == TYPE_F32 ? 4 : 2, to = kind == TYPE_F32 ? 4 : 2;
    for (int64_t at = 0; at < weights; at += RUN) {
        int64_t now = weights - at < RUN ? weights - at : RUN;
        if (!load_floats(source, rows + at * from, run, now)) return NOT_FINITE;
        if (!store_floats(kind, run, out + at * to, now)) return TOO_LARGE;
    }
    return DONE;
}

/* `rows` (count × columns weights of type `source`) to `out` in type `kind`. `importance`: NULL, or one number a
   column. Returns DONE or why not; `out` is then undefined. */
EXPORT int modelyard_convert(int source, const void *rows, int kind, void *out, int64_t count, int64_t columns,
                             const float *importance) {
    if (source != TYPE_F32 && source != TYPE_F16 && source != TYPE_BF16) return UNSUPPORTED;
    if (kind == TYPE_F32 || kind == TYPE_F16 || kind == TYPE_BF16)
        return convert_plain(source, rows, kind, out, count * columns);
    return quantize(source, rows, kind, out, count, columns, importance);
}
