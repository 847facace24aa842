"""The commands about voices, from training on a few utterances to sounds, and on bad input."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile
from command_line import refused, sfvq
from toy_voices import noise, quick_waveform, toy_model

from sfvq_analysis import PlainVQ, demo_corpus, load_table, save_quantizer
from sfvq_analysis.cli.resolving import find_encoder
from sfvq_analysis.cli.voice_texts import find_edits
from sfvq_analysis.errors import OptionError
from sfvq_analysis.quantizers import Provenance
from sfvq_analysis.training.voice.recipes import recipe
from sfvq_analysis.voice import (
    Clamp,
    Replace,
    Shift,
    VoiceModel,
    conversion,
    load_voice_model,
    save_voice_model,
)
from sfvq_analysis.voice import listening as listening_module

SPEAKERS = ["fslt0", "fslt1", "mawb0"]
TOY = [
    "--channels", "8", "--dim", "4", "--codes", "16", "--steps", "4", "--decoder-steps", "2",
    "--batch", "2", "--evaluate-every", "2", "--checkpoint-every", "2", "--recipe", "published",
]  # fmt: skip
CONVERT = ["convert", "in.wav", "-m", "toy.safetensors", "-s", "ann", "-o", "out.wav"]
LISTEN = ["listen", "toy.safetensors", "-o", "out.wav"]


def copied(utterances, folder):
    for utterance in utterances:
        place = folder / utterance.speaker
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(utterance.audio_path, place / f"{utterance.sentence}.wav")
        shutil.copy(utterance.label_paths["phone"], place / f"{utterance.sentence}.phn")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a corpus of three speakers and a model trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    corpus = demo_corpus()
    for speaker in SPEAKERS:
        copied(list(corpus.select(speaker=[speaker]))[:2], folder / "speech")
    said = sfvq("train", "speech", "-o", "run", *TOY, cwd=folder)
    return folder, said.out


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder with a toy model and a recording; noise stands in for Griffin-Lim's waveform."""
    for module in (conversion, listening_module):
        monkeypatch.setattr(module, "mel_to_waveform", quick_waveform)
    save_voice_model(toy_model(), tmp_path / "toy.safetensors")
    soundfile.write(tmp_path / "in.wav", noise(9000), 22_050)
    soundfile.write(tmp_path / "other.flac", noise(9000, seed=5), 16_000)
    return tmp_path


def heard(path):
    audio, rate = soundfile.read(path)
    assert rate == 16_000
    assert soundfile.info(path).subtype == "PCM_16"
    return audio


# Training, and the model as an encoder


def test_training_writes_a_model_log_and_checkpoints(trained):
    folder, said = trained
    run = folder / "run"
    model = load_voice_model(run / "model.safetensors")
    assert set(model.speakers) < set(SPEAKERS)
    assert model.quantizer.codebook_size == 16
    assert model.nets.config.encoder.channels == 8
    lines = said.splitlines()
    assert lines[0].startswith("run/model.safetensors: 2 voices, PlainVQ(codebook_size=16")
    assert re.fullmatch(r"  held-out reconstruction \d+\.\d{4} of the variance", lines[1])
    assert lines[2] == "  use it as an encoder: --encoder vqvae:run/model.safetensors"
    for phase in ("joint", "decoder"):
        assert len(pd.read_csv(run / phase / "log.csv")) > 0
        assert list((run / phase / "events").glob("events.out.tfevents.*"))


def test_a_finished_training_is_resumed_to_the_same_model(trained):
    folder, said = trained
    before = (folder / "run" / "model.safetensors").read_bytes()
    assert sfvq("train", "speech", "-o", "run", *TOY, "--resume", cwd=folder).out == said
    assert (folder / "run" / "model.safetensors").read_bytes() == before


def test_a_training_is_not_overwritten(trained):
    folder, _ = trained
    line = refused("train", "speech", "-o", "run", *TOY, cwd=folder, naming="a training already")
    assert line.startswith("sfvq: run: ")
    changed = [*TOY, "--seed", "1", "--resume"]
    line = refused("train", "speech", "-o", "run", *changed, cwd=folder, naming="options (seed)")
    assert line.startswith("sfvq: run: ")


