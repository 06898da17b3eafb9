# R packages of DESCRIPTION that are missing or too old. Called by r-packages.sh
# in the checkout, with .Rlib first in R_LIBS:
#
#   Rscript r-packages.R missing          those that are required, a name a line
#   Rscript r-packages.R optional         suggested ones that are absent
#   Rscript r-packages.R install NAME...  install into .Rlib from CRAN or
#                                         Bioconductor; status 3 when CRAN does
#                                         not answer

# Not required by the package itself, but an R user's learning verbs, `make
# test`, `make lint`, `make docs` and `make build` cannot do without.
tools <- c("BiocStyle", "knitr", "lintr", "reticulate", "rmarkdown", "roxygen2",
    "testthat")

declared <- function(fields) {
    lines <- read.dcf("DESCRIPTION", fields = fields)
    entries <- trimws(unlist(strsplit(lines[!is.na(lines)], ",")))
    entries <- entries[nzchar(entries)]
    bound <- sub(".*>=\\s*([0-9.-]+).*", "\\1", entries)
    data.frame(
        name = sub("[ (\n].*", "", entries),
        bound = ifelse(grepl(">=", entries), bound, "0")
    )
}

# A package that another R version built into .Rlib counts as missing.
is_there <- function(name, bound) {
    found <- suppressWarnings(
        packageDescription(name, fields = c("Version", "Built"))
    )
    if (!is.list(found)) {
        return(FALSE)
    }
    ours <- dirname(find.package(name)) == normalizePath(".Rlib")
    built <- numeric_version(sub("^R ([0-9.]+);.*", "\\1", found$Built))
    same_r <- built[, 1:2] == getRversion()[, 1:2]
    (same_r || !ours) && package_version(found$Version) >= bound
}

lacking <- function(packages) {
    packages <- packages[packages$name != "R", ]
    packages$name[!mapply(is_there, packages$name, packages$bound)]
}

required <- function() {
    suggested <- declared("Suggests")
    rbind(
        declared(c("Depends", "Imports", "LinkingTo")),
        suggested[suggested$name %in% tools, ],
        data.frame(name = setdiff(tools, suggested$name), bound = "0")
    )
}

optional <- function() {
    suggested <- declared("Suggests")
    suggested[!suggested$name %in% tools, ]
}

install <- function(names) {
    if (getOption("repos")["CRAN"] %in% c("@CRAN@", NA)) {
        chooseCRANmirror(ind = 1, local.only = TRUE)
    }
    options(timeout = 15)
    on_cran <- tryCatch(
        rownames(available.packages(repos = getOption("repos"))),
        warning = function(w) character()
    )
    if (!length(on_cran)) {
        quit(status = 3)
    }
    options(timeout = 900)
    from_cran <- c(
        intersect(names, on_cran),
        if (!requireNamespace("BiocManager", quietly = TRUE)) "BiocManager"
    )
    install.packages(from_cran, lib = ".Rlib")
    from_bioc <- setdiff(names, on_cran)
    if (length(from_bioc)) {
        BiocManager::install(
            from_bioc,
            lib = ".Rlib", update = FALSE, ask = FALSE
        )
    }
}

arguments <- commandArgs(trailingOnly = TRUE)
switch(arguments[1],
    missing = writeLines(unique(lacking(required()))),
    optional = writeLines(unique(lacking(optional()))),
    install = install(arguments[-1]),
    stop("unknown action: ", arguments[1])
)
