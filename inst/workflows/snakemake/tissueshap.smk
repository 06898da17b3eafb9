# The whole method as a rule of Snakemake (8 or later).
#
# config["tissueshap"] has one entry per folder of results. Snakefile and tissueshap.yml, next to
# this file, are an example.

import shlex

TISSUESHAP = config["tissueshap"]


def _of(wildcards):
    return TISSUESHAP[wildcards.tissueshap_run]


def _files(wildcards):
    """The files that the options name, so that the rule runs again when one changes."""
    names = ("counts", "samples", "annotation", "markers", "cohort_counts", "cohort_samples")
    return {name: _of(wildcards)[name] for name in names if name in _of(wildcards)}


def _options(wildcards):
    """The other options, as tissueshap run takes them."""
    words = []
    for name, value in _of(wildcards).items():
        for one in value if isinstance(value, list) else [value]:
            flag = f"--{name.replace('_', '-')}"
            if one is True:
                words.append(flag)
            elif one is not False:
                words += [flag, shlex.quote(str(one))]
    return " ".join(words)


rule tissueshap_run:
    input:
        unpack(_files),
    output:
        report="{tissueshap_run}/report.html",
        summary="{tissueshap_run}/summary.json",
        # update: Snakemake leaves them in place, and --resume takes from them what is up to date.
        adata=update("{tissueshap_run}/adata.h5ad"),
        provenance=update("{tissueshap_run}/provenance.json"),
    params:
        options=_options,
    threads: 2
    shell:
        "tissueshap run {params.options} --out {wildcards.tissueshap_run:q}"
        " --n-jobs {threads} --resume"
