"""The environment: pyproject.toml, requirements.lock and environment.yml agree, with what is installed, too."""

import re
import tomllib
from importlib import metadata

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools import lock, setup_venv

PYPROJECT = lock.PYPROJECT.read_text(encoding="utf-8")
LOCK = lock.LOCK.read_text(encoding="utf-8")
CONDA = lock.CONDA.read_text(encoding="utf-8")
WORKFLOWS = lock.ROOT / ".github" / "workflows"
WORKFLOW = WORKFLOWS / "test.yml"
# What the collection promises to run on, whatever else comes and goes.
PROMISED = {"jupyter", "keras", "tensorflow", "tensorflow-probability", "numpy", "matplotlib", "imageio", "nbval"}
LINE_OF_LOCK = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+))?")


def read_requirements(pyproject):
    """Return the direct requirements of a pyproject.toml that are locked, extras included."""
    project = tomllib.loads(pyproject)["project"]
    extras = [line for extra in lock.EXTRAS for line in project["optional-dependencies"][extra]]
    return [Requirement(line) for line in project["dependencies"] + extras]


def test_extras_are_locked_but_for_two_which_name_one_version_each():
    extras = tomllib.loads(PYPROJECT)["project"]["optional-dependencies"]
    assert extras.keys() == {*lock.EXTRAS, "backends", "scale"}
    for requirement in map(Requirement, extras["backends"] + extras["scale"]):
        assert re.fullmatch(r"==[\d.]+", str(requirement.specifier)), requirement
        assert requirement.name not in lock.read_pins(LOCK)


def find_malformed_lines(lock_text):
    """Return the lines of a lock that are no `name==version` with an optional marker."""
    return [line for line in lock_text.splitlines() if not LINE_OF_LOCK.fullmatch(line)]


def find_disagreements(pyproject, lock_text, conda):
    """Return sentences on where the texts of pyproject.toml, requirements.lock and environment.yml disagree."""
    found = []
    pins = lock.read_pins(lock_text)
    requirements = read_requirements(pyproject)
    for requirement in requirements:
        pin = pins.get(requirement.name)
        if pin is None:
            found.append(f"the lock does not pin {requirement.name}")
        elif not requirement.specifier.contains(pin):
            found.append(f"the lock pins {requirement.name} at {pin}; pyproject.toml wants {requirement.specifier}")
    if find_malformed_lines(lock_text):
        found.append(f"lines of the lock are no pins: {find_malformed_lines(lock_text)}")
    repeated = len(lock_text.splitlines()) - len(pins) - len(find_malformed_lines(lock_text))
    if repeated:
        found.append(f"{repeated} packages are pinned more than once")
    names = {requirement.name for requirement in requirements}
    if not names - pins.keys() and conda != lock.write_conda_environment(pins):
        found.append("environment.yml is not what `make lock` writes from the lock")
    conda_pins = dict(re.findall(r"- ([a-z0-9-]+)==(\S+)", conda))
    for file, present in (("pyproject.toml", names), ("requirements.lock", pins), ("environment.yml", conda_pins)):
        if missing := sorted(PROMISED - set(present)):
            found.append(f"{file} lacks {', '.join(missing)}")
    return found


def test_pyproject_lock_and_conda_environment_agree():
    assert find_disagreements(PYPROJECT, LOCK, CONDA) == []