def test_every_training_option(trained, tmp_path):
    folder, _ = trained
    options = [
        "--bottleneck", "vq", "--rate", "0.001", "--patience", "1", "--seed", "3", "--split", "all",
        "--precision", "bf16-mixed", "--labels", "phn", "--decoder-steps", "0",
    ]  # fmt: skip
    sfvq("train", folder / "speech", "-o", "run", *TOY, *options, cwd=tmp_path)
    model = load_voice_model(tmp_path / "run" / "model.safetensors")
    assert isinstance(model.quantizer, PlainVQ)
    stated = model.card["options"]
    assert (stated["rate"], stated["patience"], stated["seed"]) == (0.001, 1, 3)
    assert (stated["decoder_steps"], stated["bottleneck"]) == (0, "vq")


def test_speakers_are_left_out_on_demand(trained, tmp_path):
    folder, _ = trained
    options = ["--hold-out", "1/3", "--decoder-steps", "0"]
    sfvq("train", folder / "speech", "-o", "run", *TOY, *options, cwd=tmp_path)
    model = load_voice_model(tmp_path / "run" / "model.safetensors")
    seen = {*model.speakers, *model.card["held_out"]}
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("command", "target", "said"),
    [
        (["train", "demo", "-o", "run"], "pipeline.voices.train_voice", "--resume goes on"),
        (CONVERT, "voice.convert", "nothing written"),
    ],
)
def test_an_interruption_says_what_is_left(command, target, said, home, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"sfvq_analysis.{target}", interrupted)
    done = sfvq(*command, cwd=home, check=False)
    assert done.code == 130
    assert done.err.splitlines()[-1] == f"sfvq: interrupted, {said}"


@pytest.mark.parametrize(
    ("options", "naming"),
    [
        (["--codes", "20"], "codes is 20; use a power of two"),
        (["--codes", "8"], "codes is 8; use an integer >= 16"),
        (["--channels", "0"], "channels is 0"),
        (["--dim", "-1"], "dim is -1"),
        (["--steps", "0"], "steps is 0"),
        (["--batch", "0"], "batch is 0"),
        (["--rate", "nan"], "rate is nan"),
        (["--seed", "-1"], "seed is -1"),
        (["--patience", "-1"], "patience is -1"),
        (["--checkpoint-every", "3"], "checkpoint_every is 3; use a multiple of evaluate_every, 2"),
        (["--hold-out", "3"], "hold-out is '3'"),
        (["--hold-out", "1/3", "--split", "all"], "exclude each other"),
        (["--split", "test"], "speech has no split"),
    ],
)
def test_bad_training_options(options, naming, trained):
    folder, _ = trained
    refused("train", "speech", "-o", "new", *TOY, *options, cwd=folder, naming=naming)


def test_no_corpus_to_train_on(tmp_path):
    refused("train", "nowhere", "-o", "run", *TOY, cwd=tmp_path, naming="nowhere: no such folder")


def test_defaults_that_help_states_are_the_recipes(tmp_path):
    said = " ".join(re.sub("[│\n]", " ", sfvq("train", "--help", cwd=tmp_path).out).split())
    ours, published = (recipe(name, channels=8, dim=4) for name in ("units", "published"))
    assert (ours.decoder_steps, published.decoder_steps) == (6000, 0)
    assert (ours.rate, published.rate) == (0.001, 0.0004)
    assert "6000" in said
    assert ".001" in said
    assert ".0004" in said


def test_the_model_is_an_encoder_to_fit_and_index_with(trained):
    folder, _ = trained
    encoder = ["--encoder", "vqvae:run/model.safetensors"]
    sfvq("fit", "speech", "--bits", "3", *encoder, "-o", "models", cwd=folder)
    quantizers = ["-q", "models/sfvq.safetensors", "-q", "models/vq.safetensors"]
    sfvq("index", "speech", *quantizers, *encoder, "-o", "tables", cwd=folder)
    model = load_voice_model(folder / "run" / "model.safetensors")
    table = load_table(folder / "tables" / "sfvq")
    assert table.provenance["encoder"] == model.as_encoder().config
    assert set(table.utterances["speaker"]) == set(SPEAKERS)
    line = refused(
        "index", "speech", *quantizers, "-o", "more", cwd=folder, naming="--encoder vqvae:FILE"
    )
    assert model.as_encoder().config["weights"] in line
    other = save_voice_model(toy_model(), folder / "other.safetensors")
    named = ["--encoder", f"vqvae:{other.name}"]
    refused("index", "speech", *quantizers, *named, "-o", "more", cwd=folder, naming="fitted on")
    refused(
        "index", "speech", *quantizers, "--encoder", "vqvae:none.safetensors", "-o", "more",
        cwd=folder, naming="none.safetensors: no such checkpoint",
    )  # fmt: skip


