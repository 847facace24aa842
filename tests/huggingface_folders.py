"""Small models of random weights, saved as transformers saves them, for what reads them."""

from __future__ import annotations

import json

import torch
import transformers

CONVOLUTIONS = {"conv_dim": (8, 8, 8), "conv_kernel": (10, 3, 2), "conv_stride": (5, 2, 2)}
TRANSFORMER = {
    "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 24,
    "num_conv_pos_embedding_groups": 2, "initializer_range": 0.15, **CONVOLUTIONS,
}  # fmt: skip
WAVES = TRANSFORMER | {"num_conv_pos_embeddings": 6}
GROUP = WAVES | {"feat_extract_norm": "group"}
LAYER = WAVES | {"feat_extract_norm": "layer", "conv_bias": True}
STABLE = LAYER | {"do_stable_layer_norm": True}
WHISPER = {
    "d_model": 16, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 24,
    "decoder_layers": 1, "decoder_attention_heads": 2, "decoder_ffn_dim": 8, "vocab_size": 20,
    "max_target_positions": 8, "max_source_positions": 100, "num_mel_bins": 20, "init_std": 0.15,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1,
}  # fmt: skip

MODELS = {
    "hubert-group": ("Hubert", GROUP),
    "hubert-stable": ("Hubert", STABLE),
    "hubert-plain-projection": ("Hubert", GROUP | {"feat_proj_layer_norm": False}),
    "hubert-batch-norm": ("Hubert", GROUP | {"conv_pos_batch_norm": True}),
    "wav2vec2-group": ("Wav2Vec2", GROUP),
    "wav2vec2-layer": ("Wav2Vec2", LAYER),
    "wav2vec2-stable-adapted": ("Wav2Vec2", STABLE | {"adapter_attn_dim": 4}),
    "wavlm-group": ("WavLM", GROUP | {"num_buckets": 8, "max_bucket_distance": 20}),
    "wavlm-stable": ("WavLM", STABLE | {"num_buckets": 8, "max_bucket_distance": 20}),
    "data2vec": (
        "Data2VecAudio",
        TRANSFORMER | {"num_conv_pos_embeddings": 3, "conv_pos_kernel_size": 5},
    ),
    "whisper": ("Whisper", WHISPER),
}
"""Name: family as transformers spells it, options of its configuration."""
WHISPER_SECONDS = 2


def configuration(name):
    family, options = MODELS[name]
    return getattr(transformers, f"{family}Config")(**options)


def _class_of(family):
    if family == "Whisper":
        from transformers.models.whisper.modeling_whisper import WhisperEncoder

        return WhisperEncoder
    return getattr(transformers, f"{family}Model")


def random_model(name, seed=0):
    """A model whose every weight answers to a seed, in evaluation mode."""
    family, _ = MODELS[name]
    config = configuration(name)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = _class_of(family)(config)
        for weight in model.parameters():  # biases and norms too, or what they do isn't seen
            weight.data += 0.1 * torch.randn_like(weight)
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 2)
    return model.eval()


def extractor(name, **changes):
    if name.startswith("whisper"):
        options = {"feature_size": WHISPER["num_mel_bins"], "chunk_length": WHISPER_SECONDS}
        return transformers.WhisperFeatureExtractor(**options | changes)
    return transformers.Wav2Vec2FeatureExtractor(**{"do_normalize": True} | changes)


def save_model(folder, name, *, seed=0, **changes):
    """Save a model and its feature extractor; return the folder."""
    random_model(name, seed).save_pretrained(folder)
    extractor(name, **changes).save_pretrained(folder)
    return folder


def restate(path, **changes):
    """Change what a JSON file states; None takes an entry out."""
    stated = json.loads(path.read_text()) | changes
    kept = {name: value for name, value in stated.items() if value is not None}
    path.write_text(json.dumps(kept))
