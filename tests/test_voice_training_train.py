"""`training.voice.train`: whole trainings, on a few utterances and with a few channels."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch
from made_voices import WINDOW, scalars, spectrogram, spoken, toy, weights

from sfvq_analysis.encoders.vqvae import VQVAEEncoder
from sfvq_analysis.errors import SfvqError, VoiceError
from sfvq_analysis.quantizers import PlainVQ, SpaceFillingVQ
from sfvq_analysis.training.voice import SpokenFrames, train_voice_model
from sfvq_analysis.training.voice.learner import Learner
from sfvq_analysis.voice import load_voice_model, save_voice_model

CENTRED = {"normalise": "utterance", "centred": True}
KINDS = {
    "plain": {},
    "published": {
        "bottleneck": "vq",
        "estimator": "straight_through",
        "schedule": "halving",
    },
    "diveq": {"bottleneck": "vq", "estimator": "diveq"},
    "curve by straight through": {
        "estimator": "straight_through",
        "encoder": {"normalise": "mean"},
    },
    "decoder": {"decoder_steps": 4, "jitter": 0.2},
    "units": {"encoder": CENTRED, "units": 1.0, "whitening": 0.5, "decoder_steps": 4},
    "teacher": {
        "encoder": CENTRED,
        "units": 1.0,
        "teacher_steps": 4,
        "augment": True,
        "whitening": 1.0,
        "decoder_steps": 2,
    },
    "plain codebook, then its decoder": {
        "bottleneck": "vq",
        "estimator": "straight_through",
        "decoder_steps": 3,
    },
}


@pytest.fixture(scope="module", params=list(KINDS))
def trained(request, tmp_path_factory):
    """A training of each kind: its options, its folder, its model, and torch's state since."""
    options = toy(**KINDS[request.param])
    folder = tmp_path_factory.mktemp("train") / "run"
    before = torch.get_rng_state()
    model = train_voice_model(spoken(), folder, options)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.are_deterministic_algorithms_enabled()
    return options, folder, model


class TestModel:
    def test_its_codebook_is_of_its_encoders_latents(self, trained):
        options, _, model = trained
        kind = SpaceFillingVQ if options.bottleneck == "sfvq" else PlainVQ
        assert type(model.quantizer) is kind
        assert model.quantizer.codebook_size == 32
        assert model.quantizer.provenance.encoder == model.as_encoder().config
        method = model.quantizer.provenance.fit["method"]
        fitted = {"sfvq": "map", "vq": "k-means"}[options.bottleneck]
        assert method == (fitted if options.decoder_steps else "joint")
        assert np.isfinite(model.quantizer.corners()).all()

    def test_its_voices_are_those_it_was_trained_on(self, trained):
        _, _, model = trained
        assert list(model.speakers) == ["s0", "s1", "s2"]
        for vector in model.speakers.values():
            assert vector.dtype == np.float32
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
        heard = sum(model.voice_of(one.frames) for one in spoken() if one.speaker == "s1")
        np.testing.assert_allclose(model.voice("s1"), heard / np.linalg.norm(heard), atol=1e-5)

    def test_it_is_ready_for_use(self, trained):
        _, _, model = trained
        assert not any(module.training for module in model.nets.modules())
        mel = torch.from_numpy(spectrogram(40))[None]
        with torch.no_grad():
            latents = model.nets.encoder(mel.transpose(1, 2))
            decoded = model.nets.decoder(latents, torch.from_numpy(model.voice("s0"))[None])
        assert torch.isfinite(decoded).all()

    def test_its_card_says_how_and_is_json(self, trained):
        options, _, model = trained
        card = json.loads(json.dumps(model.card))
        assert card["options"] == json.loads(json.dumps(dataclasses.asdict(options)))
        assert card["held_out"] == ["s3"]
        assert card["too_short"] == []
        assert card["utterances"] == 12
        frames = sum(len(one.frames) for one in spoken() if one.speaker != "s3")
        assert card["seconds"] == pytest.approx(frames / 100)

    def test_it_is_read_as_it_was_written(self, trained, tmp_path):
        _, _, model = trained
        again = load_voice_model(save_voice_model(model, tmp_path / "model.safetensors"))
        assert weights(again) == weights(model)
        assert again.card == json.loads(json.dumps(model.card))


