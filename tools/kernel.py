"""Run the cells of a notebook in a kernel of its own."""

import ast
import asyncio
import sys

import psutil
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbconvert.filters import strip_ansi
from tqdm import tqdm

# On Linux ru_maxrss begins with the memory of the process that started the kernel.
PEAK_MEMORY = (
    "int(__import__('pathlib').Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) * 1024 / 1e6"
    if sys.platform == "linux"
    else "__import__('resource').getrusage(0).ru_maxrss / 1e6"  # macOS counts bytes
)


async def execute(notebook, folder, name, row=1):
    """Execute an nbformat notebook in place, its kernel started in `folder`, with a bar by cell on a row of the screen.

    Outputs that were stored are removed first. Returns the most memory that the kernel held, in MB, or None if it
    can't say. Raises nbclient's CellExecutionError on the first cell that fails; the outputs up to there are kept.
    Whether it ends, fails, or is canceled: the kernel and every process that it started are gone afterward.
    """
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code_cells:
        cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=None,
        extra_arguments=["--IPKernelApp.log_level=40"],  # Its warnings would break the progress bars.
        resources={"metadata": {"path": str(folder)}},
        shutdown_kernel="immediate",  # TensorFlow takes seconds to shut down, and nothing is left to do.
    )
    client.create_kernel_manager()
    # client.async_execute would take over Ctrl-C, and end one kernel where the user wants everything to end.
    try:
        with tqdm(total=len(code_cells), desc=name, unit="cell", leave=False, position=row) as bar:
            await client.async_start_new_kernel()
            await client.async_start_new_kernel_client()
            for index, cell in enumerate(notebook.cells):
                await client.async_execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
                bar.update(cell.cell_type == "code")
            return await ask(client, PEAK_MEMORY)
    except DeadKernelError:
        if asyncio.current_task().cancelling():  # nbclient takes this for the end of the kernel, too.
            raise asyncio.CancelledError from None
        raise
    finally:
        for process in list_processes(client.km):
            end(process)
        if client.kc is not None:
            client.kc.stop_channels()
        await client.km.shutdown_kernel(now=True)


def list_processes(manager):
    """Return the kernel of a manager and all processes that it started, and those that they started."""
    try:
        kernel = psutil.Process(manager.provisioner.pid)
        return [kernel, *kernel.children(recursive=True)]
    except (AttributeError, psutil.NoSuchProcess):  # There is no kernel, or it has ended.
        return []


def end(process):
    """End a process at once, if it is still there."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        pass


async def ask(client, expression):
    """Return what the kernel of an nbclient answers to a Python expression; None if it fails there."""
    message = client.kc.execute("", silent=True, user_expressions={"answer": expression})
    answer = (await client.async_wait_for_reply(message))["content"]["user_expressions"]["answer"]
    return ast.literal_eval(answer["data"]["text/plain"]) if answer["status"] == "ok" else None


def describe_failure(error):
    """Return one line on why a notebook stopped: the line of code that failed, where there is one, and the message."""
    lines = strip_ansi(str(error)).strip().splitlines() or [type(error).__name__]
    failed_code = [line.split(" ", 2)[-1].strip() for line in lines if line.startswith("-") and "> " in line[:12]]
    return f"{lines[-1].strip()} at `{failed_code[0]}`" if failed_code else lines[-1].strip()
