"""The errors of the package, one class for each kind of remedy."""

from __future__ import annotations


class TissueshapError(Exception):
    """Base class of every error that tissueshap raises on purpose."""


class DataError(TissueshapError, ValueError):
    """The input is wrong: the message names the place and the remedy."""


class MissingSlotError(DataError):
    """A slot of the AnnData is missing: the message names the verb that writes it."""


class TakenSlotError(DataError):
    """A slot has the user's own data: the message says how to keep both."""


class StaleError(DataError):
    """A result was made from something that has changed: the message names the verb to run."""


class DiskError(DataError):
    """The disk is full, or would be: the message names the place and the size."""


class MissingPackageError(TissueshapError, ImportError):
    """A package is missing: the message has the command that installs it."""


class RError(TissueshapError, RuntimeError):
    """R failed: the message is R's own, with its call."""


class RHostError(RError):
    """Python runs inside R, where rpy2 must not start: the message names the R verb."""


class WorkerError(TissueshapError, RuntimeError):
    """A worker process has died: the message names the possible cause."""


class DataWarning(UserWarning):
    """Something in the input was dropped or looks wrong: the message names it."""
