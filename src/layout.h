// A one-way layout: samples sorted by class, so that a class is a range.

#ifndef TISSUESHAP_LAYOUT_H
#define TISSUESHAP_LAYOUT_H

#include <Rcpp.h>
#include <algorithm>
#include <cmath>
#include <vector>

class Layout {
  public:
    Layout(const Rcpp::IntegerVector& classes,
           const Rcpp::NumericVector& offset)
        : n_(classes.size()), order_(n_), offset_(n_), size_(n_) {
        const int k = *std::max_element(classes.begin(), classes.end()) + 1;
        start_.assign(k + 1, 0);
        for (int j = 0; j < n_; ++j) ++start_[classes[j] + 1];
        for (int g = 0; g < k; ++g) start_[g + 1] += start_[g];
        std::vector<int> next(start_.begin(), start_.end() - 1);
        for (int j = 0; j < n_; ++j) order_[next[classes[j]]++] = j;
        for (int j = 0; j < n_; ++j) {
            offset_[j] = offset[order_[j]];
            size_[j] = std::exp(offset_[j]);
            largest_size_ = std::max(largest_size_, size_[j]);
        }
    }

    int n_samples() const { return n_; }
    int n_classes() const { return static_cast<int>(start_.size()) - 1; }
    int begin(int g) const { return start_[g]; }
    int end(int g) const { return start_[g + 1]; }
    const double* size() const { return size_.data(); }
    double largest_size() const { return largest_size_; }
    const double* offset() const { return offset_.data(); }

    // Calls visit(gene, y) for each gene, with y in the order of the layout.
    // Genes are gathered in blocks, since a gene's counts lie a column apart.
    template <typename Visit>
    void each_gene(SEXP counts, Visit&& visit) const {
        constexpr int kBlock = 16;
        const int n_genes = Rf_nrows(counts);
        std::vector<double> block(static_cast<size_t>(kBlock) * n_);
        for (int from = 0; from < n_genes; from += kBlock) {
            const int held = std::min(kBlock, n_genes - from);
            for (int j = 0; j < n_; ++j) {
                const R_xlen_t at =
                    static_cast<R_xlen_t>(order_[j]) * n_genes + from;
                for (int i = 0; i < held; ++i)
                    block[static_cast<size_t>(i) * n_ + j] =
                        TYPEOF(counts) == INTSXP ? INTEGER(counts)[at + i]
                                                 : REAL(counts)[at + i];
            }
            for (int i = 0; i < held; ++i)
                visit(from + i, &block[static_cast<size_t>(i) * n_]);
            Rcpp::checkUserInterrupt();
        }
    }

  private:
    int n_;
    std::vector<int> order_, start_;
    std::vector<double> offset_, size_;
    double largest_size_ = 0;
};

// edgeR's Newton iterations (mglmOneGroup) for the log rate of the samples
// from `from` to `to`; -Inf without any count. A start that is not a
// number means the mean of count over library size.
inline double one_group(const double* y, const double* size, int from, int to,
                        double phi, double beta, int max_steps = 50,
                        double tolerance = 1e-10) {
    bool any = false;
    double ratio = 0;
    for (int j = from; j < to; ++j) {
        if (y[j] > 1e-10) {
            any = true;
            ratio += y[j] / size[j];
        }
    }
    if (!any) return R_NegInf;
    if (std::isnan(beta)) beta = std::log(ratio / (to - from));
    for (int i = 0; i < max_steps; ++i) {
        const double rate = std::exp(beta);
        double score = 0, info = 0;
        for (int j = from; j < to; ++j) {
            const double mu = rate * size[j];
            const double scale = 1 / (1 + mu * phi);
            score += (y[j] - mu) * scale;
            info += mu * scale;
        }
        const double step = score / info;
        beta += step;
        if (std::abs(step) < tolerance) break;
    }
    return beta;
}

#endif
