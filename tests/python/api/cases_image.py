"""Cases of tf.image."""

import numpy as np

R = np.random.RandomState(3)
F = R.rand(7, 9, 3).astype(np.float32)
B = R.rand(2, 7, 9, 3).astype(np.float32)
U = R.randint(0, 256, (7, 9, 3)).astype(np.uint8)
UB = R.randint(0, 256, (2, 6, 5, 3)).astype(np.uint8)
G = R.rand(6, 5, 1).astype(np.float32)
BIG = R.rand(2, 20, 18, 3).astype(np.float32)
BIG2 = np.clip(BIG + R.randn(*BIG.shape) * 0.05, 0, 1).astype(np.float32)
HUGE = R.rand(1, 180, 177, 1).astype(np.float32)
HUGE2 = np.clip(HUGE + 0.1 * R.rand(*HUGE.shape), 0, 1).astype(np.float32)
BOXES = np.array(
    [[0, 0, 1, 1], [0, 0.05, 1, 1.02], [0.2, 0.2, 0.4, 0.6], [0.5, 0, 1, 0.4], [0.5, 0.02, 1, 0.41]],
    np.float32,
)
SCORES = np.array([0.9, 0.8, 0.3, 0.6, 0.65], np.float32)
SEED = (3, 5)

CASES = {
    # Geometry.
    "flips": lambda tf: [f(x) for f in (tf.image.flip_left_right, tf.image.flip_up_down) for x in (F, B, U)],
    "flip_rank_error": lambda tf: tf.image.flip_left_right([[1.0, 2.0]]),
    "transpose": lambda tf: [
        tf.image.transpose(F),
        tf.image.transpose(B),
        tf.compat.v1.image.transpose_image(U),
    ],
    "rot90": lambda tf: [tf.image.rot90(F, k) for k in (0, 1, 2, 3, 5)] + [tf.image.rot90(B)],
    "central_crop": lambda tf: (
        [tf.image.central_crop(F, f) for f in (0.3, 0.5, 0.875, 1.0)] + [tf.image.central_crop(UB, 0.5)]
    ),
    "central_crop_error": lambda tf: tf.image.central_crop(F, 1.5),
    "crop_box": lambda tf: [
        tf.image.crop_to_bounding_box(F, 1, 2, 3, 4),
        tf.image.crop_to_bounding_box(B, 0, 0, 7, 1),
    ],
    "crop_box_width_error": lambda tf: tf.image.crop_to_bounding_box(F, 0, 0, 3, 10),
    "crop_box_height_error": lambda tf: tf.image.crop_to_bounding_box(F, 5, 0, 3, 5),
    "crop_box_negative_error": lambda tf: tf.image.crop_to_bounding_box(F, -1, 0, 3, 5),
    "crop_box_empty_error": lambda tf: tf.image.crop_to_bounding_box(F, 0, 0, 0, 5),
    "pad_box": lambda tf: [
        tf.image.pad_to_bounding_box(F, 1, 2, 10, 12),
        tf.image.pad_to_bounding_box(UB, 0, 0, 6, 7),
    ],
    "pad_box_error": lambda tf: tf.image.pad_to_bounding_box(F, 1, 2, 7, 12),
    "pad_box_negative_error": lambda tf: tf.image.pad_to_bounding_box(F, -1, 2, 17, 12),
    "crop_or_pad": lambda tf: (
        [tf.image.resize_with_crop_or_pad(F, h, w) for h, w in ((5, 6), (10, 12), (4, 12), (8, 3), (7, 9))]
        + [tf.image.resize_with_crop_or_pad(UB, 3, 8)]
    ),
    "crop_or_pad_error": lambda tf: tf.image.resize_with_crop_or_pad(F, 0, 5),
    "patches": lambda tf: tf.image.extract_patches(B, [1, 3, 2, 1], [1, 2, 2, 1], [1, 1, 2, 1], "SAME"),
    "patches_v1": lambda tf: tf.compat.v1.image.extract_image_patches(
        B, [1, 3, 2, 1], [1, 2, 2, 1], [1] * 4, "VALID"
    ),
    # Resizing.
    "resize_same": lambda tf: [tf.image.resize(U, [7, 9]), tf.compat.v1.image.resize(U, [7, 9])],
    "resize_rank_error": lambda tf: tf.image.resize(np.ones((3, 3), np.float32), [2, 2]),
    "resize_size_error": lambda tf: tf.image.resize(F, [2, 2, 2]),
    "resize_method_error": lambda tf: tf.image.resize(F, [2, 2], method="sharp"),
    "resize_aspect": lambda tf: [
        tf.image.resize(F, s, preserve_aspect_ratio=True) for s in ([3, 3], [20, 11], [14, 100])
    ],
    "resize_with_pad": lambda tf: (
        [tf.image.resize_with_pad(F, h, w) for h, w in ((5, 5), (20, 12), (3, 17))]
        + [tf.image.resize_with_pad(UB, 9, 4, method="nearest", antialias=True)]
    ),
    "resize_with_pad_v1": lambda tf: tf.compat.v1.image.resize_image_with_pad(F, 11, 5, align_corners=True),
    "resize_v1": lambda tf: [tf.compat.v1.image.resize(B, [5, 12], m) for m in range(4)],
    "resize_v1_corners": lambda tf: [
        tf.compat.v1.image.resize_images(B, [5, 12], m, align_corners=True) for m in range(4)
    ],
    "resize_ops": lambda tf: [
        tf.compat.v1.image.resize_bilinear(B, [4, 4], half_pixel_centers=True),
        tf.compat.v1.image.resize_nearest_neighbor(UB, [4, 4]),
        tf.compat.v1.image.resize_bicubic(B, [4, 4], align_corners=True),
        tf.compat.v1.image.resize_area(B, [4, 4]),
    ],
    # Colors.
    "convert": lambda tf: (
        [
            tf.image.convert_image_dtype(U, t)
            for t in ("float32", "float16", "float64", "int8", "int16", "uint16", "int32")
        ]
        + [tf.image.convert_image_dtype(F, t) for t in ("uint8", "int16", "uint16", "float64")]
        + [tf.image.convert_image_dtype(U.astype(np.int32) * 1000, "uint8")]
    ),
    "convert_saturate": lambda tf: (
        [
            tf.image.convert_image_dtype(F * 3 - 1, t, saturate=True)
            for t in ("uint8", "int16", "uint16", "int32")
        ]
        + [tf.image.convert_image_dtype(U, "int8", saturate=True)]
    ),
    "gray": lambda tf: [
        tf.image.rgb_to_grayscale(F),
        tf.image.rgb_to_grayscale(UB),
        tf.image.grayscale_to_rgb(tf.constant(G)),
    ],
    "gray_error": lambda tf: tf.image.grayscale_to_rgb(tf.constant(F)),
    "hsv": lambda tf: [tf.image.rgb_to_hsv(F), tf.image.hsv_to_rgb(B)],
    "yiq_yuv": lambda tf: [
        f(F) for f in (tf.image.rgb_to_yiq, tf.image.yiq_to_rgb, tf.image.rgb_to_yuv, tf.image.yuv_to_rgb)
    ],
    "yuv_f64": lambda tf: tf.image.rgb_to_yuv(F.astype(np.float64)),
    "brightness": lambda tf: [tf.image.adjust_brightness(F, 0.1), tf.image.adjust_brightness(U, -0.3)],
    "contrast": lambda tf: [tf.image.adjust_contrast(F, 2.0), tf.image.adjust_contrast(UB, 0.5)],
    "gamma": lambda tf: [tf.image.adjust_gamma(F, 0.5), tf.image.adjust_gamma(U, 2, gain=0.8)],
    "gamma_error": lambda tf: tf.image.adjust_gamma(F, -1),
    "hue": lambda tf: [tf.image.adjust_hue(F, 0.2), tf.image.adjust_hue(UB, -0.4)],
    "hue_error": lambda tf: tf.image.adjust_hue(F, 2.0),
    "saturation": lambda tf: [tf.image.adjust_saturation(F, 1.7), tf.image.adjust_saturation(UB, 0.3)],
    "standardize": lambda tf: [
        tf.image.per_image_standardization(x) for x in (F, UB, np.ones((3, 3, 1), np.uint8))
    ],
    "standardize_error": lambda tf: tf.image.per_image_standardization([[1.0]]),
    # Files.
    "png": lambda tf: [
        tf.io.decode_png(tf.io.encode_png(U)),
        tf.image.decode_image(tf.image.encode_png(U), channels=1),
        tf.io.decode_png(tf.io.encode_png(UB[..., :1][0].astype(np.uint16) * 200), dtype=tf.uint16),
    ],
    "jpeg_shape": lambda tf: tf.io.extract_jpeg_shape(tf.io.encode_jpeg(U)),
    "is_jpeg": lambda tf: [tf.io.is_jpeg(tf.io.encode_jpeg(U)), tf.image.is_jpeg(tf.io.encode_png(U))],
    # Boxes.
    "crop_and_resize": lambda tf: [
        tf.image.crop_and_resize(B, BOXES[:3], [0, 1, 0], [4, 5]),
        tf.compat.v1.image.crop_and_resize(B, BOXES[:3], [0, 1, 0], [4, 5], method="nearest"),
    ],
    "draw": lambda tf: [
        tf.image.draw_bounding_boxes(B, np.stack([BOXES[2:4]] * 2), [[1.0, 0.0, 0.0], [0.0, 1.0, 0.5]]),
        tf.compat.v1.image.draw_bounding_boxes(B, np.stack([BOXES[2:4]] * 2)),
    ],
    "nms": lambda tf: [
        tf.image.non_max_suppression(BOXES, SCORES, 4),
        tf.image.non_max_suppression(BOXES, SCORES, 4, iou_threshold=0.9, score_threshold=0.5),
    ],
    "nms_scores": lambda tf: tf.image.non_max_suppression_with_scores(BOXES, SCORES, 5, soft_nms_sigma=0.5),
    "nms_padded": lambda tf: [
        tf.image.non_max_suppression_padded(tf.constant(BOXES), SCORES, 4, pad_to_max_output_size=True),
        tf.image.non_max_suppression_padded(tf.constant(BOXES), SCORES, 4),
    ],
    "nms_padded_batch": lambda tf: tf.image.non_max_suppression_padded(
        np.stack([BOXES, BOXES[::-1]]),
        np.stack([SCORES, SCORES[::-1]]),
        4,
        pad_to_max_output_size=True,
        canonicalized_coordinates=True,
    ),
    "nms_overlaps": lambda tf: tf.image.non_max_suppression_overlaps(
        np.eye(5, dtype=np.float32) + 0.3, SCORES, 3, 0.2
    ),
    "combined_nms": lambda tf: tf.image.combined_non_max_suppression(
        BOXES[None, :, None], np.stack([SCORES, 1 - SCORES], -1)[None], 3, 4, score_threshold=0.2
    ),
    # Quality.
    "total_variation": lambda tf: [
        tf.image.total_variation(tf.constant(F)),
        tf.image.total_variation(tf.constant(B)),
    ],
    "gradients": lambda tf: tf.image.image_gradients(tf.constant(B)),
    "gradients_error": lambda tf: tf.image.image_gradients(tf.constant(F)),
    "sobel": lambda tf: tf.image.sobel_edges(tf.constant(B)),
    "psnr": lambda tf: [tf.image.psnr(BIG, BIG2, 1.0), tf.image.psnr(U, U[::-1], 255)],
    "psnr_error": lambda tf: tf.image.psnr(BIG, F, 1.0),
    "ssim": lambda tf: [
        tf.image.ssim(BIG, BIG2, 1.0),
        tf.image.ssim(BIG[0], BIG2[0], 1.0, filter_size=5, k2=0.01),
    ],
    "ssim_map": lambda tf: tf.image.ssim(BIG, BIG2, 1.0, return_index_map=True),
    "ssim_multiscale": lambda tf: tf.image.ssim_multiscale(HUGE, HUGE2, 1.0),
    "ssim_small_error": lambda tf: tf.image.ssim(F, F, 1.0),
    # Chance.
    "stateless": lambda tf: [
        tf.image.stateless_random_brightness(F, 0.3, SEED),
        tf.image.stateless_random_contrast(F, 0.3, 0.8, SEED),
        tf.image.stateless_random_hue(F, 0.3, SEED),
        tf.image.stateless_random_saturation(F, 0.3, 0.8, SEED),
    ],
    "stateless_flip": lambda tf: (
        [tf.image.stateless_random_flip_left_right(F, (i, 1)) for i in range(4)]
        + [tf.image.stateless_random_flip_up_down(np.stack([F] * 6), (4, 2))]
    ),
    "stateless_crop": lambda tf: [tf.image.stateless_random_crop(F, (3, 4, 3), (i, 1)) for i in range(3)],
    "crop_size_error": lambda tf: tf.image.stateless_random_crop(F, (9, 4, 3), (1, 1)),
    "random_range_error": lambda tf: tf.image.random_contrast(F, 0.8, 0.3),
    "random_delta_error": lambda tf: tf.image.random_hue(F, 0.8),
    "random_brightness_error": lambda tf: tf.image.random_brightness(F, -0.8),
    "distorted": lambda tf: (
        [
            tf.image.stateless_sample_distorted_bounding_box(
                [200, 300, 3], BOXES[None, 2:4], (i, 7), min_object_covered=0.3
            )
            for i in range(4)
        ]
        + [
            tf.image.stateless_sample_distorted_bounding_box(
                [200, 300, 3],
                BOXES[None, :0],
                (1, 7),
                area_range=(0.1, 0.2),
                use_image_if_no_bounding_boxes=True,
            )
        ]
    ),
    "random_distorted": lambda tf: [
        tf.random.set_seed(9),
        tf.image.sample_distorted_bounding_box([200, 300, 3], BOXES[None, 2:4], seed=5),
        tf.compat.v1.image.sample_distorted_bounding_box(
            [200, 300, 3], BOXES[None, 2:4], 5, 6, aspect_ratio_range=[1.0, 2.0]
        ),
    ],
    "distorted_error": lambda tf: tf.image.stateless_sample_distorted_bounding_box(
        [20, 30, 3], BOXES[None, :0], (1, 2)
    ),
    "random_seeded": lambda tf: [
        tf.random.set_seed(4),
        tf.image.random_brightness(F, 0.3, seed=2),
        tf.image.random_flip_left_right(F, seed=5),
        tf.image.random_crop(F, [2, 2, 3], seed=6),
    ],
}
for _m in ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"):
    CASES[f"resize_{_m}"] = lambda tf, m=_m: [
        tf.image.resize(x, s, m) for x in (F, UB) for s in ([4, 5], [13, 11])
    ]
    CASES[f"resize_{_m}_antialias"] = lambda tf, m=_m: [
        tf.image.resize(F, s, m, antialias=True) for s in ([4, 5], [13, 4])
    ]
