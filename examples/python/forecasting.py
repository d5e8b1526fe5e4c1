"""Forecasts of two series by LSTMs, compared with what costs nothing, and drawn into an SVG file.

- How much the S&P 500 will move tomorrow: daily prices 1999 to 2018 (arch 8.0.0, NCSA licence;
  from Yahoo Finance), the logarithm of Parkinson's (1980) volatility.
- Passengers of airlines in the USA next month, 1977 to 2015 (river 0.26.1, BSD-3; US Bureau of
  Transportation Statistics).

All forecasts are of one step ahead, in years that come after those of the training.
"""

import csv
import gzip

import numpy as np
from fetch import pypi

import lamina as keras
from lamina import layers

keras.utils.set_random_seed(0)


def windows(features, targets, length, first, last):
    """Of the steps t in [first, last): features of the `length` steps before t, and the target."""
    x = np.stack([features[t - length : t] for t in range(first, last)]).astype("float32")
    return x, targets[first:last, None].astype("float32")


def forecast(features, targets, length, start, epochs):
    """What an LSTM that learnt from the steps before `start` says of those after."""
    mean, deviation = features[:start].mean(0), features[:start].std(0)
    scale = targets[:start].std()
    x, y = windows((features - mean) / deviation, targets / scale, length, length, len(targets))
    n = start - length
    model = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            layers.LSTM(32),
            layers.Dropout(0.2),
            layers.Dense(1, kernel_initializer="zeros"),
        ]
    )
    steps = epochs * -(-n // 32)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), "mse")
    model.fit(x[:n], y[:n], batch_size=32, epochs=epochs, verbose=0)
    return model.predict(x[n:], verbose=0).ravel() * scale


def report(title, errors):
    """Prints errors; the network's, the last, must be the least."""
    print(title)
    for name, error in errors.items():
        print(f"  {name:36} {error:.4f}")
    assert min(errors, key=errors.get) == "LSTM"


# ---- volatility
prices = pypi("arch==8.0.0", "975ec3bdf7926335742ac362251fafe32b448b8f194dead062f22a00beef772d")
with gzip.open(prices / "arch/data/sp500/sp500.csv.gz", "rt") as f:
    days = list(csv.DictReader(f))
high, low, close = (np.array([float(d[k]) for d in days]) for k in ("High", "Low", "Close"))
volatility = np.log(np.log(high / low) / np.sqrt(4 * np.log(2)) + 1e-4)
returns = np.diff(np.log(close), prepend=np.log(close[0]))
start = len(days) * 4 // 5  # 2015
week, month = (
    np.array([volatility[max(t - k, 0) : t].mean() if t else 0 for t in range(len(days))])
    for k in (5, 22)
)
after = slice(start, None)
# The network tells how tomorrow differs from the mean of the last five days.
features = np.stack([volatility, returns, np.abs(returns)], 1)
network = week[after] + forecast(features, volatility - week, 22, start, 15)
# Corsi's (2009) regression on the last day, week and month.
terms = np.stack([np.ones(len(days)), np.roll(volatility, 1), week, month], 1)
weights = np.linalg.lstsq(terms[22:start], volatility[22:start], rcond=None)[0]


def root_mean_square(p):
    return np.sqrt(np.mean((p - volatility[after]) ** 2))


report(
    f"logarithm of tomorrow's volatility, from {days[start]['Date']} on, RMSE",
    {
        "as today (naive)": root_mean_square(np.roll(volatility, 1)[after]),
        "as a week ago (seasonal naive)": root_mean_square(np.roll(volatility, 5)[after]),
        "mean of five days": root_mean_square(week[after]),
        "regression on day, week and month": root_mean_square((terms @ weights)[after]),
        "LSTM": root_mean_square(network),
    },
)

# ---- passengers
flights = pypi("river==0.26.1", "6a11e1a9749beec3ea138efeb0205b2c5cea8d424e9deee306c8980faec01bef")
with open(flights / "river/drift/datasets/airline_passengers.csv") as f:
    months, passengers = zip(*list(csv.reader(f))[1:])
passengers = np.log(np.array(passengers, dtype=float))
begin = len(months) - 120
growth = passengers[12:] - passengers[:-12]  # against the same month of the year before
season = 2 * np.pi * np.arange(len(growth)) / 12
features = np.stack([growth, np.sin(season), np.cos(season)], 1)
# The network tells how this growth differs from last month's.
change = np.diff(growth, prepend=growth[0])
network_passengers = (
    passengers[begin - 12 : -12]
    + growth[begin - 13 : -1]
    + forecast(features, change, 12, begin - 12, 60)
)


def mean_error(p):
    return np.mean(np.abs(np.exp(p - passengers[begin:]) - 1))


last_year = passengers[begin - 12 : -12]
report(
    f"next month's passengers, from {months[begin]} on, mean error",
    {
        "as last month (naive)": mean_error(passengers[begin - 1 : -1]),
        "as a year ago (seasonal naive)": mean_error(last_year),
        "the same with last month's growth": mean_error(last_year + growth[begin - 13 : -1]),
        "LSTM": mean_error(network_passengers),
    },
)

# ---- both, drawn
try:
    import matplotlib
except ImportError:
    print("no plot: pip install 'lamina[examples]'")
else:
    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, (above, below) = pyplot.subplots(2, figsize=(9, 6), layout="constrained")
    above.set_title("S&P 500: volatility of a day, %")
    above.plot(100 * np.exp(volatility[after]), color="0.7", label="measured")
    above.plot(100 * np.exp(network), color="C3", label="forecast of the day before")
    below.set_title("passengers of a month, millions")
    below.plot(np.exp(passengers[begin:]) / 1e6, color="0.7", linewidth=4, label="measured")
    below.plot(np.exp(network_passengers) / 1e6, color="C3", label="forecast of the month before")
    for axes in (above, below):
        axes.legend()
    figure.savefig("forecasting.svg")
    print("drawn into forecasting.svg")
