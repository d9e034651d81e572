"""Point every link to a repository and a branch: python -m tools.repository owner/name [branch]

Links to Colab, Binder, GitHub, and the site change, and so do the notebooks' install lines and the branch that the
workflows publish. Without a branch, the present one is kept.

The project comes with an owner that GitHub doesn't allow, with dots in it, so no one can register the name and put
other code there. `python -m tools.repository --check` fails until it is replaced; the workflow that publishes the site
runs it first.
"""

import re
import sys
import tomllib

from helpers.validation import replace_file
from tools.notebooks import ROOT, list_notebooks

PYPROJECT = ROOT / "pyproject.toml"
VALID = re.compile(r"[A-Za-z0-9](-?[A-Za-z0-9]){,38}/[A-Za-z0-9._-]+")  # GitHub's rules
# git allows more, but not all of it means the same in an address, in pip's install line, and in a workflow.
VALID_BRANCH = re.compile(r"(?!.*(\.\.|\.lock(/|$)|\.$))[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*", flags=re.ASCII)


def read_project():
    """Return the repository's slug, owner/name, and the version that the notebooks install."""
    settings = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    return settings["tool"]["autoencoder-notebooks"]["repository"], settings["project"]["version"]


def read_branch():
    """Return the branch that links lead to and that the notebooks install."""
    settings = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    return settings["tool"]["autoencoder-notebooks"]["branch"]


def name_in_colab(notebook):
    """Return the address in Colab of the notebook with this name, such as 01_dense_autoencoder."""
    slug, _ = read_project()
    return f"https://colab.research.google.com/github/{slug}/blob/{read_branch()}/notebooks/{notebook}.ipynb"


def name_site(slug):
    """Return the address that GitHub Pages gives the site of a repository."""
    owner, name = slug.split("/")
    return f"https://{owner.lower()}.github.io/{name}/"


def list_links(slug, branch):
    """Return every text in the project that names a repository or branch, the longest first where two begin alike."""
    return [
        f"github.com/{slug}@{branch}",
        f"github.com/{slug}/",
        f"github.com/{slug}",
        f"/github/{slug}/blob/{branch}/notebooks/",
        f"/gh/{slug}/{branch}?",
        name_site(slug),
        f'repository = "{slug}"',
        f'branch = "{branch}"',
        f'branches: ["{branch}"]',
    ]


def list_files_with_links():
    """Return the files with links. pyproject.toml comes last: it is read first, so a failed call can be repeated."""
    names = ("README.md", "CONTRIBUTING.md", "CITATION.cff", "helpers/explorer.html")
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    pages = sorted((ROOT / "site").glob("*.md"))
    return [*(ROOT / name for name in names), *pages, *workflows, *list_notebooks(), PYPROJECT]


def rename(slug, branch=None):
    """Replace the present slug and branch and return how many files changed. Raises ValueError if one is malformed."""
    present, present_branch = read_project()[0], read_branch()
    branch = branch or present_branch
    if not VALID.fullmatch(slug):
        raise ValueError(f"{slug!r} isn't the name of a repository; expected owner/name, as in its address on GitHub")
    if not VALID_BRANCH.fullmatch(branch):
        raise ValueError(f"{branch!r} can't be used as a branch; expected a name like main or dev/new-lesson")
    new = dict(zip(list_links(present, present_branch), list_links(slug, branch), strict=True))
    # What follows a name must not belong to it: github.com/ada/digits isn't the start of github.com/ada/digits-2.
    links = re.compile(rf"({'|'.join(map(re.escape, new))})((?<=\W)|(?![\w/-]))")
    changed = 0
    for path in list_files_with_links():
        before = path.read_text(encoding="utf-8")
        after = links.sub(lambda link: new[link[0]], before)
        if after != before:
            replace_file(path, after.encode())
            changed += 1
    return changed


def main():
    if sys.argv[1:] == ["--check"]:
        slug, _ = read_project()
        sys.exit(None if VALID.fullmatch(slug) else f"{slug} is a placeholder; run make repository SLUG=owner/name")
    if len(sys.argv) not in (2, 3):
        sys.exit("Name the repository, and the branch unless it stays: make repository SLUG=owner/name BRANCH=main")
    try:
        print(f"{rename(*sys.argv[1:])} files now point to {sys.argv[1]}, branch {read_branch()}")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
