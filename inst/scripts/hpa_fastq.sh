#!/usr/bin/env bash
# The Human Protein Atlas' tissue RNA-seq (ENA study PRJEB6971), from FASTQ to counts:
# Cutadapt, STAR, RSEM, and one AnnData file. Any other paired-end study of ENA works too.
#
#   inst/scripts/hpa_fastq.sh --reference DIR --out DIR [options]
#
#   --reference DIR       folder with one genome FASTA and one GTF, not compressed
#   --out DIR             results; run again with the same folder to go on
#   --runs TSV            table of runs with the columns run_accession, fastq_ftp and, to
#                         check downloads, fastq_md5 (ENA's file report); all its columns
#                         go to the AnnData's obs. Without it: the report of --accession
#   --accession ID        ENA study [PRJEB6971]
#   --sample-column NAME  column that says which runs are one sample [run_accession]
#   --threads N           [4]
#   --step NAME           only this step: runs, index, download, trim, align, quantify,
#                         collect [all: each sample from download to quantify in turn]
#   --delete-fastq        remove a sample's downloads once it is quantified
#   --dry-run             print the commands, as a bash script, and run nothing
#
# Environment: PYTHON, a Python that has tissueshap [.venv of this checkout, or python3].
#
# OUT/counts.tsv.gz (genes x samples, RSEM's expected counts, rounded), OUT/tpm.tsv.gz,
# OUT/counts.h5ad, OUT/versions.tsv; OUT/samples/NAME/STEP.log is what a step printed, and
# OUT/samples/NAME/STEP.done the commands that it ran. A step is done again when it would
# run other commands, or another version of its tool; the number of threads does not count.
set -euo pipefail

# Illumina TruSeq adapters (Cutadapt's guide); RSEM cannot use reads shorter than 25.
trim_options='-a AGATCGGAAGAGCACACGTCTGAACTCCAGTCA -A AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT --minimum-length 25'
# ENCODE's settings for long RNA-seq (STAR's manual).
align_options='--outFilterType BySJout --outFilterMultimapNmax 20 --outFilterMismatchNmax 999 --outFilterMismatchNoverReadLmax 0.04 --alignSJoverhangMin 8 --alignSJDBoverhangMin 1 --alignIntronMin 20 --alignIntronMax 1000000 --alignMatesGapMax 1000000'
sample_steps='download trim align quantify'

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() {
    printf 'hpa_fastq: %s\n' "$*" >&2
}

die() {
    say "FAILED: $1"
    exit 2
}

# --- the command line -------------------------------------------------------------

reference='' fasta='' gtf='' out='' runs='' accession=PRJEB6971 sample_column=run_accession threads=4
step=all delete_fastq='' dry_run=''
while [ $# -gt 0 ]; do
    case $1 in
    --delete-fastq) delete_fastq=yes ;;
    --dry-run) dry_run=yes ;;
    -h | --help)
        sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"
        exit
        ;;
    --reference | --out | --runs | --accession | --sample-column | --threads | --step)
        [ $# -gt 1 ] || die "$1 needs a value (--help)"
        name=${1#--}
        printf -v "${name//-/_}" %s "$2"
        shift
        ;;
    *) die "unknown option $1 (--help)" ;;
    esac
    shift
done
[ -n "$out" ] || die "--out DIR is missing (--help)"
[[ $threads =~ ^[1-9][0-9]*$ ]] || die "--threads $threads is not a number above 0"
case " all runs index $sample_steps collect " in
*" $step "*) ;;
*) die "--step $step: it is one of runs index $sample_steps collect" ;;
esac
out=$(realpath -m "$out")
if [ -n "$runs" ]; then
    [ -s "$runs" ] || die "--runs $runs does not exist or is empty"
    runs=$(realpath "$runs")
fi
python=${PYTHON:-$here/../../.venv/bin/python}
command -v "$python" >/dev/null || python=python3
export THREADS=$threads DELETE_FASTQ=$delete_fastq

does() { # does STEP: is it asked for?
    [ "$step" = all ] || [ "$step" = "$1" ]
}

# --- tools and their versions -----------------------------------------------------

