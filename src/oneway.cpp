// Negative binomial fits of a one-way layout under a contrast.
//
// For the test of contrast c, edgeR (glmLRT) rotates the design so that c is its
// first column, drops that column and refits by Levenberg-damped Fisher
// scoring with a dense (k - 1) x (k - 1) information matrix: O(n k^2) a step
// for n samples of k classes. In a one-way layout the same step can be taken
// in the classes' own coefficients b, where the information D is diagonal and
// the refit is the fit under c'b = 0. The rotation Q is orthonormal, so
// (Q'DQ + lambda I) is the damped information there, and the step solves
//     (D + lambda I) db = s - nu c,   c'db = 0
// for the score s: O(n + k), with the layout's nodes as n. Start, damping,
// acceptance and stopping are edgeR's, so that the result is edgeR's to rounding, also where the
// likelihood has no maximum (classes without a count) and where edgeR's
// tolerance ends the iterations early.
//
// The algorithm is edgeR's (GPL >= 2): the damped scoring of its glm_levenberg,
// the unit deviances of its nbdev and the one-group fit of its
// glm_one_group, written again here for one-way layouts.
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

#include "deviance.h"
#include "layout.h"
#include "nearby.h"

namespace {

constexpr double kLow = 1e-10, kVeryLow = 1e-13;
constexpr double kTolerance = 1e-6;
constexpr int kMaxSteps = 250;

// How much of a rise in slope from 0 to 1 a convex function can turn into
// height there, if the logarithm of its second derivative changes by at most
// `range`: (height(1) - height(0) - slope(0)) / (slope(1) - slope(0)).
inline double height_share(double range) {
    if (range < 1e-3) return 0.5 + range / 12;
    const double fall = -std::expm1(-range);
    return (range - fall) / (range * fall);
}

// Where the search for the fit under a contrast is: of each class the
// coefficient, its rate, and the derivatives of the log-likelihood.
struct Place {
    explicit Place(int k) : b(k), rate(k), score(k), info(k) {}

    std::vector<double> b, rate, score, info;
};

class NullFit {
  public:
    explicit NullFit(const Layout& layout)
        : layout_(layout), k_(layout.n_classes()), at_(k_), next_(k_),
          first_(k_), step_(k_), factor_(k_), full_rate_(k_), total_(k_),
          over_size_(k_), near_(k_), count_(layout.n_nodes()),
          weight_(layout.n_nodes()) {}

    // The gene that the next calls are about; `full` is the deviance of the
    // model with a coefficient for each class.
    void set_gene(const double* y, double phi, double full) {
        y_ = y;
        phi_ = phi;
        full_ = full;
        largest_ = *std::max_element(y, y + layout_.n_samples());
        if (largest_ < kLow) return;
        layout_.to_nodes(y, count_.data());
        for (int i = 0; i < layout_.n_nodes(); ++i)
            weight_[i] = 1 / (1 + phi * layout_.node_size()[i]);
        for (int g = 0; g < k_; ++g) {
            total_[g] = over_size_[g] = 0;
            for (int j = layout_.begin(g); j < layout_.end(g); ++j) {
                total_[g] += y[j] + kOffset;
                over_size_[g] += y[j] / layout_.size()[j];
            }
            full_rate_[g] = std::exp(
                one_group(count_.data(), layout_.node_number(),
                          layout_.node_size(), layout_.node_begin(g),
                          layout_.node_end(g), phi, R_NaN));
            near_[g].reset();
        }
        doubt_ = 1e-9 + 1e-12 * full;
        clear_ = full > 10 * kVeryLow * largest_;
        started_ = false;
    }

    // By how much the gene's deviance rises under c'b = 0, where the rates of
    // class g are multiplied by exp(shift[g]). `mirror` is the Householder
    // vector u that rotates c: the basis of the rest are columns of
    // I - uu'/u[0].
    double rise(const double* c, const double* mirror, const double* shift) {
        if (largest_ < kLow) return 0;
        for (int g = 0; g < k_; ++g) factor_[g] = std::exp(shift[g]);
        // Two classes: what is left is one group, and edgeR fits it as such.
        if (k_ == 2) return two_classes();
        begin(shift);
        known_ = false;
        double max_info = -1, lambda = 0;
        for (int iteration = 1; iteration <= kMaxSteps; ++iteration) {
            max_info = std::max(max_info, largest_diagonal(mirror));
            if (iteration == 1) lambda = std::max(max_info * 1e-6, kVeryLow);
            bool first_try = true, tiny = false, failed = false;
            for (;;) {
                take_step(c, lambda);
                derivatives(next_);
                if (accepted(tiny)) break;
                first_try = false;
                lambda *= 2;
                if (lambda / max_info > 1 / kVeryLow) {
                    failed = true;
                    break;
                }
            }
            if (failed) break;
            const double divergence = along_step(at_.score);
            std::swap(at_, next_);
            if (tiny || divergence < kTolerance) break;
            if (first_try) lambda /= 10;
        }
        return known_ ? rise_ : total_rise(at_.rate);
    }

