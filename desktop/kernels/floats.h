/* F32, F16 and BF16 rows from and to float32. */

#ifndef MODELYARD_FLOATS_H
#define MODELYARD_FLOATS_H

#include "kernels.h"

/* Both return zero at a NaN or infinity: in what is read, or in what a number too large became. */
int load_floats(int source, const void *from, float *to, int64_t count);
int store_floats(int kind, const float *from, void *to, int64_t count);

#endif
