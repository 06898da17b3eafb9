"""How well a gene set alone puts the samples of a class together: plain functions of arrays."""