  private:
    // All classes start at one value, which is the same for all contrasts that
    // shift nothing.
    void begin(const double* shift) {
        const bool plain =
            std::all_of(shift, shift + k_, [](double by) { return by == 0; });
        if (plain && started_) {
            at_ = first_;
            return;
        }
        std::fill(at_.b.begin(), at_.b.end(), start(shift));
        derivatives(at_);
        if (plain) first_ = at_;
        started_ = plain;
    }

    // The log of the mean of count over library size, weighted as edgeR does.
    double start(const double* shift) {
        double top = 0, bottom = 0;
        for (int g = 0; g < k_; ++g) {
            const double factor = factor_[g];
            for (int i = layout_.node_begin(g); i < layout_.node_end(g); ++i) {
                const double size = layout_.node_size()[i] * factor;
                const double weight =
                    shift[g] == 0 ? weight_[i] : 1 / (1 + phi_ * size);
                top += count_[i] * weight;
                bottom += layout_.node_number()[i] * size * weight;
            }
        }
        return std::log(top / bottom);
    }

    double two_classes() {
        sizes_.resize(layout_.n_nodes());
        for (int g = 0; g < k_; ++g)
            for (int i = layout_.node_begin(g); i < layout_.node_end(g); ++i)
                sizes_[i] = layout_.node_size()[i] * factor_[g];
        const double b = one_group(count_.data(), layout_.node_number(),
                                   sizes_.data(), 0, layout_.n_nodes(), phi_,
                                   R_NaN);
        for (int g = 0; g < k_; ++g) at_.rate[g] = std::exp(b) * factor_[g];
        return total_rise(at_.rate);
    }

    void derivatives(Place& place) const {
        for (int g = 0; g < k_; ++g) {
            place.rate[g] = std::exp(place.b[g]) * factor_[g];
            const Sums sums = sums_at(
                place.rate[g], phi_, count_.data(), layout_.node_number(),
                layout_.node_size(), layout_.node_begin(g),
                layout_.node_end(g));
            place.score[g] = sums.score();
            place.info[g] = sums.means;
        }
    }

    // The largest element on the diagonal of the rotated information.
    double largest_diagonal(const double* mirror) const {
        double spread = 0, largest = R_NegInf;
        for (int g = 0; g < k_; ++g)
            spread += mirror[g] * mirror[g] * at_.info[g];
        for (int g = 1; g < k_; ++g) {
            const double turn = mirror[g] / mirror[0];
            largest =
                std::max(largest, at_.info[g] * (1 - 2 * turn * mirror[g]) +
                                      turn * turn * spread);
        }
        return largest;
    }

    void take_step(const double* c, double lambda) {
        double top = 0, bottom = 0;
        for (int g = 0; g < k_; ++g) {
            const double damped = at_.info[g] + lambda;
            top += c[g] * at_.score[g] / damped;
            bottom += c[g] * c[g] / damped;
        }
        const double nu = top / bottom;
        for (int g = 0; g < k_; ++g) {
            step_[g] = (at_.score[g] - nu * c[g]) / (at_.info[g] + lambda);
            next_.b[g] = at_.b[g] + step_[g];
        }
    }

    double along_step(const std::vector<double>& score) const {
        double total = 0;
        for (int g = 0; g < k_; ++g) total += score[g] * step_[g];
        return total;
    }

    // Whether the deviance does not rise. It is convex in b, and where no
    // coefficient moves by more than r the log of its second derivative along
    // the step changes by at most r: mostly the slopes at both ends decide,
    // without a logarithm. Where they do not, or where edgeR's deviance is not
    // convex, the deviances are compared, as edgeR always does.
    bool accepted(bool& tiny) {
        if (clear_ && convex(at_.rate) && convex(next_.rate)) {
            double range = 0;
            for (double step : step_) range = std::max(range, std::abs(step));
            const double before = -2 * along_step(at_.score);
            const double after = -2 * along_step(next_.score);
            if (before + height_share(range) * (after - before) < -doubt_) {
                known_ = false;
                return true;
            }
        }
        if (!known_) rise_ = total_rise(at_.rate);
        known_ = true;
        const double proposed = total_rise(next_.rate);
        tiny = (proposed + full_) / largest_ < kVeryLow;
        if (!(proposed <= rise_ || tiny)) return false;
        rise_ = proposed;
        return true;
    }

