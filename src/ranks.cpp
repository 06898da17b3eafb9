// Rank sums of all classes at once: one sort a gene.

#include <Rcpp.h>
#include <algorithm>
#include <utility>
#include <vector>

// `ranks` is genes x classes, tied values at the mean of their ranks; `ties`
// the sum of t^3 - t over groups of t tied values.
// [[Rcpp::export]]
Rcpp::List rank_sums_cpp(Rcpp::NumericMatrix values,
                         Rcpp::IntegerVector classes, int n_classes) {
    const int n_genes = values.nrow(), n = values.ncol();
    Rcpp::NumericMatrix ranks(n_genes, n_classes);
    Rcpp::NumericVector ties(n_genes);
    std::vector<std::pair<double, int>> sorted(n);
    for (int gene = 0; gene < n_genes; ++gene) {
        for (int j = 0; j < n; ++j) sorted[j] = {values(gene, j), classes[j]};
        std::sort(sorted.begin(), sorted.end());
        for (int from = 0, to; from < n; from = to) {
            for (to = from + 1;
                 to < n && sorted[to].first == sorted[from].first;)
                ++to;
            const double rank = (from + 1 + to) / 2.0;
            for (int j = from; j < to; ++j)
                ranks(gene, sorted[j].second) += rank;
            const double tied = to - from;
            ties[gene] += tied * tied * tied - tied;
        }
        if (gene % 64 == 0) Rcpp::checkUserInterrupt();
    }
    return Rcpp::List::create(Rcpp::Named("ranks") = ranks,
                              Rcpp::Named("ties") = ties);
}
