# The only file that finds and loads Python. Nothing here runs when the package
# is loaded.

python_environment <- "r-tissueshap"
oldest_python <- "3.11"

#' Is Python there, with all that the package needs?
#'
#' The verbs that learn and explain run in Python. Which Python is used is
#' decided by \pkg{reticulate}: `RETICULATE_PYTHON`,
#' [reticulate::use_virtualenv()] and an activated virtual environment come
#' first, then a `.venv` next to the R library that holds this package, then the
#' environment that [install_python()] makes. If none of these exists,
#' \pkg{reticulate} 1.41 or newer is given what is needed (`py_require()`), and
#' makes an environment of its own when the first verb asks for Python. Nothing
#' is installed, downloaded or started when the package is loaded, nor by
#' `python_available()`.
#'
#' @return `TRUE` when the Python half of the package can be loaded.
#' @export
#' @examples
#' python_available()
python_available <- function() {
    # Only a look: reticulate must not download a Python for it.
    if (is.na(Sys.getenv("RETICULATE_USE_MANAGED_VENV", NA))) {
        withr::local_envvar(RETICULATE_USE_MANAGED_VENV = "no")
    }
    tryCatch({
        python_bridge()
        TRUE
    }, error = function(e) FALSE)
}

#' Make a Python environment for the verbs that learn and explain
#'
#' Makes a virtual environment and installs into it what the Python half needs,
#' some gigabytes. The Python half itself comes with this package.
#'
#' @param envname Name or path of the virtual environment.
#' @param python The Python to make it with, version 3.11 or newer; `NULL` to
#'   find one.
#' @param extra More packages to install, in pip's notation.
#' @param packages What to install; by default what this version needs.
#' @return The path of the environment's Python, invisibly.
#' @export
#' @examples
#' if (interactive()) {
#'     install_python()
#' }
install_python <- function(envname = "r-tissueshap", python = NULL,
                           extra = character(),
                           packages = python_requirements()) {
    need_reticulate()
    if (is.null(python)) {
        python <- reticulate::virtualenv_starter(
            paste0(">=", oldest_python))
        if (is.null(python)) {
            fail(paste("no Python %s or newer was found: install one, or name",
                "it with install_python(python = ...)"), oldest_python)
        }
    }
    message("Installing ", length(c(packages, extra)),
        " Python packages into ", envname)
    reticulate::virtualenv_create(envname, python = python,
        packages = c(packages, extra))
    made <- reticulate::virtualenv_python(envname)
    message("Python for tissueshap: ", made)
    invisible(made)
}

# What pyproject.toml lists, which the build copies next to the Python source.
# rpy2 is left out: R is the host here.
python_requirements <- function() {
    path <- file.path(python_source(), "pyproject.toml")
    if (!file.exists(path)) {
        fail(paste("%s is missing from this installation of tissueshap;",
            "install the package again"), path)
    }
    lines <- readLines(path, encoding = "UTF-8")
    from <- which(lines == "dependencies = [")
    upto <- which(lines == "]")
    wanted <- lines[seq(from + 1L, min(upto[upto > from]) - 1L)]
    wanted <- sub("^\\s*\"(.*)\",?\\s*$", "\\1", wanted)
    wanted[!grepl("^rpy2", wanted)]
}

python_source <- function() system.file("python", package = "tissueshap")

need_reticulate <- function() need_package("reticulate", "install.packages")

# The Python module that R talks to, loaded once a session.
python_bridge <- function() {
    if (is.null(cache$bridge)) {
        refuse_inside_python("the verb of the Python package tissueshap")
        need_reticulate()
        suggest_python()
        check_numpy()
        load_package()
        bridge <- import_python("tissueshap._bridge.from_r")
        bridge$relay(function(text) message(as_r_words(text)))
        cache$bridge <- bridge
    }
    cache$bridge
}

# rpy2 notes the process that it runs in; Python's children do not count.
refuse_inside_python <- function(instead) {
    note <- strsplit(Sys.getenv("PYTHON_SESSION_INITIALIZED"), ":",
        fixed = TRUE)[[1L]]
    if (paste0("current_pid=", Sys.getpid()) %in% note) {
        fail(paste("R runs inside Python here (rpy2), and Python cannot be",
            "started a second time in one process: call %s from Python"),
            instead)
    }
}

# What the user asked for wins: `required = FALSE` only fills the gap.
suggest_python <- function() {
    if (reticulate::py_available(initialize = FALSE)) {
        return(invisible())
    }
    library <- dirname(system.file(package = "tissueshap"))
    beside <- file.path(dirname(library), ".venv")
    if (file.exists(file.path(beside, "bin", "python"))) {
        reticulate::use_virtualenv(beside, required = FALSE)
    } else if (reticulate::virtualenv_exists(python_environment)) {
        reticulate::use_virtualenv(python_environment, required = FALSE)
    } else if (utils::packageVersion("reticulate") >= "1.41") {
        # Used only if reticulate finds no other Python.
        reticulate::py_require(python_requirements(),
            python_version = paste0(">=", oldest_python))
    }
}

