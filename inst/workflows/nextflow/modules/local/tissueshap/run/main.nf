process TISSUESHAP_RUN {
    tag "$meta.id"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "tissueshap:0.99.0"

    input:
    tuple val(meta), path(counts), path(samples)
    val label

    output:
    tuple val(meta), path("${prefix}/report.html")             , emit: report
    tuple val(meta), path("${prefix}/adata.h5ad")              , emit: adata
    tuple val(meta), path("${prefix}/model")                   , emit: model
    tuple val(meta), path("${prefix}/tables/*.tsv")            , emit: tables
    tuple val(meta), path("${prefix}/figures/*.{png,svg}")     , emit: figures
    tuple val(meta), path("${prefix}/summary.json")            , emit: summary
    tuple val(meta), path("${prefix}/provenance.json")         , emit: provenance
    tuple val(meta), path("${prefix}/ro-crate-metadata.json")  , emit: crate
    tuple val(meta), path("${prefix}/log.txt")                 , emit: log
    tuple val("${task.process}"), val('tissueshap'), eval('tissueshap version'), topic: versions, emit: versions_tissueshap

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def table = samples ? "--samples ${samples}" : ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    tissueshap run \\
        --counts ${counts} \\
        ${table} \\
        --label '${label}' \\
        --out ${prefix} \\
        --n-jobs ${task.cpus} \\
        --resume \\
        ${args}
    """

    stub:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    echo ${args}
    mkdir -p ${prefix}/model ${prefix}/tables ${prefix}/figures
    touch ${prefix}/report.html ${prefix}/adata.h5ad ${prefix}/model/model.keras
    touch ${prefix}/tables/classes.tsv ${prefix}/figures/umap.png ${prefix}/log.txt
    touch ${prefix}/summary.json ${prefix}/provenance.json ${prefix}/ro-crate-metadata.json
    """
}
