"""Pointing the project at a repository: `make repository SLUG=owner/name`."""

import shutil

import pytest

from tools import repository
from tools.notebooks import ROOT, list_notebooks


@pytest.fixture
def linked(patched):
    """Return a project with copies of three real notebooks, and a short README and CONTRIBUTING."""
    slug, _ = repository.read_project()
    for path in (ROOT / "notebooks").glob("0[0-2]*.ipynb"):
        shutil.copy(path, patched.folder / "notebooks")
    for name in ("README.md", "CONTRIBUTING.md"):
        (patched.folder / name).write_text(f"[Colab](https://colab.research.google.com/github/{slug}/blob/main/)\n")
    return patched


def read_all(project):
    """Return the bytes of all files of a project, by path."""
    return {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}


def test_renaming_changes_every_link_and_renaming_back_restores_every_byte(linked):
    before = read_all(linked)
    old, version = repository.read_project()
    assert repository.rename("ada/my-autoencoders") == len(before)
    assert repository.read_project() == ("ada/my-autoencoders", version)
    for path, content in read_all(linked).items():
        assert content == before[path].replace(old.encode(), b"ada/my-autoencoders"), path
    repository.rename("bob/x")
    repository.rename("ada/my-autoencoders")
    assert {
        path: content.replace(b"ada/my-autoencoders", old.encode()) for path, content in read_all(linked).items()
    } == before


def test_placeholder_cannot_be_registered_and_is_not_published(linked, monkeypatch):
    monkeypatch.setattr("sys.argv", ["repository", "--check"])
    slug, _ = repository.read_project()
    assert "." in slug.split("/")[0]  # GitHub allows letters, digits, and single hyphens in the name of an owner.
    with pytest.raises(SystemExit, match="placeholder"):
        repository.main()
    repository.rename("ada/my-autoencoders")
    with pytest.raises(SystemExit) as ended:
        repository.main()
    assert ended.value.code is None


def test_renaming_that_failed_can_be_repeated(linked, monkeypatch):
    write, written = repository.replace_file, []

    def fail_at_third(path, content):
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        write(path, content)

    old, _ = repository.read_project()
    with monkeypatch.context() as patch:
        patch.setattr(repository, "replace_file", fail_at_third)
        with pytest.raises(OSError, match="No space"):
            repository.rename("ada/my-autoencoders")
    repository.rename("ada/my-autoencoders")
    assert not any(old.encode() in content for content in read_all(linked).values())


@pytest.mark.parametrize(
    "slug", ["", "ada", "ada/", "/digits", "a/b/c", "-a/b", "a--b/c", "a.b/c", "https://github.com/ada/digits", "a b/c"]
)
def test_malformed_name_is_refused_and_nothing_changes(linked, slug):
    before = read_all(linked)
    with pytest.raises(ValueError, match="expected owner/name"):
        repository.rename(slug)
    assert read_all(linked) == before


def test_every_file_with_the_name_is_renamed():
    slug, _ = repository.read_project()
    renamed = {path.relative_to(ROOT) for path in repository.list_files_with_links()}
    suffixes = {".md", ".py", ".toml", ".yml", ".ipynb"}
    folders = [ROOT, *(ROOT / name for name in ("notebooks", "helpers", "tools", "site", "tests", ".github"))]
    paths = [path for folder in folders[:1] for path in folder.glob("*")]
    paths += [path for folder in folders[1:] for path in folder.rglob("*")]
    found = {path.relative_to(ROOT) for path in paths if path.suffix in suffixes and slug in path.read_text()}
    assert found <= renamed
    assert {path.relative_to(ROOT) for path in list_notebooks(solutions=False)} <= renamed
