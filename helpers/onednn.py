"""oneDNN, TensorFlow's library for processors: used on older ones too, and without a memory of its own."""

import os
import platform


def set_up_onednn():
    """Let TensorFlow use oneDNN on every Intel or AMD processor, with memory of the C library.

    For programs that have not imported TensorFlow yet. By itself it uses oneDNN only where a processor has instructions
    for neural networks, such as AVX512-VNNI; on one that has only AVX2, convolutions are faster with it as well, most
    of all those of few channels, as in notebook 04. And oneDNN would take its memory from an allocator that keeps all
    that was freed: the loss of 60,000 images, computed in one call, then holds more than a gigabyte to the end.

    Where TF_ENABLE_ONEDNN_OPTS or TF_ONEDNN_USE_SYSTEM_ALLOCATOR is set, it counts. Sources: the release notes of
    TensorFlow 2.9, and its pull request 54169.
    """
    if platform.machine().lower() in ("x86_64", "amd64"):
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "true")
