"""Codebooks: ours, the published layouts, and files that only look like one."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile

import numpy as np
from badinputs.attacks import makes_folder
from badinputs.case import Case, Codebook, Fifo, Folder, Link, Made, Refusal
from badinputs.torches import many_disks, quantized, torched

K, DIM = 8, 3
CORNERS = (np.arange(K * DIM).reshape(K, DIM) ** 2 / 16).astype(np.float32)
WANTED = Codebook(CORNERS, "sfvq")
PROVENANCE = {"encoder": {}, "fit": {}, "log": []}
KNOWN = {"format": 1, "version": "0.1.0", "kind": "sfvq", "provenance": PROVENANCE}


def ours(tensors=None, known=KNOWN, head=None, size=None):
    """Return a safetensors file, byte by byte; header and its size may lie."""
    names = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8"}
    body, stated = b"", {}
    for name, (kind, array) in (tensors or {"codebook": ("F32", CORNERS)}).items():
        data = np.asarray(array).astype(names[kind]).tobytes()
        place = [len(body), len(body) + len(data)]
        stated[name] = {"dtype": kind, "shape": list(np.shape(array)), "data_offsets": place}
        body += data
    if known is not None:
        text = known if isinstance(known, str) else json.dumps(known)
        stated["__metadata__"] = {"sfvq_analysis": text}
    header = json.dumps(stated if head is None else head).encode()
    return struct.pack("<Q", len(header) if size is None else size) + header + body


def npy(array, version=(1, 0)):
    """Return an array as .npy."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version, allow_pickle=True)
    return file.getvalue()


def published(codebook, **more):
    """Return a published checkpoint."""
    import torch

    tensor = torch.from_numpy(codebook) if isinstance(codebook, np.ndarray) else codebook
    return torched({"vector_quantizer": {"codebook": tensor}, **more})


def _good(name, file, content, value=WANTED, **more):
    return Case(f"checkpoint_{name}", "load_quantizer", file, {file: content}, value, **more)


def _bad(name, file, content, cause=""):
    refusal = Refusal("QuantizerError", cause, file)
    return Case(f"checkpoint_{name}", "load_quantizer", file, {file: content}, refusal=refusal)


def _either(name, file, content, value=WANTED, cause="", **more):
    refusal = Refusal("QuantizerError", cause, file)
    return Case(
        f"checkpoint_{name}", "load_quantizer", file, {file: content}, value, refusal, **more
    )


def cases():
    """Yield the cases."""
    yield from _read()
    yield from _codebooks()
    yield from _no_checkpoint()
    yield from _safetensors()
    yield from _torch()
    yield from _npy()


