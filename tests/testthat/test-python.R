test_that("R inside Python is refused with the Python verb's name", {
    withr::local_envvar(PYTHON_SESSION_INITIALIZED = sprintf(
        "current_pid=%d:sys.executable=/usr/bin/python3", Sys.getpid()))
    held <- cache$bridge
    cache$bridge <- NULL
    withr::defer(cache$bridge <- held)
    expect_error(call_python("tl.shap", list()),
        "R runs inside Python.*ts.tl.shap\\(adata\\)")
    expect_false(python_available())
    expect_error(run_split("x.h5ad", "tissue"), "ts.pp.split\\(adata\\)")
    expect_error(run_cnn("x.h5ad", "tissue"), "ts.tl.cnn\\(adata\\)")
})

test_that("a Python that only started this R is no host", {
    withr::local_envvar(PYTHON_SESSION_INITIALIZED = sprintf(
        "current_pid=%d:sys.executable=/usr/bin/python3", Sys.getpid() + 1L))
    expect_null(refuse_inside_python("x"))
})

test_that("R under rpy2 is refused before reticulate starts", {
    python <- Sys.getenv("RETICULATE_PYTHON")
    skip_if_not(nzchar(python), "RETICULATE_PYTHON is not set")
    script <- withr::local_tempfile(fileext = ".py", lines = c(
        "import rpy2.rinterface as ri",
        "ri.initr()",
        "found = ri.evalr('''",
        "tryCatch(tissueshap::run_shap(\"x.h5ad\", NULL),",
        "    error = function(e) conditionMessage(e))",
        "''')",
        "print(found[0])"))
    said <- system2(python, script, stdout = TRUE, stderr = TRUE,
        env = c(paste0("R_LIBS=", paste(.libPaths(), collapse = ":")),
            "PYTHON_SESSION_INITIALIZED="))
    expect_match(paste(said, collapse = " "), "R runs inside Python")
})

test_that("whole numbers go to Python as integers", {
    expect_identical(python_value(5), 5L)
    expect_identical(python_value(0.5), 0.5)
    expect_identical(python_value(c(1, 2)), c(1, 2))
    expect_identical(python_value("5"), "5")
    expect_identical(python_value(1e12), 1e12)
})

test_that("Python's errors name the R verbs", {
    expect_identical(as_r_verbs("run ts.pp.tmm(adata), ts.io.read_gmt(x)"),
        "run run_tmm(adata), read_gmt(x)")
    skip_without_python()
    adata <- simulate_counts(60, 50, tissues = 2)
    expect_error(run_log2(adata),
        "^adata.layers\\['tmm'\\] is missing: run run_tmm\\(adata\\) first$")
    expect_error(run_split(adata, "organ"), "no column 'organ'")
    expect_error(read_counts("none.tsv", "none2.tsv"), "none")
})

test_that("what messages call by Python's words is said in R's", {
    expect_identical(as_r_verbs("check_scale=False goes on, copy=True"),
        "check_scale = FALSE goes on, copy = TRUE")
})

test_that("both versions are named when they differ", {
    skip_without_python()
    module <- reticulate::import("tissueshap")
    held <- module[["__version__"]]
    reticulate::py_set_attr(module, "__version__", "9.9.9")
    withr::defer(reticulate::py_set_attr(module, "__version__", held))
    expect_error(load_package(), "version 0.*is 9.9.9")
})

test_that("messages and warnings of Python are R's", {
    skip_without_python()
    builtins <- reticulate::import_builtins()
    logging <- reticulate::import("logging")
    python_bridge()
    expect_message(logging$getLogger("tissueshap")$info("hello from there"),
        "hello from there")
})

test_that("what pyproject asks for is what install_python installs", {
    wanted <- python_requirements()
    expect_true(any(grepl("^anndata>=", wanted)))
    expect_true(any(grepl("^keras>=", wanted)))
    expect_false(any(grepl("rpy2", wanted)))
    expect_false(any(grepl("[\"]", wanted)))
})

# An R of its own, in which no Python is named.
fresh_r <- function(...) {
    script <- withr::local_tempfile(fileext = ".R", lines = c(...))
    said <- system2(file.path(R.home("bin"), "Rscript"), script, stdout = TRUE,
        stderr = TRUE, env = c(paste0("R_LIBS=", paste(.libPaths(),
            collapse = ":")), "RETICULATE_PYTHON=", "WORKON_HOME=/nonexistent",
        "VIRTUAL_ENV="))
    paste(said, collapse = "\n")
}

test_that("nothing is started when the package is loaded", {
    skip_if_not_installed("reticulate")
    said <- fresh_r("library(tissueshap)",
        "cat('reticulate' %in% loadedNamespaces(),",
        "    reticulate::py_available(initialize = FALSE))")
    expect_match(said, "FALSE FALSE$")
})

test_that("reticulate is told what is needed where no Python is named", {
    skip_if_not_installed("reticulate", "1.41")
    said <- fresh_r("Sys.unsetenv('RETICULATE_PYTHON')",
        "held <- asNamespace('tissueshap')",
        "unlockBinding('python_environment', held)",
        "assign('python_environment', 'no-such-environment', held)",
        "held$suggest_python()",
        "cat(reticulate::py_require()$packages, sep = '\\n')",
        "cat(reticulate::py_available(initialize = FALSE))")
    beside <- file.path(dirname(dirname(system.file(package = "tissueshap"))),
        ".venv", "bin", "python")
    skip_if(file.exists(beside), "a .venv is beside the library")
    expect_match(said, "anndata>=")
    expect_match(said, "FALSE$")
})

test_that("install_python makes an environment and says where", {
    skip_unless_slow()
    skip_if_not_installed("reticulate")
    folder <- withr::local_tempdir()
    expect_message(made <- install_python(file.path(folder, "env"),
        packages = "wheel"), "Python for tissueshap: .*env")
    expect_true(file.exists(made))
    expect_identical(system2(made, c("-c", shQuote("import wheel"))), 0L)
})