class TestLog:
    def test_it_has_a_row_an_evaluation(self, trained):
        options, _, model = trained
        rows = pd.DataFrame(model.card["log"])
        decoder = [step for step in (2, 3, 4) if step in {2, options.decoder_steps}]
        wanted = [("joint", step) for step in (2, 4, 6)]
        wanted += [("decoder", step) for step in decoder if step <= options.decoder_steps]
        assert list(zip(rows["phase"], rows["step"], strict=True)) == wanted
        numbers = rows[["rate", "total", "reconstruction", "quantizer", "units", "held_out"]]
        assert np.isfinite(numbers).all(axis=None)
        joint = rows[rows["phase"] == "joint"]
        sizes = [32, 32, 32] if options.bottleneck == "vq" else [16, 32, 32]
        assert joint["codewords"].tolist() == sizes
        assert ((joint["usage"] > 0) & (joint["usage"] <= 1)).all()
        assert ((joint["perplexity"] > 1) & (joint["perplexity"] <= joint["codewords"])).all()
        assert ((joint["units"] > 0) == bool(options.units)).all()
        total = joint["reconstruction"] + joint["quantizer"] + options.units * joint["units"]
        np.testing.assert_allclose(joint["total"], total, rtol=1e-5)

    def test_tables_and_tensorboard_show_the_same(self, trained):
        options, folder, model = trained
        tables = [pd.read_csv(folder / phase / "log.csv") for phase in phases(options)]
        last = pd.concat([table for table in tables if table["phase"][0] != "teacher"])
        pd.testing.assert_frame_equal(
            last.reset_index(drop=True),
            pd.DataFrame(model.card["log"]),
            check_like=True,
            check_dtype=False,  # in CSV, 0.0 and 0 are the same number
        )
        for phase, table in zip(phases(options), tables, strict=True):
            shown = scalars(folder / phase / "events")
            held_out = set() if phase == "teacher" else {f"{phase}/held_out"}
            assert set(shown) >= {f"{phase}/total", f"{phase}/units", f"{phase}/rate"} | held_out
            for name, values in shown.items():
                assert list(values) == table["step"].tolist()
                column = table[name.removeprefix(f"{phase}/")]
                np.testing.assert_allclose(list(values.values()), column, rtol=1e-5)


def phases(options):
    return [
        *(["teacher"] if options.teacher_steps else []),
        "joint",
        *(["decoder"] if options.decoder_steps else []),
    ]


class TestAgain:
    def test_the_same_training_gives_the_same_bits(self, trained, tmp_path):
        options, _, model = trained
        torch.rand(3)  # what was drawn before doesn't matter
        again = train_voice_model(spoken(), tmp_path / "run", options)
        assert weights(again) == weights(model)
        assert json.dumps(again.card) == json.dumps(model.card)
        assert again.quantizer.provenance == model.quantizer.provenance

    def test_one_that_has_ended_is_read_from_its_folder(self, trained, monkeypatch):
        options, folder, model = trained
        monkeypatch.setattr(Learner, "step", None)
        again = train_voice_model(iter(()), folder, options, resume=True)
        assert weights(again) == weights(model)
        assert json.dumps(again.card) == json.dumps(model.card)

    def test_its_folder_takes_no_other(self, trained):
        options, folder, _ = trained
        with pytest.raises(VoiceError, match="it holds a training already; resume it"):
            train_voice_model(spoken(), folder, options)
        other = dataclasses.replace(options, seed=1)
        with pytest.raises(VoiceError, match=r"its training had other options \(seed\)"):
            train_voice_model(spoken(), folder, other, resume=True)


def test_another_seed_gives_another_model(tmp_path):
    one, other = (
        train_voice_model(spoken(), tmp_path / str(seed), toy(seed=seed)) for seed in (0, 2**32 - 1)
    )
    mine, theirs = weights(one), weights(other)
    same = {name for name in mine if mine[name] == theirs[name]}
    assert all("num_batches_tracked" in name for name in same)


