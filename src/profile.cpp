// Cox-Reid adjusted profile likelihood of the dispersion in a one-way layout.
//
// edgeR (adjustedProfileLik) forms the k x k information matrix for each gene
// and dispersion, O(n k^2), to take its determinant. In a one-way layout it is
// diagonal, so the determinant is a product over classes: O(n), with the
// layout's nodes as n. What depends on the counts alone is added up over the
// numbers of samples with each count. Large terms that cancel are left out of
// all sums, so that counts of millions cost no digits. Samples whose count and
// mean are both zero say nothing of the dispersion and are left out, as
// estimateDisp does.

#include <Rcpp.h>
#include <cmath>
#include <vector>

#include "layout.h"

namespace {

constexpr double kZero = 1e-4, kLow = 1e-10;
constexpr double kFirstDispersion = 0.05;
constexpr int kTable = 1024;

// What Stirling's series adds to (x - 0.5) log(x) - x + log(2 pi) / 2, exact to
// rounding for x > 1000.
inline double beyond_stirling(double x) {
    return 1 / (12 * x) - 1 / (360 * x * x * x);
}

// How often each count occurs; counts are whole.
struct Frequencies {
    std::vector<double> of_small = std::vector<double>(kTable);
    int above = 0;              // the largest of the small ones, and one
    std::vector<double> large;  // each of the others

    void clear() {
        std::fill(of_small.begin(), of_small.begin() + above, 0.0);
        above = 0;
        large.clear();
    }

    void add(double count) {
        if (count >= kTable) {
            large.push_back(count);
            return;
        }
        const int at = static_cast<int>(count);
        ++of_small[at];
        above = std::max(above, at + 1);
    }
};

// The sum over counts y of log(gamma(y + r) / (gamma(r) y!)) + r log(r).
class LogGamma {
  public:
    explicit LogGamma(double r)
        : r_(r), constant_(r * std::log(r) - R::lgammafn(r)) {
        for (int y = 0; y < kTable; ++y)
            table_.push_back(constant_ + R::lgammafn(y + r) -
                             R::lgammafn(y + 1.0));
    }

    double sum(const Frequencies& counts) const {
        double total = 0;
        for (int y = 0; y < counts.above; ++y)
            total += counts.of_small[y] * table_[y];
        for (double y : counts.large) total += constant_ + of_large(y);
        return total;
    }

  private:
    // log(gamma(y + r) / gamma(y + 1))
    double of_large(double y) const {
        return (y + 0.5) * std::log1p((r_ - 1) / (y + 1)) +
               (r_ - 1) * (std::log(y + r_) - 1) + beyond_stirling(y + r_) -
               beyond_stirling(y + 1);
    }

    double r_, constant_;
    std::vector<double> table_;
};

// One gene, reduced to the samples and classes that carry information. A class
// of which some samples carry none is its samples, any other its nodes.
class Gene {
  public:
    explicit Gene(const Layout& layout)
        : layout_(layout), count_(layout.n_nodes()) {}

    bool informative() const { return !beta_.empty() && n_ > beta_.size(); }

    void reduce(const double* y) {
        y_.clear();
        number_.clear();
        size_.clear();
        offset_.clear();
        start_.assign(1, 0);
        beta_.clear();
        frequencies_.clear();
        n_ = 0;
        layout_.to_nodes(y, count_.data());
        for (int g = 0; g < layout_.n_classes(); ++g) {
            const int from = layout_.node_begin(g), to = layout_.node_end(g);
            const double rate = std::exp(
                one_group(count_.data(), layout_.node_number(),
                          layout_.node_size(), from, to, kFirstDispersion,
                          R_NaN));
            if (rate == 0) continue;
            const bool complete = rate * layout_.smallest_size(g) >= kZero;
            for (int j = layout_.begin(g); j < layout_.end(g); ++j) {
                const double size = layout_.size()[j];
                if (!complete) {
                    if (y[j] < kZero && rate * size < kZero) continue;
                    add(y[j], 1, size);
                }
                ++n_;
                frequencies_.add(y[j]);
            }
            for (int i = from; complete && i < to; ++i)
                add(count_[i], layout_.node_number()[i],
                    layout_.node_size()[i]);
            if (static_cast<int>(y_.size()) > start_.back()) {
                start_.push_back(static_cast<int>(y_.size()));
                beta_.push_back(R_NaN);
            }
        }
    }

    double profile(double phi, const LogGamma& log_gamma) {
        const double r = 1 / phi;
        double found = log_gamma.sum(frequencies_);
        double adjustment = 0;
        for (size_t g = 0; g < beta_.size(); ++g) {
            beta_[g] = one_group(y_.data(), number_.data(), size_.data(),
                                 start_[g], start_[g + 1], phi, beta_[g]);
            const double rate = std::exp(beta_[g]);
            double info = 0;
            for (int i = start_[g]; i < start_[g + 1]; ++i) {
                const double mu = rate * size_[i];
                info += number_[i] * mu / (1 + phi * mu);
                // (y + r) log(mu + r) - y log(mu)
                const double log_mu = beta_[g] + offset_[i];
                if (mu > r) {
                    const double more = std::log1p(r / mu);
                    found -= y_[i] * more + number_[i] * r * (log_mu + more);
                } else {
                    const double all = std::log(mu + r);
                    found -= y_[i] * (all - log_mu) + number_[i] * r * all;
                }
            }
            adjustment += std::log(info < kLow ? kLow : info);
        }
        return found - adjustment / 2;
    }

  private:
    void add(double count, double number, double size) {
        y_.push_back(count);
        number_.push_back(number);
        size_.push_back(size);
        offset_.push_back(std::log(size));
    }

    const Layout& layout_;
    std::vector<double> count_;  // of the layout's nodes
    std::vector<double> y_, number_, size_, offset_;  // of samples or nodes
    std::vector<int> start_;    // of each class, and the end
    std::vector<double> beta_;  // of each class
    Frequencies frequencies_;
    size_t n_ = 0;  // samples that carry information
};

}  // namespace

// Log-likelihoods, genes x dispersions; zero where a gene says nothing.
// [[Rcpp::export]]
Rcpp::NumericMatrix oneway_profile_cpp(SEXP counts,
                                       Rcpp::IntegerVector classes,
                                       Rcpp::NumericVector offset,
                                       Rcpp::NumericVector dispersions) {
    const Layout layout(classes, offset);
    Rcpp::NumericMatrix found(Rf_nrows(counts), dispersions.size());
    Gene gene(layout);
    std::vector<LogGamma> log_gamma;
    for (double phi : dispersions) log_gamma.emplace_back(1 / phi);
    layout.each_gene(counts, [&](int at, const double* y) {
        gene.reduce(y);
        if (!gene.informative()) return;
        for (R_xlen_t i = 0; i < dispersions.size(); ++i)
            found(at, i) = gene.profile(dispersions[i], log_gamma[i]);
    });
    return found;
}
