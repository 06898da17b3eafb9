// One pass over a matrix of counts, without a copy of it.

#include <Rcpp.h>
#include <cmath>

namespace {

// Integer and double matrices are read alike.
template <typename Visit>
void visit(SEXP x, Visit&& visitor) {
    if (TYPEOF(x) == INTSXP || TYPEOF(x) == LGLSXP) {
        const int* p = TYPEOF(x) == INTSXP ? INTEGER(x) : LOGICAL(x);
        const R_xlen_t n = XLENGTH(x);
        for (R_xlen_t i = 0; i < n; ++i) {
            if (!visitor(i, p[i] == NA_INTEGER ? NA_REAL
                                               : static_cast<double>(p[i])))
                return;
        }
    } else {
        const double* p = REAL(x);
        const R_xlen_t n = XLENGTH(x);
        for (R_xlen_t i = 0; i < n; ++i)
            if (!visitor(i, p[i])) return;
    }
}

}  // namespace

// [[Rcpp::export]]
Rcpp::List check_counts_cpp(SEXP counts, bool whole) {
    const R_xlen_t n_genes = Rf_nrows(counts);
    int kind = 0;
    R_xlen_t at = 0;
    double held = 0;
    visit(counts, [&](R_xlen_t i, double value) {
        if (std::isnan(value)) kind = 1;
        else if (value < 0) kind = 2;
        else if (std::isinf(value)) kind = 3;
        else if (whole && value != std::floor(value)) kind = 4;
        if (kind == 0) return true;
        at = i;
        held = value;
        return false;
    });
    return Rcpp::List::create(
        Rcpp::Named("kind") = kind,
        Rcpp::Named("gene") = static_cast<double>(at % n_genes + 1),
        Rcpp::Named("sample") = static_cast<double>(at / n_genes + 1),
        Rcpp::Named("value") = held);
}

// [[Rcpp::export]]
Rcpp::IntegerVector count_at_least_cpp(SEXP counts, double threshold) {
    const R_xlen_t n_genes = Rf_nrows(counts);
    Rcpp::IntegerVector found(n_genes);
    visit(counts, [&](R_xlen_t i, double value) {
        if (value >= threshold) ++found[i % n_genes];
        return true;
    });
    return found;
}

// In how many samples a gene's value * rate / total is above the threshold.
// [[Rcpp::export]]
Rcpp::IntegerVector count_above_cpp(SEXP values, double threshold,
                                    Rcpp::NumericVector rate,
                                    Rcpp::NumericVector total) {
    const R_xlen_t n_genes = Rf_nrows(values);
    Rcpp::IntegerVector found(n_genes);
    visit(values, [&](R_xlen_t i, double value) {
        const R_xlen_t gene = i % n_genes;
        if (value * rate[gene] / total[i / n_genes] > threshold) ++found[gene];
        return true;
    });
    return found;
}
