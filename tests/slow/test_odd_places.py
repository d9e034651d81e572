"""In odd and hostile environments, a lesson still runs, gives the same losses, and writes only where it may."""

import os

import pytest

from tests.slow.short_lesson import finish, make_project, start

pytestmark = pytest.mark.slow
WRITTEN = {"short.gif", "short.png"}  # The checkpoint is removed when training has ended.
UNSET = "DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND", "PYTHONIOENCODING", "PYTHONUTF8"
STRANGE = {"LANG": "C", "LC_ALL": "C", "TZ": "Pacific/Kiritimati", "COLUMNS": "20", "TERM": "dumb"}
# Not even root can write to /proc.
READ_ONLY_HOME = {"HOME": "/proc"} | dict.fromkeys(("KERAS_HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"))
NO_NETWORK = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": None}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def losses(project):
    """Return the losses in an ordinary environment, where the lesson prints no warnings."""
    found, output = finish(start(project))
    assert "arning" not in output
    return found


def test_display_locale_and_time_zone_do_not_matter(project, losses):
    assert finish(start(project, **dict.fromkeys(UNSET), **STRANGE))[0] == losses
    assert {path.name for path in (project.parent / "build").iterdir()} == WRITTEN


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs a folder that not even root can write to")
def test_home_may_be_read_only(project, losses):
    assert finish(start(project, **READ_ONLY_HOME))[0] == losses


def test_nothing_is_written_outside_the_build_folder_and_the_caches(tmp_path, losses):
    folder = make_project(tmp_path / "project")
    places = {"HOME": "home", "TMPDIR": "temporary", "KERAS_HOME": "keras", "MPLCONFIGDIR": "matplotlib"}
    for name in places.values():
        (tmp_path / name).mkdir()
    before = set(tmp_path.rglob("*"))
    variables = {name: str(tmp_path / place) for name, place in places.items()} | {"PYTHONDONTWRITEBYTECODE": "1"}
    assert finish(start(folder, **variables))[0] == losses
    written = {path.relative_to(tmp_path).parts[:2] for path in set(tmp_path.rglob("*")) - before}
    assert {names for names in written if names[0] not in ("keras", "matplotlib")} == {("project", "build")}


def test_path_may_contain_spaces_and_any_script(tmp_path, losses):
    assert finish(start(make_project(tmp_path / "Mes cahiers à moi, 猫 & 'co'")))[0] == losses


def test_notebook_may_run_from_the_top_folder(tmp_path, losses):
    make_project(tmp_path / "project")
    assert finish(start(tmp_path / "project"))[0] == losses


def test_two_lessons_at_once_share_a_cache_and_a_build_folder(tmp_path, losses):
    folder = make_project(tmp_path)
    both = [start(folder, KERAS_HOME=str(tmp_path / "cache")) for _ in range(2)]
    assert [finish(process)[0] for process in both] == [losses, losses]
    assert {path.name for path in (tmp_path / "build").iterdir()} == WRITTEN


def test_without_data_and_network_a_lesson_runs_on_synthetic_data_and_says_so(project, tmp_path):
    _, output = finish(start(project, AUTOENCODER_DATA=None, KERAS_HOME=str(tmp_path), **NO_NETWORK))
    assert "synthetic" in output
