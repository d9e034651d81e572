"""Pin the newest versions that pyproject.toml allows: requirements.lock in full, environment.yml for conda users."""

import re
import subprocess
import sys
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.validation import replace_file
from tools.notebooks import ROOT

# What is pinned besides the dependencies. JAX and PyTorch, the extra `backends`, have an environment of their own.
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
# One version of each package for all Python versions, no index address, no comments that change with the machine.
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
    """Return name and version of every line `name==version` in a lock, whatever its marker."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, flags=re.MULTILINE))


def list_direct_requirements():
    """Return the names that pyproject.toml asks for itself, EXTRAS included."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    requirements = project["dependencies"] + [
        name for extra in EXTRAS for name in project["optional-dependencies"][extra]
    ]
    return sorted({canonicalize_name(Requirement(requirement).name) for requirement in requirements})


def write_conda_environment(pins):
    """Return environment.yml: the direct requirements at their pins, all others held to the lock."""
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
        sys.exit(f"uv found no set of versions; both files are as they were.\n{compiled.stderr}")
    replace_file(LOCK, compiled.stdout.encode())
    replace_file(CONDA, write_conda_environment(read_pins(compiled.stdout)).encode())
    print(f"{len(read_pins(compiled.stdout))} packages pinned in {LOCK.name} and {CONDA.name}")


if __name__ == "__main__":
    main()
