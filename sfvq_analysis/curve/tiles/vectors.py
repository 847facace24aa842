"""`Vectors`: operations on as many float32 as a register holds, to be compiled by numba.

Written for LLVM, which numba compiles by: loops in Python say nothing of registers, and what is
summed up in a loop over dimensions must stay in them. This module imports numba, which takes a
while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import binding, ir
from numba.core import cgutils, config

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FEATURES = config.CPU_FEATURES  # set by NUMBA_CPU_FEATURES, or empty by NUMBA_CPU_NAME=generic
if _FEATURES is None:
    _FEATURES = binding.get_host_cpu_features().flatten()
_WIDE = "+avx512f" in _FEATURES.split(",")
ADDS_FOURS = _WIDE and "+avx512vnni" in _FEATURES.split(",")
"""Whether the processor multiplies octets and adds four products at a time (AVX-512 VNNI)."""
LANES = 16 if _WIDE else 8
"""Values in a vector; where registers hold fewer, LLVM takes several."""
REGISTERS = 32 if _WIDE else 16
"""So many vectors the processor holds."""

_FLOAT, _INT, _SIZE = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_FLOATS, _INTS = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT, LANES)
_ZEROS = ir.Constant(_INTS, [0] * LANES)


class Vectors:
    """Writes operations on vectors of `LANES` float32 where a builder stands.

    Variables are what LLVM keeps in registers if there are enough of them.
    """

    def __init__(self, builder: Any) -> None:
        self.builder = builder
        self._fma = self._declared(f"fma.v{LANES}f32", _FLOATS, [_FLOATS] * 3)

    def call(
        self, name: str, values: Sequence[Any], write: Callable[[Vectors, Sequence[Any]], None]
    ) -> None:
        """Call a function of its own, which is written once a module.

        Its stack begins with a line of the cache: there vectors wait for which registers are short,
        and one that lies in two lines takes twice as long.
        """
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in values])
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"sfvq_{name}")
        if function.is_declaration:
            function.linkage = "internal"
            function.attributes.add("noinline")
            function.attributes.alignstack = 4 * LANES
            inside = ir.IRBuilder(function.append_basic_block("entry"))
            write(Vectors(inside), function.args)
            inside.ret_void()
        self.builder.call(function, values)

    def constant(self, value: float) -> Any:
        """Return a constant."""
        return ir.Constant(_FLOATS, [value] * LANES)

    def everywhere(self) -> Any:
        """Return what is true in all lanes."""
        return ir.Constant(ir.VectorType(ir.IntType(1), LANES), [True] * LANES)

    def size(self, value: int) -> Any:
        """Return a constant place in memory."""
        return ir.Constant(_SIZE, value)

    def place(self, *factors: Any) -> Any:
        """Return a place: the product of constants and of what is computed."""
        first, *others = (self.size(one) if isinstance(one, int) else one for one in factors)
        for other in others:
            first = self.builder.mul(first, other)
        return first

    def begin(self, context: Any, kind: Any, array: Any) -> tuple[Any, list[Any]]:
        """Return the first value of an array in C order, as a pointer, and the array's shape."""
        made = context.make_array(kind)(context, self.builder, value=array)
        return made.data, cgutils.unpack_tuple(self.builder, made.shape)

    def after(self, pointer: Any, *places: Any) -> Any:
        """Return a pointer so many values on."""
        for place in places:
            at = self.size(place) if isinstance(place, int) else place
            pointer = self.builder.gep(pointer, [at])
        return pointer

    def load(self, pointer: Any) -> Any:
        """Return the vector that begins there."""
        vector = ir.VectorType(pointer.type.pointee, LANES)
        found = self.builder.load(self.builder.bitcast(pointer, vector.as_pointer()))
        found.align = 4
        return found

    def store(self, vector: Any, pointer: Any) -> None:
        """Write a vector to where it is to begin."""
        there = self.builder.bitcast(pointer, vector.type.as_pointer())
        self.builder.store(vector, there).align = 4

    def spread(self, value: Any) -> Any:
        """Return one float32 in all lanes."""
        vector = ir.VectorType(value.type, LANES)
        one = self.builder.insert_element(ir.Constant(vector, ir.Undefined), value, _INT(0))
        return self.builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), _ZEROS)

    def picked(self, first: Any, second: Any, lanes: Sequence[int]) -> Any:
        """Return lanes of two vectors; those of the second are counted on from the first's."""
        return self.builder.shuffle_vector(first, second, ir.Constant(_INTS, list(lanes)))

    def prefetch(self, pointer: Any) -> None:
        """Ask for the line of memory that is there, to be read soon."""
        octets = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [octets, _INT, _INT, _INT])
        asked = self.builder.module.declare_intrinsic("llvm.prefetch", [octets], kind)
        to_read, often, data = _INT(0), _INT(2), _INT(1)
        self.builder.call(asked, [self.builder.bitcast(pointer, octets), to_read, often, data])

    def variable(self, vector: Any) -> Any:
        """Return a new variable that holds a vector."""
        made = cgutils.alloca_once(self.builder, vector.type)
        self.builder.store(vector, made)
        return made

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        """Return a b + c, rounded once."""
        return self.builder.call(self._fma, [a, b, c])

    def larger(self, a: Any, b: Any) -> Any:
        """Return the larger in each lane; b where one is NaN."""
        return self.builder.select(self.exceeds(a, b), a, b)

    def smaller(self, a: Any, b: Any) -> Any:
        """Return the smaller in each lane; b where one is NaN."""
        return self.builder.select(self.builder.fcmp_ordered("<", a, b), a, b)

    def absolute(self, a: Any) -> Any:
        """Return values without their signs."""
        of = self._declared(f"fabs.v{LANES}f32", _FLOATS, [_FLOATS])
        return self.builder.call(of, [a])

    def sum(self, a: Any) -> Any:
        """Return the sum of the lanes of float32 or float64, in any order."""
        one = a.type.element
        name = f"vector.reduce.fadd.v{LANES}f{32 if one == _FLOAT else 64}"
        return self.builder.call(
            self._declared(name, one, [one, a.type]), [one(0.0), a], fastmath=("reassoc",)
        )

    def largest(self, a: Any) -> Any:
        """Return the largest of the lanes; anything where one is NaN."""
        of = self._declared(f"vector.reduce.fmax.v{LANES}f32", _FLOAT, [_FLOATS])
        return self.builder.call(of, [a], fastmath=("nnan",))

    def as_whole(self, a: Any) -> Any:
        """Return float32 without fractions, as int32."""
        return self.builder.fptosi(a, _INTS)

    def as_floats(self, whole: Any) -> Any:
        """Return int32 as float32."""
        return self.builder.sitofp(whole, _FLOATS)

    def as_float(self, place: Any) -> Any:
        """Return a place in memory as float32."""
        return self.builder.uitofp(place, _FLOAT)

    def as_octets(self, whole: Any) -> Any:
        """Return the last eight bits of int32."""
        return self.builder.trunc(whole, ir.VectorType(ir.IntType(8), LANES))

    def add_fours(self, sums: Any, positive: Any, signed: Any) -> Any:
        """Add to int32 the four products of the octets in each lane, of which one has no sign."""
        name = f"x86.avx512.vpdpbusd.{32 * LANES}"
        return self.builder.call(self._declared(name, _INTS, [_INTS] * 3), [sums, positive, signed])

    def numbered(self, a: Any, number: int, most: int) -> Any:
        """Return float32 with that number as the last bits, as many as it takes for less than most.

        Most is a power of two; the larger of two is still that, but for those bits.
        """
        to, kept = self.builder, ir.Constant(_INTS, [-most] * LANES)
        bits = to.and_(to.bitcast(a, _INTS), kept)
        return to.bitcast(to.or_(bits, ir.Constant(_INTS, [number] * LANES)), _FLOATS)

    def number_of(self, a: Any, most: int) -> Any:
        """Return the number that was put there, as int32."""
        to = self.builder
        return to.and_(to.bitcast(a, _INTS), ir.Constant(_INTS, [most - 1] * LANES))

    def bits(self, truths: Any) -> Any:
        """Return what is true in each lane as bits of a number, the first lane's the lowest."""
        return self.builder.bitcast(truths, ir.IntType(LANES))

    def exceeds(self, a: Any, b: Any) -> Any:
        """Tell where a > b; nowhere that one is NaN."""
        return self.builder.fcmp_ordered(">", a, b)

    def at_most(self, a: Any, b: Any) -> Any:
        """Tell where a <= b; nowhere that one is NaN.

        Of AVX-512 by an instruction: of the comparison LLVM makes a second one where this is false.
        """
        if not _WIDE:
            return self.builder.fcmp_ordered("<=", a, b)
        truths = self.everywhere()
        kinds = [_FLOATS, _FLOATS, _INT, truths.type, _INT]
        compare = self._declared("x86.avx512.mask.cmp.ps.512", truths.type, kinds)
        at_most, round_as_ever = _INT(2), _INT(4)
        return self.builder.call(compare, [a, b, at_most, truths, round_as_ever])

    def _declared(self, name: str, result: Any, given: Sequence[Any]) -> Any:
        """Return one of LLVM's own functions."""
        kind = ir.FunctionType(result, given)
        return cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.{name}")
