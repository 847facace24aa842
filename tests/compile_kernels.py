"""Compile the kernels for an H100, which needn't be there, and print what they take as JSON."""

from __future__ import annotations

import json
import sys

from sfvq_analysis.curve.devices import on_gpu

INTEGERS = ("codeword", "other_codeword", "segment", "other_segment", "listed", "found")
NUMBERS = ("n_frames", "row_stride", "column_stride", "dim", "size")
WIDE = {
    "sweep": ("limits",),
    "decide": ("corners", "steps", "lengths", "tie"),
    "settle": ("corners", "steps", "lengths", "tie"),
}
CHOSEN = {
    "sweep": on_gpu._SWEPT | {"COLUMNS": on_gpu._AT_ONCE, "AT_ONCE": True},
    "decide": on_gpu._DECIDED,
    "settle": on_gpu._SETTLED,
}


def compiled(name):
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from sfvq_analysis.curve.devices import triton_kernels

    kernel = getattr(triton_kernels, name)
    chosen = CHOSEN[name] | {"ON_CURVE": True}
    types = (
        dict.fromkeys(kernel.arg_names, "*fp32")
        | dict.fromkeys(INTEGERS, "*i32")
        | dict.fromkeys(NUMBERS, "i32")
        | dict.fromkeys(WIDE[name], "*fp64")
        | dict.fromkeys(chosen, "constexpr")
    )
    types = {argument: types[argument] for argument in kernel.arg_names}
    source = ASTSource(fn=kernel, signature=types, constexprs=chosen)
    options = on_gpu._SWEEPING if name == "sweep" else {}
    made = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=options)
    return {"wgmma": "wgmma" in made.asm["ptx"], "shared": made.metadata.shared}


if __name__ == "__main__":
    json.dump({name: compiled(name) for name in CHOSEN}, sys.stdout)
