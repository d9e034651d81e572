"""Run one program, and end it and all that it started as soon as the process that launched it has ended.

`helpers.launch` starts this file as a script of its own, one for each program. It imports nothing of the project, which
would wait for Keras.
"""

import contextlib
import os
import subprocess
import sys
import threading


def guard(command):
    """Run a command to its end, or until standard input ends; return its exit status, 128 and more for a signal."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    ending = threading.Lock()  # The program may end before all that it started.

    def end_with_launcher():
        while os.read(0, 1):
            pass
        with ending:
            _end_tree(program.pid)
            os._exit(1)

    threading.Thread(target=end_with_launcher, daemon=True).start()
    code = program.wait()
    with ending:
        return 128 - code if code < 0 else code


def _end_tree(number, seconds=2.0):
    """Ask a process and all that it started to end, then end those that did not within some seconds."""
    import psutil  # Here, so that a program is started without waiting for it.

    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(number)
        tree = [root, *root.children(recursive=True)]
        for process in tree:  # A shell, asked alone, would not pass it on.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(tree, timeout=seconds)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


if __name__ == "__main__":
    os._exit(guard(sys.argv[1:]))
