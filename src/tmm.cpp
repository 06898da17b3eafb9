// Trimmed mean of M values (TMM) of samples against one reference sample.
//
// edgeR (calcNormFactors) ranks all log ratios and all abundances of a sample
// and keeps what lies between two ranks of each. The ranks at the limits are
// enough for that: they are selected, not sorted, and the values tied with a
// limit share one rank, the mean of theirs. The factors are edgeR's to
// rounding.
//
//   Robinson MD, Oshlack A (2010). Genome Biology 11:R25.
//   edgeR (GPL >= 2): https://bioconductor.org/packages/edgeR

#include <Rcpp.h>
#include <algorithm>
#include <cmath>
#include <vector>

namespace {

constexpr double kRatioTrim = 0.3, kSumTrim = 0.05;
constexpr double kLowest = -1e10;  // edgeR's cutoff of the abundance
constexpr double kSame = 1e-6;     // log ratios of samples that are the same

// Whether a value's rank is at least that of one limit and at most that of
// the other.
class Between {
  public:
    // The ranks low <= high, from one, of n values.
    Between(const std::vector<double>& values, std::vector<double>& scratch,
            R_xlen_t low, R_xlen_t high) {
        scratch = values;
        const auto at_low = scratch.begin() + (low - 1);
        const auto at_high = scratch.begin() + (high - 1);
        std::nth_element(scratch.begin(), at_low, scratch.end());
        // What is behind the lower limit is not below it.
        if (high > low) std::nth_element(at_low + 1, at_high, scratch.end());
        low_ = *at_low;
        high_ = *at_high;
        R_xlen_t below_low = 0, tied_low = 0, below_high = 0, tied_high = 0;
        for (double value : values) {
            below_low += value < low_;
            tied_low += value == low_;
            below_high += value < high_;
            tied_high += value == high_;
        }
        with_low_ = mean_rank(below_low, tied_low) >= low &&
                    mean_rank(below_low, tied_low) <= high;
        with_high_ = mean_rank(below_high, tied_high) >= low &&
                     mean_rank(below_high, tied_high) <= high;
    }

    bool operator()(double value) const {
        if (value == low_) return with_low_;
        if (value == high_) return with_high_;
        return value > low_ && value < high_;
    }

  private:
    static double mean_rank(R_xlen_t below, R_xlen_t tied) {
        return below + (tied + 1) / 2.0;
    }

    double low_, high_;
    bool with_low_, with_high_;
};

class Reference {
  public:
    explicit Reference(const Rcpp::NumericVector& counts) {
        long double total = 0;
        for (double count : counts) total += count;
        const double size = static_cast<double>(total);
        for (R_xlen_t i = 0; i < counts.size(); ++i) {
            if (counts[i] <= 0) continue;
            const double share = counts[i] / size;
            gene_.push_back(i);
            share_.push_back(share);
            log_share_.push_back(std::log2(share));
            variance_.push_back((size - counts[i]) / size / counts[i]);
        }
    }

    // edgeR's calcFactorTMM of a sample.
    template <typename Count>
    double ratio(const Count* counts, double size) {
        log_ratio_.clear();
        abundance_.clear();
        spread_.clear();
        double largest = 0;
        for (size_t i = 0; i < gene_.size(); ++i) {
            const double count = counts[gene_[i]];
            if (count <= 0) continue;
            const double share = count / size;
            const double log_ratio = std::log2(share / share_[i]);
            const double abundance = (std::log2(share) + log_share_[i]) / 2;
            if (!std::isfinite(log_ratio) || !(abundance > kLowest)) continue;
            log_ratio_.push_back(log_ratio);
            abundance_.push_back(abundance);
            spread_.push_back((size - count) / size / count + variance_[i]);
            largest = std::max(largest, std::abs(log_ratio));
        }
        if (largest < kSame) return 1;
        return std::exp2(trimmed_mean());
    }

  private:
    double trimmed_mean() {
        const R_xlen_t n = log_ratio_.size();
        const R_xlen_t low_ratio = std::floor(n * kRatioTrim) + 1;
        const R_xlen_t low_sum = std::floor(n * kSumTrim) + 1;
        const Between ratio_kept(log_ratio_, scratch_, low_ratio,
                                 n + 1 - low_ratio);
        const Between sum_kept(abundance_, scratch_, low_sum, n + 1 - low_sum);
        long double top = 0, bottom = 0;
        for (R_xlen_t i = 0; i < n; ++i) {
            if (!ratio_kept(log_ratio_[i]) || !sum_kept(abundance_[i]))
                continue;
            top += log_ratio_[i] / spread_[i];
            bottom += 1 / spread_[i];
        }
        // Among tied values no gene may be left.
        return bottom > 0 ? static_cast<double>(top) /
                                static_cast<double>(bottom)
                          : 0;
    }

    std::vector<R_xlen_t> gene_;  // those that the reference has
    std::vector<double> share_, log_share_, variance_;
    std::vector<double> log_ratio_, abundance_, spread_, scratch_;
};

template <typename Count>
void ratios(const Count* counts, R_xlen_t n_genes, Reference& reference,
            Rcpp::NumericVector& found) {
    for (R_xlen_t j = 0; j < found.size(); ++j) {
        const Count* sample = counts + j * n_genes;
        long double size = 0;
        for (R_xlen_t i = 0; i < n_genes; ++i) size += sample[i];
        found[j] = reference.ratio(sample, static_cast<double>(size));
        Rcpp::checkUserInterrupt();
    }
}

}  // namespace

// The factors of samples whose reference has the factor one; genes x samples.
// [[Rcpp::export]]
Rcpp::NumericVector tmm_ratios_cpp(SEXP counts, Rcpp::NumericVector reference) {
    const R_xlen_t n_genes = Rf_nrows(counts);
    Rcpp::NumericVector found(Rf_ncols(counts));
    Reference of(reference);
    if (TYPEOF(counts) == REALSXP) {
        ratios(REAL(counts), n_genes, of, found);
    } else {
        ratios(TYPEOF(counts) == INTSXP ? INTEGER(counts) : LOGICAL(counts),
               n_genes, of, found);
    }
    return found;
}
