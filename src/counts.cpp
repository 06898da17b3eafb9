// One pass over a matrix of counts, without a copy of it.

#include <Rcpp.h>
#include <algorithm>
#include <cmath>
#include <vector>

namespace {

// Integer and double matrices are read alike, one sample (column) after another,
// until `visitor(gene, sample, value)` returns false.
template <typename Value, typename Read, typename Visit>
void visit_values(const Value* values, R_xlen_t n_genes, R_xlen_t n_samples,
                  Read&& read, Visit&& visitor) {
    for (R_xlen_t sample = 0; sample < n_samples; ++sample, values += n_genes) {
        for (R_xlen_t gene = 0; gene < n_genes; ++gene)
            if (!visitor(gene, sample, read(values[gene]))) return;
    }
}

template <typename Visit>
void visit(SEXP x, Visit&& visitor) {
    const R_xlen_t n_genes = Rf_nrows(x), n_samples = Rf_ncols(x);
    if (TYPEOF(x) == INTSXP || TYPEOF(x) == LGLSXP) {
        visit_values(
            TYPEOF(x) == INTSXP ? INTEGER(x) : LOGICAL(x), n_genes, n_samples,
            [](int value) {
                return value == NA_INTEGER ? NA_REAL
                                           : static_cast<double>(value);
            },
            visitor);
    } else {
        visit_values(
            REAL(x), n_genes, n_samples, [](double value) { return value; },
            visitor);
    }
}

// The third quartile of the values from `first` on in sorted order, as R's
// quantile() has it by default. Their order is changed.
double upper_quartile(std::vector<double>& values, std::size_t first) {
    if (first >= values.size()) return NA_REAL;
    const double index = 0.75 * (values.size() - 1 - first);
    const double below = std::floor(index);
    const auto low = values.begin() + first + static_cast<std::size_t>(below);
    std::nth_element(values.begin(), low, values.end());
    if (index == below) return *low;
    const double high = *std::min_element(low + 1, values.end());
    const double share = index - below;
    return high == *low ? *low : (1 - share) * *low + share * high;
}

}  // namespace

// [[Rcpp::export]]
Rcpp::List check_counts_cpp(SEXP counts, bool whole) {
    int kind = 0;
    R_xlen_t at_gene = 0, at_sample = 0;
    double held = 0;
    visit(counts, [&](R_xlen_t gene, R_xlen_t sample, double value) {
        if (std::isnan(value)) kind = 1;
        else if (value < 0) kind = 2;
        else if (std::isinf(value)) kind = 3;
        else if (whole && value != std::floor(value)) kind = 4;
        if (kind == 0) return true;
        at_gene = gene;
        at_sample = sample;
        held = value;
        return false;
    });
    return Rcpp::List::create(
        Rcpp::Named("kind") = kind,
        Rcpp::Named("gene") = static_cast<double>(at_gene + 1),
        Rcpp::Named("sample") = static_cast<double>(at_sample + 1),
        Rcpp::Named("value") = held);
}

// [[Rcpp::export]]
Rcpp::IntegerVector count_at_least_cpp(SEXP counts, double threshold) {
    Rcpp::IntegerVector found(Rf_nrows(counts));
    visit(counts, [&](R_xlen_t gene, R_xlen_t, double value) {
        if (value >= threshold) ++found[gene];
        return true;
    });
    return found;
}

// The sum of value * rate over the genes of each sample. crossprod() would make
// doubles of all integers first, which takes twice the memory of the counts.
// [[Rcpp::export]]
Rcpp::NumericVector weighted_totals_cpp(SEXP values, Rcpp::NumericVector rate) {
    Rcpp::NumericVector total(Rf_ncols(values));
    visit(values, [&](R_xlen_t gene, R_xlen_t sample, double value) {
        total[sample] += value * rate[gene];
        return true;
    });
    return total;
}

// In how many samples the value of a gene * rate / total is above the threshold.
// [[Rcpp::export]]
Rcpp::IntegerVector count_above_cpp(SEXP values, double threshold,
                                    Rcpp::NumericVector rate,
                                    Rcpp::NumericVector total) {
    Rcpp::IntegerVector found(Rf_nrows(values));
    visit(values, [&](R_xlen_t gene, R_xlen_t sample, double value) {
        if (value * rate[gene] / total[sample] > threshold) ++found[gene];
        return true;
    });
    return found;
}

// What edgeR chooses the reference sample by: the upper quartile of each sample,
// `n_unseen` of its zeros aside, and the sum of its square roots.
// [[Rcpp::export]]
Rcpp::List reference_statistics_cpp(SEXP counts, int n_unseen) {
    const R_xlen_t n_genes = Rf_nrows(counts);
    const R_xlen_t n_samples = Rf_ncols(counts);
    Rcpp::NumericVector upper(n_samples), roots(n_samples);
    std::vector<double> sample(n_genes);
    long double sum = 0;
    visit(counts, [&](R_xlen_t gene, R_xlen_t j, double value) {
        sample[gene] = value;
        sum += std::sqrt(value);
        if (gene == n_genes - 1) {
            upper[j] = upper_quartile(sample, n_unseen);
            roots[j] = sum;
            sum = 0;
        }
        return true;
    });
    return Rcpp::List::create(Rcpp::Named("upper") = upper,
                              Rcpp::Named("roots") = roots);
}