def test_the_decoders_phase_leaves_the_encoder_as_it_was_frozen(tmp_path):
    options = toy(encoder=CENTRED, whitening=0.5, decoder_steps=4)
    model = train_voice_model(spoken(), tmp_path / "run", options)
    frozen = load_voice_model(tmp_path / "run" / "frozen.safetensors")
    before, after = weights(frozen), weights(model)
    assert before.keys() == after.keys()
    same = {name for name in before if before[name] == after[name]}
    encoder = {name for name in before if name.startswith("encoder.")}
    assert "encoder.encoder.1.running_mean" in encoder
    assert encoder | {"codebook"} <= same
    for part in ("decoder", "speaker_encoder"):
        learnt = {f"{part}.{name}" for name, _ in getattr(model.nets, part).named_parameters()}
        assert not learnt & same


def test_nothing_is_learnt_from_speakers_that_are_held_out(tmp_path):
    """Their spectrograms change what is logged of them, and nothing else."""

    def altered():
        for one in spoken():
            frames = one.frames + 0.3 * (one.speaker == "s3")
            yield one._replace(frames=frames.astype(np.float32))

    options = toy(**KINDS["units"])
    one = train_voice_model(spoken(), tmp_path / "one", options)
    other = train_voice_model(altered(), tmp_path / "other", options)
    assert weights(one) == weights(other)
    logs = [pd.DataFrame(model.card["log"]) for model in (one, other)]
    assert (logs[0]["held_out"] != logs[1]["held_out"]).all()
    pd.testing.assert_frame_equal(*[log.drop(columns="held_out") for log in logs])


def test_what_is_shorter_than_a_window_is_left_out_and_named(tmp_path):
    short = [SpokenFrames(f"short{n}", f"s{n}", spectrogram(WINDOW - n)) for n in range(3)]
    model = train_voice_model([*short, *spoken()], tmp_path / "run", toy())
    assert model.card["too_short"] == ["short1", "short2"]
    assert model.card["utterances"] == 13


@pytest.mark.parametrize(
    ("n_speakers", "hold_out", "held_out"),
    [(2, 2, ["s1"]), (2, 20, ["s1"]), (5, 2, ["s1", "s3"]), (4, 3, ["s2"])],
)
def test_one_speaker_in_so_many_is_held_out(tmp_path, n_speakers, hold_out, held_out):
    options = toy(hold_out=hold_out, steps=1)
    model = train_voice_model(spoken((64,), n_speakers), tmp_path / "run", options)
    assert model.card["held_out"] == held_out
    assert sorted([*model.speakers, *held_out]) == [f"s{n}" for n in range(n_speakers)]


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "there is no speech to train on; check the corpus"),
        (
            list(spoken(n_speakers=1)),
            "speakers with an utterance as long as a window: 1; give speech of at least two, ",
        ),
        (list(spoken((WINDOW - 9,), 4)), "speakers with an utterance as long as a window: 0"),
    ],
)
def test_too_little_speech_is_refused(tmp_path, frames, message):
    with pytest.raises(VoiceError) as caught:
        train_voice_model(frames, tmp_path / "run", toy())
    assert str(caught.value).startswith(message)


def test_too_few_latents_for_a_codebook_are_refused_in_one_line(tmp_path):
    options = toy(codes=1024, bottleneck="vq")
    with pytest.raises(SfvqError, match="the latents have 60 distinct values for 1024 codewords"):
        train_voice_model(spoken(), tmp_path / "run", options)


def test_a_curve_has_all_its_corners_in_however_few_steps(tmp_path):
    model = train_voice_model(spoken(), tmp_path / "run", toy(codes=256, steps=2))
    assert model.quantizer.codebook_size == 256


