"""Rows of layer_table.py for spectrograms."""

import numpy as np

from layer_table import layer, real

SOUND = real(2, 40, 1)


def frames(x, length, step):
    starts = range(0, x.shape[-1] - length + 1, step)
    return np.stack([x[..., s : s + length] for s in starts], -2)


def part(w, x):
    """Frames of 8 in steps of 4, times a kernel."""
    return frames(x[..., 0], 8, 4) @ w[:, 0]


def power(w, x):
    return part(w[0], x) ** 2 + part(w[1], x) ** 2


def both_halves(w, x):
    p = power(w, x)
    p[..., 1:-1] *= 2
    return p


layer("STFTSpectrogram", both_halves, SOUND, mode="psd", frame_length=8, bad=(2, 40))
layer("STFTSpectrogram", lambda w, x: part(w[0], x), SOUND, mode="real", frame_length=8)
layer(
    "STFTSpectrogram",
    lambda w, x: np.log(np.maximum(np.sqrt(np.maximum(power(w, x), 1e-7)), 1e-7)),
    SOUND,
    frame_length=8,
)
layer(
    "STFTSpectrogram",
    lambda w, x: np.concatenate([part(w[0], x), part(w[1], x)], -1)[..., None],
    SOUND,
    mode="stft",
    frame_length=8,
    expand_dims=True,
)


def mel(hertz):
    return 2595 * np.log10(1 + hertz / 700)


def bands(bins, n, rate, low, high):
    edges = np.linspace(mel(low), mel(high), n + 2)
    at = mel(np.linspace(0, rate / 2, bins))[:, None]
    up = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(up, down))
    weights[0] = 0
    return weights


def mel_power(w, x):
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(8, 8)], "reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(16) / 16)
    p = np.abs(np.fft.rfft(frames(padded, 16, 4) * window, 16)) ** 2
    return np.swapaxes(p @ bands(9, 5, 8000, 20, 4000), -1, -2)


MEL = {"fft_length": 16, "sequence_stride": 4, "sampling_rate": 8000, "num_mel_bins": 5}


def decibels(w, x):
    y = 10 * np.log10(np.maximum(mel_power(w, x), 1e-10)) - 10 * np.log10(2.0)
    return np.maximum(y, y.max() - 15)


layer("MelSpectrogram", mel_power, real(2, 40), power_to_db=False, bad=(2, 3, 4), **MEL)
layer("MelSpectrogram", decibels, real(2, 40), top_db=15.0, ref_power=2.0, grad=False, **MEL)
