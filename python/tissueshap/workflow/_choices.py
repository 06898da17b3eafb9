"""The choices of the options that have few values."""

from typing import Literal

from tissueshap._core.de_methods import Method

Orient = Literal["auto", "genes-in-rows", "genes-in-columns"]
Balance = Literal["smote", "random", "undersample", "class_weight", "none"]
Preset = Literal["default", "paper", "small"]
Arch = Literal["preset", "cnn", "mlp", "linear"]
Layout = Literal["preset", "input", "permuted", "clustered", "umap"]
Standardise = Literal["preset", "genes", "samples", "none"]
Explain = Literal["correct", "test", "all"]
ExplainTarget = Literal["predicted", "true", "all"]
ExplainOutput = Literal["probability", "logit"]
Background = Literal["train", "balanced", "stratified", "others", "kmeans"]
Select = Literal["auto", "peak", "unique_fraction", "top_n", "elbow", "permutation_fdr"]
Trust = Literal["none", "quick", "full"]
Values = Literal["counts", "estimated", "log"]
Test = Literal["auto", Method]
Rest = Literal["mean_of_classes", "weighted", "pooled"]
Harmonise = Literal["none", "zscore"]
Engine = Literal["offline", "gseapy", "clusterprofiler", "reactomepa"]
Space = Literal["umap", "expression"]
Samples = Literal["test", "train", "all"]
