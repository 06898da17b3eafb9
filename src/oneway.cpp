// Negative binomial fits of a one-way layout under a contrast.
//
// To test a contrast c, edgeR (glmLRT) rotates the design so that c is its
// first column, drops that column and refits by Levenberg-damped Fisher
// scoring with a dense (k - 1) x (k - 1) information matrix: O(n k^2) a step
// for n samples of k classes. In a one-way layout the same step can be taken
// in the classes' own coefficients b, where the information D is diagonal and
// the refit is the fit under c'b = 0. The rotation Q is orthonormal, so
// (Q'DQ + lambda I) is the damped information there, and the step solves
//     (D + lambda I) db = s - nu c,   c'db = 0
// for the score s: O(n + k). Start, damping, acceptance and stopping are
// edgeR's, so that the result is edgeR's to rounding, also where the
// likelihood has no maximum (classes without a count) and where edgeR's
// tolerance ends the iterations early.
//
// The algorithm is edgeR's (GPL >= 2): the damped scoring of its glm_levenberg,
// the unit deviances of its nbdev and the one-group fit of its
// glm_one_group, written anew here for one-way layouts.
//
//   McCarthy DJ, Chen Y, Smyth GK (2012). Differential expression analysis of
//   multifactor RNA-Seq experiments with respect to biological variation.
//   Nucleic Acids Research 40(10):4288-4297. doi:10.1093/nar/gks042
//   edgeR: Robinson MD, McCarthy DJ, Chen Y, Smyth GK, Lun ATL and others,
//   https://bioconductor.org/packages/edgeR

#include <Rcpp.h>
#include <algorithm>
#include <cmath>
#include <vector>

#include "layout.h"

namespace {

constexpr double kLow = 1e-10, kVeryLow = 1e-13;
constexpr double kTolerance = 1e-6;
constexpr int kMaxSteps = 250;

// edgeR's unit deviance: Poisson for tiny dispersions, gamma for huge ones.
inline double unit_deviance(double y, double mu, double phi) {
    y += 1e-8;
    mu += 1e-8;
    if (phi < 1e-4) {
        const double resid = y - mu;
        return 2 * (y * std::log(y / mu) - resid -
                    0.5 * resid * resid * phi * (1 - phi * y));
    }
    const double product = mu * phi;
    if (product > 1e6)
        return 2 * ((y - mu) / mu - std::log(y / mu)) * mu / (1 + product);
    const double r = 1 / phi;
    return 2 * (y * std::log(y / mu) + (y + r) * std::log((mu + r) / (y + r)));
}

class NullFit {
  public:
    explicit NullFit(const Layout& layout)
        : layout_(layout), k_(layout.n_classes()), score_(k_), info_(k_),
          b_(k_), b_new_(k_), step_(k_) {}

    // The deviance of one gene under c'b = 0; `basis2` holds the squares of
    // the rotation, k x (k - 1).
    double deviance(const double* y, double phi, const double* c,
                    const double* basis2) {
        if (*std::max_element(y, y + layout_.n_samples()) < kLow)
            return total_deviance(y, phi, nullptr);
        // Two classes: what is left is one group, and edgeR fits it as such.
        if (k_ == 2) {
            std::fill(b_.begin(), b_.end(), one_group(
                y, layout_.size(), 0, layout_.n_samples(), phi, R_NaN));
            return total_deviance(y, phi, b_.data());
        }
        std::fill(b_.begin(), b_.end(), start(y, phi));
        double deviance = total_deviance(y, phi, b_.data());
        double max_info = -1, lambda = 0;
        for (int iteration = 1; iteration <= kMaxSteps; ++iteration) {
            derivatives(y, phi);
            for (int j = 0; j < k_ - 1; ++j) {
                double diagonal = 0;
                for (int g = 0; g < k_; ++g)
                    diagonal += basis2[j * k_ + g] * info_[g];
                max_info = std::max(max_info, diagonal);
            }
            if (iteration == 1) lambda = std::max(max_info * 1e-6, kVeryLow);
            bool first_try = true, tiny = false, failed = false;
            for (;;) {
                take_step(c, lambda);
                const double proposed = total_deviance(y, phi, b_new_.data());
                tiny = proposed / largest_ < kVeryLow;
                if (proposed <= deviance || tiny) {
                    std::swap(b_, b_new_);
                    deviance = proposed;
                    break;
                }
                first_try = false;
                lambda *= 2;
                if (lambda / max_info > 1 / kVeryLow) {
                    failed = true;
                    break;
                }
            }
            if (failed || tiny) break;
            double divergence = 0;
            for (int g = 0; g < k_; ++g) divergence += score_[g] * step_[g];
            if (divergence < kTolerance) break;
            if (first_try) lambda /= 10;
        }
        return deviance;
    }

