"""Set up .venv from requirements.lock if it is missing or the lock changed. Needs nothing but Python itself.

    python3 tools/setup_venv.py        or        python3 tools/setup_venv.py backends

The second command sets up .venv-backends: the same packages plus the extra `backends` of pyproject.toml.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
STAMP = "installed.lock"  # in the environment: what it was set up from; empty until that is complete


def main(extra=None):
    """Set up the environment unless it is current; exit with a message that says what to do if that fails."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(
            f"This is Python {sys.version.split()[0]}; the notebooks need 3.11, 3.12, or 3.13. "
            "Choose one of them: make run PYTHON=python3.12"
        )
    folder = ROOT / (f".venv-{extra}" if extra else ".venv")
    refuse_foreign(folder)
    wanted = make_stamp(folder, extra)
    if find_python(folder).exists() and (folder / STAMP).read_text(encoding="utf-8") == wanted:
        return
    try:
        create(folder)
        install(folder, extra)
        (folder / STAMP).write_text(wanted, encoding="utf-8")
    except subprocess.CalledProcessError as error:
        sys.exit(f"Python could not create {folder.name} ({error}). On Debian or Ubuntu: sudo apt install python3-venv")
    except OSError as error:
        sys.exit(f"{folder} cannot be written: {error}. Use a copy of the project in a folder that you can write to.")
    except KeyboardInterrupt:
        print(f"\nInterrupted; {folder.name} is incomplete. The next `make` starts it again.", file=sys.stderr)
        sys.exit(130)


def refuse_foreign(folder):
    """Exit if `folder` exists and was not set up by this program: nothing of the user's is changed."""
    advice = f"Nothing was changed. The project needs its own {folder.name}: move or remove this one and try again."
    if folder.is_symlink():
        sys.exit(f"{folder} is a symbolic link to {folder.readlink()}. {advice}")
    if folder.exists() and not (folder / STAMP).is_file():
        sys.exit(f"{folder} was not set up by this project: it holds no {STAMP}. {advice}")


def find_python(folder):
    """Return the path of the Python inside an environment, which depends on the operating system."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def make_stamp(folder, extra):
    """Return the stamp of a complete environment: the version of Python, the folder, and all that is installed."""
    pins = (ROOT / "requirements.lock").read_text(encoding="utf-8") + "\n".join(read_extra(extra) if extra else [])
    return f"# {sys.version_info[0]}.{sys.version_info[1]} {folder}\n{pins}"


def read_extra(extra):
    """Return the requirements of an extra of pyproject.toml; exit if there is no extra of that name."""
    import tomllib  # missing in Python 3.10, for which `main` has a message

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    if extra not in extras:
        sys.exit(f"pyproject.toml has no extra {extra!r}; it has {', '.join(extras)}")
    return extras[extra]


def create(folder):
    """Create an empty environment. From its first moment it has a stamp, so that an interrupted one is recognized."""
    folder.mkdir(exist_ok=True)
    (folder / STAMP).write_text("")
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != STAMP:
            entry.unlink()
    print(f"Setting up {folder.name}: 2 to 4 minutes, once", file=sys.stderr)
    venv.create(folder, with_pip=True)


def install(folder, extra):
    """Install what the lock pins, then the project itself, with an extra if there is one."""
    lock = str(ROOT / "requirements.lock")
    project = ["--no-build-isolation", "--editable", f"{ROOT}[{extra}]" if extra else str(ROOT)]
    for arguments in ["-r", lock], [*project, "--constraint", lock] if extra else [*project, "--no-deps"]:
        if run_pip(folder, arguments):
            sys.exit(
                f"pip could not install what {folder.name} needs; its message above says why. "
                "Without a connection to the package index nothing can be installed. Run this again to retry."
            )


def run_pip(folder, arguments):
    """Run `pip install`, show how far it is, and return its exit status.

    Where UV_TORCH_BACKEND is set, the extra is installed by uv, which finds the PyTorch that this variable names.
    """
    if "UV_TORCH_BACKEND" in os.environ and "-r" not in arguments:
        python = str(find_python(folder))
        return subprocess.run([python, "-m", "uv", "pip", "install", "--python", python, *arguments]).returncode
    count = sum("==" in line for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines())
    command = [str(find_python(folder)), "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="replace") as pip:
        found = 0
        for line in pip.stdout:
            if line.startswith("Collecting "):
                found += 1
                show(f"  {found} of about {count} packages found", always=found % 50 == 0)
            elif line.startswith("Installing collected packages"):
                show(f"  installing {line.count(',') + 1} packages", always=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return pip.returncode


def show(text, always):
    """Show progress in one line of a terminal; elsewhere, such as in a log, print only what is shown `always`."""
    if sys.stderr.isatty():
        print(f"\r{text:60}", end="", file=sys.stderr, flush=True)
    elif always:
        print(text, file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
