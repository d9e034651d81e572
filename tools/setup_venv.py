"""Set up .venv from requirements.lock if it's missing or the lock changed. Needs only Python itself.

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
STAMP = "installed.lock"  # records what was installed; empty until installation is complete


def main(extra=None):
    """Set up the environment unless it's up to date; on failure, exit with a message that says what to do."""
    is_supported = OLDEST <= sys.version_info[:2] <= NEWEST
    folder = ROOT / (f".venv-{extra}" if extra else ".venv")
    refuse_foreign(folder)
    if is_supported or extra is None:  # Python 3.10 can't read an extra.
        wanted = make_stamp(folder, extra)
        if find_python(folder).exists() and (folder / STAMP).read_text(encoding="utf-8") == wanted:
            return
    if not is_supported:
        sys.exit(
            f"This is Python {sys.version.split()[0]}; the notebooks need 3.11, 3.12, or 3.13 for setup. "
            "Name one of these, for example: make setup PYTHON=python3.12"
        )
    try:
        create(folder)
        install(folder, extra)
        (folder / STAMP).write_text(wanted, encoding="utf-8")
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"Python couldn't create {folder.name} ({error}). On Debian or Ubuntu, run: sudo apt install python3-venv"
        )
    except OSError as error:
        sys.exit(f"Can't write to {folder}: {error}. Copy the project to a writable folder.")
    except KeyboardInterrupt:
        print(f"\nInterrupted; {folder.name} is incomplete. Run the same command again to start over.", file=sys.stderr)
        sys.exit(130)


def refuse_foreign(folder):
    """Exit, without changing anything, if `folder` exists and was not set up by this program."""
    advice = f"Nothing was changed. The project needs its own {folder.name}: move or delete this one, then try again."
    if folder.is_symlink():
        sys.exit(f"{folder} is a symbolic link to {folder.readlink()}. {advice}")
    if folder.exists() and not (folder / STAMP).is_file():
        sys.exit(f"{folder} was not set up by this project: it has no {STAMP}. {advice}")


def find_python(folder):
    """Return the path of the Python inside an environment, which depends on the operating system."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def make_stamp(folder, extra):
    """Return the stamp of a complete environment: the folder and everything installed."""
    pins = (ROOT / "requirements.lock").read_text(encoding="utf-8") + "\n".join(read_extra(extra) if extra else [])
    return f"# {folder}\n{pins}"


def read_extra(extra):
    """Return the requirements of an extra in pyproject.toml; exit if it doesn't exist."""
    import tomllib  # missing in Python 3.10, which `main` rejects

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    if extra not in extras:
        sys.exit(f"pyproject.toml has no extra {extra!r}; it has {', '.join(extras)}")
    return extras[extra]


def create(folder):
    """Create an empty environment. The stamp is written first, so an interrupted setup can be recognized."""
    folder.mkdir(exist_ok=True)
    (folder / STAMP).write_text("")
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != STAMP:
            entry.unlink()
    print(f"Setting up {folder.name}. This takes 2 to 4 minutes.", file=sys.stderr)
    venv.create(folder, with_pip=True)


def install(folder, extra):
    """Install the packages in the lock, then the project itself, with the extra if one is given."""
    lock = str(ROOT / "requirements.lock")
    project = ["--no-build-isolation", "--editable", f"{ROOT}[{extra}]" if extra else str(ROOT)]
    for arguments in ["-r", lock], [*project, "--constraint", lock] if extra else [*project, "--no-deps"]:
        if run_pip(folder, arguments):
            sys.exit(
                f"pip couldn't install the packages for {folder.name}; see its message above. "
                "Check your connection to the package index, then run the same command again."
            )


def run_pip(folder, arguments):
    """Run `pip install`, show its progress, and return its exit status.

    If UV_TORCH_BACKEND is set, uv installs the extra with the PyTorch build it names.
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
                show(f"  found {found} of about {count} packages", always=found % 50 == 0)
            elif line.startswith("Installing collected packages"):
                show(f"  installing {line.count(',') + 1} packages", always=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return pip.returncode


def show(text, always):
    """In a terminal, show `text` as the progress line; otherwise, print `text` only if `always` is true."""
    if sys.stderr.isatty():
        print(f"\r{text:60}", end="", file=sys.stderr, flush=True)
    elif always:
        print(text, file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(f"expected at most one extra, got {' '.join(sys.argv[1:])}")
    main(*sys.argv[1:])
