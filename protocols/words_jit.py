"""One load of a big-endian word from any octet on, for the compiled kernels."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _loads(bits: int) -> Any:
    """Return a function that loads a big-endian word from any octet on."""

    def load(typing_context: Any, arena: Any, at: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, args[0])
            pointer = ir.IntType(bits).as_pointer()
            word = builder.load(builder.bitcast(builder.gep(array.data, [args[1]]), pointer))
            word.align = 1
            return builder.bswap(word)

        return getattr(types, f"uint{bits}")(arena, at), generate

    return intrinsic(load)


word32 = _loads(32)
word64 = _loads(64)
