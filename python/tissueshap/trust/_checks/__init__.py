"""The checks of ``tl.trust``: each asks one question of a model and its explanation."""

from tissueshap.trust._checks._classes import class_table
from tissueshap.trust._checks._context import Context, Numbers
from tissueshap.trust._checks._declared import CHECKS, LEVELS
from tissueshap.trust._checks._plan import check_numbers, makers, names_of

__all__ = [
    "CHECKS",
    "LEVELS",
    "Context",
    "Numbers",
    "check_numbers",
    "class_table",
    "makers",
    "names_of",
]
