library(testthat)
library(tissueshap)

test_check("tissueshap")
