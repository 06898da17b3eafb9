# Files as wholes: opened, and replaced in one step or not at all.

has_hdf5r <- function() requireNamespace("hdf5r", quietly = TRUE)

open_h5ad <- function(path, mode = "r") {
    if (!file.exists(path)) {
        fail("%s does not exist: check the path", path)
    }
    if (!hdf5r::is_hdf5(path)) {
        fail("%s is not an HDF5 file: is it complete, and is it an .h5ad?",
            path)
    }
    file <- hdf5r::H5File$new(path, mode)
    lacking <- setdiff(c("obs", "var"), names(file))
    if (length(lacking)) {
        h5_close(file)
        fail("%s is HDF5 but not .h5ad: it has no obs and var", path)
    }
    structure(list(file = file, path = path), class = "h5ad_file")
}

with_h5ad <- function(path, use) {
    x <- open_h5ad(path)
    on.exit(h5_close(x$file))
    use(x)
}

# `change` works on a copy next to the file, which then replaces it in one step:
# a verb that fails, or is interrupted, leaves the file as it was.
edit_h5ad <- function(path, change) {
    with_h5ad(path, function(x) NULL)
    replace_file(path, function(temporary) {
        if (!file.copy(path, temporary)) {
            fail("%s cannot be written: is the disk full?", dirname(path))
        }
        x <- open_h5ad(temporary, "r+")
        h5_without_flush()
        cache$h5_dropped <- FALSE
        tryCatch(change(x), finally = h5_close(x$file))
        if (cache$h5_dropped) {
            compact_h5ad(temporary)
        }
    })
}

# hdf5r would write to the disk after each attribute; the file is there when it
# is closed, or not at all.
h5_without_flush <- function(frame = parent.frame()) {
    withr::local_options(hdf5r.flush_on_write = FALSE, .local_envir = frame)
}

replace_file <- function(path, make) {
    path <- path.expand(path)
    if (!dir.exists(dirname(path))) {
        fail("%s does not exist: create the folder before writing to it",
            dirname(path))
    }
    if (dir.exists(path)) {
        fail("%s is a folder: name a file, such as %s", path,
            file.path(path, "adata.h5ad"))
    }
    # A link stays a link.
    path <- normalizePath(path, mustWork = FALSE)
    temporary <- tempfile(paste0(".", basename(path), "."), dirname(path))
    on.exit(unlink(temporary))
    make(temporary)
    if (!file.rename(temporary, path)) {
        fail("%s cannot be replaced: may you write there?", path)
    }
    invisible(path)
}

# HDF5 does not give back the room of what was replaced: what is left is copied
# into a new file.
compact_h5ad <- function(path) {
    from <- hdf5r::H5File$new(path, "r")
    packed <- paste0(path, "-packed")
    on.exit({
        h5_close(from)
        unlink(packed)
    })
    to <- hdf5r::H5File$new(packed, "w")
    for (key in names(from)) {
        from$obj_copy_to(to, key, key)
    }
    h5_mark(to, "anndata", "0.1.0")
    h5_close(to)
    file.rename(packed, path)
}
