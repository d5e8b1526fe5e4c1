"""Spectrograms."""

import pytest

from oracle.support import layer_row, oracle_tests, real

MONO, STEREO = real(2, 50, 1), real(2, 50, 2)
SIGNAL = real(3, 600)
MEL = {"fft_length": 64, "sequence_stride": 20, "sampling_rate": 8000, "num_mel_bins": 10}


def stft(x=MONO, **kwargs):
    return layer_row("STFTSpectrogram", x, frame_length=8, **kwargs)


def mel(x=SIGNAL, **kwargs):
    return layer_row("MelSpectrogram", x, train=False, **{**MEL, **kwargs})


test_rows = oracle_tests(
    [
        *(stft(x, mode=m) for m in ("log", "magnitude", "psd", "real", "imag", "stft")
          for x in (MONO, STEREO)),
        stft(mode="angle", train=False),
        stft(STEREO, mode="psd", expand_dims=True, padding="same", frame_step=3),
        stft(mode="magnitude", window="hamming", periodic=True, scaling="spectrum", fft_length=16),
        stft(mode="real", window=None, scaling=None, trainable=False),
        stft(real(2, 3, 50), mode="psd", data_format="channels_first"),
        stft(real(2, 3, 50), mode="psd", data_format="channels_first", expand_dims=True),
        mel(power_to_db=False, tol=2e-5),  # sums of squares of a transform
        mel(power_to_db=False, mag_exp=1.0, sequence_length=48, window="hamming"),
        mel(power_to_db=False, min_freq=100.0, max_freq=3000.0, window=None, tol=2e-5),
        mel(tol=2e-5),
        mel(top_db=10.0, ref_power=3.0, min_power=0.1, tol=2e-5),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    "name, kwargs",
    [
        ("STFTSpectrogram", {"frame_step": 300}),
        ("STFTSpectrogram", {"fft_length": 16}),
        ("STFTSpectrogram", {"mode": "power"}),
        ("STFTSpectrogram", {"scaling": "both"}),
        ("STFTSpectrogram", {"padding": "causal"}),
        ("STFTSpectrogram", {"window": "windowpane"}),
        ("MelSpectrogram", {"fft_length": 64, "sequence_length": 65}),
    ],
)
def test_what_is_wrong(name, kwargs):
    import keras

    import lamina

    for k in (lamina, keras):
        with pytest.raises(ValueError):
            getattr(k.layers, name)(**kwargs)
