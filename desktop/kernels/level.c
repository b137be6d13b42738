/* Which variant of the kernels this processor runs. 1: the baseline, 3: x86-64-v3 (AVX2), 4: x86-64-v4 (AVX-512).
   Asks the processor, and the system whether it keeps the wide registers over a task switch. */

#include "kernels.h"

#if defined(__x86_64__)

#include <cpuid.h>

enum { /* bits of the CPUID answers */
    OSXSAVE = 1 << 27, FMA = 1 << 12, MOVBE = 1 << 22, F16C = 1 << 29,         /* leaf 1, ecx */
    BMI1 = 1 << 3, AVX2 = 1 << 5, BMI2 = 1 << 8, AVX512F = 1 << 16,            /* leaf 7, ebx */
    AVX512DQ = 1 << 17, AVX512CD = 1 << 28, AVX512BW = 1 << 30, LZCNT = 1 << 5 /* LZCNT: leaf 0x80000001, ecx */
};
#define AVX512VL (1u << 31)

static int has(unsigned bits, unsigned wanted) { return (bits & wanted) == wanted; }

static int level(void) {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !has(ecx, OSXSAVE | FMA | MOVBE | F16C)) return 1;
    unsigned saved, ignored;
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(ignored) : "c"(0));
    if (!has(saved, 0x6)) return 1; /* SSE and AVX registers */
    if (!__get_cpuid(0x80000001u, &eax, &ebx, &ecx, &edx) || !has(ecx, LZCNT)) return 1;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !has(ebx, BMI1 | AVX2 | BMI2)) return 1;
    int wide = has(ebx, AVX512F | AVX512DQ | AVX512CD | AVX512BW | AVX512VL);
    return wide && has(saved, 0xe6) ? 4 : 3; /* and the three parts of AVX-512's */
}

#else

static int level(void) { return 1; }

#endif

EXPORT int modelyard_level(void) { return level(); }
