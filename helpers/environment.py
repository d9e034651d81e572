"""Check what this machine has and what is missing, and create the folder for output files."""

import importlib.util
import os
import platform
from importlib import metadata
from pathlib import Path

import keras
from packaging.requirements import Requirement

from helpers.datasets import load_fashion_mnist, load_mnist


def check_environment():
    """Print what this machine has; return a list of what's missing for the notebooks except 15, and how to fix it."""
    print(f"{'Python':<22} {platform.python_version()} on {platform.system()}, {os.cpu_count()} cores")
    project, missing = list(metadata.distributions(name="autoencoder-notebooks")), []
    for requirement in map(Requirement, project[0].requires if project else []):
        name, marker = requirement.name, requirement.marker
        if marker is not None and not marker.evaluate({"extra": "probability"}):
            continue
        try:
            version = metadata.version(name)
            fits = requirement.specifier.contains(version, prereleases=True)
        except Exception:  # A damaged installation may raise anything; TensorFlow may be tensorflow-cpu.
            version, fits = "not known to pip", importlib.util.find_spec(name) is not None
        print(f"{name:<22} {version}")
        if not fits:
            missing.append(f"{name}{requirement.specifier} (here: {version}): pip install --upgrade {name}")
    print(f"{'Keras backend':<22} {keras.backend.backend()}")
    print(f"{'Accelerator':<22} {', '.join(list_accelerators()) or 'none, and none is needed'}")
    for load in (load_mnist, load_fashion_mnist):
        try:
            if not load().is_real:
                missing.append(f"{load.__name__}(): only synthetic data: go online or set AUTOENCODER_DATA")
        except Exception as error:
            missing.append(f"{load.__name__}(): {error}")
    print("\n".join(f"Missing: {piece}" for piece in missing) or "Nothing is missing.")
    return missing


def list_accelerators():
    """Return the names of the accelerators that Keras's backend sees, such as 'gpu:0'; the CPU doesn't count."""
    if keras.backend.backend() == "torch":  # Keras can't list PyTorch's devices.
        return [f"gpu:{index}" for index in range(importlib.import_module("torch").cuda.device_count())]
    return [device for device in keras.distribution.list_devices() if "cpu" not in device.lower()]


def output_folder():
    """Create the folder for output, `build` in this checkout or else in the working folder; return a relative Path."""
    root = Path(__file__).resolve().parent.parent
    folder = Path(os.path.relpath(root) if (root / "pyproject.toml").is_file() else "", "build")
    folder.mkdir(exist_ok=True)
    return folder