def _read():
    yield _good("ours", "q.safetensors", ours())
    plain = ours(known={**KNOWN, "kind": "vq"})
    yield _either("ours_plain", "q.safetensors", plain, Codebook(CORNERS, "vq"), "kind")
    stages = {"codebook": ("F32", CORNERS), "stage_0002": ("F32", CORNERS[[0, -1]])}
    yield _good("ours_with_stage", "q.safetensors", ours(stages))
    yield _good("published", "q.pt", published(CORNERS))
    yield _good("published_pth", "q.pth", published(CORNERS))
    yield _good("npy", "codebook_3bit.npy", npy(CORNERS))
    yield _good("npy_other_name", "curve.npy", npy(CORNERS))
    yield _good("published_extra_keys", "q.pt", published(CORNERS, encoder={}, epoch=3, lr=1e-3))
    yield _either(
        "ours_extra_tensor",
        "q.safetensors",
        ours({"codebook": ("F32", CORNERS), "usage": ("I64", np.arange(K))}),
    )
    half = CORNERS.astype(np.float16)
    same = Codebook(half.astype(np.float32))
    yield _good("float16_ours", "q.safetensors", ours({"codebook": ("F16", half)}), same)
    yield _good("float16_published", "q.pt", published(half), same)
    yield _good("float16_npy", "codebook_3bit.npy", npy(half), same)
    yield _good("float64_ours", "q.safetensors", ours({"codebook": ("F64", CORNERS)}))
    yield _good("float64_published", "q.pt", published(CORNERS.astype(np.float64)))
    yield _good("float64_npy", "codebook_3bit.npy", npy(CORNERS.astype(np.float64)))
    yield _good("npy_big_endian", "codebook_3bit.npy", npy(CORNERS.astype(">f4")))
    yield _good("npy_fortran", "codebook_3bit.npy", npy(np.asfortranarray(CORNERS)))
    yield _good("npy_version_2", "codebook_3bit.npy", npy(CORNERS, (2, 0)))
    yield _good("file_with_spaces", "my curvé 1.npy", npy(CORNERS))
    two = CORNERS[:2]
    yield _good("two_corners", "codebook_1bit.npy", npy(two), Codebook(two))
    line = CORNERS[:, :1]
    yield _good("one_dimension", "codebook_3bit.npy", npy(line), Codebook(line))
    origin = CORNERS.copy()
    origin[3] = 0
    yield _good("one_zero_row", "q.pt", published(origin - 1), Codebook(origin - 1))
    yield _good(
        "one_corner_at_the_origin",
        "q.pt",
        published(CORNERS - CORNERS[2]),
        Codebook(CORNERS - CORNERS[2]),
    )
    for name, file, content in (
        ("suffix_upper_pt", "Q.PT", published(CORNERS)),
        ("suffix_upper_safetensors", "Q.SAFETENSORS", ours()),
        ("suffix_ckpt", "q.ckpt", published(CORNERS)),
        ("suffix_bin", "q.bin", published(CORNERS)),
        ("suffix_none", "q", ours()),
        ("pt_called_npy", "q.npy", published(CORNERS)),
        ("npy_called_pt", "q.pt", npy(CORNERS)),
        ("ours_called_pt", "q.pt", ours()),
        ("bare_tensor", "q.pt", _bare()),
    ):
        yield _either(name, file, content)


def _bare():
    import torch

    return torched(torch.from_numpy(CORNERS))


def _everywhere(name, array, cause):
    """Yield one codebook in all three layouts."""
    yield _bad(f"{name}_ours", "q.safetensors", ours({"codebook": ("F32", array)}), cause)
    yield _bad(f"{name}_published", "q.pt", published(array), cause)
    yield _bad(f"{name}_npy", "curve.npy", npy(array), cause)


