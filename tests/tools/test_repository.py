"""Pointing the project at a repository and a branch: `make repository SLUG=owner/name BRANCH=name`."""

import re
import shutil

import pytest

from tools import repository
from tools.notebooks import ROOT, list_notebooks

ADA = ("ada/my-autoencoders", "dev/clearer")
README = """[Site]({site}map.html), [Colab](https://colab.research.google.com/github/{slug}/blob/{branch}/notebooks/00.ipynb),
[Binder](https://mybinder.org/v2/gh/{slug}/{branch}?urlpath=lab/tree/notebooks/00.ipynb), [more](https://github.com/{slug}/issues)
pip install "git+https://github.com/{slug}@{branch}" or git clone https://github.com/{slug}
"""
# What names another repository, branch, or site, and stays.
OTHERS = """https://github.com/{slug}-2 https://github.com/c{slug} /github/{slug}-2/blob/main/notebooks/ {branch}
"""


def fill(template, slug, branch):
    return template.format(slug=slug, branch=branch, site=repository.name_site(slug))


@pytest.fixture
def present(patched):
    """Return the present slug and branch, in a project with real files and a README with every kind of link."""
    present = repository.read_project()[0], repository.read_branch()
    for path in (ROOT / "notebooks").glob("0[0-2]*.ipynb"):
        shutil.copy(path, patched.folder / "notebooks")
    (patched.folder / "helpers").mkdir()
    patched.copy("CITATION.cff", "CONTRIBUTING.md", "helpers/explorer.html", ".github")
    (patched.folder / "README.md").write_text(fill(README + OTHERS, *present) + (ROOT / "README.md").read_text())
    return present


def read_all(project):
    """Return the bytes of all files of a project, by path."""
    return {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}


def test_renaming_changes_every_link_and_renaming_back_restores_every_byte(present, patched, monkeypatch):
    before = read_all(patched)
    assert repository.rename(*ADA) >= 8
    assert (repository.read_project()[0], repository.read_branch()) == ADA
    assert (patched.folder / "README.md").read_text().startswith(fill(README, *ADA) + fill(OTHERS, *present))
    old = rf"(?i)(?<!\w){re.escape(present[0])}(?![\w-])|{re.escape(repository.name_site(present[0]))}"
    assert [path for path, content in read_all(patched).items() if re.search(old, content.decode())] == []
    assert f"git+https://github.com/{ADA[0]}@{ADA[1]}\\" in next(patched.folder.rglob("01*.ipynb")).read_text()
    repository.rename("bob/x", "dev")
    repository.rename("bob/x")
    assert repository.read_branch() == "dev"
    repository.rename(*ADA)
    monkeypatch.setattr(repository, "VALID", re.compile(".+"))  # The name that the project comes with is a placeholder.
    repository.rename(*present)
    assert read_all(patched) == before


def test_placeholder_cannot_be_registered_and_is_not_published(present, monkeypatch):
    monkeypatch.setattr("sys.argv", ["repository", "--check"])
    settings = repository.PYPROJECT.read_text().replace(present[0], "OWNER.NOT.SET/notebooks")
    repository.PYPROJECT.write_text(settings)  # GitHub allows letters, digits, and single hyphens in an owner's name.
    with pytest.raises(SystemExit, match="placeholder"):
        repository.main()
    repository.rename(*ADA)
    with pytest.raises(SystemExit, match=r"^$"):
        repository.main()


def test_renaming_that_failed_can_be_repeated(present, patched, monkeypatch):
    def fail(path, content):
        if path.name == "explorer.html":
            raise OSError(28, "No space left on device")
        write(path, content)

    write, longer = repository.replace_file, ("ada/my-autoencoders-2", "dev/clearer/2")
    repository.rename(*longer)
    expected = read_all(patched)
    repository.rename(*ADA)  # The names above begin with these.
    with monkeypatch.context() as patch:
        patch.setattr(repository, "replace_file", fail)
        with pytest.raises(OSError, match="No space"):
            repository.rename(*longer)
    repository.rename(*longer)
    assert read_all(patched) == expected


BAD_SLUGS = ["", "ada", "ada/", "/x", "a/b/c", "-a/b", "a--b/c", "a.b/c", "https://github.com/ada/digits", "a b/c"]
BAD_BRANCHES = ["a b", "/a", "a/", "a//b", "a..b", "-a", ".a", "a/.b", "a.lock", "a.", "a@b", "a?b", "a#b", "é", "a\n"]


@pytest.mark.parametrize(
    ("slug", "branch", "expected"),
    [(slug, "main", "owner/name") for slug in BAD_SLUGS] + [("ada/x", branch, "like main") for branch in BAD_BRANCHES],
)
def test_malformed_name_is_refused_and_nothing_changes(present, patched, slug, branch, expected):
    before = read_all(patched)
    with pytest.raises(ValueError, match=f"expected .*{expected}"):
        repository.rename(slug, branch)
    assert read_all(patched) == before


def test_every_file_with_a_link_is_renamed():
    slug, version = repository.read_project()
    links = re.compile(f"{re.escape(slug)}|{re.escape(repository.name_site(slug))}", flags=re.IGNORECASE)
    renamed = {path.relative_to(ROOT) for path in repository.list_files_with_links()}
    suffixes = {".cff", ".html", ".ipynb", ".json", ".md", ".py", ".toml", ".yml"}
    folders = ("notebooks", "helpers", "tools", "site", "tests", "benchmarks", ".github", ".devcontainer")
    paths = [*ROOT.glob("*"), *(path for name in folders for path in (ROOT / name).rglob("*"))]
    found = {path.relative_to(ROOT) for path in paths if path.suffix in suffixes and links.search(path.read_text())}
    assert found <= renamed
    assert {path.relative_to(ROOT) for path in list_notebooks(solutions=False)} <= renamed
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
