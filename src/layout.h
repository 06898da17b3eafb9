// A one-way layout: samples sorted by class, so that a class is a range, and
// the nodes that stand for them in sums.
//
// Within a class, whatever a negative binomial fit adds up over samples is a
// sum of f(t) or of y f(t) for the count y and the log library size t of each
// sample, where f is the same for all: f = 1 / (1 + phi e^(b + t)), its
// logarithm, e^t. Such functions are analytic up to the distance pi from the
// real line, so they are interpolated by few Chebyshev nodes, to rounding:
//     f(t) = sum_m L_m(t) f(t_m),
//     sum_j y_j f(t_j) = sum_m Y_m f(t_m),   Y_m = sum_j L_m(t_j) y_j.
// The sums over a class of hundreds of samples become sums over some twenty
// nodes, each with a size, a number of samples (the sum of L_m) and, for each
// gene, a count (Y_m); none needs to be an integer or positive. A class
// that has no more samples than nodes is its own nodes.

#ifndef TISSUESHAP_LAYOUT_H
#define TISSUESHAP_LAYOUT_H

#include <Rcpp.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

class Layout {
  public:
    Layout(const Rcpp::IntegerVector& classes,
           const Rcpp::NumericVector& offset)
        : n_(static_cast<int>(classes.size())), order_(n_), offset_(n_),
          size_(n_) {
        const int k = *std::max_element(classes.begin(), classes.end()) + 1;
        start_.assign(k + 1, 0);
        for (int j = 0; j < n_; ++j) ++start_[classes[j] + 1];
        for (int g = 0; g < k; ++g) start_[g + 1] += start_[g];
        std::vector<int> next(start_.begin(), start_.end() - 1);
        for (int j = 0; j < n_; ++j) order_[next[classes[j]]++] = j;
        for (int j = 0; j < n_; ++j) {
            offset_[j] = offset[order_[j]];
            size_[j] = std::exp(offset_[j]);
        }
        node_start_.assign(1, 0);
        for (int g = 0; g < k; ++g) {
            const auto ends = std::minmax_element(size_.begin() + begin(g),
                                                  size_.begin() + end(g));
            smallest_.push_back(*ends.first);
            largest_.push_back(*ends.second);
            add_nodes(g);
        }
    }

    int n_samples() const { return n_; }
    int n_classes() const { return static_cast<int>(start_.size()) - 1; }
    int begin(int g) const { return start_[g]; }
    int end(int g) const { return start_[g + 1]; }
    const double* size() const { return size_.data(); }
    const double* offset() const { return offset_.data(); }
    double smallest_size(int g) const { return smallest_[g]; }
    double largest_size(int g) const { return largest_[g]; }

    int n_nodes() const { return node_start_.back(); }
    int node_begin(int g) const { return node_start_[g]; }
    int node_end(int g) const { return node_start_[g + 1]; }
    const double* node_size() const { return node_size_.data(); }
    const double* node_number() const { return node_number_.data(); }

    // The nodes' counts of a gene with the samples' counts y.
    void to_nodes(const double* y, double* counts) const {
        std::fill(counts, counts + n_nodes(), 0.0);
        for (int g = 0; g < n_classes(); ++g) {
            const int m = node_end(g) - node_begin(g);
            double* of_class = counts + node_begin(g);
            if (shares_[g].empty()) {
                std::copy(y + begin(g), y + end(g), of_class);
                continue;
            }
            const double* share = shares_[g].data();
            for (int j = begin(g); j < end(g); ++j, share += m) {
                if (y[j] == 0) continue;
                for (int i = 0; i < m; ++i) of_class[i] += y[j] * share[i];
            }
        }
    }

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
    // The error of interpolation falls by this factor, as a power of e, with
    // all nodes together.
    static constexpr double kDigits = 33;
    // Of a wider class (library sizes that differ three thousandfold) sums
    // of 1 / size would lose digits.
    static constexpr double kWidest = 8;

    void add_nodes(int g) {
        const double low = std::log(smallest_[g]), high = std::log(largest_[g]);
        const int m = nodes_for(high - low);
        shares_.emplace_back();
        if (m >= end(g) - begin(g) || high - low > kWidest) {
            node_size_.insert(node_size_.end(), size_.begin() + begin(g),
                              size_.begin() + end(g));
            node_number_.insert(node_number_.end(), end(g) - begin(g), 1.0);
        } else {
            interpolate(g, m, low, high);
        }
        node_start_.push_back(static_cast<int>(node_size_.size()));
    }

