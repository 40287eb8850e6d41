"""Golden values of the statistics: rliable's on scores of several shapes.

rliable 1.2.0, arch 7.2.0, pandas 2.3.3, NumPy 2.4.6, SciPy 1.17.1. Writes statistics.json beside this file:

    python make_statistics.py

`exact` are rliable's intervals with its indices drawn from NumPy's PCG64, the generator Swirl has, so that
they can be compared to the last digits; `interval` are those it gives with its own generator, which
resampling alone moves.
"""

import json
import pathlib

import numpy as np
from rliable import library, metrics

RESAMPLES = 50_000
PROFILE_RESAMPLES = 2_000


def drawn_from(generator):
    return lambda n, shape, replace: generator.integers(0, n, shape)


def interval(scores, function, reps, seed=None):
    own = np.random.choice
    if seed is not None:
        np.random.choice = drawn_from(np.random.default_rng(seed))
    else:
        np.random.seed(7)
    try:
        _, found = library.get_interval_estimates({"x": scores}, function, reps=reps)
    finally:
        np.random.choice = own
    return found["x"].T.tolist()


def aggregates(scores):
    return np.array([
        metrics.aggregate_iqm(scores), metrics.aggregate_median(scores),
        metrics.aggregate_mean(scores), metrics.aggregate_optimality_gap(scores),
    ])


def main():
    random = np.random.default_rng(2021)
    cases = []
    for runs, tasks in [(5, 1), (3, 2), (10, 5), (7, 4)]:
        # Small spreads, so that an interval's resampling error is far below 1e-3.
        x = np.round(random.normal(0.8, 0.03, (runs, tasks)), 3)
        y = np.round(random.normal(0.79, 0.03, (runs + 2, tasks)), 3)
        y[0] = x[0]  # ties
        thresholds = np.round(np.linspace(0.7, 0.9, 11), 3)
        profile = lambda scores: library.score_distributions(scores, thresholds)
        improvement = lambda x, y: np.array([metrics.probability_of_improvement(x, y)])
        cases.append({
            "x": x.tolist(), "y": y.tolist(), "thresholds": thresholds.tolist(),
            "aggregates": aggregates(x).tolist(),
            "aggregates_exact": interval(x, aggregates, RESAMPLES, seed=5),
            "aggregates_interval": interval(x, aggregates, RESAMPLES),
            "profile": profile(x).tolist(),
            "profile_exact": interval(x, profile, PROFILE_RESAMPLES, seed=6),
            "improvement": improvement(x, y).tolist()[0],
            # SciPy's test takes half a millisecond: fewer resamples show the same.
            "improvement_resamples": 2_000,
            "improvement_exact": interval([x, y], improvement, 2_000, seed=8)[0],
            "improvement_self": improvement(x, x).tolist()[0],
        })
    golden = {"resamples": RESAMPLES, "profile_resamples": PROFILE_RESAMPLES, "cases": cases}
    path = pathlib.Path(__file__).with_name("statistics.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
