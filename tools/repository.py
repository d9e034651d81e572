"""Point every Colab link and every install line to a repository: python -m tools.repository owner/name.

Until then they name an owner that GitHub doesn't allow, with dots in it, so nobody can register the name and put other
code there. `python -m tools.repository --check` fails as long as that is so; the workflow that publishes the site
runs it first.
"""

import re
import sys
import tomllib

from helpers.validation import replace_file
from tools.notebooks import ROOT, list_notebooks

PYPROJECT = ROOT / "pyproject.toml"
VALID = re.compile(r"[A-Za-z0-9](-?[A-Za-z0-9]){,38}/[A-Za-z0-9._-]+")  # GitHub's rules


def read_project():
    """Return the repository's slug, owner/name, and the version that the notebooks install."""
    settings = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    return settings["tool"]["autoencoder-notebooks"]["repository"], settings["project"]["version"]


def list_files_with_links():
    """Return the files that hold the slug, last the one it is read from, so that a failed call can be repeated."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *list_notebooks(), PYPROJECT]


def rename(slug):
    """Replace the present slug by `slug` and return how many files changed. Raises ValueError if it is malformed."""
    if not VALID.fullmatch(slug):
        raise ValueError(f"{slug!r} isn't the name of a repository; expected owner/name, as in its address on GitHub")
    present, _ = read_project()
    changed = 0
    for path in list_files_with_links():
        before = path.read_text(encoding="utf-8")
        after = before.replace(present, slug)
        if after != before:
            replace_file(path, after.encode())
            changed += 1
    return changed


def main():
    if sys.argv[1:] == ["--check"]:
        slug, _ = read_project()
        sys.exit(None if VALID.fullmatch(slug) else f"{slug} is a placeholder; run make repository SLUG=owner/name")
    if len(sys.argv) != 2:
        sys.exit("Name the repository: make repository SLUG=owner/name")
    try:
        print(f"{rename(sys.argv[1])} files now point to {sys.argv[1]}")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