def _codebooks():
    for name, value in {"nan": np.nan, "inf": np.inf}.items():
        spoilt = CORNERS.copy()
        spoilt[5, 1] = value
        yield from _everywhere(name, spoilt, "NaN|inf|finite")
    yield from _everywhere("one_corner", CORNERS[:1], "shape|K|1|corner")
    yield from _everywhere("no_corner", CORNERS[:0], "shape|K|0|empty")
    yield from _everywhere("no_dimension", CORNERS[:, :0], "shape|dim")
    yield from _everywhere("vector", CORNERS[:, 0], "shape")
    yield from _everywhere("cube", np.stack([CORNERS, CORNERS]), "shape")
    yield from _everywhere("scalar", np.array(CORNERS[0, 0]), "shape")
    grown = CORNERS + 1
    grown[K // 2 :] = 0
    yield from _everywhere("half_grown", grown, "zero|grown|same|equal|duplicate|twice")
    yield from _everywhere("all_zero", np.zeros_like(CORNERS), "zero|same|equal|duplicate|twice")
    yield from _everywhere(
        "all_equal", np.ones_like(CORNERS), "same|equal|duplicate|twice|distinct"
    )
    double = CORNERS.copy()
    double[4] = double[3]
    apart = CORNERS.copy()
    apart[6] = apart[1]
    for name, array in {"neighbours_equal": double, "corners_equal": apart}.items():
        cause = "same|equal|duplicate|twice|distinct|coincide"
        value = Codebook(array)
        yield _either(name, "q.pt", published(array), value, cause, may_warn=True)
    vast = (CORNERS.astype(np.float64) + 1) * 1e300
    yield _bad("beyond_float32_published", "q.pt", published(vast), "NaN|inf|finite|float32|large")
    yield _bad("beyond_float32_npy", "q.npy", npy(vast), "NaN|inf|finite|float32|large")
    wide = ours({"codebook": ("F64", vast)})
    yield _bad("beyond_float32_ours", "q.safetensors", wide, "NaN|inf|finite|float32|large")
    whole = np.arange(K * DIM).reshape(K, DIM)
    value = Codebook(whole.astype(np.float32))
    yield _either("integers_npy", "codebook_3bit.npy", npy(whole), value, "int")
    yield _either("integers_published", "q.pt", published(whole), value, "int")
    bits = whole % 2 == 0
    yield _bad("bool_npy", "codebook_3bit.npy", npy(bits), "bool")
    yield _bad("complex_npy", "codebook_3bit.npy", npy(CORNERS * 1j), "complex")
    yield _bad(
        "complex_published",
        "q.pt",
        published((CORNERS * 1j).astype(np.complex64)),
        "complex|plain|real|codebook",
    )


def _no_checkpoint():
    for suffix in ("safetensors", "pt", "npy"):
        file = f"q.{suffix}"
        refusal = Refusal("QuantizerError", "missing|no such", file)
        yield Case(f"checkpoint_missing_{suffix}", "load_quantizer", file, {}, refusal=refusal)
        for name, content in {
            "empty": b"",
            "folder": Folder(),
            "pipe": Fifo(),
            "device": Link("/dev/zero"),
            "broken_link": Link("gone"),
            "link_loop": Link(file),
            "text": "hello\n" * 50,
            "html": "<!DOCTYPE html><html>404</html>",
            "zeros": bytes(3000),
            "noise": bytes((i * 7919 >> 3) % 256 for i in range(3000)),
            "lfs_pointer": "version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12\n",
        }.items():
            yield _bad(f"{name}_{suffix}", file, content)
    yield _bad("suffix_unknown", "q.docx", npy(CORNERS), "docx|suffix")


def _safetensors():
    def bad(name, content, cause=""):
        return _bad(f"safetensors_{name}", "q.safetensors", content, cause)

    for kept in (4, 8, 40, len(ours()) - 1):
        yield bad(f"first_{kept}", ours()[:kept])
    yield bad("header_huge", ours(size=2**63))
    yield bad("header_100_gb", ours(size=10**11))
    yield bad("header_0", ours(size=0))
    yield bad("trailing_bytes", ours() + b"\0" * 16)
    yield bad("header_is_list", ours(head=[1, 2]))
    place = {"dtype": "F32", "shape": [2**40, 3], "data_offsets": [0, 96]}
    yield bad("shape_huge", ours(head={"codebook": place}))
    outside = {"dtype": "F32", "shape": [8, 3], "data_offsets": [0, 9600]}
    yield bad("offsets_outside", ours(head={"codebook": outside}))
    strange = {"dtype": "X99", "shape": [8, 3], "data_offsets": [0, 96]}
    yield bad("dtype_unknown", ours(head={"codebook": strange}))
    yield bad("of_another_program", ours({"model.embed.weight": ("F32", CORNERS)}, known=None))
    yield bad("codebook_without_header", ours(known=None))
    yield bad("codebook_renamed", ours({"codebooks": ("F32", CORNERS)}), "codebook")
    for name, known in {
        "not_json": "{kind:",
        "deep": "[" * 100_000,
        "list": "[1]",
        "number_long": '{"format": 1' + "0" * 5000 + "}",
        "format_2": {**KNOWN, "format": 2},
        "kind_unknown": {**KNOWN, "kind": "rvq"},
        "kind_list": {**KNOWN, "kind": ["sfvq"]},
        "kind_absent": {k: v for k, v in KNOWN.items() if k != "kind"},
        "provenance_absent": {k: v for k, v in KNOWN.items() if k != "provenance"},
        "provenance_text": {**KNOWN, "provenance": "x"},
        "provenance_log_text": {**KNOWN, "provenance": {**PROVENANCE, "log": "x"}},
    }.items():
        yield bad(f"known_{name}", ours(known=known))
    larger = {"codebook": ("F32", CORNERS), "stage_0016": ("F32", np.tile(CORNERS, (2, 1)))}
    yield bad("stage_larger_than_codebook", ours(larger), "stage")
    narrow = {"codebook": ("F32", CORNERS), "stage_0002": ("F32", CORNERS[:2, :2])}
    yield bad("stage_of_other_dimension", ours(narrow), "stage")
    spoilt = {"codebook": ("F32", CORNERS), "stage_0002": ("F32", CORNERS[:2] * np.nan)}
    yield bad("stage_nan", ours(spoilt), "NaN|finite")


def _torch():
    def bad(name, content, cause=""):
        return _bad(f"torch_{name}", "q.pt", content, cause)

    import torch

    tensor = torch.from_numpy(CORNERS)
    whole = published(CORNERS)
    yield bad("truncated", whole[: len(whole) // 2])
    yield bad("last_byte_missing", whole[:-1])
    yield bad("zip_of_many_disks", many_disks(whole))
    for name, stored in {
        "list": [tensor],
        "number": 3,
        "text": "codebook",
        "none": None,
        "empty_dict": {},
        "codebook_at_top": {"codebook_other": tensor},
        "codebook_is_list": {"vector_quantizer": {"codebook": CORNERS.tolist()}},
        "codebook_is_none": {"vector_quantizer": {"codebook": None}},
        "quantizer_is_tensor": {"vector_quantizer": tensor},
        "codebook_sparse": {"vector_quantizer": {"codebook": tensor.to_sparse()}},
        "codebook_meta": {"vector_quantizer": {"codebook": tensor.to("meta")}},
        "codebook_quantized": {"vector_quantizer": {"codebook": quantized(tensor)}},
    }.items():
        yield bad(name, torched(stored))
    stretched = torch.zeros(1).expand(2**40, 3)  # one number on disk
    yield bad("codebook_stretched_to_13_tb", torched({"vector_quantizer": {"codebook": stretched}}))
    grad = tensor.clone().requires_grad_()
    yield _good("torch_requires_grad", "q.pt", published(grad))
    parameter = torch.nn.Parameter(tensor.clone())
    yield _good("torch_parameter", "q.pt", published(parameter))
    yield _good("torch_not_contiguous", "q.pt", published(torch.from_numpy(CORNERS.T.copy()).T))
    yield _good(
        "torch_bfloat16",
        "q.pt",
        published(torch.tensor([[1.0, 2], [3, 4]]).bfloat16()),
        Codebook([[1, 2], [3, 4]]),
    )
    old = torched({"vector_quantizer": {"codebook": tensor}}, _use_new_zipfile_serialization=False)
    yield _good("torch_legacy_format", "q.pt", old)
    for name, make in makes_folder().items():
        yield bad(f"code_{name}", Made(make), "code|weights")
    yield _bad("npy_code", "codebook_3bit.npy", Made(_object_npy), "pickle|object|code|plain")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo("readme.txt"), "hello")
    yield bad("other_zip", archive.getvalue())
    yield bad("plain_pickle", pickle.dumps({"vector_quantizer": {"codebook": CORNERS.tolist()}}))


def _object_npy(_folder, canary):
    from badinputs.attacks import Runs

    array = np.empty(2, dtype=object)
    array[:] = [Runs(canary), 0]
    return npy(array)


def _npy():
    def bad(name, content, cause="", file="codebook_3bit.npy"):
        return _bad(f"npy_{name}", file, content, cause)

    yield bad("bits_disagree", npy(CORNERS), "4", file="codebook_4bit.npy")
    yield bad("bits_absurd", npy(CORNERS), file="codebook_99999999999bit.npy")
    yield bad("bits_endless", npy(CORNERS), file=f"codebook_{'9' * 200}bit.npy")
    yield bad("truncated", npy(CORNERS)[:-5])
    yield bad("header_only", npy(CORNERS)[:128])
    yield bad("trailing_bytes", npy(CORNERS) + b"xyz")
    huge = npy(CORNERS).replace(b"(8, 3)", b"(800000000000, 3)")
    yield bad("shape_huge", huge)
    yield bad("text", npy(np.array([["a", "b"], ["c", "d"]])), "U|str|text|<U1")
    fields = np.zeros(8, dtype=[("x", "f4"), ("y", "f4")])
    yield bad("structured", npy(fields))
    archive = io.BytesIO()
    np.savez(archive, codebook=CORNERS)
    yield bad("npz_called_npy", archive.getvalue())