class TestEarlyEnd:
    @pytest.fixture(autouse=True)
    def _judged(self, monkeypatch):
        """Held-out reconstructions to come; the last one stays."""
        to_come = [3.0, 2.0]
        monkeypatch.setattr(
            Learner, "judged", lambda *_: to_come.pop(0) if len(to_come) > 1 else to_come[0]
        )

    @pytest.mark.parametrize(("patience", "last"), [(0, 40), (1, 6), (3, 10)])
    def test_it_ends_when_nothing_has_become_better(self, tmp_path, patience, last):
        options = toy(bottleneck="vq", steps=40, patience=patience, checkpoint_every=40)
        model = train_voice_model(spoken(), tmp_path / "run", options)
        assert model.card["log"][-1]["step"] == last
        again = train_voice_model(iter(()), tmp_path / "run", options, resume=True)
        assert weights(again) == weights(model)

    def test_a_curve_grows_to_its_last_size_first(self, tmp_path):
        options = toy(steps=40, codes=64, patience=2)  # it grows at 8 and 16
        model = train_voice_model(spoken(), tmp_path / "run", options)
        assert model.quantizer.codebook_size == 64
        assert model.card["log"][-1]["step"] == 20

    def test_each_phase_for_itself(self, tmp_path):
        options = toy(bottleneck="vq", steps=40, decoder_steps=40, patience=2)
        options = dataclasses.replace(options, teacher_steps=8, units=1.0)
        model = train_voice_model(spoken(), tmp_path / "run", options)
        log = pd.DataFrame(model.card["log"])
        assert log.groupby("phase")["step"].max().to_dict() == {"joint": 8, "decoder": 6}
        teacher = pd.read_csv(tmp_path / "run" / "teacher" / "log.csv")
        assert teacher["step"].tolist() == [2, 4, 6, 8]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_nothing_is_said_unless_progress_is_to_be_shown(tmp_path, capfd, caplog, precision):
    train_voice_model(spoken(), tmp_path / "a", toy(steps=2), precision=precision)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    options = toy(steps=2, decoder_steps=2)
    train_voice_model(spoken(), tmp_path / "b", options, progress=True, precision=precision)
    out, err = capfd.readouterr()
    assert out == ""
    assert "joint: 100%" in err
    assert "decoder: 100%" in err


def test_mixed_precision_trains_weights_of_32_bits(tmp_path):
    plain, mixed = (
        train_voice_model(spoken(), tmp_path / precision, toy(steps=4), precision=precision)
        for precision in ("32-true", "bf16-mixed")
    )
    assert {x.dtype for x in mixed.nets.parameters()} == {torch.float32}
    losses = [model.card["log"][-1]["total"] for model in (plain, mixed)]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)
    assert VQVAEEncoder(mixed.nets.encoder).config == mixed.quantizer.provenance.encoder


def test_steps_make_it_better(tmp_path):
    options = toy(steps=60, evaluate_every=10, checkpoint_every=60)
    log = pd.DataFrame(train_voice_model(spoken(), tmp_path / "run", options).card["log"])
    assert log["held_out"].iloc[-1] < 0.5 * log["held_out"].iloc[0]
    assert log["reconstruction"].iloc[-1] < 0.5 * log["reconstruction"].iloc[0]


@pytest.mark.parametrize("part", ["mels/frames.f32", "joint/state.pt", "frozen.safetensors"])
def test_what_is_damaged_is_refused_in_one_line(tmp_path, part):
    options = toy(decoder_steps=2)
    train_voice_model(spoken(), tmp_path / "run", options)
    file = tmp_path / "run" / part
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(VoiceError) as caught:
        train_voice_model(spoken(), tmp_path / "run", options, resume=True)
    assert str(tmp_path / "run") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_other_weights_is_refused_in_one_line(tmp_path):
    train_voice_model(spoken(), tmp_path / "one", toy())
    train_voice_model(spoken(), tmp_path / "other", toy(encoder={"normalise": "mean"}))
    state = torch.load(tmp_path / "one" / "joint" / "state.pt", weights_only=True)
    state["modules"]["nets"]["decoder.enter.weight"] = torch.zeros(3)
    torch.save(state, tmp_path / "one" / "joint" / "state.pt")
    with pytest.raises(VoiceError, match="the training's state is damaged") as caught:
        train_voice_model(spoken(), tmp_path / "one", toy(), resume=True)
    assert "\n" not in str(caught.value)
