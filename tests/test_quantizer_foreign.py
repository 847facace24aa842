"""Quantizers of other libraries: the same index for every frame, or a refusal that says why."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from sfvq_analysis.errors import OptionError, QuantizerError
from sfvq_analysis.quantizers import PlainVQ, SpaceFillingVQ, load_quantizer, save_quantizer
from sfvq_analysis.quantizers.codewords import CodebookWarning
from sfvq_analysis.quantizers.foreign import (
    as_quantizer,
    from_array,
    from_diveq,
    from_faiss,
    from_sklearn,
    from_vector_quantize,
)

FRAMES = np.random.default_rng(0).normal(size=(3000, 6)).astype(np.float32)
CODEWORDS = np.random.default_rng(1).normal(size=(16, 6)).astype(np.float32)


def refusal(call, error=QuantizerError):
    with pytest.raises(error) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def indices(quantizer):
    return quantizer.encode(FRAMES).codeword


# Arrays


@pytest.mark.parametrize("kind", [PlainVQ, SpaceFillingVQ])
@pytest.mark.parametrize(
    "codebook",
    [CODEWORDS, CODEWORDS.astype(">f8"), CODEWORDS.tolist(), torch.from_numpy(CODEWORDS)],
)
def test_arrays_are_taken_as_they_are(kind, codebook):
    for quantizer in (from_array(codebook, kind.kind), as_quantizer(codebook, kind.kind)):
        assert type(quantizer) is kind
        np.testing.assert_array_equal(quantizer.corners(), CODEWORDS)
        assert quantizer.provenance.fit == {"method": "imported", "from": "array"}


def test_masked_numbers_are_refused_and_a_mask_of_nothing_is_not():
    masked = np.ma.masked_array(CODEWORDS, CODEWORDS > 1)
    for call in (
        lambda: as_quantizer(masked, "vq"),
        lambda: from_array([*masked], "sfvq"),
        lambda: PlainVQ(masked),
        lambda: SpaceFillingVQ(masked),
    ):
        assert "codebook are masked; leave those rows out" in refusal(call)
    whole = np.ma.masked_array(CODEWORDS, mask=False)
    np.testing.assert_array_equal(as_quantizer(whole, "vq").corners(), CODEWORDS)


def test_a_tensor_in_half_precision_that_wants_gradients():
    codebook = torch.nn.Parameter(torch.from_numpy(CODEWORDS).bfloat16())
    corners = from_array(codebook, "vq").corners()
    np.testing.assert_array_equal(corners, codebook.detach().float().numpy())


@pytest.mark.parametrize(
    ("codebook", "message"),
    [
        (np.zeros((4, 2), int), "array: it holds int64 of shape (4, 2)"),
        (CODEWORDS[0], "array: codebook has shape (6,)"),
        (CODEWORDS[None], "array: codebook has shape (1, 16, 6)"),
        (CODEWORDS[:1], "array: codebook has shape (1, 6); give (K, dim) with K >= 2"),
        (np.where(CODEWORDS > 2, np.nan, CODEWORDS), "codebook holds NaN or infinity"),
        (np.zeros((4, 2)), "4 of 4 codewords are all zeros, 0 to 3"),
        ([[1.0], [1.0, 2.0]], "array: the rows don't have one length"),
        (np.array([[None]]), "array: it holds object"),
        (torch.zeros(4, 2, dtype=torch.complex64), "array: it holds complex64"),
        (torch.eye(4).to_sparse(), "array: it holds a sparse"),
    ],
)
def test_arrays_that_are_no_codebook(codebook, message):
    assert message in refusal(lambda: from_array(codebook, "vq"))


def test_an_array_needs_its_kind_and_other_things_are_unknown():
    assert "an array doesn't say whether it is a curve" in refusal(
        lambda: as_quantizer(CODEWORDS), OptionError
    )
    assert "a dict is no quantizer" in refusal(lambda: as_quantizer({"codebook": 1}), OptionError)
    assert "kind is 'tree'" in refusal(lambda: from_array(CODEWORDS, "tree"), OptionError)


def test_ours_are_returned_as_they_are():
    ours = SpaceFillingVQ(CODEWORDS)
    assert as_quantizer(ours) is ours
    assert "is a 'sfvq', not 'vq'" in refusal(lambda: as_quantizer(ours, "vq"))


def test_repeated_codewords_are_told_of():
    with pytest.warns(CodebookWarning, match=r"^array: 1 of 3 codewords repeat an earlier one"):
        from_array([[1.0], [2.0], [1.0]], "vq")


# scikit-learn


@pytest.mark.parametrize("name", ["KMeans", "MiniBatchKMeans"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kmeans_of_scikit_learn(name, dtype):
    from sklearn import cluster

    frames = FRAMES.astype(dtype)
    fitted = getattr(cluster, name)(16, n_init=1, random_state=0).fit(frames)
    quantizer = as_quantizer(fitted)
    assert quantizer.digest == from_sklearn(fitted).digest
    np.testing.assert_array_equal(indices(quantizer), fitted.predict(frames))
    fit = quantizer.provenance.fit
    assert fit == {"method": "imported", "from": f"sklearn.{name}", "version": fit["version"]}
    assert fit["version"]


def test_scikit_learn_that_is_not_fitted_or_no_kmeans():
    from sklearn import cluster

    assert refusal(lambda: as_quantizer(cluster.KMeans(4))) == (
        "this KMeans isn't fitted; call its fit"
    )
    for other in (cluster.BisectingKMeans(4), cluster.Birch()):
        assert "can't be taken over; only KMeans" in refusal(lambda it=other: as_quantizer(it))
    fitted = cluster.KMeans(4, n_init=1).fit(FRAMES)
    assert "KMeans is a 'vq', not 'sfvq'; its codewords have no order" in refusal(
        lambda: as_quantizer(fitted, "sfvq")
    )


# faiss


def test_kmeans_and_flat_index_of_faiss():
    faiss = pytest.importorskip("faiss")
    kmeans = faiss.Kmeans(6, 16, niter=5, seed=1)
    assert (
        refusal(lambda: as_quantizer(kmeans)) == "this faiss Kmeans isn't trained; call its train"
    )
    kmeans.train(FRAMES)
    quantizer = as_quantizer(kmeans)
    np.testing.assert_array_equal(indices(quantizer), kmeans.index.search(FRAMES, 1)[1][:, 0])
    assert quantizer.provenance.fit["from"] == "faiss.Kmeans"
    index = faiss.IndexFlatL2(6)
    index.add(CODEWORDS)
    np.testing.assert_array_equal(from_faiss(index).corners(), CODEWORDS)
    np.testing.assert_array_equal(indices(as_quantizer(index)), index.search(FRAMES, 1)[1][:, 0])


def test_faiss_that_goes_by_something_else():
    faiss = pytest.importorskip("faiss")
    spherical = faiss.Kmeans(6, 16, spherical=True, seed=1)
    spherical.train(FRAMES)
    products = faiss.IndexFlatIP(6)
    products.add(CODEWORDS)
    for other in (spherical, products, faiss.IndexFlat(6, faiss.METRIC_L1)):
        assert "can't be taken over" in refusal(lambda it=other: as_quantizer(it))
    assert "only Kmeans and IndexFlatL2" in refusal(lambda: as_quantizer(faiss.IndexHNSWFlat(6, 4)))
    assert "codebook has shape (0, 6)" in refusal(lambda: as_quantizer(faiss.IndexFlatL2(6)))


# vector-quantize-pytorch


def vector_quantize(**options):
    library = pytest.importorskip("vector_quantize_pytorch")
    torch.manual_seed(0)
    return library.VectorQuantize(6, 16, **options)


@pytest.mark.parametrize("options", [{}, {"kmeans_init": True}, {"decay": 0.5}])
def test_vector_quantize(options):
    layer = vector_quantize(**options)
    frames = torch.from_numpy(FRAMES)[None]
    for _ in range(3):
        layer(frames)
    layer.eval()
    quantizer = as_quantizer(layer)
    np.testing.assert_array_equal(indices(quantizer), layer(frames)[1][0].numpy())
    np.testing.assert_array_equal(quantizer.corners(), layer.codebook.numpy())
    assert quantizer.provenance.fit["from"] == "vector_quantize_pytorch.VectorQuantize"


def test_vector_quantize_with_a_learnable_codebook():
    layer = vector_quantize(learnable_codebook=True, ema_update=False).eval()
    frames = torch.from_numpy(FRAMES)[None]
    np.testing.assert_array_equal(indices(as_quantizer(layer)), layer(frames)[1][0].numpy())


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"use_cosine_sim": True}, "it goes by angles"),
        ({"heads": 2, "codebook_dim": 3}, "it has several heads"),
        ({"heads": 2, "separate_codebook_per_head": True}, "it has several heads"),
        ({"codebook_dim": 3}, "it projects the frames first"),
        ({"affine_param": True}, "its codebook is transformed before use"),
        ({"kmeans_init": True}, "waits for its first batch"),
    ],
)
def test_vector_quantize_of_another_kind(options, why):
    assert why in refusal(lambda: from_vector_quantize(vector_quantize(**options)))


def test_the_way_round_that_is_named_leads_to_the_same_indices():
    frames = torch.from_numpy(FRAMES)
    angles = vector_quantize(use_cosine_sim=True).eval()
    quantizer = from_array(angles.codebook, "vq")
    normalised = torch.nn.functional.normalize(frames)
    np.testing.assert_array_equal(
        quantizer.encode(normalised).codeword, angles(frames[None])[1][0].numpy()
    )
    projecting = vector_quantize(codebook_dim=3).eval()
    quantizer = from_array(projecting.codebook, "vq")
    np.testing.assert_array_equal(
        quantizer.encode(projecting.project_in(frames)).codeword,
        projecting(frames[None])[1][0].numpy(),
    )


def test_other_layers_of_vector_quantize_pytorch():
    library = pytest.importorskip("vector_quantize_pytorch")
    for layer in (
        library.ResidualVQ(dim=6, num_quantizers=2, codebook_size=4),
        library.FSQ(levels=[3, 3]),
    ):
        assert "only VectorQuantize" in refusal(lambda it=layer: as_quantizer(it))


# diveq


@pytest.mark.parametrize("name", ["DIVEQ", "DIVEQDetach", "SFDIVEQ", "SFDIVEQDetach"])
def test_diveq(name):
    library = pytest.importorskip("diveq")
    layer = getattr(library, name)(16, 6, allow_warning=False)
    layer.codebook.data = torch.from_numpy(CODEWORDS)
    quantizer = as_quantizer(layer.eval())
    assert type(quantizer) is (SpaceFillingVQ if name.startswith("SF") else PlainVQ)
    theirs, index, _ = layer.inference(torch.from_numpy(FRAMES))
    np.testing.assert_array_equal(indices(quantizer), index.numpy())
    codes = quantizer.encode(FRAMES, mode="published")
    inner = (index.numpy() % 15 > 0) if name.startswith("SF") else np.full(len(FRAMES), 1, bool)
    assert inner.sum() > 1000
    np.testing.assert_allclose(quantizer.decode(codes)[inner], theirs.numpy()[inner], atol=1e-5)
    assert quantizer.provenance.fit["from"] == f"diveq.{name}"
    assert quantizer.provenance.fit["iterations"] == 0


def test_diveq_with_several_codebooks():
    library = pytest.importorskip("diveq")
    layer = library.ResidualDIVEQ(4, 6, 2, allow_warning=False)
    assert "only DIVEQ and SFDIVEQ have one codebook" in refusal(lambda: from_diveq(layer))
    assert "only DIVEQ and SFDIVEQ" in refusal(lambda: as_quantizer(layer))


# All of them


def test_a_users_own_class_is_recognised_by_what_it_is_made_from():
    from sklearn.cluster import KMeans

    class Mine(KMeans):
        pass

    fitted = Mine(4, n_init=1, random_state=0).fit(FRAMES)
    assert as_quantizer(fitted).provenance.fit["from"] == "sklearn.Mine"


def test_where_they_come_from_is_stored(tmp_path):
    quantizer = from_array(CODEWORDS, "vq")
    read = load_quantizer(save_quantizer(quantizer, tmp_path / "q.safetensors"))
    assert read.provenance == quantizer.provenance


def test_no_library_is_loaded_to_recognise_an_array():
    code = (
        "import sys; from sfvq_analysis.quantizers.foreign import as_quantizer; "
        "as_quantizer([[0.5], [1.0]], 'vq'); "
        "assert not {'sklearn', 'faiss', 'diveq', 'vector_quantize_pytorch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
