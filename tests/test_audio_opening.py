import os
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_audio import TONE, sphere

from sfvq_analysis.audio import audio_length, read_audio
from sfvq_analysis.errors import CorpusError, OptionError

EXPECTED = TONE / np.float32(32768)
READERS = (read_audio, audio_length)


def message_of(path, kind=CorpusError):
    """Return the one refusal of both readers."""
    messages = set()
    for reader in READERS:
        with pytest.raises(kind) as caught:
            reader(path)
        messages.add(str(caught.value))
    (message,) = messages
    assert message.isprintable()
    message.encode()  # can be printed
    return message


@pytest.fixture
def audio(tmp_path):
    path = tmp_path / "right.wav"
    soundfile.write(path, TONE, 16000)
    return path


def test_a_path_may_be_text(audio):
    assert np.array_equal(read_audio(str(audio))[0], EXPECTED)
    assert audio_length(str(audio)) == (400, 16000)


@pytest.mark.parametrize("path", [None, 3, b"right.wav", ["right.wav"], 1.5])
def test_a_path_is_text_or_a_path(path):
    assert message_of(path, OptionError).startswith("path is ")


@pytest.mark.parametrize(
    "name",
    [b"caf\xe9.wav", b"\xff\xfe\xfd", b"new\nline.wav", b"tab\t.wav", "äöü ∂ 語.wav".encode(),
     b" blank .wav", b"-dash.wav", b"%s.wav", b"\x1b[31mred.wav"],
)  # fmt: skip
def test_names_that_can_t_be_decoded_or_printed(audio, name):
    path = audio.parent / os.fsdecode(name)
    audio.rename(path)
    assert np.array_equal(read_audio(path)[0], EXPECTED)
    path.write_bytes(b"no audio")
    message = message_of(path)
    assert "not readable as audio" in message
    if name.isascii() and name.decode().isprintable():
        assert message.startswith(f"{path}: ")
    path.unlink()
    assert "audio file is missing" in message_of(path)


def test_names_that_no_file_can_have(tmp_path):
    assert "can't be opened" in message_of(tmp_path / "a\0b.wav")
    assert "can't be opened (File name too long)" in message_of(tmp_path / ("x" * 5000))
    assert "that is a folder" in message_of("")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    assert "that is a named pipe, not an audio file" in message_of(tmp_path / "pipe.wav")


@pytest.mark.skipif(sys.platform == "win32", reason="devices are files on POSIX")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty", "/dev/stdin"])
def test_a_device_is_not_read(device, tmp_path):
    if not Path(device).resolve().is_char_device():
        pytest.skip("not there, or redirected")
    link = tmp_path / "link.wav"
    link.symlink_to(device)
    for path in (device, link):
        message = message_of(path)
        assert "that is a device" in message or "can't be opened" in message


def test_a_socket_is_not_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.wav")
        assert message_of("s.wav") == (
            "s.wav: that is a socket, not an audio file; name an audio file"
        )


def test_links(audio):
    folder = audio.parent
    (folder / "good.wav").symlink_to(audio)
    assert np.array_equal(read_audio(folder / "good.wav")[0], EXPECTED)
    (folder / "loop.wav").symlink_to(folder / "loop.wav")
    assert "can't be opened (Too many levels" in message_of(folder / "loop.wav")
    (folder / "dangling.wav").symlink_to(folder / "nothing.wav")
    assert "audio file is missing" in message_of(folder / "dangling.wav")


def test_a_file_that_may_not_be_read(audio, monkeypatch):
    def denied(*_args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)  # the superuser may read everything
    assert "can't be opened (Permission denied); check its name and permissions" in message_of(
        audio
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [(OSError(5, "Input/output error"), "Input/output error"), (MemoryError(), "MemoryError")],
)
def test_a_file_that_fails_while_it_is_read(audio, monkeypatch, error, words):
    def failing(*_args):
        raise error

    monkeypatch.setattr("sfvq_analysis.audio.reading.read_claim", failing)
    assert message_of(audio).startswith(f"{audio}: audio file can't be read ({words}); ")


def test_more_than_memory_should_hold_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "long.wav"
    path.write_bytes(sphere(b"", sample_count=f"-i {2**30 + 1}"))
    os.truncate(path, 1024 + 2 * (2**30 + 1))  # takes no room on the disk
    with pytest.raises(CorpusError, match="audio has more than 1073741824 samples"):
        read_audio(path)
    assert audio_length(path) == (2**30 + 1, 16000)


def test_a_file_without_size_is_not_read(tmp_path):
    (tmp_path / "empty.wav").touch()
    assert "not readable as audio (the file is empty)" in message_of(tmp_path / "empty.wav")


def test_nothing_stays_open(audio):
    before = os.dup(0)
    os.close(before)
    bad = audio.with_name("bad.wav")
    bad.write_bytes(audio.read_bytes()[:100])
    for _ in range(20):
        read_audio(audio)
        message_of(bad)
        message_of(audio.parent)
    after = os.dup(0)  # the lowest number that is free
    os.close(after)
    assert after == before
