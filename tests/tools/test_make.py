"""Every `make` command in the documentation exists."""

import re

import pytest

from tools.notebooks import ROOT


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
