"""Real biology, measured: what bench_biology.py runs."""
