"""One core for this process and those it starts, so that figures compare like with like."""

import os


def one_core() -> None:
    """Confine this process to one core. To be called before numpy is imported.

    Numerical libraries ask for the number of cores once, when they are loaded. Where the system
    cannot confine a process, only they are told.
    """
    os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