check_numpy <- function() {
    if (!reticulate::py_available(initialize = TRUE)) {
        fail(paste("no Python was found: run tissueshap::install_python(), or",
            "name one with reticulate::use_virtualenv()"))
    }
    config <- reticulate::py_config()
    numpy <- field(config, "numpy", "reticulate::py_config")
    if (numeric_version(config$version) < oldest_python) {
        fail(paste("Python %s (%s) is too old, %s is needed: run",
            "tissueshap::install_python()"), config$version, config$python,
            oldest_python)
    }
    if (is.null(numpy)) {
        fail("Python (%s) has no numpy: run tissueshap::install_python()",
            config$python)
    }
    installed <- utils::packageVersion("reticulate")
    numpy <- as.character(field(numpy, "version", "reticulate::py_config"))
    if (numeric_version(numpy, strict = FALSE) >= "2" && installed < "1.38") {
        fail(paste("reticulate %s cannot read arrays of NumPy %s (%s): run",
            "install.packages(\"reticulate\") to have 1.38 or newer"),
            installed, numpy, config$python)
    }
}

# A tissueshap that the Python in use has itself comes before the one that this
# package carries.
load_package <- function() {
    util <- reticulate::import("importlib.util")
    if (is.null(util$find_spec("tissueshap"))) {
        source <- python_source()
        if (!dir.exists(file.path(source, "tissueshap"))) {
            fail(paste("the Python half of tissueshap is neither in %s nor in",
                "this R package; install the R package again"),
                reticulate::py_config()$python)
        }
        sys <- reticulate::import("sys", convert = FALSE)
        sys$path$append(source)
    }
    theirs <- import_python("tissueshap")[["__version__"]]
    own <- as.character(utils::packageVersion("tissueshap"))
    if (!identical(theirs, own)) {
        fail(paste("the R package tissueshap is version %s, and the Python",
            "package (%s) is %s: install both of one version"), own,
            reticulate::py_config()$python, theirs)
    }
}

import_python <- function(module) {
    tryCatch(reticulate::import(module), error = function(e) {
        text <- conditionMessage(e)
        lacks <- regmatches(text, regexec("No module named '([^'.]+)", text))
        if (length(lacks[[1L]])) {
            fail(paste("Python (%s) has no module %s: run",
                "tissueshap::install_python()"),
                reticulate::py_config()$python, lacks[[1L]][2L])
        }
        stop(e)
    })
}

# Calls a verb of the Python package: its warnings become R's, and its errors
# name the R verbs.
# `words` are place_words() of the object that the user has.
call_python <- function(verb, positional, arguments = list(), words = NULL) {
    refuse_inside_python(sprintf("ts.%s(adata)", verb))
    bridge <- python_bridge()
    before <- cache$words
    on.exit(cache$words <- before)
    cache$words <- words
    outcome <- tryCatch(
        bridge$call(verb, unname(lapply(positional, python_value)),
            as_dict(lapply(arguments, python_value))),
        error = function(e) stop(as_r_error(e)))
    for (text in outcome$warnings) {
        warning(as_r_words(text), call. = FALSE)
    }
    outcome$value
}

# R's numbers are doubles, Python counts in integers.
python_value <- function(x) {
    plain <- is.double(x) && length(x) == 1L && is.null(attributes(x))
    if (plain && x %in% trunc(x) && abs(x) < .Machine$integer.max) {
        as.integer(x)
    } else {
        x
    }
}

as_r_error <- function(e) {
    if (!any(grepl("^tissueshap\\._core\\.errors\\.", class(e)))) {
        return(e)
    }
    text <- sub("^[A-Za-z_.]*Error: ", "", conditionMessage(e))
    text <- sub("\\s*Run [^\n]*py_last_error\\(\\)[^\n]*$", "", text)
    structure(class = c("error", "condition"),
        list(message = as_r_words(text), call = NULL))
}

# A text of Python as an R user should read it: verbs of R, and the places of
# the object that the verb was given.
as_r_words <- function(text) {
    in_words(as_r_verbs(text), cache$words)
}

in_words <- function(text, words) {
    if (is.null(words)) {
        return(text)
    }
    text <- gsub(sprintf("(adata\\.)?uns\\['%s'\\]\\['(\\w+)'\\]",
        schema()$uns_key), "the record '\\2'", text)
    for (part in names(words)) {
        text <- gsub(sprintf("(\\badata\\.)?\\b%s\\[(['\"])(.*?)\\2\\]",
            part), sprintf("%s \"\\3\"", words[[part]]), text, perl = TRUE)
        text <- gsub(sprintf("\\badata\\.%s\\b", part), words[[part]], text)
    }
    text
}

as_r_verbs <- function(text) {
    text <- gsub("(\\w)=(True|False)\\b", "\\1 = \\U\\2", text, perl = TRUE)
    text <- gsub("\\bts\\.io\\.(\\w+)\\(", "\\1(", text)
    gsub("\\bts\\.(pp|tl)\\.(\\w+)\\(", "run_\\2(", text)
}
