// Cox-Reid adjusted profile likelihood of the dispersion in a one-way layout.
//
// edgeR (adjustedProfileLik) forms the k x k information matrix for each gene
// and dispersion, O(n k^2), to take its determinant. In a one-way layout it is
// diagonal, so the determinant is a product over classes: O(n). Samples whose
// count and mean are both zero say nothing of the dispersion and are left out,
// as estimateDisp does.

#include <Rcpp.h>
#include <cmath>
#include <numeric>
#include <vector>

#include "layout.h"

namespace {

constexpr double kZero = 1e-4, kLow = 1e-10;
constexpr double kFirstDispersion = 0.05;

// Stirling's series, exact to rounding for x > 1000.
inline double log_gamma_large(double x) {
    return (x - 0.5) * std::log(x) - x + M_LN_SQRT_2PI + 1 / (12 * x) -
           1 / (360 * x * x * x);
}

// log(gamma(y + r) / gamma(r)) + r log(r), from a table where y is small.
// Counts are whole.
class LogGamma {
  public:
    explicit LogGamma(double r)
        : r_(r), constant_(r * std::log(r) - R::lgammafn(r)) {
        for (int y = 0; y < kTable; ++y)
            table_.push_back(constant_ + R::lgammafn(y + r));
    }

    double operator()(double y) const {
        return y < kTable ? table_[static_cast<int>(y)]
                          : constant_ + log_gamma_large(y + r_);
    }

  private:
    static constexpr int kTable = 1024;
    double r_, constant_;
    std::vector<double> table_;
};

// One gene, reduced to the samples and classes that carry information.
struct Gene {
    std::vector<double> y, size;
    std::vector<int> start;   // of each class, and the end
    std::vector<double> beta, total;  // of each class: log rate, sum of counts
    double constant = 0;      // what no dispersion changes

    bool informative() const {
        return !beta.empty() && y.size() > beta.size();
    }

    void reduce(const Layout& layout, const double* counts,
                const LogGamma& factorial) {
        y.clear();
        size.clear();
        start.assign(1, 0);
        beta.clear();
        total.clear();
        constant = 0;
        for (int g = 0; g < layout.n_classes(); ++g) {
            const double fitted =
                one_group(counts, layout.size(), layout.begin(g),
                          layout.end(g), kFirstDispersion, R_NaN);
            const double rate = std::exp(fitted);
            for (int j = layout.begin(g); j < layout.end(g); ++j) {
                const double mu = rate * layout.size()[j];
                if (counts[j] < kZero && mu < kZero) continue;
                y.push_back(counts[j]);
                size.push_back(layout.size()[j]);
                constant += counts[j] * layout.offset()[j] -
                            factorial(counts[j]);
            }
            if (static_cast<int>(y.size()) > start.back()) {
                start.push_back(static_cast<int>(y.size()));
                beta.push_back(R_NaN);
                total.push_back(std::accumulate(
                    y.begin() + *(start.end() - 2), y.end(), 0.0));
            }
        }
    }

    double profile(double phi, const LogGamma& log_gamma) {
        const double r = 1 / phi;
        double found = constant;
        double adjustment = 0;
        for (size_t g = 0; g < beta.size(); ++g) {
            beta[g] = one_group(y.data(), size.data(), start[g], start[g + 1],
                                phi, beta[g]);
            if (total[g] > 0) found += total[g] * beta[g];
            const double rate = std::exp(beta[g]);
            double info = 0;
            for (int j = start[g]; j < start[g + 1]; ++j) {
                const double mu = rate * size[j];
                info += mu / (1 + phi * mu);
                found += log_gamma(y[j]) - (y[j] + r) * std::log(mu + r);
            }
            adjustment += std::log(info < kLow ? kLow : info);
        }
        return found - adjustment / 2;
    }
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
    Gene gene;
    const LogGamma factorial(1);
    std::vector<LogGamma> log_gamma;
    for (double phi : dispersions) log_gamma.emplace_back(1 / phi);
    layout.each_gene(counts, [&](int at, const double* y) {
        gene.reduce(layout, y, factorial);
        if (!gene.informative()) return;
        for (R_xlen_t i = 0; i < dispersions.size(); ++i)
            found(at, i) = gene.profile(dispersions[i], log_gamma[i]);
    });
    return found;
}
