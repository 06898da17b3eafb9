"""Make smote.tsv: what smote-variants draws, by that library alone.

Run it in this folder; it writes the samples it was given (kind "real") and those that
it made (kind "synthetic"), with all digits. Three classes of 12, 7 and 4 samples, two
of which lie on top of each other, so that ties are among the neighbours.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import smote_variants

SEED = 42

logging.getLogger("smote_variants").setLevel(logging.WARNING)

rng = np.random.default_rng(2021)
labels = np.repeat(["Brain - Cortex", "CD8+/CD45RA+ Naive", "Liver"], [7, 12, 4])
values = np.round(rng.gamma(2.0, 50.0, size=(labels.size, 6)), 3)
values[1] = values[0]

balanced, balanced_labels = smote_variants.MulticlassOversampling(
    oversampler="SMOTE", oversampler_params={"n_neighbors": 5, "random_state": SEED}
).sample(values, labels)

table = pd.DataFrame(balanced, columns=[f"g{gene}" for gene in range(values.shape[1])])
table.insert(0, "class", balanced_labels)
table.insert(0, "kind", ["real"] * len(values) + ["synthetic"] * (len(balanced) - len(values)))
table.to_csv(Path(__file__).with_suffix(".tsv"), sep="\t", index=False, float_format="%.17g")
