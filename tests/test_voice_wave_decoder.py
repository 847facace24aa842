import numpy as np
import pytest
import torch
from torch import nn

from sfvq_analysis.errors import OptionError, VoiceError
from sfvq_analysis.voice import mu_law, wave_decoder
from sfvq_analysis.voice.wave_decoder import WaveDecoder, WaveDecoderConfig

WIDTHS = WaveDecoderConfig(
    dim=3,
    n_speakers=4,
    speaker_dim=2,
    conditioning_channels=5,
    mu_dim=6,
    rnn_channels=7,
    fc_channels=8,
)
PUBLIC_SHAPES = {  # of the English model of 512 codes and 102 speakers, as its code lays it out
    "speaker_embedding.weight": (102, 64),
    **{
        f"rnn1.{kind}_l{layer}{direction}": shape
        for layer, width in ((0, 128), (1, 256))
        for direction in ("", "_reverse")
        for kind, shape in {
            "weight_ih": (384, width),
            "weight_hh": (384, 128),
            "bias_ih": (384,),
            "bias_hh": (384,),
        }.items()
    },
    "mu_embedding.weight": (256, 256),
    "rnn2.weight_ih_l0": (2688, 512),
    "rnn2.weight_hh_l0": (2688, 896),
    "rnn2.bias_ih_l0": (2688,),
    "rnn2.bias_hh_l0": (2688,),
    "fc1.weight": (256, 896),
    "fc1.bias": (256,),
    "fc2.weight": (256, 256),
    "fc2.bias": (256,),
}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def decoder(generator):
    """A small decoder whose weights are large enough for its logits to move."""
    decoder = WaveDecoder(WIDTHS)
    with torch.no_grad():
        for weights in decoder.parameters():
            weights.copy_(0.7 * torch.randn(weights.shape, generator=generator))
    return decoder.eval()


@pytest.fixture
def vectors(generator):
    return torch.randn(2, 3, WIDTHS.dim, generator=generator)


@pytest.fixture
def speaker():
    return torch.tensor([3, 1])


def shifted(classes):
    """The class before each: silence first."""
    first = torch.full_like(classes[:, :1], mu_law.SILENCE)
    return torch.cat((first, classes[:, :-1]), dim=1)