  private:
    // The log of the mean of count over library size, weighted as edgeR does.
    double start(const double* y, double phi) {
        double top = 0, bottom = 0;
        largest_ = 0;
        for (int j = 0; j < layout_.n_samples(); ++j) {
            const double weight = 1 / (1 + phi * layout_.size()[j]);
            top += y[j] * weight;
            bottom += layout_.size()[j] * weight;
            largest_ = std::max(largest_, y[j]);
        }
        return std::log(top / bottom);
    }

    void derivatives(const double* y, double phi) {
        for (int g = 0; g < k_; ++g) {
            const double rate = std::exp(b_[g]);
            double score = 0, info = 0;
            for (int j = layout_.begin(g); j < layout_.end(g); ++j) {
                const double mu = rate * layout_.size()[j];
                const double scale = 1 / (1 + mu * phi);
                score += (y[j] - mu) * scale;
                info += mu * scale;
            }
            score_[g] = score;
            info_[g] = info;
        }
    }

    void take_step(const double* c, double lambda) {
        double top = 0, bottom = 0;
        for (int g = 0; g < k_; ++g) {
            const double damped = info_[g] + lambda;
            top += c[g] * score_[g] / damped;
            bottom += c[g] * c[g] / damped;
        }
        const double nu = top / bottom;
        for (int g = 0; g < k_; ++g) {
            step_[g] = (score_[g] - nu * c[g]) / (info_[g] + lambda);
            b_new_[g] = b_[g] + step_[g];
        }
    }

    // Without coefficients: of means that are zero.
    double total_deviance(const double* y, double phi, const double* b) const {
        double total = 0;
        for (int g = 0; g < k_; ++g) {
            const double rate = b == nullptr ? 0 : std::exp(b[g]);
            for (int j = layout_.begin(g); j < layout_.end(g); ++j)
                total += unit_deviance(y[j], rate * layout_.size()[j], phi);
        }
        return total;
    }

    const Layout& layout_;
    const int k_;
    double largest_ = 0;
    std::vector<double> score_, info_, b_, b_new_, step_;
};

}  // namespace

// Null deviances, genes x contrasts. `classes` counts from zero; `basis2` is
// k x (k - 1) x contrasts.
// [[Rcpp::export]]
Rcpp::NumericMatrix oneway_null_deviance_cpp(
        SEXP counts, Rcpp::IntegerVector classes, Rcpp::NumericVector offset,
        Rcpp::NumericVector dispersion, Rcpp::NumericMatrix contrasts,
        Rcpp::NumericVector basis2) {
    const Layout layout(classes, offset);
    const int k = layout.n_classes();
    const int n_contrasts = contrasts.ncol();
    NullFit fit(layout);
    Rcpp::NumericMatrix found(Rf_nrows(counts), n_contrasts);
    layout.each_gene(counts, [&](int gene, const double* y) {
        for (int i = 0; i < n_contrasts; ++i)
            found(gene, i) = fit.deviance(
                y, dispersion[gene], &contrasts(0, i),
                &basis2[static_cast<R_xlen_t>(i) * k * (k - 1)]);
    });
    return found;
}

// Which genes vary less than a Poisson variable in at least one sample.
// [[Rcpp::export]]
Rcpp::LogicalVector below_poisson_cpp(Rcpp::NumericMatrix fitted,
                                      Rcpp::NumericVector dispersion,
                                      Rcpp::NumericVector variance) {
    const int n_genes = fitted.nrow();
    Rcpp::LogicalVector below(n_genes);
    for (int j = 0; j < fitted.ncol(); ++j)
        for (int i = 0; i < n_genes; ++i)
            if ((fitted(i, j) * dispersion[i] + 1) * variance[i] < 1)
                below[i] = true;
    return below;
}