    // From the ellipse around the interval on which f has its nearest pole.
    static int nodes_for(double width) {
        if (width < 1e-12) return 1;
        const double pole = 2 * M_PI / width;
        const double rate = std::log(pole + std::sqrt(pole * pole + 1));
        return std::max(2, 2 + static_cast<int>(std::ceil(kDigits / rate)));
    }

    // Shares by the barycentric formula; they add up to one.
    void interpolate(int g, int m, double low, double high) {
        std::vector<double> node(m), weight(m), number(m, 0.0);
        for (int i = 0; i < m; ++i) {
            const double angle = (2 * i + 1) * M_PI / (2 * m);
            node[i] = (low + high) / 2 + (high - low) / 2 * std::cos(angle);
            weight[i] = (i % 2 ? -1 : 1) * std::sin(angle);
        }
        auto& shares = shares_.back();
        shares.assign(static_cast<size_t>(m) * (end(g) - begin(g)), 0.0);
        double* share = shares.data();
        for (int j = begin(g); j < end(g); ++j, share += m) {
            double total = 0;
            for (int i = 0; i < m; ++i) {
                const double distance = offset_[j] - node[i];
                if (std::abs(distance) < 1e-14 * (1 + std::abs(node[i]))) {
                    std::fill(share, share + m, 0.0);
                    share[i] = total = 1;
                    break;
                }
                share[i] = weight[i] / distance;
                total += share[i];
            }
            for (int i = 0; i < m; ++i) {
                share[i] /= total;
                number[i] += share[i];
            }
        }
        for (double t : node) node_size_.push_back(std::exp(t));
        node_number_.insert(node_number_.end(), number.begin(), number.end());
    }

    int n_;
    std::vector<int> order_, start_, node_start_;
    std::vector<double> offset_, size_, smallest_, largest_;
    std::vector<double> node_size_, node_number_;
    std::vector<std::vector<double>> shares_;  // of a class: samples x nodes
};

// Sums over the nodes from `from` to `to` at one rate: of the counts and of the
// means, each divided by 1 + phi * mean. The score of the log rate is their
// difference, and its information the second.
struct Sums {
    double counts, means;

    double score() const { return counts - means; }
};

// Two nodes at a time, since a division takes as long for two as for one.
inline Sums sums_at(double rate, double phi, const double* y,
                    const double* number, const double* size, int from,
                    int to) {
    typedef double Lanes __attribute__((vector_size(16)));
    constexpr int kLanes = 2;
    const double slope = rate * phi;
    Lanes counts = {}, sizes = {};
    int j = from;
    for (; j + kLanes <= to; j += kLanes) {
        Lanes counts_of, number_of, size_of;
        std::memcpy(&counts_of, y + j, sizeof(Lanes));
        std::memcpy(&number_of, number + j, sizeof(Lanes));
        std::memcpy(&size_of, size + j, sizeof(Lanes));
        const Lanes scale = 1.0 / (1.0 + slope * size_of);
        counts += counts_of * scale;
        sizes += number_of * size_of * scale;
    }
    double all_counts = counts[0] + counts[1];
    double all_sizes = sizes[0] + sizes[1];
    for (; j < to; ++j) {
        const double scale = 1 / (1 + slope * size[j]);
        all_counts += y[j] * scale;
        all_sizes += number[j] * size[j] * scale;
    }
    return {all_counts, rate * all_sizes};
}

// edgeR's Newton iterations (mglmOneGroup) for the log rate of the nodes from
// `from` to `to`; -Inf without any count. A start that is not a number means
// the mean of count over library size.
inline double one_group(const double* y, const double* number,
                        const double* size, int from, int to, double phi,
                        double beta, int max_steps = 50,
                        double tolerance = 1e-10) {
    bool any = false;
    for (int j = from; j < to; ++j) any = any || y[j] > 1e-10;
    if (!any) return R_NegInf;
    if (std::isnan(beta)) {
        double ratio = 0, total = 0;
        for (int j = from; j < to; ++j) {
            ratio += y[j] / size[j];
            total += number[j];
        }
        beta = std::log(ratio / total);
    }
    for (int i = 0; i < max_steps; ++i) {
        const Sums at = sums_at(std::exp(beta), phi, y, number, size, from, to);
        const double step = at.score() / at.means;
        beta += step;
        if (std::abs(step) < tolerance) break;
    }
    return beta;
}

#endif
