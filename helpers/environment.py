"""What this machine has, and what to do about what it lacks."""

import os
import platform
from importlib import metadata

import keras

from helpers.datasets import load_fashion_mnist, load_mnist

# Package, and which notebooks need it.
PACKAGES = {
    "keras": "all notebooks",
    "tensorflow": "all notebooks",
    "tensorflow-probability": "notebooks 10 and 13",
    "tf-keras": "notebooks 10 and 13",
    "numpy": "all notebooks",
    "scipy": "all notebooks",
    "scikit-learn": "all notebooks",
    "matplotlib": "all notebooks",
    "imageio": "notebooks 08 and 10",
}


def check_environment():
    """Print versions, backend, cores, accelerator and data source; return what is missing, each with what to do.

    An empty list means that every notebook of the collection can run here but 15, which says itself what it needs.
    """
    missing = []
    print(f"{'Python':<22} {platform.python_version()} on {platform.system()}, {count_cores()} cores")
    for package, users in PACKAGES.items():
        try:
            print(f"{package:<22} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(f"{package} is not installed ({users}): pip install {package}")
    if int(keras.__version__.split(".")[0]) < 3:
        missing.append(
            f"Keras is {keras.__version__}; the notebooks are written for Keras 3: pip install --upgrade keras"
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


def count_cores():
    """Return how many processor cores this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def list_accelerators():
    """Return the names of the accelerators that Keras's backend sees, such as 'gpu:0', without the processor."""
    return [device for device in keras.distribution.list_devices() if "cpu" not in device.lower()]
