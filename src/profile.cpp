// Cox-Reid adjusted profile likelihood of the dispersion in a one-way layout.
//
// edgeR (adjustedProfileLik) forms the k x k information matrix for each gene
// and dispersion, O(n k^2), to take its determinant. In a one-way layout it is
// diagonal, so the determinant is a product over classes: O(n). Samples whose
// count and mean are both zero say nothing of the dispersion and are left out,
// as estimateDisp does.

#include <Rcpp.h>
#include <cmath>
#include <vector>

#include "layout.h"

namespace {

constexpr double kZero = 1e-4, kLow = 1e-10;
constexpr double kFirstDispersion = 0.05;

// One gene, reduced to the samples and classes that carry information.
struct Gene {
    std::vector<double> y, size;
    std::vector<int> start;   // of each class, and the end
    std::vector<double> beta;
    double factorials = 0;    // sum of log(y!)

    bool informative() const {
        return !beta.empty() && y.size() > beta.size();
    }

    void reduce(const Layout& layout, const double* counts) {
        y.clear();
        size.clear();
        start.assign(1, 0);
        beta.clear();
        factorials = 0;
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
                factorials += R::lgammafn(counts[j] + 1);
            }
            if (static_cast<int>(y.size()) > start.back()) {
                start.push_back(static_cast<int>(y.size()));
                beta.push_back(R_NaN);
            }
        }
    }

    double profile(double phi) {
        const double r = 1 / phi;
        double total = -factorials;
        double adjustment = 0;
        const double constant = r * std::log(r) - R::lgammafn(r);
        for (size_t g = 0; g < beta.size(); ++g) {
            beta[g] = one_group(y.data(), size.data(), start[g], start[g + 1],
                                phi, beta[g]);
            const double rate = std::exp(beta[g]);
            double info = 0;
            for (int j = start[g]; j < start[g + 1]; ++j) {
                const double mu = rate * size[j];
                if (mu == 0) continue;
                info += mu / (1 + phi * mu);
                total += constant + R::lgammafn(y[j] + r) -
                         (y[j] + r) * std::log(mu + r);
                if (y[j] > 0) total += y[j] * std::log(mu);
            }
            adjustment += std::log(info < kLow ? kLow : info);
        }
        return total - adjustment / 2;
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
    layout.each_gene(counts, [&](int at, const double* y) {
        gene.reduce(layout, y);
        if (!gene.informative()) return;
        for (R_xlen_t i = 0; i < dispersions.size(); ++i)
            found(at, i) = gene.profile(dispersions[i]);
    });
    return found;
}
