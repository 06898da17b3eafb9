// edgeR's unit deviance (nbdev): Poisson for tiny dispersions, gamma for huge
// products of mean and dispersion.

#ifndef TISSUESHAP_DEVIANCE_H
#define TISSUESHAP_DEVIANCE_H

#include <cmath>

constexpr double kPoisson = 1e-4, kGamma = 1e6, kOffset = 1e-8;

inline double unit_deviance(double y, double mu, double phi) {
    y += kOffset;
    mu += kOffset;
    if (phi < kPoisson) {
        const double resid = y - mu;
        return 2 * (y * std::log(y / mu) - resid -
                    0.5 * resid * resid * phi * (1 - phi * y));
    }
    const double product = mu * phi;
    if (product > kGamma)
        return 2 * ((y - mu) / mu - std::log(y / mu)) * mu / (1 + product);
    const double r = 1 / phi;
    return 2 * (y * std::log(y / mu) + (y + r) * std::log((mu + r) / (y + r)));
}

#endif
