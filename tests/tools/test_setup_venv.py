"""Setup creates .venv once, recreates it when the lock changes, and leaves a user's own environment alone."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from tools import setup_venv


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Return a folder where main() creates a real environment without pip and installs nothing."""
    monkeypatch.setattr(setup_venv, "ROOT", tmp_path)
    monkeypatch.setattr(setup_venv, "run_pip", lambda *_: 0)
    create = setup_venv.venv.create
    monkeypatch.setattr(setup_venv.venv, "create", lambda folder, with_pip: create(folder))
    (tmp_path / "requirements.lock").write_text("keras==3.15.1\n")
    (tmp_path / "pyproject.toml").write_text('[project.optional-dependencies]\nbackends = ["jax==0.10.2"]\n')
    return tmp_path


def test_environment_is_kept_until_the_lock_changes(root):
    setup_venv.main()
    assert setup_venv.find_python(root / ".venv").exists()
    own = root / ".venv" / "installed by hand"
    own.touch()
    setup_venv.main()
    assert own.exists()
    (root / "requirements.lock").write_text("keras==3.16.0\n")
    setup_venv.main()
    assert not own.exists()
    assert setup_venv.find_python(root / ".venv").exists()


def test_extra_has_its_own_environment_that_follows_pyproject(root):
    setup_venv.main("backends")
    (root / ".venv-backends" / "old").touch()
    (root / "pyproject.toml").write_text('[project.optional-dependencies]\nbackends = ["jax==0.11.0"]\n')
    setup_venv.main("backends")
    assert not (root / ".venv-backends" / "old").exists()
    assert not (root / ".venv").exists()
    with pytest.raises(SystemExit, match="no extra 'backend'; it has backends"):
        setup_venv.main("backend")


def test_users_own_environment_is_rejected_and_unchanged(root):
    config = root / ".venv" / "pyvenv.cfg"
    config.parent.mkdir()
    config.write_text("home = /usr/bin\n")
    with pytest.raises(SystemExit, match=r"was not set up by this project.*move or delete this one"):
        setup_venv.main()
    assert [path.read_text() for path in config.parent.iterdir()] == ["home = /usr/bin\n"]


def test_symbolic_link_is_rejected_and_its_target_unchanged(root, tmp_path_factory):
    target = tmp_path_factory.mktemp("environment")
    (target / setup_venv.STAMP).write_text("a stamp from another checkout")
    (root / ".venv").symlink_to(target)
    with pytest.raises(SystemExit, match="is a symbolic link"):
        setup_venv.main()
    assert (root / ".venv").is_symlink()
    assert [path.name for path in target.iterdir()] == [setup_venv.STAMP]


@pytest.mark.parametrize("step", ["create", "run_pip"])
def test_interrupted_setup_is_completed_by_the_next_run(root, monkeypatch, step):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(setup_venv.venv if step == "create" else setup_venv, step, stop)
        with pytest.raises(SystemExit, match="130"):
            setup_venv.main()
    setup_venv.main()
    assert setup_venv.find_python(root / ".venv").exists()


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (subprocess.CalledProcessError(1, "ensurepip"), "apt install python3-venv"),
        (PermissionError(13, "Permission denied"), "a writable folder"),
    ],
    ids=repr,
)
def test_failed_setup_says_what_to_do(root, monkeypatch, error, advice):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(setup_venv.venv, "create", fail)
    with pytest.raises(SystemExit, match=advice):
        setup_venv.main()


@pytest.mark.parametrize("version", [(3, 10, 2), (3, 14, 0)])
def test_unsupported_python_is_rejected_until_setup_is_complete(root, monkeypatch, version):
    fake = SimpleNamespace(version_info=version, version="3.x", exit=sys.exit, platform=sys.platform)
    with monkeypatch.context() as patch:
        patch.setattr(setup_venv, "sys", fake)
        with pytest.raises(SystemExit, match="make setup PYTHON="):
            setup_venv.main()
    assert not (root / ".venv").exists()
    setup_venv.main()
    monkeypatch.setattr(setup_venv, "sys", fake)
    setup_venv.main()
