"""What can go wrong, one class a kind of remedy."""

from __future__ import annotations


class TissueshapError(Exception):
    """Base class of every error that tissueshap raises on purpose."""


class DataError(TissueshapError, ValueError):
    """The input is wrong: the message names the place and the remedy."""


class MissingSlotError(DataError):
    """A slot of the AnnData is missing: the message names the verb that writes it."""


class TakenSlotError(DataError):
    """A slot holds something of the user's: the message says how to keep both."""


class StaleError(DataError):
    """A result was made from something that has changed: the message names the verb to run."""


class MissingPackageError(TissueshapError, ImportError):
    """A package is missing: the message has the command that installs it."""


class RError(TissueshapError, RuntimeError):
    """R failed: the message is R's own, with its call."""


class RHostError(RError):
    """Python runs inside R, where rpy2 must not start: the message names the R verb."""


class WorkerError(TissueshapError, RuntimeError):
    """A process that shared the work has died: the message says what may be the cause."""


class DataWarning(UserWarning):
    """Something in the input was left out or looks wrong: the message names it."""
