# shellcheck shell=bash
# Lists of package names are split into words on purpose:
# shellcheck disable=SC2086,SC2046,SC1091
# Step "r-packages": R packages that DESCRIPTION requires and that are missing or too
# old, into .Rlib/: from CRAN and Bioconductor where they answer, otherwise the source
# package of a newer release of the distribution. Sourced by setup.sh.

r_packages() {
    Rscript --no-init-file inst/scripts/setup/r-packages.R "$@"
}

# newer_sources FOLDER [ETC]: write the system's own apt sources into FOLDER, for source
# packages of a newer release. The mirror, its options and its keys stay the system's.
newer_sources() {
    local etc=${2:-/etc} release newer file
    release=$(. "$etc/os-release" && echo "${VERSION_CODENAME:-}")
    case $(. "$etc/os-release" && echo "$ID") in
    debian) newer=trixie ;;
    ubuntu) newer=resolute ;;
    *) return 1 ;;
    esac
    for file in "$etc"/apt/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        # A stanza a paragraph; only those of the release itself, not its updates.
        awk -v RS= -v ORS='\n\n' -v release="$release" -v newer="$newer" '
            $0 ~ "(^|\n)Suites:[^\n]* " release "( |\n|$)" && $0 !~ "(^|\n)Enabled: *no" {
                gsub("(^|\n)#[^\n]*", "")
                sub("Types:[^\n]*", "Types: deb-src")
                sub("Suites:[^\n]*", "Suites: " newer)
                sub("^\n", "")
                print
            }' "$file" >"$1/${file##*/}"
    done
    for file in "$etc"/apt/sources.list "$etc"/apt/sources.list.d/*.list; do
        [ -f "$file" ] || continue
        sed -nE "s/^[[:space:]]*deb[[:space:]]+((\[[^]]*\][[:space:]]+)?[^[:space:]]+)[[:space:]]+$release([[:space:]]+)/deb-src \1 $newer\3/p" \
            "$file" | sort -u >"$1/${file##*/}"
    done
}

# from_newer_release PACKAGE...: build CRAN packages for this R from the distribution's
# newer release. Works without root: apt's lists and cache are in a folder of their own.
from_newer_release() {
    local temporary=$PWD/.setup/newer package source
    rm -rf "$temporary"
    mkdir -p "$temporary"/{sources,lists/partial,cache/archives/partial}
    newer_sources "$temporary/sources" || return 0
    local apt=(apt-get -o Dir::Etc::sourcelist=/dev/null
        -o "Dir::Etc::sourceparts=$temporary/sources" -o "Dir::State::lists=$temporary/lists"
        -o "Dir::Cache=$temporary/cache" -o APT::Sandbox::User= -o APT::Get::List-Cleanup=0)
    attempt r-source-lists "mend apt's sources or the network, then run again" "${apt[@]}" update
    for package; do
        say "R packages: building $package from $(. /etc/os-release && echo "$NAME")'s newer release"
        (
            cd "$temporary"
            "${apt[@]}" source --tar-only "r-cran-$(printf '%s' "$package" | tr '[:upper:]' '[:lower:]')"
        ) >".setup/r-source-$package.log" 2>&1 || continue
        source=$(find "$temporary" -maxdepth 1 -name 'r-cran-*.tar.*' | head -n 1)
        attempt "r-build-$package" "install a C++ compiler and R's headers (r-base-dev), then run again" \
            R CMD INSTALL --library=.Rlib "$source"
        rm -f "$source"
    done
    rm -rf "$temporary"
}

r_packages_step() {
    local missing
    missing=$(r_packages missing)
    if [ -n "$missing" ]; then
        say "R packages: missing or too old:" $missing
        if r_packages install $missing >.setup/r-packages.log 2>&1 </dev/null; then
            say "R packages: asked CRAN and Bioconductor (log: .setup/r-packages.log)"
        else
            say "R packages: CRAN does not answer"
        fi
        missing=$(r_packages missing)
        if [ -n "$missing" ] && command -v apt-get >/dev/null; then
            from_newer_release $missing
            missing=$(r_packages missing)
        fi
        [ -z "$missing" ] || die "R packages are missing or too old: $missing" \
            "in R: BiocManager::install(c($(r_quoted $missing)), lib = \"$PWD/.Rlib\") (log: .setup/r-packages.log)"
    fi
    say "R packages: all that are required are there"
}

# r_quoted NAME...: "a", "b"
r_quoted() {
    local quoted
    quoted=$(printf '"%s", ' "$@")
    printf '%s' "${quoted%, }"
}

r_optional_report() {
    local absent
    absent=$(r_packages optional)
    [ -z "$absent" ] || say "optional R packages, not there: ${absent//$'\n'/, }; to add them:" \
        "R_LIBS=.Rlib Rscript -e 'BiocManager::install(c($(r_quoted $absent)))'"
}
