"""Set up .venv from requirements.lock if it is missing or its lock changed. Needs nothing but Python itself."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "installed.lock"
OLDEST, NEWEST = (3, 11), (3, 13)


def find_python():
    """Return the path of the Python inside .venv, whatever the operating system calls its folder."""
    return VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def is_current():
    """Return whether .venv was completed from this very lock by this very version of Python."""
    return find_python().exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == expected_stamp()


def expected_stamp():
    """Return what a completed .venv is stamped with."""
    return f"# {sys.version_info.major}.{sys.version_info.minor} {VENV}\n{LOCK.read_text(encoding='utf-8')}"


def main():
    """Install; exit with a sentence that says what to do if that is not possible."""
    if is_current():
        return
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(
            f"This is Python {sys.version.split()[0]}; the notebooks need 3.11, 3.12 or 3.13. "
            "Name one of them: make run PYTHON=python3.12"
        )
    print("Setting up .venv from requirements.lock; this takes a few minutes once.", file=sys.stderr)
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"Python could not make .venv ({error}). On Debian or Ubuntu: sudo apt install python3-venv")
    pip = [str(find_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for arguments in (["-r", str(LOCK)], ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]):
        if subprocess.run([*pip, *arguments]).returncode:
            sys.exit(
                "pip could not install what requirements.lock pins; its message above says why. Run again to retry."
            )
    STAMP.write_text(expected_stamp(), encoding="utf-8")


if __name__ == "__main__":
    main()
