"""The Makefile: its list of targets, and that every command in the documents exists."""

import os
import re
import shutil
import subprocess

import pytest

from tools.notebooks import ROOT


def run_make(folder, *arguments):
    """Run make in a folder and return what it printed."""
    # When this runs under `make test`, the inner make must not take it for its parent.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_alone_lists_all_targets_and_installs_nothing(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    (declared,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    listed = re.findall(r"^make ([\w-]+) +\S", run_make(tmp_path), flags=re.MULTILINE)
    assert sorted(listed) == sorted(declared.split())
    assert [path.name for path in tmp_path.iterdir()] == ["Makefile"]


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", ".github/workflows/test.yml", ".github/workflows/weekly.yml"]
)
def test_every_make_command_in_a_document_exists(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    code = text if name.endswith(".yml") else "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.DOTALL))
    commands = set(re.findall(r"(?:^|[`;&$] ?|KERAS_BACKEND=\w+ |run: )make ([a-z-]+)", code, flags=re.MULTILINE))
    declared = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert commands
    assert commands <= set(declared)
