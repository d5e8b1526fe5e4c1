"""Layers that pad, crop, repeat and reorder, and operations on blocks of images."""

from oracle.support import integers, layer_row, op_row, oracle_tests, real

LINE, PICTURE, CUBE = real(2, 6, 3), real(2, 6, 5, 3), real(2, 4, 5, 6, 3)

test_rows = oracle_tests(
    [
        layer_row("Flatten", PICTURE),
        layer_row("Flatten", PICTURE, data_format="channels_first"),
        layer_row("Reshape", LINE, target_shape=(2, 9)),
        layer_row("Reshape", PICTURE, target_shape=(-1, 3, 2)),
        layer_row("Reshape", real(3, 1), target_shape=()),
        layer_row("Permute", CUBE, dims=(3, 1, 4, 2)),
        layer_row("RepeatVector", real(3, 4), n=5),
        layer_row("ZeroPadding1D", LINE),
        layer_row("ZeroPadding1D", LINE, padding=(0, 2), data_format="channels_first"),
        layer_row("ZeroPadding2D", PICTURE),
        layer_row("ZeroPadding2D", PICTURE, padding=2),
        layer_row("ZeroPadding2D", PICTURE, padding=(2, 1), data_format="channels_first"),
        layer_row("ZeroPadding2D", PICTURE, padding=((1, 0), (0, 3))),
        layer_row("ZeroPadding3D", CUBE),
        layer_row("ZeroPadding3D", CUBE, padding=2, data_format="channels_first"),
        layer_row("ZeroPadding3D", CUBE, padding=((1, 0), (0, 3), (2, 2))),
        layer_row("Cropping1D", LINE),
        layer_row("Cropping1D", LINE, cropping=2),
        layer_row("Cropping1D", LINE, cropping=(0, 1)),
        layer_row("Cropping2D", PICTURE),
        layer_row("Cropping2D", PICTURE, cropping=1),
        layer_row("Cropping2D", PICTURE, cropping=(2, 1), data_format="channels_first"),
        layer_row("Cropping2D", PICTURE, cropping=((1, 0), (0, 3))),
        layer_row("Cropping3D", CUBE),
        layer_row("Cropping3D", CUBE, cropping=(1, 2, 0), data_format="channels_first"),
        layer_row("Cropping3D", CUBE, cropping=((1, 0), (0, 3), (2, 2))),
        layer_row("UpSampling1D", LINE),
        layer_row("UpSampling1D", LINE, size=3),
        layer_row("UpSampling2D", PICTURE),
        layer_row("UpSampling2D", PICTURE, size=(3, 1), data_format="channels_first"),
        *(
            layer_row("UpSampling2D", PICTURE, size=size, interpolation=interpolation)
            for interpolation in ("bilinear", "bicubic", "lanczos3", "lanczos5")
            for size in (2, (1, 3))
        ),
        layer_row("UpSampling3D", CUBE),
        layer_row("UpSampling3D", CUBE, size=(1, 3, 2), data_format="channels_first"),
        op_row("space_to_depth", real(2, 4, 6, 3), 2),
        op_row("space_to_depth", real(2, 3, 6, 9), 3, data_format="channels_first"),
        op_row("space_to_depth", integers(2, 4, 6, 3), 2),
        op_row("depth_to_space", real(2, 2, 3, 12), 2),
        op_row("depth_to_space", real(2, 18, 3, 2), 3, data_format="channels_first"),
        op_row("unfold", real(2, 3, 7, 6), 3),
        op_row("unfold", real(2, 3, 7, 6), (3, 2), dilation=(2, 1), padding=(1, 2), stride=(2, 3)),
        op_row("fold", real(2, 18, 9), (5, 5), 3),
        op_row("fold", real(2, 18, 4), 6, 3, stride=3),
        op_row(
            "fold", real(2, 12, 9), (7, 6), (3, 2), dilation=(2, 1), padding=(1, 2), stride=(2, 3)
        ),
    ]
)
