"""Voice models to read, ours and public ones, for the tests of what reads them."""

from __future__ import annotations

from pathlib import Path

import torch

from sfvq_analysis.encoders.convolutional import ConvolutionalEncoder, VQVAEConfig

SMALL = VQVAEConfig(channels=16, dim=6)


class Attack:
    """Writes a marker if it is ever unpickled by a loader that runs what it reads."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (Path(self.marker),)


def lively_net(config, seed=0):
    """A net that answers to what it hears, with BatchNorm statistics of its own."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = ConvolutionalEncoder(config)
        for layer in net.modules():
            if isinstance(layer, torch.nn.Conv1d):
                torch.nn.init.kaiming_normal_(layer.weight)
            if isinstance(layer, torch.nn.BatchNorm1d):
                torch.nn.init.normal_(layer.running_mean)
                torch.nn.init.uniform_(layer.running_var, 0.5, 2)
                torch.nn.init.uniform_(layer.weight, 0.5, 2)
                torch.nn.init.normal_(layer.bias)
    return net


def public_encoder(net, codebook):
    """State of the public code's encoder: the net, its codebook and its jitter."""
    return dict(net.state_dict()) | {
        "codebook.embedding": codebook,
        "codebook.ema_count": torch.ones(len(codebook)),
        "codebook.ema_weight": codebook.clone(),
        "jitter.prob": torch.tensor([0.25, 0.5, 0.25]),
    }


def public_model(net, codebook):
    """All that the public code's training writes."""
    decoder = torch.nn.GRU(4, 3)
    optimizer = torch.optim.Adam([*net.parameters(), *decoder.parameters()], lr=4e-4)
    net.train()
    (net(torch.ones(2, net.config.n_mels, 8)).sum() + decoder(torch.ones(2, 4))[0].sum()).backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [300, 400], gamma=0.5)
    return {
        "encoder": public_encoder(net, codebook),
        "decoder": decoder.state_dict(),
        "optimizer": optimizer.state_dict(),
        "amp": {"loss_scaler0": {"loss_scale": 65536.0, "unskipped": 3}},
        "scheduler": scheduler.state_dict(),
        "step": 500_000,
    }
