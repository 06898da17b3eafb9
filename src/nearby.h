// A smooth function near one point, by the polynomial through a few of its
// values, once it has been requested often enough to be worth them.
//
// Meant for functions of a log rate that are analytic up to the distance pi
// from the real line (layout.h): with this reach, the polynomial's error falls
// 25-fold with each value, to rounding.

#ifndef TISSUESHAP_NEARBY_H
#define TISSUESHAP_NEARBY_H

#include <array>
#include <cmath>

class Nearby {
  public:
    // Forget the function.
    void reset() {
        asked_ = 0;
        ready_ = false;
    }

    // Whether the polynomial is to be taken at this distance from the point.
    bool serves(double distance) {
        return std::abs(distance) <= kReach && ++asked_ > kPoints;
    }

    // The value of `function` at a distance that it serves.
    template <typename Function>
    double at(double distance, Function&& function) {
        if (!ready_) {
            for (int i = 0; i < kPoints; ++i)
                value_[i] = function(points().place[i]);
            ready_ = true;
        }
        return interpolated(distance);
    }

  private:
    static constexpr int kPoints = 9;
    static constexpr double kReach = 0.25;

    // Chebyshev points and their barycentric weights.
    struct Points {
        std::array<double, kPoints> place, weight;

        Points() {
            for (int i = 0; i < kPoints; ++i) {
                const double angle = (2 * i + 1) * M_PI / (2 * kPoints);
                place[i] = kReach * std::cos(angle);
                weight[i] = (i % 2 ? -1 : 1) * std::sin(angle);
            }
        }
    };

    static const Points& points() {
        static const Points made;
        return made;
    }

    double interpolated(double distance) const {
        double top = 0, bottom = 0;
        for (int i = 0; i < kPoints; ++i) {
            const double apart = distance - points().place[i];
            if (apart == 0) return value_[i];
            const double share = points().weight[i] / apart;
            top += share * value_[i];
            bottom += share;
        }
        return top / bottom;
    }

    int asked_ = 0;
    bool ready_ = false;
    std::array<double, kPoints> value_;
};

#endif
