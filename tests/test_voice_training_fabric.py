"""`training.voice.fabric`: where a training runs, without a word, its sums in one order."""

import logging
import sys

import pytest
import torch

from sfvq_analysis.errors import OptionError, VoiceError
from sfvq_analysis.quantizers import PlainVQ, SpaceFillingVQ
from sfvq_analysis.training.voice.fabric import reproducible, start_fabric

on_cpu = pytest.mark.skipif(
    torch.cuda.is_available() or torch.backends.mps.is_available(), reason="needs a CPU alone"
)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_it_starts_without_a_word(precision, capfd, caplog):
    start_fabric(precision)  # the first time it is imported, which sets a level
    logger = logging.getLogger("lightning_fabric")
    level = logger.level
    with caplog.at_level(logging.DEBUG):
        fabric = start_fabric(precision)
    assert fabric.is_global_zero
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert logger.level == level


def test_unknown_precisions_are_refused():
    with pytest.raises(OptionError, match="precision is '64'; use one of '32-true', 'bf16-mixed'"):
        start_fabric("64")


@on_cpu
def test_half_precision_on_a_cpu_is_refused_rather_than_replaced():
    with pytest.raises(OptionError) as caught:
        start_fabric("16-mixed")
    assert str(caught.value) == (
        "precision is '16-mixed', which CPUs don't have; use bf16-mixed or 32-true"
    )


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with pytest.raises(VoiceError) as caught:
        start_fabric("32-true")
    assert str(caught.value) == (
        "training needs Lightning Fabric; pip install 'sfvq-analysis[train]'"
    )


@on_cpu
@pytest.mark.parametrize("kind", [SpaceFillingVQ, PlainVQ])
def test_gradients_of_codewords_are_the_same_with_several_threads(kind):
    """Many latents send theirs to one codeword: threads would add them up in any order."""
    threads = torch.get_num_threads()
    z = torch.randn(16, 64, 64, generator=torch.Generator().manual_seed(0))
    found = set()
    with reproducible(start_fabric("32-true")):
        torch.set_num_threads(4)
        try:
            for _ in range(5):
                torch.manual_seed(0)
                quantizer = kind.random(16, 64).train()
                quantized, _, loss = quantizer(z)
                (quantized.square().sum() + loss).backward()
                found.add(quantizer.codebook.grad.numpy().tobytes())
        finally:
            torch.set_num_threads(threads)
    assert len(found) == 1


@pytest.mark.parametrize("mode", [0, 1])
def test_torchs_generator_and_mode_are_given_back_even_after_an_error(mode):
    torch.set_deterministic_debug_mode(mode)
    state = torch.get_rng_state()
    try:
        with pytest.raises(TypeError), reproducible(start_fabric("32-true")):
            torch.rand(torch.rand(9))
        assert torch.get_deterministic_debug_mode() == mode
        assert torch.equal(torch.get_rng_state(), state)
    finally:
        torch.set_deterministic_debug_mode(0)
