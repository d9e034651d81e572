"""What this machine has, and what to do about what it lacks."""

import os
import platform
from importlib import metadata

import keras
from packaging.requirements import Requirement

from helpers.datasets import load_fashion_mnist, load_mnist

PROJECT = "autoencoder-notebooks"  # the name under which pip knows this project
EXTRAS = {'extra == "probability"'}  # besides what every notebook needs


def check_environment():
    """Print versions, backend, cores, accelerator and data source; return what is missing, each with what to do.

    An empty list means that every notebook of the collection can run here but 15, which says itself what it needs.
    """
    print(f"{'Python':<22} {platform.python_version()} on {platform.system()}, {count_cores()} cores")
    missing = []
    for requirement in list_requirements():
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            missing.append(f"{requirement.name} is not installed: pip install {requirement.name}")
            continue
        print(f"{requirement.name:<22} {version}")
        if not requirement.specifier.contains(version, prereleases=True):
            missing.append(
                f"{requirement.name} is {version}; the notebooks need {requirement.specifier}: "
                f"pip install --upgrade {requirement.name}"
            )
    print(f"{'Keras backend':<22} {keras.backend.backend()}")
    print(f"{'Accelerator':<22} {', '.join(list_accelerators()) or 'none, and none is needed'}")
    for load in (load_mnist, load_fashion_mnist):
        try:
            if not load().is_real:
                missing.append(f"{load.__name__}() gives a stand-in: connect to the network or set AUTOENCODER_DATA")
        except (OSError, ValueError) as error:
            missing.append(f"{load.__name__}() fails: {error}")
    print("\n".join(f"Missing: {piece}" for piece in missing) or "Nothing is missing.")
    return missing


def list_requirements():
    """Return what the notebooks need as packaging Requirements, read from the metadata that pip installed with helpers.

    The list is empty where helpers comes from a checkout that isn't installed.
    """
    try:
        requirements = map(Requirement, metadata.requires(PROJECT) or [])
    except metadata.PackageNotFoundError:
        return []
    return [one for one in requirements if one.marker is None or str(one.marker) in EXTRAS]


def count_cores():
    """Return how many processor cores this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def list_accelerators():
    """Return the names of the accelerators that Keras's backend sees, such as 'gpu:0', without the processor."""
    return [device for device in keras.distribution.list_devices() if "cpu" not in device.lower()]
