"""Stored latents as HDF5 and as Kaldi archives."""

from __future__ import annotations

import io
import struct

import numpy as np
from badinputs.case import Case, Made, Refusal
from badinputs.latent_cases import DIM, FRAMES, N

OTHER = FRAMES[:2] + 1


def _case(name, file, content, value=None, cause=None, **options):
    refusal = None if cause is None else Refusal("EncoderError", cause, file)
    files = content if isinstance(content, dict) else {file: content}
    return Case(f"latents_{name}", "read_latents", file, files, value, refusal, options)


def _good(name, file, content, value=FRAMES, **options):
    return _case(name, file, content, value, **options)


def _bad(name, file, content, cause="", **options):
    return _case(name, file, content, cause=cause, **options)


def _either(name, file, content, value=FRAMES, **options):
    return _case(name, file, content, value, "", **options)


def cases():
    """Yield the cases."""
    yield from _hdf5()
    yield from _ark()
    yield from _scp()


def hdf5(fill):
    """Return an HDF5 file that a function has filled."""
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w", track_order=False) as file:
        fill(file)
    return memory.getvalue()


def _hdf5():
    import h5py

    def stored(array, name="hidden", **how):
        return hdf5(lambda file: file.create_dataset(name, data=array, **how))

    def bad(name, content, cause="", **options):
        return _bad(f"h5_{name}", "u1.h5", content, cause, **options)

    def both(file):
        file["hidden"], file["other"] = FRAMES, OTHER

    yield _good("h5_one", "u1.h5", stored(FRAMES))
    yield _good("h5_float64", "u1.h5", stored(FRAMES.astype(np.float64)))
    yield _good("h5_big_endian", "u1.h5", stored(FRAMES.astype(">f4")))
    yield _good("h5_chunked", "u1.h5", stored(FRAMES, chunks=(2, 2), compression="gzip"))
    half = FRAMES.astype(np.float16)
    yield _good("h5_float16", "u1.h5", stored(half), half.astype(np.float32))
    yield _good("h5_key", "u1.h5", hdf5(both), key="hidden")
    yield _good("h5_key_in_group", "u1.h5", stored(FRAMES, "spk/u1"), key="spk/u1")
    yield _either("h5_one_in_group", "u1.h5", stored(FRAMES, "spk/u1"))
    yield _either("h5_suffix_hdf5", "u1.hdf5", stored(FRAMES))
    yield bad("two", hdf5(both), "hidden.*other|key")
    yield bad("key_unknown", hdf5(both), "hidden.*other", key="x")
    yield bad("key_is_group", stored(FRAMES, "spk/u1"), "group|spk", key="spk")
    yield bad("nothing", hdf5(lambda _file: None), "no|empty")
    yield bad("dim_other", stored(FRAMES), "dim", dim=5)
    yield bad("vector", stored(FRAMES[0]), "shape")
    yield bad("cube", stored(FRAMES[None]), "shape")
    yield bad("scalar", stored(1.0), "shape")
    yield bad("null_space", hdf5(lambda file: file.create_dataset("x", data=h5py.Empty("f4"))))
    yield bad("texts", stored(np.array([[b"a"]])))
    yield bad("complex", stored(FRAMES.astype(np.complex64)), "complex")
    yield bad("structured", stored(np.zeros((2, 2), [("x", "<f4"), ("y", "<i4")])))
    spoilt = FRAMES.copy()
    spoilt[1, 1] = np.nan
    yield bad("nan", stored(spoilt), "NaN|finite")
    whole = stored(FRAMES)
    yield bad("truncated", whole[: len(whole) // 2])
    yield bad("magic_only", whole[:8])

    def vast(file):
        file.create_dataset("hidden", shape=(2**40, 4), dtype="f4", chunks=(1024, 4))

    yield bad("16_tb_of_fill", hdf5(vast))

    def never_written(file):
        file.create_dataset("hidden", shape=(N, DIM), dtype="f4", chunks=(2, 4))

    zeros = np.zeros((N, DIM), np.float32)
    yield _either("h5_never_written", "u1.h5", hdf5(never_written), zeros)

    yield from _links(bad)


def _links(bad):
    import h5py

    def looped(file):
        file["a"] = h5py.SoftLink("/b")
        file["b"] = h5py.SoftLink("/a")

    yield bad("link_loop", hdf5(looped))
    yield bad("link_loop_key", hdf5(looped), key="a")

    def outside(file):
        file["hidden"] = h5py.ExternalLink("/etc/passwd", "/x")

    yield bad("external_link", hdf5(outside))
    yield bad("external_link_key", hdf5(outside), key="hidden")

    def round_and_round(file):
        file.create_group("a")["self"] = file["/"]

    yield bad("group_holds_itself", hdf5(round_and_round))
    yield bad("external_storage", Made(_external))


def _external(folder, _canary):
    """Return a file whose numbers are those of another file."""
    import h5py

    secret = folder / "secret.bin"
    secret.write_bytes(bytes(96))
    path = folder / "made.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("hidden", (N, DIM), "f4", external=[(str(secret), 0, 96)])
    content = path.read_bytes()
    path.unlink()
    return content


def matrix(array, kind=b"FM"):
    """Return a binary Kaldi matrix."""
    numbers = {b"FM": "<f4", b"DM": "<f8"}[kind]
    rows, columns = array.shape
    head = b"\0B" + kind + b" \x04" + struct.pack("<i", rows) + b"\x04" + struct.pack("<i", columns)
    return head + array.astype(numbers).tobytes()


def ark(**matrices):
    """Return a Kaldi archive of utterances."""
    return b"".join(
        name.encode() + b" " + (body if isinstance(body, bytes) else matrix(body))
        for name, body in matrices.items()
    )


def text_ark(**matrices):
    """Return a Kaldi archive as text."""
    return "".join(
        f"{name}  [\n"
        + "\n".join("  " + " ".join(map(repr, row)) for row in array.tolist())
        + " ]\n"
        for name, array in matrices.items()
    )


def _ark():
    def bad(name, content, cause="", **options):
        return _bad(f"ark_{name}", "a.ark", content, cause, **options)

    one, two = ark(u1=FRAMES), ark(u1=FRAMES, u2=OTHER)
    yield _good("ark_one", "a.ark", one)
    yield _good("ark_key", "a.ark", two, key="u1")
    yield _good("ark_second", "a.ark", two, OTHER, key="u2")
    yield _good("ark_float64", "a.ark", ark(u1=matrix(FRAMES, b"DM")))
    yield _either("ark_text", "a.ark", text_ark(u1=FRAMES))
    yield _either("ark_text_second", "a.ark", text_ark(u1=FRAMES, u2=OTHER), OTHER, key="u2")
    yield _good("ark_key_with_dots", "a.ark", ark(**{"spk-a.b/u": FRAMES}), key="spk-a.b/u")
    yield bad("two", two, "u1.*u2|key")
    yield bad("key_unknown", two, "u3", key="u3")
    yield bad("key_is_prefix", ark(u11=FRAMES), "u1", key="u1")
    yield bad("dim_other", one, "dim", dim=5)
    yield bad("key_twice", ark(u1=FRAMES) + ark(u1=OTHER), "u1|twice", key="u1")
    vector = b"\0BFV \x04" + struct.pack("<i", 6) + FRAMES[:, 0].tobytes()
    yield bad("vector", ark(u1=vector))
    numbers = (
        b"\0B\x04"
        + struct.pack("<i", 3)
        + b"".join(b"\x04" + struct.pack("<i", i) for i in range(3))
    )
    yield bad("whole_numbers", ark(u1=numbers))
    yield bad("truncated", one[:-1])
    yield bad("truncated_in_second", two[:-1], key="u2")
    yield _either("ark_truncated_in_other", "a.ark", two[:-1], key="u1")
    yield bad("key_only", b"u1 ")
    yield bad("head_only", one[:10])
    spoilt = FRAMES.copy()
    spoilt[1, 1] = np.inf
    yield bad("inf", ark(u1=spoilt), "NaN|inf|finite")
    yield bad("text_nan", "u1  [\n  1 nan\n  2 3 ]\n")
    yield bad("text_ragged", "u1  [\n  1 2 3\n  2 3 ]\n")
    yield bad("text_word", "u1  [\n  1 two\n  2 3 ]\n")
    yield bad("text_not_closed", "u1  [\n  1 2\n  2 3\n")
    for name, rows, columns in (
        ("rows_huge", 2**31 - 1, 4),
        ("both_huge", 2**31 - 1, 2**31 - 1),
        ("rows_negative", -6, 4),
        ("both_negative", -6, -4),
        ("rows_more", 7, 4),
    ):
        head = b"\0BFM \x04" + struct.pack("<i", rows) + b"\x04" + struct.pack("<i", columns)
        yield bad(name, ark(u1=head + FRAMES.tobytes()))
    yield bad(
        "rows_fewer",
        ark(
            u1=b"\0BFM \x04"
            + struct.pack("<i", 5)
            + b"\x04"
            + struct.pack("<i", 4)
            + FRAMES.tobytes()
        ),
    )
    yield bad("no_frame_no_dimension", ark(u1=np.zeros((0, 0))))
    yield bad("type_unknown", ark(u1=matrix(FRAMES).replace(b"FM ", b"XM ")))
    yield bad("size_marker_wrong", ark(u1=matrix(FRAMES).replace(b"FM \x04", b"FM \x08")))
    steps = np.arange(12).reshape(4, 3)
    head = struct.pack("<ffii", -1.0, 2.0, 4, 3)
    short = ark(u1=b"\0BCM2 " + head + (steps * 5000).astype("<u2").tobytes())
    value = (-1.0 + 2.0 / 65535 * (steps * 5000)).astype(np.float32)
    yield _either("ark_compressed_16_bits", "a.ark", short, value)
    byte = ark(u1=b"\0BCM3 " + head + (steps * 20).astype("u1").tobytes())
    value = (-1.0 + 2.0 / 255 * (steps * 20)).astype(np.float32)
    yield _either("ark_compressed_8_bits", "a.ark", byte, value)
    head = struct.pack("<ffii", -1.0, 2.0, 2**31 - 1, 2**31 - 1)
    yield bad("compressed_huge", ark(u1=b"\0BCM3 " + head + bytes(12)))


def _scp():
    def bad(name, text, cause="", **options):
        files = {"a.scp": text, "a.ark": ark(u1=FRAMES, u2=OTHER)}
        return _bad(f"scp_{name}", "a.scp", files, cause, **options)

    place = len("u1 ")
    second = len(ark(u1=FRAMES)) + len("u2 ")
    content = ark(u1=FRAMES, u2=OTHER)

    def script(*lines):
        def written(folder, _canary):
            return "".join(f"{line}\n" for line in lines).format(ark=folder / "a.ark").encode()

        return Made(written)

    def good(name, *lines, value=FRAMES, **options):
        files = {"a.scp": script(*lines), "a.ark": content}
        return _good(f"scp_{name}", "a.scp", files, value, **options)

    def either(name, *lines, value=FRAMES, **options):
        files = {"a.scp": script(*lines), "a.ark": content}
        return _either(f"scp_{name}", "a.scp", files, value, **options)

    first = f"u1 {{ark}}:{place}"
    yield good("one", first)
    yield good("key", first, f"u2 {{ark}}:{second}", key="u1")
    yield good("second", first, f"u2 {{ark}}:{second}", value=OTHER, key="u2")
    yield either("range", f"u1 {{ark}}:{place}[1:3]", value=FRAMES[1:4])
    yield either("range_of_columns", f"u1 {{ark}}:{place}[:,0:1]", value=FRAMES[:, :2])
    yield either("relative_path", f"u1 a.ark:{place}")
    yield bad("two", script(first, f"u2 {{ark}}:{second}"), "u1.*u2|key")
    yield bad("key_unknown", script(first), "u3", key="u3")
    yield bad("key_twice", script(first, f"u1 {{ark}}:{second}"), "u1|twice", key="u1")
    yield bad("dim_other", script(first), "dim", dim=5)
    for name, line in {
        "pipe": "u1 mkdir {canary} |",
        "pipe_cat": "u1 cat {ark} |",
        "pipe_no_space": "u1 mkdir {canary}|",
        "pipe_first": "u1 | mkdir {canary}",
        "backticks": "u1 `mkdir {canary}`",
        "dollar": "u1 $(mkdir {canary})",
        "semicolon": "u1 {ark}; mkdir {canary}",
        "pipe_with_range": "u1 mkdir {canary} |[0:1]",
    }.items():

        def written(folder, canary, line=line):
            return (line.format(canary=canary, ark=folder / "a.ark") + "\n").encode()

        yield bad(name, Made(written))
        if name == "pipe":
            yield bad("pipe_key", Made(written), key="u1")
    yield bad("standard_input", "u1 -\n")
    yield bad("no_path", "u1\n")
    yield bad("path_missing", "u1 /nonexistent/a.ark:3\n")
    yield bad("offset_beyond", script("u1 {ark}:99999999"))
    yield bad("offset_negative", script("u1 {ark}:-3"))
    yield bad("offset_word", script("u1 {ark}:three"))
    yield bad("offset_wrong", script(f"u1 {{ark}}:{place + 4}"))
    yield bad("offset_endless", script("u1 {ark}:" + "9" * 5000))
    yield bad("itself", Made(lambda folder, _canary: f"u1 {folder}/a.scp\n".encode()))
    yield bad("device", "u1 /dev/zero\n")
    yield bad("passwd", "u1 /etc/passwd\n")
    yield bad("folder", "u1 /tmp:0\n")
