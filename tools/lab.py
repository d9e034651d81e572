"""Open JupyterLab on the first notebook, with the whole project in its file browser.

python -m tools.lab [options of `jupyter lab`, such as --no-browser]
"""

import os
import sys

from tools.notebooks import ROOT, list_notebooks, name_data_folder_in_full


def main():
    name_data_folder_in_full()
    first = list_notebooks()[0].relative_to(ROOT).as_posix()
    # Unlike a file argument, this also sets the URL that is printed with --no-browser.
    settings = [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{first}"]
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *settings, *sys.argv[1:]])


if __name__ == "__main__":
    main()
