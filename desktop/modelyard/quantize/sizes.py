"""The sizes on offer: values only.

Names follow their makers. Upper case is llama-quantize's result ("Q4_K_M", "F16"); lower case is the outtype of
llama.cpp's converter ("f16", "q8_0"), and "original" is the outtype its `auto` would choose. The weights of "F16" and
"f16" differ only where the two tools have different rules (router weights, order of tensors and keys).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Code, ModelyardError
from ..formats.ggml_types import GgmlType

ORIGINAL = "original"


@dataclass(frozen=True)
class Size:
    """One size. `type` is that of most tensors, `file_type` the value of general.file_type (llama.h, llama_ftype).

    converter: made by the rules of the converter, not of llama-quantize.
    importance: cannot be made without an importance matrix.
    """

    name: str
    type: GgmlType
    file_type: int
    converter: bool = False
    importance: bool = False

    @property
    def quantized(self) -> bool:
        return self.type.block_elements > 1


F32 = Size("F32", GgmlType.F32, 0)

_SIZES = (
    Size("f32", GgmlType.F32, 0, converter=True),
    Size("f16", GgmlType.F16, 1, converter=True),
    Size("bf16", GgmlType.BF16, 32, converter=True),
    Size("q8_0", GgmlType.Q8_0, 7, converter=True),
    F32,
    Size("F16", GgmlType.F16, 1),
    Size("BF16", GgmlType.BF16, 32),
    Size("Q8_0", GgmlType.Q8_0, 7),
    Size("Q6_K", GgmlType.Q6_K, 18),
    Size("Q5_K_M", GgmlType.Q5_K, 17),
    Size("Q5_K_S", GgmlType.Q5_K, 16),
    Size("Q5_1", GgmlType.Q5_1, 9),
    Size("Q5_0", GgmlType.Q5_0, 8),
    Size("Q4_K_M", GgmlType.Q4_K, 15),
    Size("Q4_K_S", GgmlType.Q4_K, 14),
    Size("Q4_1", GgmlType.Q4_1, 3),
    Size("Q4_0", GgmlType.Q4_0, 2),
    Size("IQ4_NL", GgmlType.IQ4_NL, 25),
    Size("IQ4_XS", GgmlType.IQ4_XS, 30),
    Size("Q3_K_L", GgmlType.Q3_K, 13),
    Size("Q3_K_M", GgmlType.Q3_K, 12),
    Size("Q3_K_S", GgmlType.Q3_K, 11),
    Size("Q2_K", GgmlType.Q2_K, 10),
    Size("MXFP4_MOE", GgmlType.MXFP4, 38),
    Size("IQ3_M", GgmlType.IQ3_S, 27, importance=True),
    Size("IQ3_S", GgmlType.IQ3_S, 26, importance=True),
    Size("IQ3_XS", GgmlType.IQ3_S, 22, importance=True),
    Size("IQ3_XXS", GgmlType.IQ3_XXS, 23, importance=True),
    Size("Q2_K_S", GgmlType.Q2_K, 21, importance=True),
    Size("IQ2_M", GgmlType.IQ2_S, 29, importance=True),
    Size("IQ2_S", GgmlType.IQ2_XS, 28, importance=True),
    Size("IQ2_XS", GgmlType.IQ2_XS, 20, importance=True),
    Size("IQ2_XXS", GgmlType.IQ2_XXS, 19, importance=True),
    Size("IQ1_M", GgmlType.IQ1_M, 31, importance=True),
    Size("IQ1_S", GgmlType.IQ1_S, 24, importance=True),
)
SIZES = {size.name: size for size in _SIZES}


def offered(*, importance: bool = False) -> tuple[Size, ...]:
    """The sizes a person can choose, largest first: those of llama-quantize. MXFP4_MOE is for gpt-oss only and so is
    left to whoever knows the family."""
    return tuple(
        size
        for size in _SIZES
        if not size.converter and size.type is not GgmlType.MXFP4 and (importance or not size.importance)
    )


def by_converter() -> tuple[Size, ...]:
    """The outtypes of llama.cpp's converter, for scripts that name them."""
    return tuple(size for size in _SIZES if size.converter)


def find_size(name: str, original: str = "f16") -> Size:
    """The size of that name: exact first, then whatever the case. `original` is content.original.

    Raises SIZE_UNKNOWN.
    """
    if name.lower() == ORIGINAL:
        return SIZES[original]
    size = SIZES.get(name) or SIZES.get(name.upper())
    if size is None:
        raise ModelyardError(Code.SIZE_UNKNOWN, size=name, offered=", ".join(size.name for size in offered()))
    return size
