"""Which files are taken to be played, and that a real browser plays just those and our copies."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from page_browser import browsing

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
from sfvq_analysis.report.page import write_page
from sfvq_analysis.report.page.playable import browsers_play

NOISE = np.random.default_rng(0).standard_normal(16000)  # a pure tone is too short as Vorbis
TONE = (0.3 * np.sin(np.arange(16000) / 6) + 0.05 * NOISE).astype(np.float32)
ID3 = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)  # a tag of 128 bytes


def as_bytes(kind, subtype):
    file = io.BytesIO()
    soundfile.write(file, TONE, 16000, format=kind, subtype=subtype)
    return file.getvalue()


PLAYED = {
    "wav": as_bytes("WAV", "PCM_16"),
    "wav_8": as_bytes("WAV", "PCM_U8"),
    "wav_24": as_bytes("WAV", "PCM_24"),
    "wavex": as_bytes("WAVEX", "PCM_16"),
    "flac": as_bytes("FLAC", "PCM_16"),
    "mp3": as_bytes("MP3", "MPEG_LAYER_III"),
    "tagged_mp3": ID3 + as_bytes("MP3", "MPEG_LAYER_III"),
    "vorbis": as_bytes("OGG", "VORBIS"),
    "opus": as_bytes("OGG", "OPUS"),
}
OTHERS = {
    "sphere": as_bytes("NIST", "PCM_16"),
    "floats": as_bytes("WAV", "FLOAT"),
    "adpcm": as_bytes("WAV", "IMA_ADPCM"),
    "ulaw": as_bytes("WAV", "ULAW"),
    "32 bits": as_bytes("WAV", "PCM_32"),
    "big-endian": as_bytes("RF64", "PCM_16"),
    "wave64": as_bytes("W64", "PCM_16"),
    "aiff": as_bytes("AIFF", "PCM_16"),
    "au": as_bytes("AU", "PCM_16"),
    "flac in ogg": as_bytes("OGG", "VORBIS").replace(b"\x01vorbis", b"\x7fFLACxx"),
    "tagged flac": ID3 + as_bytes("FLAC", "PCM_16"),
    "layer 2": b"\xff\xfd\x90\x00" + bytes(400),
    "text": b"NIST_1A no more",
    "nothing": b"",
    "half a header": as_bytes("WAV", "PCM_16")[:30],
    "a tag alone": ID3[:8],
}


@pytest.mark.parametrize("name", PLAYED)
def test_what_browsers_play_is_known_by_its_bytes(tmp_path, name):
    path = tmp_path / "sa1.sph"  # whatever it is called
    path.write_bytes(PLAYED[name])
    assert browsers_play(path)


@pytest.mark.parametrize("name", OTHERS)
def test_what_some_browsers_do_not_play_is_known_too(tmp_path, name):
    path = tmp_path / "sa1.wav"
    path.write_bytes(OTHERS[name])
    assert not browsers_play(path)


def test_what_can_not_be_read_is_not_played(tmp_path):
    assert not browsers_play(tmp_path / "gone.wav")
    assert not browsers_play(tmp_path)
    assert not browsers_play(Path("a\0b.wav"))


_PLAY = """(address) => new Promise((done) => {
    const sound = new Audio(address);
    sound.onerror = () => done("error");
    sound.ontimeupdate = () => { if (sound.currentTime > 0.05) done("played"); };
    sound.play().catch(() => done("error"));
    setTimeout(() => done("nothing"), 8000);
})"""


def test_a_browser_plays_what_is_taken_to_be_played_and_no_sphere(tmp_path, launched):
    names = {name: tmp_path / f"{name}.wav" for name in (*PLAYED, "sphere")}
    for name, path in names.items():
        path.write_bytes({**PLAYED, **OTHERS}[name])
    (tmp_path / "empty.html").write_text("<!doctype html><title>sounds</title>")
    with browsing(within=launched) as browser:
        browser.page.goto((tmp_path / "empty.html").as_uri())
        found = {name: browser.page.evaluate(_PLAY, path.as_uri()) for name, path in names.items()}
    assert found == {**dict.fromkeys(PLAYED, "played"), "sphere": "error"}


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """Return a page of SPHERE files, of which there are copies."""
    corpus, quantizers = demo_corpus().select(split="test"), demo_quantizers()
    tables = index_table(corpus, load_encoder("vqvae"), quantizers)
    path = tmp_path_factory.mktemp("a # folder") / "page.html"
    return write_page(tables, path, corpus=corpus, quantizers=quantizers, audio="link")


@pytest.fixture
def browser(linked, launched):
    with browsing(width=720, within=launched) as opened:
        opened.open(linked)
        yield opened
        assert opened.complaints == []


def plays(page):
    page.wait_for_function("() => player.currentTime > playsFrom + 0.05 && !player.error")


def test_copies_of_sphere_files_are_heard(browser):
    page = browser.page
    assert page.evaluate("DATA.utterances[0].audio").startswith("page_audio/")
    page.click("#utterance-play")
    plays(page)
    for table in ("0", "1"):
        page.select_option("#table", table)
        page.evaluate("openCode(100)")
        assert page.locator("#card canvas").count() == page.locator("#card .play").count() == 9
        page.locator("#card .play").nth(4).click()
        plays(page)
        assert page.evaluate("player.getAttribute('src')") == "page_audio/snippets_16000.wav"


def test_each_odd_token_is_heard_and_no_more_than_it(browser):
    page = browser.page
    page.evaluate("openPhone('s')")
    buttons = page.locator("#card .play")
    assert buttons.count() == page.evaluate("table().phones.s.odd.length") == 5
    buttons.nth(3).click()
    plays(page)
    page.wait_for_function("() => player.paused")
    end = page.evaluate("DATA.listening.snippets[DATA.listening.odd.sfvq.s[3]].stop")
    assert page.evaluate("player.currentTime") < end + 0.2
