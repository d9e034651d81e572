"""Writing a file so that whatever goes wrong leaves the old one whole."""

import os
import tempfile
from pathlib import Path


def replace_file(path, content):
    """Write bytes to a new file beside `path`, a Path, and rename it over `path` once it is complete.

    The file keeps its permissions. Raises FileNotFoundError, naming the folder, if there is none to write to, and
    OSError if it cannot be written to.
    """
    # The maintainers' tools have the same: to share it they would have to import this package, and so wait for Keras.
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist; make it first, or choose another")
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(_read_permissions(path))
        os.replace(temporary, path)
    except BaseException as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            # The file that could not be written is this one, whatever the temporary one was called.
            raise OSError(error.errno, f"{error.strerror}; nothing was changed", str(path)) from None
        raise


def _read_permissions(path):
    """Return the permissions of a file, or those for a new one where there is none, or none any more."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o644
