/* Feeds the kernels rows of every type, shape and kind of number, in buffers of exactly their size, and prints a digest
   of all that came out. Built with sanitizers it finds what they find; built for another processor the digest must be
   the same. Sums of rows and products are made of small whole numbers and judged here: status 4 if one is wrong.

       kernel_fuzz ROUNDS

   Only integer arithmetic decides what is fed, so that it is the same everywhere. */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int modelyard_convert(int source, const void *rows, int kind, void *out, int64_t count, int64_t columns,
                      const float *importance);
int modelyard_add_product(int source, const void *rows, const float *left, const float *right, float *panel, float *out,
                          int64_t count, int64_t columns, int64_t rank);

static const struct {
    int type, weights, bytes;
} TYPES[] = {
    {0, 1, 4},      {1, 1, 2},      {30, 1, 2},     {2, 32, 18},    {3, 32, 20},    {6, 32, 22},    {7, 32, 24},
    {8, 32, 34},    {20, 32, 18},   {10, 256, 84},  {11, 256, 110}, {12, 256, 144}, {13, 256, 176}, {14, 256, 210},
    {23, 256, 136},
};
enum { TYPE_COUNT = sizeof TYPES / sizeof *TYPES, SOURCES = 3 };

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint32_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static uint32_t below(uint32_t limit) { return next() % limit; }

/* The bits of a float32: of ordinary size, sparse, of many sizes, or any at all. */
static uint32_t number(uint32_t style, uint32_t constant) {
    uint32_t ordinary = (next() & 0x80000000u) | ((118 + below(8)) << 23) | (next() & 0x7fffffu);
    switch (style) {
    case 0: return ordinary;
    case 1: return below(16) ? 0 : ordinary;
    case 2: return constant;
    case 3: return (next() & 0x80000000u) | (below(200) << 23) | (next() & 0x7fffffu);
    case 4: return ordinary | 0x80000000u;
    case 5: return 0;
    default: return below(3000) ? (next() & 0xbf7fffffu) : next();
    }
}

static void *make(size_t bytes) {
    void *made = malloc(bytes ? bytes : 1);
    if (!made) exit(3);
    return made;
}

static uint64_t fnv(uint64_t digest, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) digest = (digest ^ bytes[i]) * 0x100000001b3u;
    return digest;
}

/* A whole number of at most seven bits as float32, and its bits in a type. */
static float small(void) { return (float)((int)below(127) - 63); }

static size_t stored(int type, float value, uint8_t *to) {
    uint32_t bits, size;
    memcpy(&bits, &value, 4);
    size = bits & 0x7fffffffu;
    uint16_t half = (uint16_t)(bits >> 16 & 0x8000u) | (uint16_t)(size ? (size - (112u << 23)) >> 13 : 0);
    uint16_t upper = (uint16_t)(bits >> 16);
    memcpy(to, type == 0 ? (void *)&bits : type == 1 ? (void *)&half : (void *)&upper, type == 0 ? 4 : 2);
    return type == 0 ? 4 : 2;
}

/* Whether rows and product add up, in buffers of exactly their size. */
static int adds_up(void) {
    int type = TYPES[below(SOURCES)].type;
    size_t rows = 1 + below(40), columns = 1 + below(100), rank = 1 + below(20), right_sums = 1;
    uint8_t *in = make(rows * columns * (type ? 2 : 4)), *at = in;
    float *left = make(rows * rank * 4), *right = make(rank * columns * 4), *panel = make(rank * 32 * 4);
    float *out = make(rows * columns * 4), *expected = make(rows * columns * 4);
    for (size_t i = 0; i < rows * rank; i++) left[i] = small();
    for (size_t i = 0; i < rank * columns; i++) right[i] = small();
    for (size_t i = 0; i < rows * columns; i++) {
        expected[i] = small();
        at += stored(type, expected[i], at);
        for (size_t k = 0; k < rank; k++) expected[i] += left[k * rows + i / columns] * right[k * columns + i % columns];
    }
    if (modelyard_add_product(type, in, left, right, panel, out, (int64_t)rows, (int64_t)columns, (int64_t)rank))
        right_sums = 0;
    for (size_t i = 0; i < rows * columns; i++) right_sums &= out[i] == expected[i];
    free(in), free(left), free(right), free(panel), free(out), free(expected);
    return (int)right_sums;
}

int main(int count, char **arguments) {
    long rounds = count > 1 ? atol(arguments[1]) : 1000;
    uint64_t digest = 0xcbf29ce484222325u;
    for (long round = 0; round < rounds; round++) {
        int kind = (int)(round % TYPE_COUNT), source = (int)below(SOURCES);
        size_t rows = 1 + below(5), columns = (size_t)TYPES[kind].weights * (1 + below(40)), item = source ? 2 : 4;
        uint8_t *in = make(rows * columns * item), *out;
        size_t out_bytes = rows * columns / (size_t)TYPES[kind].weights * (size_t)TYPES[kind].bytes;
        out = make(out_bytes);
        uint32_t style = below(7), constant = number(0, 0);
        for (size_t i = 0; i < rows * columns; i++) {
            uint32_t bits = number(style, constant);
            uint16_t half = source == 1 ? (uint16_t)(bits >> 16 & 0xbfff) : (uint16_t)(bits >> 16);
            memcpy(in + i * item, item == 4 ? (void *)&bits : (void *)&half, item);
        }
        float *importance = 0;
        if (below(3) == 0) {
            importance = make(columns * sizeof *importance);
            for (size_t i = 0; i < columns; i++) importance[i] = (float)below(1000) / 64;
        }
        int outcome = modelyard_convert(TYPES[source].type, in, TYPES[kind].type, out, (int64_t)rows, (int64_t)columns,
                                        importance);
        uint8_t told = (uint8_t)outcome;
        digest = fnv(digest, &told, 1);
        if (!outcome) digest = fnv(digest, out, out_bytes);
        free(in);
        free(out);
        free(importance);
    }
    for (long round = 0; round < rounds; round++)
        if (!adds_up()) return 4;
    printf("%016" PRIx64 "\n", digest);
    return 0;
}
