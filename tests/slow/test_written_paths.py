"""Helpers write only to the path they are given and to the caches of Keras and Matplotlib."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.notebooks import ROOT

pytestmark = pytest.mark.slow

# Python tells an audit hook about each file that it opens, makes, renames, or removes (Python docs, "Audit events").
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
import helpers

helpers.set_seed(0)
data = helpers.load_mnist("synthetic")
vae = helpers.build_vae((28, 28, 1), 2, width=2)
vae.compile("adam")
film = helpers.LatentGridSnapshots(given / "film.gif", axis=[-1, 1])
vae.fit(data.x_test[:32], epochs=1, verbose=0, callbacks=[helpers.show_progress(), film])
helpers.plot_image_grid(data.x_test[:32]).figure.canvas.draw()
helpers.show_gif(film.path, "digits")
result = helpers.Result("R7", "test_negative_elbo", 1.0)
helpers.show_results("08", [result], data=data, budget="fast", seed=0, seconds=1.0)
print()
print(*sorted(map(str, written)), sep="\\n")
"""


def test_helpers_write_only_to_the_given_path_and_the_caches_of_keras_and_matplotlib(tmp_path):
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
    assert not os.listdir(tmp_path / "temporary"), "temporary files were left behind"
