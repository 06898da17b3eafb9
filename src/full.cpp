// Negative binomial fits of a one-way layout with a coefficient for each class:
// edgeR's glmFit (mglmOneWay, predFC and nbdev), class by class.

#include <Rcpp.h>
#include <algorithm>
#include <cmath>
#include <vector>

#include "deviance.h"
#include "layout.h"

namespace {

constexpr double kZero = 1e-4;       // counts and means that say nothing
constexpr double kLowestBeta = -1e8;  // edgeR's, of a class without counts

// The layout with a prior count added to each sample, in proportion to its
// library size (addPriorCount).
class Prior {
  public:
    Prior(const Layout& layout, double count) : size_(layout.n_nodes()) {
        double mean = 0;
        for (int j = 0; j < layout.n_samples(); ++j) mean += layout.size()[j];
        per_size_ = count / (mean / layout.n_samples());
        for (int i = 0; i < layout.n_nodes(); ++i)
            size_[i] = layout.node_size()[i] * (1 + 2 * per_size_);
    }

    const double* size() const { return size_.data(); }

    void add_to(const Layout& layout, std::vector<double>& counts) const {
        for (int i = 0; i < layout.n_nodes(); ++i)
            counts[i] += per_size_ * layout.node_number()[i] *
                         layout.node_size()[i];
    }

  private:
    double per_size_;
    std::vector<double> size_;
};

}  // namespace

// Of each gene: `coefficients` with the prior count and `unshrunk` ones, genes x
// classes, the `deviance`, the `lowest` mean, and the residual degrees of
// freedom. Samples whose count and mean are zero say nothing of the variance,
// nor does the mean of a class that has no others.
// [[Rcpp::export]]
Rcpp::List oneway_full_cpp(SEXP counts, Rcpp::IntegerVector classes,
                           Rcpp::NumericVector offset,
                           Rcpp::NumericVector dispersion, double prior_count) {
    const Layout layout(classes, offset);
    const int n_genes = Rf_nrows(counts), k = layout.n_classes();
    const Prior prior(layout, prior_count);
    Rcpp::NumericMatrix shrunk(n_genes, k), unshrunk(n_genes, k);
    Rcpp::NumericVector deviance(n_genes), lowest(n_genes), df(n_genes);
    std::vector<double> nodes(layout.n_nodes());
    layout.each_gene(counts, [&](int gene, const double* y) {
        const double phi = dispersion[gene];
        const auto fit = [&](int g, const double* size) {
            return one_group(nodes.data(), layout.node_number(), size,
                             layout.node_begin(g), layout.node_end(g), phi,
                             R_NaN);
        };
        layout.to_nodes(y, nodes.data());
        double total = 0, smallest = R_PosInf;
        int heard = 0, means = 0;
        for (int g = 0; g < k; ++g) {
            const double beta = fit(g, layout.node_size());
            const double rate = std::exp(beta);
            unshrunk(gene, g) = std::max(beta, kLowestBeta);
            smallest = std::min(smallest, rate * layout.smallest_size(g));
            const int before = heard;
            for (int j = layout.begin(g); j < layout.end(g); ++j) {
                const double mu = rate * layout.size()[j];
                total += unit_deviance(y[j], mu, phi);
                heard += !(y[j] < kZero && mu < kZero);
            }
            means += heard > before;
        }
        deviance[gene] = total;
        lowest[gene] = smallest;
        df[gene] = std::max(heard - means, 0);
        prior.add_to(layout, nodes);
        for (int g = 0; g < k; ++g)
            shrunk(gene, g) = fit(g, prior.size());
    });
    return Rcpp::List::create(Rcpp::Named("coefficients") = shrunk,
                              Rcpp::Named("unshrunk") = unshrunk,
                              Rcpp::Named("deviance") = deviance,
                              Rcpp::Named("lowest") = lowest,
                              Rcpp::Named("df") = df);
}
