test_that("R inside Python is refused with the Python verb's name", {
    withr::local_envvar(PYTHON_SESSION_INITIALIZED = sprintf(
        "current_pid=%d:sys.executable=/usr/bin/python3", Sys.getpid()))
    held <- cache$bridge
    cache$bridge <- NULL
    withr::defer(cache$bridge <- held)
    expect_error(call_python("tl.shap", list()),
        "R runs inside Python.*ts.tl.shap\\(adata\\)")
    expect_false(python_available())
})

test_that("a Python that only started this R is no host", {
    withr::local_envvar(PYTHON_SESSION_INITIALIZED =
        "current_pid=1:sys.executable=/usr/bin/python3")
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
