# Builds the vignettes into build/vignettes/ with the installed package; called
# by `make vignettes`. Unlike R CMD build it stops where Python is missing.
#
#   Rscript inst/scripts/vignettes.R [NAME...]

names <- commandArgs(trailingOnly = TRUE)
if (!length(names)) {
    names <- tools::file_path_sans_ext(list.files("vignettes", "[.]Rmd$"))
}
invisible(getFromNamespace("python_bridge", "tissueshap")())
out <- file.path("build", "vignettes")
dir.create(out, recursive = TRUE, showWarnings = FALSE)
out <- normalizePath(out)
for (name in names) {
    # A process each, as R CMD build does.
    source <- normalizePath(file.path("vignettes", paste0(name, ".Rmd")))
    call <- sprintf("rmarkdown::render(%s, output_dir = %s, quiet = TRUE)",
        shQuote(source, "cmd"), shQuote(out, "cmd"))
    took <- system.time(
        status <- system2("Rscript", c("-e", shQuote(call))))[["elapsed"]]
    if (status != 0) {
        stop("vignettes/", name, ".Rmd could not be built")
    }
    message(sprintf("%s: %.0f s", file.path(out, paste0(name, ".html")), took))
}
