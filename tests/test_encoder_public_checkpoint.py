"""Reading the public code's voice models."""

import numpy as np
import pytest
import torch
from voice_files import SMALL, lively_net, public_encoder, public_model

from sfvq_analysis.encoders.public_checkpoint import read_public_checkpoint
from sfvq_analysis.errors import EncoderError

CODEBOOK = torch.arange(24.0).reshape(4, 6)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_whole_model_is_read(zipped, tmp_path):
    model = public_model(lively_net(SMALL), CODEBOOK)
    torch.save(model, tmp_path / "model.pt", _use_new_zipfile_serialization=zipped)
    config, encoder, codebook, decoder = read_public_checkpoint(tmp_path / "model.pt")
    assert config == SMALL
    names = [name for name in model["encoder"] if name.startswith("encoder.")]
    assert list(encoder) == names
    for name in names:
        np.testing.assert_array_equal(encoder[name], model["encoder"][name].numpy())
    np.testing.assert_array_equal(codebook, CODEBOOK.numpy())
    assert list(decoder) == list(model["decoder"])
    np.testing.assert_array_equal(decoder["bias_hh_l0"], model["decoder"]["bias_hh_l0"].numpy())


def test_the_encoder_alone_is_read(tmp_path):
    torch.save({"encoder": lively_net(SMALL).state_dict()}, tmp_path / "model.pt")
    config, encoder, codebook, decoder = read_public_checkpoint(tmp_path / "model.pt")
    assert config == SMALL
    assert len(encoder) == 32
    assert codebook is None
    assert decoder is None


def changed(**values):
    state = public_encoder(lively_net(SMALL), CODEBOOK)
    for name, value in values.items():
        key = name.replace("__", ".")
        if value is None:
            del state[key]
        else:
            state[key] = value
    return {"encoder": state}


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ([1], "it has no state dict 'encoder'"),
        ({"model": {}}, "it has no state dict 'encoder'"),
        ({"encoder": torch.ones(3)}, "it has no state dict 'encoder'"),
        ({"encoder": {}}, "encoder.0.weight is missing"),
        (changed(encoder__0__weight=None), "encoder.0.weight is missing"),
        (changed(encoder__15__weight=None), "encoder.15.weight is missing"),
        (changed(encoder__0__weight=torch.ones(4)), "encoder.0.weight has shape (4,)"),
        (changed(encoder__3__weight=[1.0]), "encoder.3.weight isn't a plain tensor"),
        (changed(encoder__3__weight=torch.tensor(torch.nan)), "encoder.3.weight holds NaN"),
        (changed(codebook__embedding=torch.ones(4, 5)), "codebook.embedding has shape (4, 5)"),
        (changed(codebook__embedding=torch.full((4, 6), torch.inf)), "codebook.embedding holds"),
        (changed() | {"decoder": [1]}, "its 'decoder' isn't a state dict"),
        (changed() | {"decoder": {"a": torch.tensor(torch.nan)}}, "a holds NaN or infinity"),
        ({"encoder": {1: torch.ones(2)}}, "1 names a weight"),
    ],
)
def test_other_layouts_are_refused(stored, message, tmp_path):
    torch.save(stored, tmp_path / "model.pt")
    with pytest.raises(EncoderError) as caught:
        read_public_checkpoint(tmp_path / "model.pt")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
