# shellcheck shell=bash
# Step "r-install": R CMD INSTALL of this package into .Rlib/ when its sources have
# changed. Sourced by setup.sh.

r_sources() {
    find DESCRIPTION NAMESPACE configure pyproject.toml R src inst man python/tissueshap -type f \
        ! -path 'inst/python/*' ! -path 'inst/scripts/*' ! -path '*/__pycache__/*' ! -name '*.o' ! -name '*.so' \
        -exec cat {} + 2>/dev/null || true
}

# r_install_step R_VERSION
r_install_step() {
    local r_version=$1 sources
    sources=$({ r_sources; echo "R $r_version"; } | digest)
    if ! stamped .Rlib/.tissueshap "$sources" || [ ! -d .Rlib/tissueshap ]; then
        say "R: installing the package tissueshap into .Rlib"
        attempt r-install "mend what R names in its log, then run again" \
            R CMD INSTALL --preclean --no-multiarch --library=.Rlib .
        echo "$sources" >.Rlib/.tissueshap
    fi
    say "R: the package tissueshap in .Rlib agrees with its sources"
}
