# Warnings are errors, here as in the Python suite.
before <- options(warn = 2)
withr::defer(options(before), teardown_env())