def drop_line(text, beginning):
    """Return `text` without the lines that begin so, spaces aside."""
    return "".join(line for line in text.splitlines(True) if not line.strip().startswith(beginning))


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ((PYPROJECT, drop_line(LOCK, "keras=="), CONDA), "does not pin keras"),
        ((PYPROJECT, re.sub(r"(?m)^keras==.*", "keras==3.0.0", LOCK), CONDA), "pins keras at 3.0.0"),
        ((PYPROJECT, re.sub(r"(?m)^wheel==.*", "wheel>=0.48", LOCK), CONDA), "are no pins: ['wheel>=0.48']"),
        ((PYPROJECT, LOCK + "--index-url https://example.org/simple\n", CONDA), "are no pins: ['--index-url"),
        ((PYPROJECT, LOCK + "--find-links wheels\n", CONDA), "are no pins: ['--find-links"),
        ((PYPROJECT, LOCK + "six @ file:///wheels/six.whl\n", CONDA), "are no pins: ['six @"),
        ((PYPROJECT, LOCK + "keras==3.14.0\n", CONDA), "1 packages are pinned more than once"),
        ((PYPROJECT, LOCK, drop_line(CONDA, "- scipy==")), "environment.yml is not what"),
        ((PYPROJECT, LOCK, re.sub(r"scipy==.*", "scipy==1.15.0", CONDA)), "environment.yml is not what"),
        ((PYPROJECT, LOCK, drop_line(CONDA, "- nbval==")), "environment.yml lacks nbval"),
        ((drop_line(PYPROJECT, '"imageio'), LOCK, CONDA), "pyproject.toml lacks imageio"),
        ((PYPROJECT.replace("scipy>=1.15", "scipy>=99"), LOCK, CONDA), "pyproject.toml wants >=99"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_disagreement_is_found(texts, sentence):
    assert texts != (PYPROJECT, LOCK, CONDA)
    assert sentence in "; ".join(find_disagreements(*texts))


@pytest.mark.parametrize("trace", ["://", "--index-url", "--extra-index-url", "--find-links", "--hash"])
def test_lock_names_no_place_to_install_from(trace):
    assert trace not in LOCK
    assert trace not in CONDA


def test_markers_of_the_lock_can_be_read():
    markers = [found["marker"] for found in map(LINE_OF_LOCK.fullmatch, LOCK.splitlines()) if found["marker"]]
    assert markers
    assert all(isinstance(Marker(marker).evaluate(), bool) for marker in markers)


def find_differing_installations(lock_text, installed):
    """Return what of a lock is not in `installed`, versions by name; lines whose marker does not apply are left out."""
    found = []
    for line in map(LINE_OF_LOCK.fullmatch, lock_text.splitlines()):
        if line["marker"] and not Marker(line["marker"]).evaluate():
            continue
        version = installed.get(line["name"])
        if version != line["version"]:
            found.append(f"{line['name']} is {version or 'not installed'}; the lock pins {line['version']}")
    return found


def test_this_environment_is_the_locked_one():
    installed = {canonicalize_name(package.name): package.version for package in metadata.distributions()}
    assert find_differing_installations(LOCK, installed) == [], "remove .venv and run `make setup`"


def test_other_version_and_missing_package_are_found_and_other_systems_left_out():
    text = "a==1.0\nb==2.0\nc==3.0\nd==4.0 ; sys_platform == 'none'\n"
    assert find_differing_installations(text, {"a": "1.0", "b": "2.1"}) == [
        "b is 2.1; the lock pins 2.0",
        "c is not installed; the lock pins 3.0",
    ]


def test_all_files_name_the_same_versions_of_python():
    allowed = SpecifierSet(tomllib.loads(PYPROJECT)["project"]["requires-python"])
    versions = [f"3.{minor}" for minor in range(20) if f"3.{minor}" in allowed]
    assert versions == [f"3.{minor}" for minor in range(setup_venv.OLDEST[1], setup_venv.NEWEST[1] + 1)]
    assert setup_venv.OLDEST[0] == setup_venv.NEWEST[0] == 3
    # The lock holds for all of them, conda users get the oldest, and each is tested on every push.
    assert lock.COMPILE[lock.COMPILE.index("--python-version") + 1] == versions[0]
    assert f"- python={versions[0]}\n" in CONDA
    assert f"python: {versions}".replace("'", '"') in WORKFLOW.read_text(encoding="utf-8")


def find_actions_without_digest(workflow):
    """Return the lines of a workflow that use an action by a name that its owner can move."""
    lines = [line.strip() for line in workflow.splitlines() if "uses:" in line]
    return [line for line in lines if not re.fullmatch(r"(?:- )?uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", line)]


def test_actions_are_pinned_by_digest():
    found = {path.name: find_actions_without_digest(path.read_text(encoding="utf-8")) for path in WORKFLOWS.iterdir()}
    assert found == {"pages.yml": [], "test.yml": [], "weekly.yml": []}
    assert find_actions_without_digest("- uses: actions/checkout@v4\n- uses: a/b@main # v1.0\n") != []


def test_workflows_may_only_read_but_for_the_one_that_publishes_the_site():
    for path in WORKFLOWS.iterdir():
        workflow = path.read_text(encoding="utf-8")
        assert "\npermissions:\n  contents: read\n" in workflow
        assert set(re.findall(r"([\w-]+): write", workflow)) == (
            {"pages", "id-token"} if path.stem == "pages" else set()
        )


def test_what_workflows_make_is_in_the_makefile():
    workflows = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS.iterdir())
    (weekly,) = re.findall(r"target: \[(.*)\]", workflows)
    wanted = {*weekly.split(", "), *re.findall(r"run: make ([\w-]+)", workflows)}
    targets = set(re.findall(r"^([\w-]+):", (lock.ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert {"test-latest", "test-oldest", "audit", "site"} <= wanted <= targets
