"""Odd and hostile places: a lesson works in each, with the same losses, or says clearly what is wrong."""

import os
import subprocess
import sys

import pytest

from tests.short_lesson import finish, make_project, read_first_cell, start

WRITTEN = {"short.gif", "short.png"}  # The checkpoint is gone when the training has ended.
DEAD_END = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def losses(project):
    """Return the losses in a usual place, where the lesson prints no warning."""
    found, output = finish(start(project))
    assert "arning" not in output
    return found


def test_surroundings_change_nothing(project, losses):
    no_display = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND"))
    plain_letters = {"LANG": "C", "LC_ALL": "C"} | dict.fromkeys(("PYTHONIOENCODING", "PYTHONUTF8"))
    elsewhere = {"TZ": "Pacific/Kiritimati", "COLUMNS": "20", "TERM": "dumb"}
    assert finish(start(project, **no_display, **plain_letters, **elsewhere))[0] == losses
    assert {path.name for path in (project.parent / "build").iterdir()} == WRITTEN


def test_folder_may_have_spaces_and_letters_of_any_script(tmp_path, losses):
    place = make_project(tmp_path / "Mes cahiers à moi, 猫 & 'co'")
    assert finish(start(place))[0] == losses


def test_notebook_may_be_started_from_the_top_folder(tmp_path, losses):
    make_project(tmp_path / "project")
    assert finish(start(tmp_path / "project"))[0] == losses


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs a folder in which nobody can write, not even root")
def test_home_may_be_read_only(project, losses):
    variables = dict.fromkeys(("KERAS_HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"))
    assert finish(start(project, HOME="/proc", **variables))[0] == losses


def test_without_data_and_network_a_lesson_runs_on_stand_ins_and_says_so(project, tmp_path):
    nothing = {"AUTOENCODER_DATA": None, "KERAS_HOME": str(tmp_path), "http_proxy": DEAD_END, "https_proxy": DEAD_END}
    _, output = finish(start(project, **nothing, no_proxy=None))
    assert "stand-in" in output


def test_two_at_once_share_one_cache_and_one_build_folder(tmp_path, losses):
    place = make_project(tmp_path)
    both = [start(place, KERAS_HOME=str(tmp_path / "cache")) for _ in range(2)]
    assert [finish(process)[0] for process in both] == [losses, losses]
    assert {path.name for path in (tmp_path / "build").iterdir()} == WRITTEN


def test_outside_the_project_the_missing_package_is_named(tmp_path):
    command = [sys.executable, "-S", "-c", read_first_cell()]  # -S leaves out installed packages, this one included.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.run(
        command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert process.returncode != 0
    assert "No module named 'helpers'" in process.stderr