def test_a_model_from_training_converts_and_is_heard(trained, tmp_path):
    folder, _ = trained
    model = ["-m", folder / "run" / "model.safetensors"]
    known = sfvq("voices", *model[1:], cwd=tmp_path).out.split()
    assert known == sorted(known)
    source = next((folder / "speech").rglob("*.wav"))
    reference = next((folder / "speech" / "mawb0").rglob("*.wav"))
    for speaker in (known[0], reference):
        sfvq("convert", source, *model, "-s", speaker, "-o", "out.wav", cwd=tmp_path)
        assert len(heard(tmp_path / "out.wav")) == len(soundfile.read(source)[0])
    sfvq("listen", *model[1:], "--index", "3", "-o", "held.wav", cwd=tmp_path)
    assert len(heard(tmp_path / "held.wav")) == 2400


# The encoder of a codebook


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"encoder": "vqvae", "weights": "12ab"},
            r"\(weights 12ab\); .* with --encoder vqvae:FILE",
        ),
        ({"encoder": "latents", "name": "hubert"}, r"\(hubert\); .* with --encoder latents:PATH"),
        ({"encoder": "other"}, "no encoder can be made from"),
    ],
)
def test_codebooks_whose_encoder_must_be_named(config, message):
    quantizer = PlainVQ(np.eye(3), Provenance(encoder=config))
    with pytest.raises(OptionError, match=message):
        find_encoder(None, {"q": quantizer})


# Voices


def test_voices_are_listed_in_order(home):
    assert sfvq("voices", "toy.safetensors", cwd=home).out == "ann\nzoë\n"


# Conversion


