"""Set up .venv from requirements.lock if it is missing or its lock changed. Needs nothing but Python itself.

    python3 tools/setup_venv.py        or        python3 tools/setup_venv.py backends

The second one sets up .venv-backends: the same and, besides, what the extra `backends` of pyproject.toml asks for.
"""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)


def find_venv(extra=None):
    """Return the folder of the environment: .venv, or the one that has an extra of pyproject.toml besides."""
    return ROOT / (f".venv-{extra}" if extra else ".venv")


def find_python(extra=None):
    """Return the path of the Python inside the environment, whatever the operating system calls its folder."""
    return find_venv(extra) / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def find_stamp(extra=None):
    """Return the path of the file that says from what the environment was completed."""
    return find_venv(extra) / "installed.lock"


def is_current(extra=None):
    """Return whether the environment was completed from these very pins by this very version of Python."""
    stamp = find_stamp(extra)
    return find_python(extra).exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == expected_stamp(extra)


def expected_stamp(extra=None):
    """Return what a completed environment is stamped with."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    if extra:
        lock += "\n".join(read_extra(extra))
    return f"# {sys.version_info.major}.{sys.version_info.minor} {find_venv(extra)}\n{lock}"


def read_extra(extra):
    """Return the requirements of an extra of pyproject.toml; exit if it has none of that name."""
    import tomllib  # Python 3.10 has none, and is told so by `main`.

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    if extra not in extras:
        sys.exit(f"pyproject.toml has no extra {extra!r}; it has {', '.join(extras)}")
    return extras[extra]


def list_installations(extra=None):
    """Return the arguments of each call of pip: what is pinned, then the project, its extra held to the pins."""
    lock = str(ROOT / "requirements.lock")
    project = ["--no-build-isolation", "--editable", f"{ROOT}[{extra}]" if extra else str(ROOT)]
    return [["-r", lock], [*project, "--constraint", lock] if extra else [*project, "--no-deps"]]


def main(extra=None):
    """Install; exit with a sentence that says what to do if that is not possible."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(
            f"This is Python {sys.version.split()[0]}; the notebooks need 3.11, 3.12 or 3.13. "
            "Name one of them: make run PYTHON=python3.12"
        )
    if is_current(extra):
        return
    name = find_venv(extra).name
    print(f"Setting up {name} from requirements.lock; this takes a few minutes once.", file=sys.stderr)
    try:
        venv.create(find_venv(extra), clear=True, with_pip=True)
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"Python could not make {name} ({error}). On Debian or Ubuntu: sudo apt install python3-venv")
    pip = [str(find_python(extra)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for arguments in list_installations(extra):
        if subprocess.run([*pip, *arguments]).returncode:
            sys.exit(
                "pip could not install what requirements.lock pins; its message above says why. Run again to retry."
            )
    find_stamp(extra).write_text(expected_stamp(extra), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
