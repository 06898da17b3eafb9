"""The trial of ``tl.trust``: data, and what is right or wrong with their explanations."""
