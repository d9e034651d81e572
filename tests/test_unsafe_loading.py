"""Nothing that is loaded runs code: NumPy does not unpickle, and Keras loads models in its safe mode."""

import ast

import keras
import pytest

from tools.notebooks import ROOT, list_notebooks, read_code, read_notebook

UNSAFE_NAMES = {"pickle", "dill", "joblib", "enable_unsafe_deserialization"}
SAFE_OPTIONS = {"allow_pickle": False, "safe_mode": True}


def list_sources():
    """Return what readers and maintainers run, by name: helpers, tools, recipes, and the cells of notebooks."""
    folders = [ROOT / name for name in ("helpers", "tools", "benchmarks")]
    modules = {path: path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.glob("*.py"))}
    cells = {
        path: "\n".join(read_code(cell) for cell in read_notebook(path).cells if cell.cell_type == "code")
        for path in list_notebooks()
    }
    return modules | cells


def list_unsafe(source):
    """Return what a source names or passes that would let a file run code."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
        else:
            names = {getattr(node, "id", None), getattr(node, "attr", None)}
        found += UNSAFE_NAMES & names
        if isinstance(node, ast.keyword) and node.arg in SAFE_OPTIONS:
            is_safe = isinstance(node.value, ast.Constant) and node.value.value is SAFE_OPTIONS[node.arg]
            found += [] if is_safe else [node.arg]
    return found


def test_no_source_asks_for_unpickling_or_leaves_the_safe_mode():
    for path, source in list_sources().items():
        assert list_unsafe(source) == [], path


@pytest.mark.parametrize(
    "source",
    [
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=anything)",
        "import pickle",
        "from joblib import load",
        "keras.saving.load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
    ],
)
def test_what_would_is_found(source):
    assert list_unsafe(source)


def test_model_with_code_inside_is_refused_by_default(tmp_path):
    image = keras.Input((2,))
    keras.Model(image, keras.layers.Lambda(lambda x: x + 1)(image)).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="unsafe"):
        keras.saving.load_model(tmp_path / "model.keras")
