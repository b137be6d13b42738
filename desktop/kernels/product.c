/* Rows of weights plus a product of two thin matrices, in float32: what merging an add-on is.

   Nothing has to equal another program's bytes here, so products and sums may be fused. A tile of rows and columns of
   the result stays in registers while the whole rank runs by; the weights are read, widened and added as it is stored.
   So nothing passes through memory but what has to. */

#ifdef __clang__
#pragma clang fp contract(fast)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#pragma GCC optimize("fp-contract=fast")
#define UNROLLED _Pragma("GCC unroll 16")
#endif

#include "kernels.h"

/* As many sums as there are registers for. */
#if defined(__AVX512F__)
enum { TILE_ROWS = 12, PANEL = 32 };
#elif defined(__aarch64__) || defined(__AVX2__)
enum { TILE_ROWS = 6, PANEL = 16 };
#else
enum { TILE_ROWS = 6, PANEL = LANES };
#endif
enum { PARTS = PANEL / LANES };

typedef uint16_t Shorts __attribute__((vector_size(2 * LANES)));

/* LANES weights of type `source` as they are stored. */
INLINE Floats widened(int source, const uint8_t *from) {
    Floats to;
    if (source == TYPE_F32) {
        memcpy(&to, from, sizeof to);
    } else if (source == TYPE_BF16) {
        Shorts bits;
        memcpy(&bits, from, sizeof bits);
        to = (Floats)(__builtin_convertvector(bits, Ints) << 16);
    } else {
        uint16_t halves[LANES];
        memcpy(halves, from, sizeof halves);
        for (int i = 0; i < LANES; i++) to[i] = float_of_half(halves[i]);
    }
    return to;
}

/* One tile: `rows` rows, PANEL columns. left: rank × `left_step`, panel: rank × PANEL. Steps from row to row in bytes
   of weights and in numbers of the result. */
INLINE void tile(int rows, int source, const uint8_t *weights, int64_t weights_step, const float *left,
                 int64_t left_step, const float *panel, int64_t rank, float *out, int64_t out_step) {
    Floats sums[TILE_ROWS][PARTS];
    UNROLLED for (int row = 0; row < rows; row++)
        UNROLLED for (int part = 0; part < PARTS; part++) sums[row][part] = all(0);
    for (int64_t k = 0; k < rank; k++, left += left_step, panel += PANEL) {
        Floats right[PARTS];
        UNROLLED for (int part = 0; part < PARTS; part++)
            memcpy(&right[part], panel + part * LANES, sizeof right[part]);
        UNROLLED for (int row = 0; row < rows; row++)
            UNROLLED for (int part = 0; part < PARTS; part++) sums[row][part] += all(left[row]) * right[part];
    }
    int item = source == TYPE_F32 ? 4 : 2;
    UNROLLED for (int row = 0; row < rows; row++)
        UNROLLED for (int part = 0; part < PARTS; part++) {
            Floats sum = widened(source, weights + row * weights_step + part * LANES * item) + sums[row][part];
            memcpy(out + row * out_step + part * LANES, &sum, sizeof sum);
        }
}

/* A row's last columns, fewer than a panel: through buffers of a panel's width. */
INLINE void edge(int source, const uint8_t *weights, const float *left, int64_t left_step, const float *panel,
                 int64_t rank, float *out, int64_t columns) {
    uint8_t padded[PANEL * 4] = {0};
    float result[PANEL];
    memcpy(padded, weights, (size_t)(columns * (source == TYPE_F32 ? 4 : 2)));
    tile(1, source, padded, 0, left, left_step, panel, rank, result, 0);
    memcpy(out, result, (size_t)columns * 4);
}

/* `width` columns of `right` so that they lie together, filled up with zeros. */
INLINE void pack(const float *right, int64_t rank, int64_t columns, int64_t width, float *panel) {
    for (int64_t k = 0; k < rank; k++, right += columns, panel += PANEL) {
        memset(panel, 0, PANEL * 4);
        memcpy(panel, right, (size_t)width * 4);
    }
}

INLINE void add(int source, const uint8_t *rows, const float *left, const float *right, float *panel, float *out,
                int64_t count, int64_t columns, int64_t rank) {
    int64_t item = source == TYPE_F32 ? 4 : 2, step = columns * item;
    for (int64_t at = 0; at < columns; at += PANEL, rows += PANEL * item, out += PANEL) {
        int64_t width = columns - at < PANEL ? columns - at : PANEL, row = 0;
        pack(right + at, rank, columns, width, panel);
        if (width < PANEL) {
            for (; row < count; row++)
                edge(source, rows + row * step, left + row, count, panel, rank, out + row * columns, width);
            return;
        }
        for (; row + TILE_ROWS <= count; row += TILE_ROWS)
            tile(TILE_ROWS, source, rows + row * step, step, left + row, count, panel, rank, out + row * columns,
                 columns);
        for (; row < count; row++)
            tile(1, source, rows + row * step, step, left + row, count, panel, rank, out + row * columns, columns);
    }
}

/* out = rows + left × right. rows: count × columns weights of type `source` (F32, F16, BF16); left: its rows and
   columns turned, rank × count; right: rank × columns; panel: space for rank × 32 numbers. */
EXPORT int modelyard_add_product(int source, const void *rows, const float *left, const float *right, float *panel,
                                 float *out, int64_t count, int64_t columns, int64_t rank) {
    if (source == TYPE_BF16) add(TYPE_BF16, rows, left, right, panel, out, count, columns, rank);
    else if (source == TYPE_F16) add(TYPE_F16, rows, left, right, panel, out, count, columns, rank);
    else if (source == TYPE_F32) add(TYPE_F32, rows, left, right, panel, out, count, columns, rank);
    else return UNSUPPORTED;
    return DONE;
}