def sample_by_sample(decoder, previous, vectors, speaker):
    """Teacher forcing with torch's own cell, nothing prepared."""
    codes = vectors.shape[1]
    inputs = [
        torch.cat((vectors[:, frame // 2], decoder.speaker_embedding(speaker)), dim=1)
        for frame in range(2 * codes)
    ]
    frames, _ = decoder.rnn1(torch.stack(inputs, dim=1))
    cell = nn.GRUCell(decoder.rnn2.input_size, decoder.rnn2.hidden_size)
    weights = decoder.rnn2.state_dict()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in weights.items()})
    state, logits = None, []
    for i in range(previous.shape[1]):
        given = torch.cat((decoder.mu_embedding(previous[:, i]), frames[:, i // 160]), dim=1)
        state = cell(given, state)
        logits.append(decoder.fc2(torch.relu(decoder.fc1(state))))
    return torch.stack(logits, dim=1)


@torch.no_grad()
def test_forward_is_the_model_sample_by_sample(decoder, vectors, speaker, generator):
    previous = torch.randint(256, (2, 700), generator=generator)
    found = decoder(previous, vectors, speaker)
    assert found.shape == (2, 700, 256)
    torch.testing.assert_close(
        found, sample_by_sample(decoder, previous, vectors, speaker), atol=1e-4, rtol=0
    )


@torch.no_grad()
@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_generation_uses_its_own_teacher_forced_logits(decoder, vectors, speaker, temperature):
    draws = wave_decoder._draws(5, batch=2, n=960)
    steps = list(decoder._steps(vectors, speaker, draws, temperature))
    classes = torch.stack([chosen for chosen, _ in steps], dim=1)
    used = torch.stack([logits for _, logits in steps], dim=1)
    torch.testing.assert_close(used, decoder(shifted(classes), vectors, speaker), atol=1e-4, rtol=0)
    audio = decoder.generate(vectors, speaker, seed=5, temperature=temperature)
    assert np.array_equal(mu_law.encode(audio), classes.numpy())
    if temperature == 0:
        assert np.array_equal(classes, used.argmax(dim=2))


def test_audio_is_float32_of_320_samples_a_code(decoder, vectors, speaker):
    audio = decoder.generate(vectors, speaker, seed=0)
    assert (audio.dtype, audio.shape) == (np.float32, (2, 960))
    assert np.abs(audio).max() <= 1


def test_the_seed_decides_and_torch_s_own_generator_is_left_alone(decoder, vectors, speaker):
    before = torch.get_rng_state()
    first, again = (decoder.generate(vectors, speaker, seed=1) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, decoder.generate(vectors, speaker, seed=2))
    WaveDecoder.from_state(decoder.state_dict())
    assert torch.equal(before, torch.get_rng_state())


def test_greedy_generation_does_not_depend_on_the_seed(decoder, vectors, speaker):
    first, other = (decoder.generate(vectors, speaker, seed=seed, temperature=0) for seed in (1, 2))
    assert np.array_equal(first, other)


def test_a_row_is_the_same_alone_and_in_a_batch(decoder, vectors, speaker):
    together = decoder.generate(vectors, speaker, seed=1)
    alone = decoder.generate(vectors[:1], speaker[:1], seed=1)
    assert np.array_equal(together[:1], alone)


def test_draws_follow_the_distribution(rng):
    logits = torch.tensor([[0.0, 1.0, -np.inf, 2.0]])
    draws = torch.from_numpy(rng.random(20_000, dtype=np.float32))
    chosen = wave_decoder._chosen(logits.expand(len(draws), -1), draws, 2.0)
    shares = np.bincount(chosen, minlength=4) / len(draws)
    assert shares == pytest.approx((logits / 2).softmax(dim=1)[0].numpy(), abs=0.015)
    assert shares[2] == 0


@pytest.mark.parametrize("draw", [0.0, 1 - 2**-24])
def test_extreme_draws_choose_classes_that_can_be(draw):
    logits = torch.full((1, 256), -np.inf)
    logits[0, 100:110] = torch.linspace(0, 1, 10)
    chosen = wave_decoder._chosen(logits, torch.tensor([draw]), 1.0)
    assert chosen.item() == (100 if draw == 0 else 109)


def test_progress_tells_samples_and_time_left(decoder, vectors, speaker, capsys):
    decoder.generate(vectors, speaker, seed=0)
    assert not capsys.readouterr().err
    decoder.generate(vectors, speaker, seed=0, progress=True)
    shown = capsys.readouterr().err
    assert "960 of 960 samples" in shown
    assert "left" in shown


def test_from_state_reads_the_widths_and_copies_the_weights(decoder, vectors, speaker):
    state = {name: tensor.double() for name, tensor in decoder.state_dict().items()}
    state["fc2.bias"] = state["fc2.bias"].numpy()
    read = WaveDecoder.from_state(state)
    assert read.config == WIDTHS
    assert not read.training
    assert {tensor.dtype for tensor in read.state_dict().values()} == {torch.float32}
    audio = read.generate(vectors, speaker, seed=3)
    assert np.array_equal(audio, decoder.generate(vectors, speaker, seed=3))
    before = read.fc1.bias.clone()
    state["fc1.bias"] += 1
    assert torch.equal(read.fc1.bias, before)


def test_a_decoder_that_was_read_can_be_trained(decoder, vectors, speaker):
    read = WaveDecoder.from_state(decoder.state_dict()).train()
    read(torch.full((2, 40), 128), vectors, speaker).square().mean().backward()
    assert all(weights.grad is not None for weights in read.parameters())


def test_the_public_layout_is_read():
    with torch.device("meta"):
        named = {name: tuple(value.shape) for name, value in WaveDecoder().state_dict().items()}
    assert named == PUBLIC_SHAPES
    state = {name: torch.zeros(shape) for name, shape in PUBLIC_SHAPES.items()}
    assert WaveDecoder.from_state(state).config == WaveDecoderConfig()


def renamed(state):
    state["fc3.bias"] = state.pop("fc2.bias")


def without_fc1(state):
    del state["fc1.weight"]


def without_fc2(state):
    del state["fc2.bias"]


def wrong_shape(state):
    state["rnn2.weight_hh_l0"] = state["rnn2.weight_hh_l0"][:, 1:]


def wrong_classes(state):
    state["mu_embedding.weight"] = state["mu_embedding.weight"][:128]


def flat(state):
    state["fc1.weight"] = state["fc1.weight"].flatten()


def no_room_for_codes(state):
    state["rnn1.weight_ih_l0"] = state["rnn1.weight_ih_l0"][:, :2]


def not_a_number(state):
    state["fc1.bias"] = state["fc1.bias"] * np.nan


def no_tensor(state):
    state["fc1.bias"] = [0.0]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (renamed, "fc3.bias isn't a weight"),
        (without_fc1, "fc1.weight is missing; give the 'decoder'"),
        (without_fc2, "fc2.bias is missing"),
        (wrong_shape, r"rnn2.weight_hh_l0 has shape \(21, 6\); this net needs \(21, 7\)"),
        (wrong_classes, r"mu_embedding.weight has shape \(128, 6\)"),
        (flat, r"fc1.weight has shape \(56,\), it should be a matrix"),
        (no_room_for_codes, "no wave decoder: dim is 0"),
        (not_a_number, "fc1.bias holds NaN"),
        (no_tensor, "fc1.bias isn't a plain tensor"),
    ],
)
def test_damaged_states_are_refused_in_one_line(decoder, damage, message):
    state = dict(decoder.state_dict())
    damage(state)
    with pytest.raises(VoiceError, match=message) as caught:
        WaveDecoder.from_state(state)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("vectors", "speaker", "message"),
    [
        (torch.zeros(2, 3), [0, 0], "vectors of the codes have shape"),
        (torch.zeros(2, 3, 4), [0, 0], r"give \(batch, codes, 3\)"),
        (torch.zeros(2, 0, 3), [0, 0], "at least one code"),
        (torch.full((2, 3, 3), np.nan), [0, 0], "vectors hold NaN"),
        (torch.zeros(2, 3, 3), [0], r"speaker is \[0\]"),
        (torch.zeros(2, 3, 3), [0, 4], "2 integers 0 … 3"),
        (torch.zeros(2, 3, 3), [0, -1], r"speaker is \[0, -1\]"),
        (torch.zeros(2, 3, 3), [0.0, 1.0], "speaker is"),
    ],
)
def test_codes_and_speakers_are_checked(decoder, vectors, speaker, message):
    with pytest.raises(VoiceError, match=message):
        decoder.generate(vectors, torch.tensor(speaker), seed=0)
    with pytest.raises(VoiceError, match=message):
        decoder(torch.full((2, 10), 128), vectors, torch.tensor(speaker))


@pytest.mark.parametrize(
    ("previous", "message"),
    [
        (torch.full((2, 961), 128), "1 <= n <= 960"),
        (torch.full((1, 10), 128), "previous classes have shape"),
        (torch.full((2, 10), 256), "aren't all 0 … 255"),
        (torch.full((2, 10), 0.5), "aren't all 0 … 255"),
    ],
)
def test_previous_classes_are_checked(decoder, vectors, speaker, previous, message):
    with pytest.raises(VoiceError, match=message):
        decoder(previous, vectors, speaker)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"temperature": -0.1}, {"temperature": np.nan}])
def test_sampling_options_are_checked(decoder, vectors, speaker, wrong):
    with pytest.raises(OptionError, match=f"{next(iter(wrong))} is"):
        decoder.generate(vectors, speaker, **{"seed": 0, **wrong})


def test_widths_are_checked():
    with pytest.raises(OptionError, match="mu_dim is 0"):
        WaveDecoderConfig(mu_dim=0)
