"""The share of the machine's cores that TensorFlow uses in a worker."""

from __future__ import annotations

import os

#: Variables from which TensorFlow takes the number of its threads, when it is first used.
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def share(workers: int) -> int:
    """Return how many cores each of some workers on this machine has."""
    from joblib import cpu_count

    return max(1, int(cpu_count()) // workers)


def use_cores(n: int) -> None:
    """Have TensorFlow use so many cores in this process, unless the user has said otherwise.

    joblib and Dask do the same for BLAS and OpenMP, before a worker starts.
    """
    for name in THREADS:
        os.environ.setdefault(name, str(n))
