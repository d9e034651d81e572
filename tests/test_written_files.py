"""Files are written whole or not at all, come a full disk, a read-only folder or a kill; and few are written."""

import ast
import errno
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from helpers.files import replace_file
from helpers.films import write_film
from tools.files import write_bytes, write_text
from tools.notebooks import ROOT, list_notebooks, name_of, read_code, read_notebook

NOISE = np.random.default_rng(0).integers(0, 256, (40, 300, 300), np.uint8)  # does not compress: 2 MB and more
WRITERS = {
    "film": lambda path: write_film(path, NOISE, 100, colors=256, most_bytes=10**8),
    "bytes": lambda path: write_bytes(path, NOISE.tobytes()),
    "text": lambda path: write_text(path, "text" * 10**6),
}
each_writer = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a disk of 1 MB, and a function that makes it read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options):
        command = ["mount", *options, str(folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    try:
        mounted = mount("-t", "tmpfs", "-o", "size=1m", "tmpfs")
    except FileNotFoundError:
        pytest.skip("needs the command mount")
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a small disk, as root has: {mounted.stderr.strip()}")
    yield folder, lambda: mount("-o", "remount,ro").returncode
    subprocess.run(["umount", str(folder)], check=True)


def assert_fails_and_leaves_the_old_file(write, path, number, error=OSError):
    with pytest.raises(error) as caught:
        write(path)
    assert caught.value.errno == number
    assert str(caught.value) == f"[Errno {number}] {os.strerror(number)}; nothing was changed: {str(path)!r}"
    assert caught.value.__suppress_context__, "one error, not one during another"
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == [path.name]


@each_writer
def test_full_disk_leaves_the_old_file_and_nothing_else(small_disk, write):
    folder, _ = small_disk
    (folder / "film.gif").write_bytes(b"old")
    assert_fails_and_leaves_the_old_file(write, folder / "film.gif", errno.ENOSPC)


@pytest.mark.parametrize("write", [replace_file, write_bytes])
def test_file_that_another_program_removes_meanwhile_is_written(tmp_path, write):
    path, done = tmp_path / "file", threading.Event()

    def remove():
        while not done.is_set():
            path.unlink(missing_ok=True)

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        for _ in range(500):
            write(path, b"new")
    finally:
        done.set()
        remover.join()


@each_writer
def test_read_only_folder_leaves_the_old_file_and_nothing_else(small_disk, write):
    folder, make_read_only = small_disk
    (folder / "film.gif").write_bytes(b"old")
    assert make_read_only() == 0
    assert_fails_and_leaves_the_old_file(write, folder / "film.gif", errno.EROFS)


@each_writer
def test_a_folder_in_the_place_of_the_file_stays(tmp_path, write):
    path = tmp_path / "film.gif"
    path.mkdir()
    with pytest.raises(OSError, match="nothing was changed") as caught:
        write(path)
    assert str(path) in str(caught.value)
    assert os.listdir(tmp_path) == ["film.gif"]
    assert not os.listdir(path)


# The package itself would import Keras, which takes seconds, and its module films needs none of it.
KILLED = """
import os, sys, time, types

root, path, writer, moment = sys.argv[1:]
sys.path.insert(0, root)
package = sys.modules["helpers"] = types.ModuleType("helpers")
package.__path__ = [os.path.join(root, "helpers")]
from helpers import films
from tools import files

def wait():
    print("writing", flush=True)
    time.sleep(600)

class SlowFile:
    def __init__(self, descriptor, mode):
        self.stream = os.fdopen_at_once(descriptor, mode)
    def __enter__(self):
        return self
    def __exit__(self, *_):
        self.stream.close()
    def write(self, content):
        self.stream.write(content[: len(content) // 2])
        self.stream.flush()
        wait()

if moment == "half-way":
    os.fdopen_at_once, os.fdopen = os.fdopen, SlowFile
else:
    os.replace = lambda *_: wait()
if writer == "film":
    films.write_film(path, [[[0.0, 1.0]], [[1.0, 0.0]]], 100)
else:
    files.write_text(path, "new")
"""


@pytest.mark.parametrize("writer", ["film", "text"])
@pytest.mark.parametrize("moment", ["half-way", "before the renaming"])
def test_kill_leaves_the_old_file_whole_and_the_next_writing_works(tmp_path, writer, moment):
    path = tmp_path / "film.gif"
    path.write_bytes(b"old")
    command = [sys.executable, "-c", KILLED, str(ROOT), str(path), writer, moment]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        process.kill()
        process.wait()
    assert process.returncode in (-signal.SIGKILL, 1) if os.name == "posix" else process.returncode
    assert path.read_bytes() == b"old"
    WRITERS["text"](path)
    assert path.read_text() == "text" * 10**6


# What writes at all.

WRITING = {
    "write",
    "write_text",
    "write_bytes",
    "save",
    "savez",
    "savefig",
    "tofile",
    "dump",
    "save_weights",
    "imwrite",
}
WRITING |= {"open", "mkdtemp", "TensorBoard", "ModelCheckpoint", "BackupAndRestore", "write_film", "mkdir"}
# In modules: a call as it stands there, and where it writes to.
KNOWN = {
    (
        "helpers/checkpoints.py",
        "np.savez(content, np.frombuffer(json.dumps(about).encode(), np.uint8), *values)",
    ): "memory",
    ("helpers/checkpoints.py", "self.path.parent.mkdir(parents=True, exist_ok=True)"): "the given path",
    ("helpers/checkpoints.py", "self.path.open('rb')"): "nowhere",
    ("helpers/explorer.py", "picture.save(stream, format='PNG', optimize=True)"): "memory",
    ("helpers/files.py", "stream.write(content)"): "the temporary file that is renamed",
    ("helpers/films.py", "iio.imwrite('<bytes>', frames, extension='.gif', is_batch=True, **options)"): "memory",
    ("helpers/collection.py", "picture.quantize(SHADES).save(file, 'PNG', optimize=True)"): "memory",
    ("helpers/collection.py", "Image.open(path)"): "nowhere",
    ("helpers/data_files.py", "archive.open(entry)"): "nowhere",
    (
        "helpers/launch.py",
        "(folder / f'{name}.py').write_text(f\"raise ModuleNotFoundError('{name} is hidden from this program')\\n\")",
    ): "a temporary folder",
    ("helpers/launch.py", "folder.mkdir()"): "a temporary folder",
    ("helpers/launch.py", "file.open('wb')"): "a temporary folder",
    ("helpers/launch.py", "file.with_suffix('.err').open('wb')"): "a temporary folder",
    ("helpers/quiet.py", "os.write(visible, held_back.read())"): "the screen",
    ("tools/files.py", "stream.write(content)"): "the temporary file that is renamed",
    ("tools/execute.py", "page.parent.mkdir(parents=True, exist_ok=True)"): "build/html",
    ("tools/clean_outputs.py", "folder.mkdir(exist_ok=True)"): "notebooks/pictures",
    ("tools/gallery.py", "folder.mkdir(parents=True, exist_ok=True)"): "build/gallery, or build/site_source",
    ("tools/site.py", "target.parent.mkdir(exist_ok=True)"): "build/site_source",
    ("tools/site.py", "target.mkdir(parents=True)"): "build/site_source",
    ("tools/site.py", "folder.mkdir()"): "build/site_source",
    ("tools/site.py", "Image.open(io.BytesIO(png))"): "nowhere",
    ("tools/site.py", "Image.open(ROOT / 'notebooks' / 'pictures' / '10_fashion_vae.gif')"): "nowhere",
    (
        "tools/site.py",
        "picture.convert('RGB').quantize(256, dither=Image.Dither.NONE).save(stream, format='PNG', optimize=True)",
    ): "memory",
    ("tools/site.py", "paper.save(stream, format='PNG', optimize=True)"): "memory",
    ("tools/setup_venv.py", "find_stamp(extra).write_text(expected_stamp(extra), encoding='utf-8')"): ".venv",
}
THROUGH_FILES = ("write_text(", "write_bytes(")  # those of tools/files.py
# Notebooks that write somewhere else than into a TemporaryDirectory: into build, as their paths say.
INTO_BUILD = {
    "04_convolutional_autoencoder": {"mkdtemp", "mkdir", "TensorBoard"},
    "08_variational_autoencoder": {"mkdir", "write_film"},
    "10_fashion_vae": {"mkdir", "write_film"},
    "solutions/10_fashion_vae": {"mkdir", "write_film"},
    "15_beyond_one_machine": {"open", "mkdir", "write", "write_text"},
    "solutions/15_beyond_one_machine": {"mkdir"},
}


def list_writing_calls(tree):
    """Return the calls in a syntax tree that may write, but those inside `with tempfile.TemporaryDirectory()`."""
    sheltered = {
        id(call)
        for block in ast.walk(tree)
        if isinstance(block, ast.With) and any("TemporaryDirectory" in ast.unparse(item) for item in block.items)
        for call in ast.walk(block)
    }
    calls = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and id(call) not in sheltered]
    return [call for call in calls if name_of_call(call) in WRITING]


def name_of_call(call):
    return getattr(call.func, "attr", getattr(call.func, "id", None))


def test_helpers_and_tools_write_nothing_but_by_renaming_or_into_build():
    found = set()
    for path in sorted([*(ROOT / "helpers").glob("*.py"), *(ROOT / "tools").glob("*.py")]):
        for call in list_writing_calls(ast.parse(path.read_text(encoding="utf-8"))):
            if not ast.unparse(call).startswith(THROUGH_FILES):
                found.add((path.relative_to(ROOT).as_posix(), ast.unparse(call)))
    assert found == set(KNOWN)


def test_notebooks_write_into_temporary_folders_or_into_build():
    for path in list_notebooks():
        sources = [read_code(cell) for cell in read_notebook(path).cells if cell.cell_type == "code"]
        calls = [call for source in sources for call in list_writing_calls(ast.parse(source))]
        calls = [call for call in calls if not ast.unparse(call).startswith(("Image.", "program.TensorBoard()"))]
        assert {name_of_call(call) for call in calls} == INTO_BUILD.get(name_of(path), set()), name_of(path)
        assert not calls or re.search(r'"build"|"(\.\./)+build/', "\n".join(sources)), name_of(path)


# Python tells an audit hook of each file that it opens, makes, renames or removes (docs.python.org, "Audit events").
AUDITED = """
import os, sys
from pathlib import Path

given = Path(sys.argv[1])
written = set()

def note(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = set(mode or "") & set("wax+") or flags & (os.O_WRONLY | os.O_RDWR)
    else:
        path = arguments[0] if arguments else None
        writes = event in ("os.mkdir", "os.rename", "os.remove", "os.truncate")
    if writes and isinstance(path, str | bytes | os.PathLike):
        path = Path(os.fsdecode(path))
        if "__pycache__" not in path.parts and path != Path(os.devnull):
            written.add(path.absolute())

sys.addaudithook(note)
import keras
from keras import layers
from helpers import Result, load_mnist, set_seed, show_progress, show_results
from helpers.figures import plot_image_grid
from helpers.films import show_film, write_film
from helpers.measures import measure_vae
from helpers.variational import Sampling, VariationalAutoencoder

set_seed(0)
data = load_mnist("stand-in")
x = data.x_test[:32]
image = keras.Input((28, 28, 1))
z_mean, z_log_var = (layers.Dense(2)(layers.Flatten()(image)) for _ in range(2))
encoder = keras.Model(image, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])])
decoder = keras.Sequential([keras.Input((2,)), layers.Dense(784, "sigmoid"), layers.Reshape((28, 28, 1))])
vae = VariationalAutoencoder(encoder, decoder)
vae.compile("adam")
vae.fit(x, epochs=1, verbose=0, callbacks=[show_progress()])
found = measure_vae(encoder, decoder, x, bound_images=2, samples=(5,), points=10)
plot_image_grid(x).figure.canvas.draw()
show_film(write_film(given / "film.gif", x[:4, ..., 0], 100), "digits")
result = Result("R7", "test_negative_elbo", -found.elbo)
show_results("08", [result], data=data, budget="fast", seed=0, seconds=1.0)
print()
print(*sorted(map(str, written)), sep="\\n")
"""


def test_helpers_write_nothing_but_the_given_path_and_the_caches_of_keras_and_matplotlib(tmp_path):
    for name in ("given", "keras", "matplotlib", "temporary", "elsewhere"):
        (tmp_path / name).mkdir()
    places = {"KERAS_HOME": "keras", "MPLCONFIGDIR": "matplotlib", "TMPDIR": "temporary", "HOME": "elsewhere"}
    variables = {name: str(tmp_path / folder) for name, folder in places.items()}
    process = subprocess.run(
        [sys.executable, "-c", AUDITED, str(tmp_path / "given")],
        cwd=tmp_path / "elsewhere",
        env=os.environ | variables | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    written = [Path(line) for line in process.stdout.splitlines() if line.startswith(os.sep)]
    assert any(path.parent == tmp_path / "given" for path in written)
    known = [tmp_path / name for name in ("given", "keras", "matplotlib", "temporary")]
    assert [path for path in written if not any(path.is_relative_to(folder) for folder in known)] == []
    assert not os.listdir(tmp_path / "elsewhere")
    assert not os.listdir(tmp_path / "temporary"), "what is temporary is removed"