    // edgeR's deviance jumps where it goes over to that of the gamma.
    bool is_gamma(int g, double rate) const {
        return rate * layout_.largest_size(g) * phi_ > kGamma;
    }

    bool convex(const std::vector<double>& rate) const {
        for (int g = 0; g < k_; ++g)
            if (is_gamma(g, rate[g])) return false;
        return true;
    }

    // The deviance at these rates less that of the full model, class by class,
    // so that no digits are lost between two large numbers.
    double total_rise(const std::vector<double>& rates) {
        double total = 0;
        for (int g = 0; g < k_; ++g) {
            const double rate = rates[g];
            const bool by_sample = (phi_ > 0 && phi_ < kPoisson) ||
                                   is_gamma(g, rate) ||
                                   is_gamma(g, full_rate_[g]);
            total += by_sample ? rise_by_sample(g, rate) : rise_near(g, rate);
        }
        return total;
    }

    double rise_by_sample(int g, double rate) const {
        const double* size = layout_.size();
        double total = 0;
        for (int j = layout_.begin(g); j < layout_.end(g); ++j)
            total += unit_deviance(y_[j], rate * size[j], phi_) -
                     unit_deviance(y_[j], full_rate_[g] * size[j], phi_);
        return total;
    }

    // Most contrasts move most classes by little.
    double rise_near(int g, double rate) {
        const double full = full_rate_[g], moved = std::log(rate / full);
        if (!near_[g].serves(moved)) return rise_of(g, rate);
        return near_[g].at(moved, [&](double by) {
            return rise_of(g, full * std::exp(by));
        });
    }

    double rise_of(int g, double rate) const {
        const double* size = layout_.node_size();
        const double full = full_rate_[g];
        // One logarithm for all samples, and the first term of a series in the
        // offset, where the others are below rounding.
        const bool plain =
            std::min(rate, full) * layout_.smallest_size(g) > 0.01;
        double total = 0;
        if (plain)
            total = -total_[g] * std::log1p((rate - full) / full) -
                    kOffset * over_size_[g] * (1 / rate - 1 / full);
        for (int i = layout_.node_begin(g); i < layout_.node_end(g); ++i) {
            const double number = layout_.node_number()[i];
            const double y = count_[i] + kOffset * number;
            const double change = (rate - full) * size[i], mu = full * size[i];
            if (!plain) total -= y * std::log1p(change / (mu + kOffset));
            if (phi_ == 0) {
                total += number * change;
            } else {
                const double r = 1 / phi_;
                total += (y + number * r) *
                         std::log1p(change / (mu + kOffset + r));
            }
        }
        return 2 * total;
    }

    const Layout& layout_;
    const int k_;
    const double* y_ = nullptr;
    double phi_ = 0, full_ = 0, largest_ = 0, doubt_ = 0, rise_ = 0;
    bool clear_ = false, known_ = false, started_ = false;
    Place at_, next_, first_;
    std::vector<double> step_, factor_, full_rate_, total_, over_size_;
    std::vector<Nearby> near_;  // the rise of each class
    std::vector<double> count_, weight_, sizes_;  // of nodes
};

}  // namespace

// By how much deviances rise, genes x contrasts. `classes` counts from zero;
// `mirrors` and `shifts` are classes x contrasts, as `contrasts` is.
// [[Rcpp::export]]
Rcpp::NumericMatrix oneway_rise_cpp(
        SEXP counts, Rcpp::IntegerVector classes, Rcpp::NumericVector offset,
        Rcpp::NumericVector dispersion, Rcpp::NumericVector full_deviance,
        Rcpp::NumericMatrix contrasts, Rcpp::NumericMatrix mirrors,
        Rcpp::NumericMatrix shifts) {
    const Layout layout(classes, offset);
    const int n_contrasts = contrasts.ncol();
    NullFit fit(layout);
    Rcpp::NumericMatrix found(Rf_nrows(counts), n_contrasts);
    layout.each_gene(counts, [&](int gene, const double* y) {
        fit.set_gene(y, dispersion[gene], full_deviance[gene]);
        for (int i = 0; i < n_contrasts; ++i)
            found(gene, i) =
                fit.rise(&contrasts(0, i), &mirrors(0, i), &shifts(0, i));
    });
    return found;
}
