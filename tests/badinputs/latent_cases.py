"""Stored latents as .npy, .npz and .pt."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np
from badinputs.attacks import Runs, makes_folder
from badinputs.case import Case, Fifo, Folder, Link, Made, Refusal
from badinputs.checkpoint_cases import npy
from badinputs.torches import many_disks, quantized, torched

N, DIM = 6, 4
FRAMES = ((np.arange(N * DIM).reshape(N, DIM) - 7) ** 3 / 64).astype(np.float32)
WAYS = {
    "npy": npy,
    "npz": lambda array: zipped({"arr_0": npy(array)}),
    "pt": lambda array: torched(_tensor(array)),
}


def _tensor(array):
    import torch

    return torch.from_numpy(array)


def zipped(members, *, packed=True):
    """Return a .npz of these members; the date is fixed."""
    file = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            archive.writestr(info, content, method)
    return file.getvalue()


def _case(name, file, content, value=None, cause=None, **options):
    refusal = None if cause is None else Refusal("EncoderError", cause, file)
    files = content if isinstance(content, dict) else {file: content}
    return Case(f"latents_{name}", "read_latents", file, files, value, refusal, options)


def _good(name, file, content, value=FRAMES, **options):
    return _case(name, file, content, value, **options)


def _bad(name, file, content, cause="", **options):
    return _case(name, file, content, cause=cause, **options)


def _either(name, file, content, value=FRAMES, cause="", **options):
    return _case(name, file, content, value, cause, **options)


def cases():
    """Yield the cases."""
    for suffix, way in WAYS.items():
        yield from _everywhere(suffix, way)
    yield from _no_latents()
    yield from _npy()
    yield from _npz()
    yield from _torch()


def _everywhere(suffix, way):
    """Yield what is the same in all three."""
    file = f"u1.{suffix}"

    def good(name, array, value=FRAMES, **options):
        return _good(f"{suffix}_{name}", file, way(array), value, **options)

    def bad(name, array, cause="", **options):
        return _bad(f"{suffix}_{name}", file, way(array), cause, **options)

    def either(name, array, value, cause=""):
        return _either(f"{suffix}_{name}", file, way(array), value, cause)

    yield good("float32", FRAMES)
    yield good("dim_stated", FRAMES, dim=DIM)
    yield bad("dim_other", FRAMES, "dim", dim=DIM + 1)
    yield bad("dim_is_n_frames", FRAMES, "dim", dim=N)
    yield good("float64", FRAMES.astype(np.float64))
    half = FRAMES.astype(np.float16)
    yield good("float16", half, half.astype(np.float32))
    yield good("one_frame", FRAMES[:1], FRAMES[:1])
    yield good("one_dimension", FRAMES[:, :1].copy(), FRAMES[:, :1])
    third = np.full((2, 2), 1 / 3)
    yield good("float64_rounds", third, np.full((2, 2), 0.3333333432674407958984375, np.float32))
    small = np.array([[1e-42, -0.0], [1e-46, 3e38]])
    value = np.array([[1e-42, -0.0], [0.0, 3e38]], np.float32)
    yield either("subnormal", small, value)
    vast = FRAMES.astype(np.float64)
    vast[2, 1] = 1e300
    yield bad("beyond_float32", vast, "NaN|inf|finite|float32|large")
    for name, number in {"nan": np.nan, "inf": np.inf, "minus_inf": -np.inf}.items():
        spoilt = FRAMES.copy()
        spoilt[4, 2] = number
        yield bad(name, spoilt, "NaN|inf|finite")
        spoilt = half.copy()
        spoilt[0, 0] = number
        yield bad(f"float16_{name}", spoilt, "NaN|inf|finite")
    yield bad("vector", FRAMES[0].copy(), "shape")
    yield bad("cube", FRAMES[None], "shape")
    yield bad("scalar", np.array(FRAMES[0, 0]), "shape")
    yield bad("no_dimension", FRAMES[:, :0].copy(), "shape|dim")
    yield either("no_frame", FRAMES[:0].copy(), FRAMES[:0], "empty|no frame|shape|0")
    yield bad("no_frame_no_dimension", FRAMES[:0, :0].copy(), "empty|shape|0")
    for kind in ("i1", "i4", "i8", "u1"):
        whole = np.arange(12).reshape(4, 3).astype(kind)
        yield either(f"integers_{kind}", whole, whole.astype(np.float32), "int")
    lossy = np.array([[2**24 + 1, 1], [2, 3]])  # no float32 has this value
    yield bad("integers_beyond_float32", lossy, "int|exact|float32")
    yield bad("bool", FRAMES > 0, "bool")
    yield bad("complex64", FRAMES.astype(np.complex64), "complex")
    yield bad("complex128", FRAMES.astype(np.complex128), "complex")


def _no_latents():
    for suffix in ("npy", "npz", "pt", "h5", "ark", "scp"):
        file = f"u1.{suffix}"
        yield _case(f"{suffix}_missing", file, {}, cause="missing|no such")
        for name, content in {
            "empty": b"",
            "is_folder": Folder(),
            "is_pipe": Fifo(),
            "is_device": Link("/dev/zero"),
            "broken_link": Link("gone"),
            "link_to_itself": Link(file),
            "greeting": "hello\n" * 50,
            "zeros": bytes(3000),
            "noise": bytes((i * 7919 >> 3) % 256 for i in range(3000)),
            "html": "<!DOCTYPE html><html>404</html>",
        }.items():
            yield _bad(f"{suffix}_{name}", file, content)
    yield _bad("suffix_unknown", "u1.docx", npy(FRAMES), "docx|suffix")
    yield _either("suffix_upper", "U1.NPY", npy(FRAMES))
    yield _either("pth", "u1.pth", torched(_tensor(FRAMES)))
    for name, dim in {"zero": 0, "negative": -4, "text": "4", "float": 4.0}.items():
        case = _bad(f"dim_{name}", "u1.npy", npy(FRAMES), "dim", dim=dim)
        yield Case(
            case.name,
            case.call,
            case.path,
            case.files,
            refusal=Refusal("SfvqError", "dim"),
            options=case.options,
        )


def _npy():
    def good(name, content, value=FRAMES, **options):
        return _good(f"npy_{name}", "u1.npy", content, value, **options)

    def bad(name, content, cause=""):
        return _bad(f"npy_{name}", "u1.npy", content, cause)

    plain = npy(FRAMES)
    yield good("big_endian", npy(FRAMES.astype(">f4")))
    yield good("big_endian_float64", npy(FRAMES.astype(">f8")))
    yield good("fortran", npy(np.asfortranarray(FRAMES)))
    yield good("fortran_big_endian", npy(np.asfortranarray(FRAMES.astype(">f4"))))
    yield good("version_2", npy(FRAMES, (2, 0)))
    yield good("version_3", npy(FRAMES, (3, 0)))
    yield _good("npy_name_with_spaces", "a b é.npy", plain)
    yield _either("npy_longdouble", "u1.npy", npy(FRAMES.astype(np.longdouble)))
    yield _either("npy_key_named", "u1.npy", plain, key="x")
    yield bad("object_numbers", npy(FRAMES.astype(object)), "object|pickle|code|plain")
    ragged = np.empty(2, dtype=object)
    ragged[:] = [FRAMES, FRAMES[:2]]
    yield bad("object_ragged", npy(ragged), "object|pickle|code|plain")
    yield bad(
        "object_dict",
        npy(np.array({"hidden": FRAMES.tolist()}, dtype=object)),
        "object|pickle|code|plain",
    )
    yield bad("object_code", Made(_object_code), "object|pickle|code|plain")
    yield bad("pickle", Made(lambda _folder, canary: __import__("pickle").dumps(Runs(canary))))
    fields = np.zeros((3, 2), dtype=[("x", "<f4"), ("y", "<f4")])
    yield bad("structured", npy(fields), "\\(|field|struct|record|dtype")
    yield bad("structured_one_field", npy(np.zeros((3, 2), dtype=[("x", "<f4")])))
    yield bad("subarray", npy(np.zeros(3, dtype=[("x", "<f4", (2,))])))
    yield bad("texts", npy(np.array([["1.0", "2.0"]])), "U|str|text")
    yield bad("bytes", npy(np.array([[b"1.0", b"2.0"]])), "S|str|bytes|text")
    yield bad("void", npy(np.zeros((3, 2), "V4")))
    yield bad("dates", npy(np.zeros((3, 2), "M8[s]")), "M8|date")
    yield bad("magic_only", plain[:6])
    yield bad("half_header", plain[:40])
    yield bad("header_only", plain[:128])
    yield bad("truncated", plain[:-1])
    yield bad("trailing_bytes", plain + b"\0")
    yield bad("two_arrays", plain + plain)
    yield bad("version_9", plain[:6] + b"\x09\x00" + plain[8:])
    shape = b"(6, 4)"
    for name, stated in {
        "shape_larger": b"(7, 4)",
        "shape_huge": b"(99999999999999, 4)",
        "shape_overflow": b"(9223372036854775807, 4)",
        "shape_product_overflow": b"(4294967296, 4294967296)",
        "shape_negative": b"(-6, 4)",
        "shape_negative_both": b"(-6, -4)",
        "shape_float": b"(6.0, 4)",
        "shape_bool": b"(True, 24)",
        "shape_text": b"'6, 4'",
        "shape_call": b"__import__('os').mkdir('CANARY')",
        "shape_endless": b"(" + b"9" * 5000 + b", 4)",
        "shape_nested": b"(" * 500 + b")" * 500,
    }.items():
        yield bad(name, _restated(plain, shape, stated))
    yield bad("shape_smaller", _restated(plain, shape, b"(5, 4)"))
    yield bad("dtype_unknown", _restated(plain, b"'<f4'", b"'<q9'"))
    yield bad("dtype_code", _restated(plain, b"'<f4'", b"'O'  "))
    yield bad("header_not_dict", _restated(plain, b"{'descr'", b"['descr'"))
    yield bad("header_key_missing", _restated(plain, b"'fortran_order': False, ", b""))
    yield bad("header_huge", b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + b"{" * 100)
    deep = b"{'descr': '<f4', 'fortran_order': False, 'shape': " + b"-" * 9000 + b"1}"
    yield bad("header_deep", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(deep)) + deep)


def _restated(content, old, new):
    """Return an .npy whose header says something else, its length kept true."""
    header = content[10:128].replace(old, new).rstrip() + b"\n"
    header = header[:-1].ljust(-(-(len(header) + 10) // 64) * 64 - 11) + b"\n"
    return content[:8] + struct.pack("<H", len(header)) + header + content[128:]


def _object_code(_folder, canary):
    array = np.empty((2, 2), dtype=object)
    array[:] = 0.5
    array[0, 0] = Runs(canary)
    return npy(array)


def _npz():
    def bad(name, content, cause="", **options):
        return _bad(f"npz_{name}", "u1.npz", content, cause, **options)

    one = zipped({"hidden": npy(FRAMES)})
    two = zipped({"hidden": npy(FRAMES), "other": npy(FRAMES[:2])})
    yield _good("npz_one_array", "u1.npz", one)
    yield _good("npz_key", "u1.npz", two, key="hidden")
    yield _good("npz_other_key", "u1.npz", two, FRAMES[:2], key="other")
    yield _good("npz_stored", "u1.npz", zipped({"hidden": npy(FRAMES)}, packed=False))
    yield bad("two_arrays", two, "hidden.*other")
    yield bad("key_unknown", two, "hidden.*other", key="x")
    yield bad("key_unknown_of_one", one, "hidden", key="x")
    yield bad("no_array", zipped({}), "no|empty")
    yield bad("not_npy", zipped({"hidden": b"hello"}))
    yield bad("truncated", one[:-30])
    yield bad("half", one[: len(one) // 2])
    spoilt = bytearray(zipped({"hidden": npy(FRAMES)}, packed=False))
    spoilt[200] ^= 0xFF
    yield bad("checksum_wrong", bytes(spoilt))
    yield bad("object", zipped({"hidden": npy(FRAMES.astype(object))}), "object|pickle|code|plain")
    yield bad(
        "code",
        Made(lambda f, c: zipped({"hidden": _object_code(f, c)})),
        "object|pickle|code|plain",
    )
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr(zipfile.ZipInfo("hidden.npy"), npy(FRAMES))
        archive.writestr(zipfile.ZipInfo("hidden.npx"), npy(FRAMES[:2]))
    yield bad("key_twice", twice.getvalue().replace(b"hidden.npx", b"hidden.npy"), "hidden|twice")
    outside = io.BytesIO()
    with zipfile.ZipFile(outside, "w") as archive:
        archive.writestr(zipfile.ZipInfo("../../CANARY.npy"), npy(FRAMES))
    yield _either("npz_member_outside", "u1.npz", outside.getvalue())
    locked = bytearray(one)
    locked[6] |= 1
    at = locked.rindex(b"PK\x01\x02")
    locked[at + 8] |= 1
    yield bad("encrypted", bytes(locked))
    yield bad("bomb_16_gb", _bomb(), "large|bomb|GiB|GB|memory|compress|bytes|frames|states")
    yield bad(
        "shape_huge", zipped({"hidden": _restated(npy(FRAMES), b"(6, 4)", b"(999999999999, 4)")})
    )
    yield bad("npy_called_npz", npy(FRAMES)[:50])
    yield _either("npz_is_npy", "u1.npz", npy(FRAMES))


def _bomb(gib=16, block=1 << 24):
    """Return a .npz of a few megabytes that says it holds 16 GiB of zeros, and does."""
    rows = gib * 2**30 // 16
    header = _restated(npy(FRAMES), b"(6, 4)", f"({rows}, 4)".encode())[: -FRAMES.nbytes]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(header) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    last = packer.flush()
    stream = first + zeros * (gib * 2**30 // block) + last
    size = len(header) + gib * 2**30
    name = b"arr_0.npy"
    extra = struct.pack("<HHQQ", 1, 16, size, len(stream))
    common = struct.pack("<HHHHHIII", 45, 0, 8, 0, 33, 0, 2**32 - 1, 2**32 - 1)
    local = b"PK\x03\x04" + common + struct.pack("<HH", len(name), len(extra)) + name + extra
    central = (
        b"PK\x01\x02"
        + struct.pack("<H", 45)
        + common
        + struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, 0)
        + name
        + extra
    )
    end = struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local) + len(stream), 0
    )
    return local + stream + central + end


def _torch():
    def bad(name, stored, cause="", **options):
        return _bad(f"pt_{name}", "u1.pt", torched(stored), cause, **options)

    import torch

    tensor = _tensor(FRAMES)
    both = {"hidden": tensor, "other": tensor[:2].clone()}
    yield _good("pt_key", "u1.pt", torched(both), key="hidden")
    yield bad("two_tensors", both, "hidden.*other|key")
    yield bad("key_unknown", both, "hidden.*other|x", key="x")
    yield _either("pt_dict_of_one", "u1.pt", torched({"hidden": tensor}))
    yield _either("pt_list_of_one", "u1.pt", torched([tensor]))
    yield bad("list_of_two", [tensor, tensor])
    yield bad("number", 3)
    yield bad("none", None)
    yield bad("empty_dict", {})
    yield bad("nested_lists", FRAMES.tolist())
    yield bad("sparse", tensor.to_sparse())
    yield bad("meta", tensor.to("meta"))
    yield bad("quantized", quantized(tensor))
    yield bad("stretched_to_16_tb", torch.zeros(1).expand(2**40, 4))
    yield _good("pt_requires_grad", "u1.pt", torched(tensor.clone().requires_grad_()))
    yield _good("pt_not_contiguous", "u1.pt", torched(_tensor(FRAMES.T.copy()).T))
    small = torch.tensor([[1.0, 2.0], [3.0, -0.5]])
    yield _good("pt_bfloat16", "u1.pt", torched(small.bfloat16()), small.numpy())
    view = torched(_tensor(np.vstack([FRAMES, FRAMES + 1]))[N:])
    yield _good("pt_view", "u1.pt", view, FRAMES + 1)
    old = torched(tensor, _use_new_zipfile_serialization=False)
    yield _good("pt_legacy_format", "u1.pt", old)
    whole = torched(tensor)
    yield _bad("pt_truncated", "u1.pt", whole[: len(whole) // 2])
    yield _bad("pt_zip_of_many_disks", "u1.pt", many_disks(whole))
    for name, make in makes_folder().items():
        yield _bad(f"pt_code_{name}", "u1.pt", Made(make))