@pytest.mark.parametrize("speaker", ["ann", "zoë", "other.flac", "in.wav"])
def test_conversion(speaker, home):
    done = sfvq("convert", "in.wav", "-m", "toy.safetensors", "--speaker", speaker, "--out",
                "new/folder/out.wav", cwd=home)  # fmt: skip
    sound = heard(home / "new" / "folder" / "out.wav")
    assert len(sound) == -(-9000 * 16_000 // 22_050)
    assert np.abs(sound).max() == pytest.approx(0.3, abs=1e-3)
    assert done.out == f"new/folder/out.wav: {len(sound) / 16_000:.2f} s\n"


def test_conversion_over_the_source_itself(home):
    sfvq("convert", "in.wav", *CONVERT[2:-1], "in.wav", cwd=home)
    assert len(heard(home / "in.wav")) == 6531


def test_every_edit(home):
    """Each changes the sound, and the order is the one that --help states."""
    sfvq(*CONVERT, cwd=home)
    plain = heard(home / "out.wav")
    for edit in (["--shift", "-1.5"], ["--clamp", ".5:3."], ["--clamp", "0:0"], ["--seed", "4"],
                 ["--replace", "0:3", "--replace", "1:2.5"]):  # fmt: skip
        sfvq(*CONVERT, *edit, cwd=home)
        assert not np.array_equal(heard(home / "out.wav"), plain), edit
    sfvq(*CONVERT, "--shift", "0", "--clamp", "0:7", cwd=home)
    assert np.array_equal(heard(home / "out.wav"), plain)
    found = find_edits(["3:4", "5:6.5"], -2.0, "1:2")
    assert found == [Replace(3, 4), Replace(5, 6.5), Shift(-2), Clamp(1, 2)]


@pytest.mark.parametrize(
    ("options", "naming"),
    [
        (["--clamp", "40"], "clamp is '40'; write LOW:HIGH, such as 40:80"),
        (["--clamp", "a:b"], "clamp is 'a:b'"),
        (["--clamp", "-1:3"], "clamp is '-1:3'"),
        (["--clamp", "1:2:3"], "clamp is '1:2:3'"),
        (["--clamp", "3:2"], "range is 3 to 2"),
        (["--clamp", "0:8"], "clamp is 8; use 0 … 7"),
        (["--clamp", "9:" + "9" * 400], "clamp is 9; use 0 … 7"),
        (["--replace", "1"], "replace is '1'; write INDEX:NEW, such as 67:70"),
        (["--replace", "1.5:2"], "replace is '1.5:2'; write INDEX:NEW"),
        (["--replace", "1:-2"], "replace is '1:-2'"),
        (["--replace", ":"], "replace is ':'"),
        (["--replace", "8:1"], "index is 8; use 0 … 7"),
        (["--replace", "9" * 400 + ":1"], "replace is '999"),
        (["--shift", "nan"], "shift is nan"),
        (["--shift", "inf"], "shift is inf"),
        (["--seed", "-1"], "seed is -1"),
        (["-s", "nobody"], "no voice is called 'nobody'; use one of the 2 the model knows"),
        (["-s", ""], "no voice is called ''"),
        (["-s", "gone.wav"], "no voice is called 'gone.wav'"),
        (["-s", "text.wav"], "text.wav: not readable as audio"),
        (["-s", "still.wav"], "still.wav: audio is zero throughout"),
        (["-s", "stereo.wav"], "stereo.wav: audio has 2 channels"),
        (["-s", "."], "no voice is called '.'"),
        (["-s", "x" * 5000], "File name too long"),
        (["-m", "gone.safetensors"], "gone.safetensors: no such model"),
        (["-m", "q.safetensors"], "q.safetensors: its kind is 'vq'"),
        (["-m", "in.wav"], "in.wav: not a safetensors file"),
        (["-m", "."], ".: no such model"),
        (["-o", "folder"], "folder: a folder has that name"),
        (["-o", "folder.wav"], "folder.wav: a folder has that name"),
        (["-o", "sound"], "sound: only .wav is written"),
        (["-o", "out.mp3"], "out.mp3: only .wav is written; give a name that ends in .wav"),
        (["-o", "in.wav/out.wav"], "in.wav"),
    ],
)
def test_bad_conversions(options, naming, home):
    (home / "text.wav").write_text("no audio")
    soundfile.write(home / "still.wav", np.zeros(8000), 16_000)
    soundfile.write(home / "stereo.wav", np.ones((8000, 2)), 16_000)
    save_quantizer(PlainVQ(np.eye(3)), home / "q.safetensors")
    (home / "folder").mkdir()
    (home / "folder.wav").mkdir()
    refused(*CONVERT, *options, cwd=home, naming=naming)


@pytest.mark.parametrize(
    ("audio", "naming"),
    [
        (None, "source.wav: audio file is missing"),
        (np.zeros(0), "source.wav: audio has no samples"),
        (np.zeros(8000), "source.wav: audio is zero throughout"),
        (noise(300), "source.wav: 300 samples at 16000 Hz give no code; give longer speech"),
        (np.full(8000, np.nan), "source.wav: audio holds NaN"),
        (np.ones((8000, 2)), "source.wav: audio has 2 channels"),
    ],
)
def test_sources_that_cannot_be_converted(audio, naming, home):
    if audio is not None:
        soundfile.write(home / "source.wav", audio, 16_000, subtype="FLOAT")
    refused("convert", "source.wav", *CONVERT[2:], cwd=home, naming=naming)


def test_a_voice_file_beside_a_voice_of_that_name_is_the_known_one(home):
    (home / "ann").write_text("no audio")
    sfvq(*CONVERT, cwd=home)


# Listening


@pytest.mark.parametrize(
    ("options", "n_samples"),
    [
        (["--index", "0"], 2400),
        (["--index", "6.5", "--speaker", "zoë"], 2400),
        (["--index", "7", "--seconds", "1", "-s", "other.flac", "--seed", "3"], 16_000),
        (["--tour"], 320_000),
        (["--tour", "--seconds", "2"], 32_000),
    ],
)
def test_listening(options, n_samples, home):
    done = sfvq(*LISTEN, *options, cwd=home)
    assert len(heard(home / "out.wav")) == n_samples
    assert done.out == f"out.wav: {n_samples / 16_000:.2f} s\n"


def test_all_indices_are_a_file_each(home):
    command = [*LISTEN[:2], "-o", "sounds", "--all", "--seconds", "0.05"]
    done = sfvq(*command, cwd=home)
    assert done.out == "sounds: 8 sounds, index_000.wav to index_007.wav\n"
    files = sorted(path.name for path in (home / "sounds").iterdir())
    assert files == [*(f"index_{i:03d}.wav" for i in range(8)), "manifest.json"]
    assert len(heard(home / "sounds" / "index_005.wav")) == 800
    manifest = json.loads((home / "sounds" / "manifest.json").read_text())
    assert manifest["command"].startswith("sfvq listen")
    line = refused(*command, cwd=home, naming="folder exists and isn't empty")
    assert "--overwrite" in line
    sfvq(*command, "--overwrite", cwd=home)


def test_the_first_voice_is_the_default(home):
    sounds = []
    for options in ([], ["-s", "ann"], ["-s", "zoë"]):
        sfvq(*LISTEN, "--index", "3", *options, cwd=home)
        sounds.append(heard(home / "out.wav"))
    assert np.array_equal(sounds[0], sounds[1])
    assert not np.array_equal(sounds[0], sounds[2])


@pytest.mark.parametrize(
    ("options", "naming"),
    [
        ([], "say what to hear; give one of --index, --tour and --all"),
        (["--tour", "--all"], "say what to hear"),
        (["--index", "0", "--tour"], "say what to hear"),
        (["--index", "8"], "index is 8; use 0 … 7"),
        (["--index", "-1"], "index is -1; use 0 … 7"),
        (["--index", "nan"], "index is nan; use 0 … 7"),
        (["--index", "1", "--seconds", "0"], "seconds is 0.0; use a number from 0.01 to 3600"),
        (["--tour", "--seconds", "0"], "seconds is 0.0"),
        (["--tour", "--seconds", "1e12"], "seconds is 1000000000000.0"),
        (["--all", "--seconds", "nan", "-o", "sounds"], "seconds is nan"),
        (["--all", "--seed", "-1", "-o", "new/sounds"], "seed is -1"),
        (["--all", "-o", "."], "that is the current folder"),
        (["--all", "-o", "in.wav"], "in.wav: a file has that name"),
        (["--all", "-o", "full"], "full: folder exists and isn't empty"),
        (["--all", "--overwrite", "-o", "full"], "it has no manifest.json, so it isn't replaced"),
        (["--tour", "-o", "full"], "full: a folder has that name"),
        (["--index", "1", "-o", "sound"], "sound: only .wav is written"),
        (["--tour", "-s", "nobody"], "no voice is called 'nobody'"),
    ],
)
def test_bad_listening(options, naming, home):
    (home / "full").mkdir()
    (home / "full" / "mine.txt").write_text("mine")
    refused(*LISTEN, *options, cwd=home, naming=naming)


def test_a_model_that_is_not_there_is_named(home):
    refused("listen", "gone.safetensors", "--tour", cwd=home, naming="gone.safetensors: no such")


def test_files_have_names_by_default(home):
    sfvq("listen", "toy.safetensors", "--index", "3", cwd=home)
    sfvq("listen", "toy.safetensors", "--tour", "--seconds", "1", cwd=home)
    assert (home / "index_003.wav").is_file()
    assert (home / "tour.wav").is_file()


def test_a_model_without_voices_needs_a_recording(home):
    model = toy_model()
    save_voice_model(VoiceModel(model.nets, model.quantizer, {}), home / "toy.safetensors")
    refused(*LISTEN, "--tour", cwd=home, naming="the model knows no voice; give a recording")
    sfvq(*LISTEN, "--tour", "-s", "other.flac", "--seconds", "1", cwd=home)


# Help


def test_commands_stand_in_the_order_of_their_use(tmp_path):
    said = sfvq("--help", cwd=tmp_path).out
    names = re.findall(r"^│ ([\w-]+) +\w", said, flags=re.MULTILINE)
    assert names == [
        "demo", "fit", "index", "status", "phones", "figures", "report", "analyze", "stats",
        "compare", "abx-export", "train", "voices", "convert", "listen", "snippets",
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["train", "voices", "convert", "listen"])
def test_every_command_explains_itself(command, tmp_path):
    said = sfvq(command, "--help", cwd=tmp_path).out
    assert f"Usage: sfvq {command}" in said
    assert "None" not in said
