"""Run a notebook's cells in a new kernel."""

import ast
import asyncio
import sys

import psutil
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbconvert.filters import strip_ansi
from tqdm import tqdm

# On Linux, ru_maxrss includes the parent process's peak, so read VmHWM instead.
PEAK_MEMORY = (
    "int(__import__('pathlib').Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) * 1024 / 1e6"
    if sys.platform == "linux"
    else "__import__('resource').getrusage(0).ru_maxrss / 1e6"  # macOS counts bytes
)


async def execute(notebook, folder, name, row=1):
    """Execute an nbformat notebook in place, with its kernel started in `folder` and a per-cell progress bar on
    terminal row `row`.

    Stored outputs are removed first. Returns the kernel's peak memory in MB, or None if unavailable. Raises nbclient's
    CellExecutionError on the first cell that fails; earlier outputs are kept. On success, failure, or
    cancellation, the kernel and its child processes are killed.
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
    # client.async_execute would install its own Ctrl-C handler, which stops only one kernel.
    try:
        with tqdm(total=len(code_cells), desc=name, unit="cell", leave=False, position=row) as bar:
            await client.async_start_new_kernel()
            await client.async_start_new_kernel_client()
            for index, cell in enumerate(notebook.cells):
                await client.async_execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
                bar.update(cell.cell_type == "code")
            return await evaluate(client, PEAK_MEMORY)
    except DeadKernelError:
        if asyncio.current_task().cancelling():  # nbclient reports a cancellation as a dead kernel, too.
            raise asyncio.CancelledError from None
        raise
    finally:
        for process in list_processes(client.km):
            kill(process)
        if client.kc is not None:
            client.kc.stop_channels()
        await client.km.shutdown_kernel(now=True)


def list_processes(manager):
    """Return a manager's kernel process and all of its descendants."""
    try:
        kernel = psutil.Process(manager.provisioner.pid)
        return [kernel, *kernel.children(recursive=True)]
    except (AttributeError, psutil.NoSuchProcess):  # There is no kernel, or it has ended.
        return []


def kill(process):
    """Kill a process if it's still running."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        pass


async def evaluate(client, expression):
    """Evaluate a Python expression in the client's kernel; return its value, or None on failure."""
    message = client.kc.execute("", silent=True, user_expressions={"answer": expression})
    answer = (await client.async_wait_for_reply(message))["content"]["user_expressions"]["answer"]
    return ast.literal_eval(answer["data"]["text/plain"]) if answer["status"] == "ok" else None


def describe_failure(error):
    """Return one line that says why a notebook stopped: the error message and, if known, the code that failed."""
    lines = strip_ansi(str(error)).strip().splitlines() or [type(error).__name__]
    failed_code = [line.split(" ", 2)[-1].strip() for line in lines if line.startswith("-") and "> " in line[:12]]
    return f"{lines[-1].strip()} (in `{failed_code[0]}`)" if failed_code else lines[-1].strip()
