"""Rows of the op table: Fourier transforms."""

import numpy as np

from op_table import row, values


def parts(z):
    return [z.real, z.imag]


for n in (1, 2, 3, 5, 8, 12, 17, 64):
    row(
        "fft",
        lambda a, b: parts(np.fft.fft(a + 1j * b)),
        values("a", 2, n),
        values("b", 2, n),
        call=lambda f, a, b: f((a, b)),
        tolerance=1e-5,
    )
    row("rfft", lambda a: parts(np.fft.rfft(a)), values("a", 2, n), tolerance=1e-5)
    for bins in (4, 5):
        row(
            "irfft",
            lambda a, b, n=n: np.fft.irfft(a + 1j * b, n),
            values("a", 2, bins),
            values("b", 2, bins),
            call=lambda f, a, b, n=n: f((a, b), n),
            tolerance=1e-5,
        )
row("rfft", lambda a: parts(np.fft.rfft(a, 6)), values("a", 2, 9), fft_length=6, tolerance=1e-5)
row("rfft", lambda a: parts(np.fft.rfft(a, 13)), values("a", 2, 9), fft_length=13, tolerance=1e-5)
row(
    "irfft",
    lambda a, b: np.fft.irfft(a + 1j * b),
    values("a", 5),
    values("b", 5),
    call=lambda f, a, b: f((a, b)),
    tolerance=1e-5,
)
for name in ("fft2", "ifft2"):
    row(
        name,
        lambda a, b, name=name: parts(getattr(np.fft, name)(a + 1j * b)),
        values("a", 2, 6, 5),
        values("b", 2, 6, 5),
        call=lambda f, a, b: f((a, b)),
        tolerance=2e-5,
    )


def frames(x, length, stride, n, window, center):
    if center:
        x = np.pad(x, ((0, 0), (n // 2, n // 2)), "reflect")
    left = (n - length) // 2
    w = np.pad(window, (left, n - length - left))
    starts = range(0, x.shape[1] - n + 1, stride)
    return np.stack([np.fft.rfft(x[:, i : i + n] * w) for i in starts], 1)


def hann(n, a=0.5):
    return a - (1 - a) * np.cos(2 * np.pi * np.arange(n) / n)


signal = values("signal", 2, 40)
own = np.linspace(0.2, 1, 9)
for window, w in (("hann", hann(9)), ("hamming", hann(9, 0.54)), (None, np.ones(9)), (own, own)):
    for center in (True, False):
        options = {"window": window, "center": center}
        if window is None:
            w = np.ones(12)
        length = len(w)
        row(
            "stft",
            lambda x, w=w, c=center, n=length: parts(frames(x, n, 4, 12, w, c)),
            signal,
            sequence_length=9,
            sequence_stride=4,
            fft_length=12,
            tolerance=2e-5,
            **options,
        )
inside = slice(12, 28)
for window in ("hann", "hamming", own, None):
    row(
        "istft",
        lambda x: x[:, inside],
        signal,
        call=lambda f, x, w=window: _round_trip(f, x, w)[:, inside],
        tolerance=2e-5,
    )
row(
    "istft",
    lambda x: x[:, :30],
    signal,
    call=lambda f, x: f(_stft(x, 8, 4, 8), 8, 4, 8, length=30),
    tolerance=2e-5,
)


def _stft(x, *args, **kwargs):
    from lamina import ops

    return ops.stft(x, *args, **kwargs)


def _round_trip(f, x, window):
    return f(_stft(x, 9, 4, 12, window), 9, 4, 12, window=window)
