import json
import subprocess
import sys

import pytest

import sfvq_analysis

HEAVY = {"torch", "pandas", "matplotlib", "numba", "librosa"}


def loaded_after(statement, folder):
    """Return the top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_importing_the_package_loads_nothing_heavy(tmp_path):
    loaded = loaded_after("import sfvq_analysis", tmp_path)
    assert "sfvq_analysis" in loaded
    assert loaded & HEAVY == set()


def test_statistics_and_tables_need_no_torch(tmp_path):
    loaded = loaded_after("import sfvq_analysis.stats, sfvq_analysis.tables", tmp_path)
    assert "pandas" in loaded
    assert loaded & {"torch", "safetensors"} == set()


def test_reading_a_corpus_needs_no_torch_and_no_librosa(tmp_path):
    read = "audio = next(iter(sfvq_analysis.demo_corpus())).load().audio"
    loaded = loaded_after(f"import sfvq_analysis; {read}; assert len(audio) > 0", tmp_path)
    assert "numpy" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("name", sorted(sfvq_analysis.__all__))
def test_every_public_name_resolves(name):
    found = getattr(sfvq_analysis, name)
    assert getattr(found, "__name__", "").rpartition(".")[2] == name


def test_public_names_stand_once_and_show_in_dir():
    assert len(set(sfvq_analysis.__all__)) == len(sfvq_analysis.__all__)
    assert set(sfvq_analysis.__all__) <= set(dir(sfvq_analysis))
    assert {"load_timit", "fit_sfvq", "index_table", "stats"} <= set(sfvq_analysis.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'sfvq_analysis' has no attribute 'fit_everything'"):
        _ = sfvq_analysis.fit_everything
