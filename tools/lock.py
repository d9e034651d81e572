"""Pin the newest versions that pyproject.toml allows, in requirements.lock and, for conda users, environment.yml."""

import re
import subprocess
import sys
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.validation import replace_file
from tools.notebooks import ROOT

# The extras to pin along with the dependencies. JAX, PyTorch, and Ray (`backends`, `scale`) are installed separately.
EXTRAS = ("probability", "lab", "site", "dev")
LOCK = ROOT / "requirements.lock"
CONDA = ROOT / "environment.yml"
PYPROJECT = ROOT / "pyproject.toml"
COMPILE = [
    "uv",
    "pip",
    "compile",
    "pyproject.toml",
    *(option for extra in EXTRAS for option in ("--extra", extra)),
    "--universal",
    "--python-version",
    "3.11",
]
# One version of each package for all Python versions, no index address, no comments that depend on the machine.
OPTIONS = [
    "--fork-strategy",
    "fewest",
    "--no-emit-index-url",
    "--no-annotate",
    "--no-header",
    "--quiet",
    "--upgrade",
]


def read_pins(text):
    """Return the version of each package in the text of a lock, ignoring markers: {'keras': '3.12.0', ...}."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, flags=re.MULTILINE))


def list_direct_requirements():
    """Return the names of the packages that pyproject.toml lists, including EXTRAS."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    requirements = project["dependencies"] + [
        name for extra in EXTRAS for name in project["optional-dependencies"][extra]
    ]
    return sorted({canonicalize_name(Requirement(requirement).name) for requirement in requirements})


def make_conda_environment(pins):
    """Return the text of environment.yml: direct requirements pinned, all others constrained by the lock."""
    lines = [
        "# For conda users: `conda env create --file environment.yml`. Written by `make lock`; do not edit.",
        "name: autoencoder-notebooks",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        "  - python=3.11",
        "  - pip",
        "  - pip:",
        "      - --constraint requirements.lock",
        *(f"      - {name}=={pins[name]}" for name in list_direct_requirements()),
        "      - --editable .",
    ]
    return "\n".join(lines) + "\n"


def main():
    compiled = subprocess.run([sys.executable, "-m", *COMPILE, *OPTIONS], cwd=ROOT, capture_output=True, text=True)
    if compiled.returncode:
        sys.exit(f"uv found no compatible versions; both files are unchanged.\n{compiled.stderr}")
    replace_file(LOCK, compiled.stdout.encode())
    replace_file(CONDA, make_conda_environment(read_pins(compiled.stdout)).encode())
    print(f"{len(read_pins(compiled.stdout))} packages pinned in {LOCK.name} and {CONDA.name}")


if __name__ == "__main__":
    main()