at_least() { # at_least VERSION BOUND
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# tool COMMAND OLDEST DEBIAN BIOCONDA: set VERSION[COMMAND], or stop with what installs it.
declare -A VERSION
tool() {
    local found='' how="apt-get install $3 (Debian, Ubuntu), or conda install -c bioconda -c conda-forge $4"
    if command -v "$1" >/dev/null; then
        found=$("$1" --version 2>&1 | grep -oE '[0-9]+(\.[0-9]+)+[a-z]?' | head -n 1 || true)
    fi
    VERSION[$1]="$1 ${found:-(not installed)}"
    if [ -z "$found" ]; then
        [ -n "$dry_run" ] || die "$1 is not on PATH or does not run: $how"
        say "$1 is not installed: $how"
    elif ! at_least "$found" "$2"; then
        die "$1 $found is too old, $2 is the oldest that will do: $how"
    fi
}

check_tools() {
    tool curl 7.0 curl curl
    tool cutadapt 2.0 cutadapt cutadapt
    tool STAR 2.7.0 rna-star star
    tool rsem-calculate-expression 1.3.0 rsem rsem
    [ -n "$dry_run" ] || "$python" -c 'import importlib.util as u, sys; sys.exit(u.find_spec("tissueshap") is None)' ||
        die "$python has no tissueshap: run make setup in the checkout, or set PYTHON to a Python that has it"
}

# --- running, and knowing what has been run ---------------------------------------

# A step's commands are one text: printed by --dry-run, run by bash in OUT, and kept as
# FOLDER/STEP.done, which says on a later call that it has been done.

is_done() { # is_done FOLDER STEP TEXT
    [ -f "$out/$1/$2.done" ] && [ "$(cat "$out/$1/$2.done")" = "$3" ]
}

# run FOLDER STEP TEXT: run a text in OUT, unless it has been.
run() {
    local stamp=$out/$1/$2.done log=$out/$1/$2.log label="$1 $2"
    label=${label#. }
    if is_done "$@"; then
        return
    fi
    if [ -n "$dry_run" ]; then
        printf '\n# --- %s\n%s\n' "$label" "$3"
        return
    fi
    say "$label"
    mkdir -p "$out/$1"
    rm -f "$stamp"
    if ! (cd "$out" && bash -euo pipefail -c "$3") >"$log" 2>&1 </dev/null; then
        say "FAILED: $label; the end of $log:"
        tail -n 5 "$log" | sed 's/^/    /' >&2
        return 1
    fi
    printf '%s\n' "$3" >"$stamp.new"
    mv "$stamp.new" "$stamp"
}

q() { # q WORD...: words as bash reads them
    printf '%q ' "$@"
}

# --- steps ------------------------------------------------------------------------

runs_text() {
    local fields=run_accession,sample_accession,sample_alias,sample_title,library_layout,fastq_ftp,fastq_md5
    printf 'curl --fail --silent --show-error --location --retry 5 --output runs.part %q\nmv runs.part runs.tsv' \
        "https://www.ebi.ac.uk/ena/portal/api/filereport?accession=$accession&result=read_run&fields=$fields&format=tsv&limit=0"
}

# read_samples: print one line per run: sample|run|URL 1|MD5 1|URL 2|MD5 2.
read_samples() {
    awk -F '\t' -v OFS='|' -v by="$sample_column" -v file="$runs" '
    function stop(message) {
        print "hpa_fastq: FAILED: " file message > "/dev/stderr"
        failed = 1
        exit 2
    }
    { sub(/\r$/, "") }
    NR == 1 {
        for (i = 1; i <= NF; i++) at[$i] = i
        if (!("run_accession" in at)) stop(" has no column run_accession")
        if (!("fastq_ftp" in at)) stop(" has no column fastq_ftp")
        if (!(by in at)) stop(" has no column " by " (--sample-column)")
        next
    }
    NF == 0 { next }
    {
        run = $at["run_accession"]
        sample = $at[by]
        if (run !~ /^[A-Za-z0-9._-]+$/ || sample !~ /^[A-Za-z0-9._-]+$/)
            stop(", line " NR ": run \"" run "\" and sample \"" sample "\" have to be of letters, digits, . _ and -")
        if (run in seen) stop(", line " NR ": run " run " is there twice")
        seen[run] = 1
        n = split($at["fastq_ftp"], urls, ";")
        if ("fastq_md5" in at) split($at["fastq_md5"], md5s, ";")
        else split("", md5s)
        one = two = 0
        for (i = 1; i <= n; i++) {
            if (urls[i] ~ /_1\.f(ast)?q\.gz$/) one = i
            if (urls[i] ~ /_2\.f(ast)?q\.gz$/) two = i
            if (urls[i] !~ /:\/\//) urls[i] = "ftp://" urls[i]
        }
        if (!one || !two) stop(", line " NR ": run " run " has no pair of _1.fastq.gz and _2.fastq.gz; take its row out")
        print sample, run, urls[one], md5s[one], urls[two], md5s[two]
    }
    END { if (!failed && NR < 2) stop(" has no runs") }' "$runs"
}

find_reference() {
    local kind found
    [ -n "$reference" ] || die "--reference DIR is missing (--help)"
    [ -d "$reference" ] || die "--reference $reference is not a folder"
    for kind in fasta gtf; do
        if [ $kind = fasta ]; then
            found=$(find "$(realpath "$reference")" -maxdepth 1 \( -name '*.fa' -o -name '*.fasta' -o -name '*.fna' \))
        else
            found=$(find "$(realpath "$reference")" -maxdepth 1 -name '*.gtf')
        fi
        [ -n "$found" ] || die "$reference has no .$kind: put one there, not compressed (gunzip)"
        [ "$(printf '%s\n' "$found" | wc -l)" = 1 ] || die "$reference has more than one .$kind: $found"
        printf -v "$kind" %s "$found"
    done
}

index_text() {
    local bases=0 size=1
    # STAR's manual: min(14, log2(genome length) / 2 - 1)
    bases=$(wc -c <"$fasta")
    while [ $size -lt 14 ] && [ $((4 ** (size + 2))) -le "$bases" ]; do size=$((size + 1)); done
    cat <<TEXT
# ${VERSION[STAR]}, ${VERSION[rsem-calculate-expression]}
rm -rf index/star index/rsem
mkdir -p index/star index/rsem
rsem-prepare-reference --gtf $(q "$gtf" "$fasta")index/rsem/ref
STAR --runMode genomeGenerate --runThreadN "\$THREADS" --genomeDir index/star --genomeFastaFiles $(q "$fasta")--sjdbGTFfile $(q "$gtf")--genomeSAindexNbases $size --outFileNamePrefix index/star/
TEXT
}

# The scripts of a sample's steps read what describe sets: $sample, $folder (samples/NAME)
# and $lines, its lines of read_samples.

download_text() {
    local run url1 md51 url2 md52
    cat <<TEXT
fetch() { # fetch URL FILE [MD5]: a broken download goes on where it stopped
    intact() { if [ -n "\${3:-}" ]; then echo "\$3  \$2.part" | md5sum --check --status; else gzip --test "\$2.part"; fi; }
    if [ -f "\$2" ]; then
        mv "\$2" "\$2.part"
        intact "\$@" || rm "\$2.part"
    fi
    if [ ! -f "\$2.part" ] || ! intact "\$@"; then
        curl --fail --silent --show-error --location --retry 5 --continue-at - --output "\$2.part" "\$1" || {
            code=\$?
            # the server has no more to add to what is there: start again next time
            case \$code in 22 | 31 | 33 | 36) rm -f "\$2.part" ;; esac
            return \$code
        }
    fi
    if ! intact "\$@"; then
        rm "\$2.part"
        echo "\$1: what arrived is damaged and was removed" >&2
        return 1
    fi
    mv "\$2.part" "\$2"
}
mkdir -p $folder/fastq
TEXT
    while IFS='|' read -r _ run url1 md51 url2 md52; do
        echo "fetch $(q "$url1")$folder/fastq/${run}_1.fastq.gz $md51"
        echo "fetch $(q "$url2")$folder/fastq/${run}_2.fastq.gz $md52"
    done <<<"$lines"
}

trim_text() {
    local run
    echo "# ${VERSION[cutadapt]}"
    echo "rm -rf $folder/trimmed"
    echo "mkdir -p $folder/trimmed"
    while IFS='|' read -r _ run _; do
        echo "cutadapt -j \"\$THREADS\" $trim_options -o $folder/trimmed/${run}_1.fastq.gz -p $folder/trimmed/${run}_2.fastq.gz $folder/fastq/${run}_1.fastq.gz $folder/fastq/${run}_2.fastq.gz"
    done <<<"$lines"
}

align_text() {
    local run first='' second=''
    while IFS='|' read -r _ run _; do
        first+=,$folder/trimmed/${run}_1.fastq.gz
        second+=,$folder/trimmed/${run}_2.fastq.gz
    done <<<"$lines"
    cat <<TEXT
# ${VERSION[STAR]}
rm -rf $folder/star
mkdir -p $folder/star
STAR --runThreadN "\$THREADS" --genomeDir index/star --readFilesIn ${first#,} ${second#,} --readFilesCommand gzip -dc --outFileNamePrefix $folder/star/ --outSAMtype None --quantMode TranscriptomeSAM $align_options
TEXT
}

quantify_text() {
    cat <<TEXT
# ${VERSION[rsem-calculate-expression]}
rm -rf $folder/rsem
mkdir -p $folder/rsem
rsem-calculate-expression --alignments --paired-end --no-bam-output --num-threads "\$THREADS" $folder/star/Aligned.toTranscriptome.out.bam index/rsem/ref $folder/rsem/$sample
rm -rf $folder/trimmed $folder/trim.done $folder/star/Aligned.toTranscriptome.out.bam $folder/align.done
if [ -n "\$DELETE_FASTQ" ]; then rm -rf $folder/fastq $folder/download.done; fi
TEXT
}

collect_text() { # collect_text RECIPES: of all samples
    local versions
    mapfile -t versions < <(printf '%s\n' "${VERSION[@]}" | sort)
    cat <<TEXT
# of $(cat "$runs" - <<<"$1" | cksum)
printf '%s\t%s\n' ${versions[*]//(not installed)/-} >versions.tsv
$(q "$python" "$here/hpa_counts.py" --runs "$runs" --sample-column "$sample_column" --gtf "$gtf" --out .)
TEXT
}

# --- samples ----------------------------------------------------------------------

# describe SAMPLE: set $sample, $folder, $lines, and TEXT[STEP] for each step: its
# commands, below the checksum of all that it follows from.
declare -A TEXT
describe() {
    local name text=''
    sample=$1 folder=samples/$1
    lines=$(awk -F '|' -v sample="$1" '$1 == sample' <<<"$table")
    for name in $sample_steps; do
        [ "$name" != align ] || text+=$index
        text="${text:+# after $(cksum <<<"$text")
}$("${name}_text")"
        TEXT[$name]=$text
    done
}

# process: the requested steps of the sample described that are not done yet.
process() {
    local name before=''
    # What quantify follows from is cleaned away when it is done.
    if is_done "$folder" quantify "${TEXT[quantify]}"; then
        return
    fi
    for name in $sample_steps; do
        if [ "$step" = "$name" ] && [ -n "$before" ] && [ -z "$dry_run" ] &&
            ! is_done "$folder" "$before" "${TEXT[$before]}"; then
            say "FAILED: $folder $name: --step $before has to be done first"
            return 1
        fi
        if does "$name"; then run "$folder" "$name" "${TEXT[$name]}" || return 1; fi
        before=$name
    done
    if [ "$step" = collect ] && [ -z "$dry_run" ]; then
        say "FAILED: $folder is not quantified"
        return 1
    fi
}

# --- all of it --------------------------------------------------------------------

trap 'exit 130' INT TERM
if [ -z "$dry_run" ]; then
    mkdir -p "$out/samples"
    exec 9>"$out/.lock"
    flock --nonblock 9 || die "another run works in $out: wait for it, or choose another --out"
fi
check_tools
if [ -n "$dry_run" ]; then
    printf 'set -euo pipefail\nexport THREADS=%q DELETE_FASTQ=%q\n' "$THREADS" "$DELETE_FASTQ"
    printf 'mkdir -p %q\ncd %q\n' "$out" "$out"
fi

if [ -z "$runs" ]; then
    runs=$out/runs.tsv
    if does runs; then run . runs "$(runs_text)" || exit 1; fi
    if [ ! -s "$runs" ]; then
        [ -n "$dry_run" ] || die "$runs is not there: --step runs makes it"
        say "the commands for the samples can be told once $runs is there (--step runs)"
        exit
    fi
fi
[ "$step" != runs ] || exit 0
table=$(read_samples)
mapfile -t samples < <(cut -d '|' -f 1 <<<"$table" | awk '!seen[$0]++')

find_reference
index=$(index_text)
if does index; then run index index "$index" || exit 1; fi
[ "$step" != index ] || exit 0
if [ "$step" = align ] && [ -z "$dry_run" ] && ! is_done index index "$index"; then
    die "--step index has to be done first"
fi

failed=() recipes=''
for name in "${samples[@]}"; do
    describe "$name"
    recipes+=${TEXT[quantify]}
    process || failed+=("$name")
done
if [ ${#failed[@]} -gt 0 ]; then
    say "FAILED: ${#failed[@]} of ${#samples[@]} samples: ${failed[*]}"
    say "the others are kept; run again to go on, or take these out of the run table"
    exit 1
fi
if does collect; then run . collect "$(collect_text "$recipes")" || exit 1; fi
[ -n "$dry_run" ] || say "${#samples[@]} samples done: $step"
