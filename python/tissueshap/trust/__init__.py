"""Measures of how far an explanation can be trusted, one per file."""

from tissueshap.trust._agreement import (
    jaccard,
    jaccard_by_chance,
    rank_biased_overlap,
    rank_biased_overlap_by_chance,
    spearman,
)
from tissueshap.trust._confounding import cramers_v
from tissueshap.trust._infidelity import infidelity, relative_infidelity, sensitivity
from tissueshap.trust._intervals import wilson
from tissueshap.trust._knockoff_filter import (
    e_selected,
    knockoff_e_values,
    knockoff_threshold,
)
from tissueshap.trust._knockoffs import Knockoffs
from tissueshap.trust._modules import Modules, co_expressed, modules_of
from tissueshap.trust._permuted import Permuted, permutation_pvalues
from tissueshap.trust._set_stability import SetStability, kuncheva, nogueira
from tissueshap.trust._swapped import SwapTest, swap_test
from tissueshap.trust._verdict import Row, summary
from tissueshap.trust._verified import Verified, verified_ranks

__all__ = [
    "Knockoffs",
    "Modules",
    "Permuted",
    "Row",
    "SetStability",
    "SwapTest",
    "Verified",
    "co_expressed",
    "cramers_v",
    "e_selected",
    "infidelity",
    "jaccard",
    "jaccard_by_chance",
    "knockoff_e_values",
    "knockoff_threshold",
    "kuncheva",
    "modules_of",
    "nogueira",
    "permutation_pvalues",
    "rank_biased_overlap",
    "rank_biased_overlap_by_chance",
    "relative_infidelity",
    "sensitivity",
    "spearman",
    "summary",
    "swap_test",
    "verified_ranks",
    "wilson",
]

# For the other packages of tissueshap.
from tissueshap.trust._again import trainer as trainer
from tissueshap.trust._bring import with_explanation as with_explanation
from tissueshap.trust._checks import (
    CHECKS as CHECKS,
    LEVELS as LEVELS,
    Context as Context,
    Numbers as Numbers,
    check_numbers as check_numbers,
    class_table as class_table,
    makers as makers,
    names_of as names_of,
)
from tissueshap.trust._given import given_here as given_here, in_common_form as in_common_form
from tissueshap.trust._modules import (
    LEAST_CORRELATION as LEAST_CORRELATION,
    above_chance as above_chance,
    cohesion as cohesion,
    partition as partition,
)
from tissueshap.trust._owen import owen_values as owen_values
from tissueshap.trust._ranking import STATISTICS as STATISTICS, by_class as by_class
from tissueshap.trust._stability import (
    bootstrapped as bootstrapped,
    in_pairs as in_pairs,
    pairs as pairs,
)
from tissueshap.trust._verdict import FAILS as FAILS, HOLDS as HOLDS, NOT_MEASURED as NOT_MEASURED
from tissueshap.trust._verified import LEAST_SAMPLES as LEAST_SAMPLES
