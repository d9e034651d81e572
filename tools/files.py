"""Write files so that a full disk or a kill half-way leaves the old one whole."""

import os
import tempfile
from pathlib import Path


def write_text(path, text):
    """Write `text` (UTF-8) to a new file beside `path` and rename it over `path` once it is complete."""
    write_bytes(path, text.encode())


def write_bytes(path, content):
    """Write `content` to a new file beside `path` and rename it over `path` once it is complete.

    Raises OSError, which names `path`, if that fails: the old file is whole then, and nothing lies beside it.
    """
    path = Path(path)
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
