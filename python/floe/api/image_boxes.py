"""tf.image: boxes, given as [y1, x1, y2, x2]."""

import numpy as np

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c
from .nn_activation import deprecated_argument

_LOWEST = float("-inf")


@export("image.crop_and_resize")
def crop_and_resize(
    image, boxes, box_indices, crop_size, method="bilinear", extrapolation_value=0.0, name=None
):
    """A crop for each box (normalized coordinates), resized to crop_size; float32."""
    return raw_ops.CropAndResize(
        image=image,
        boxes=boxes,
        box_ind=box_indices,
        crop_size=crop_size,
        method=method,
        extrapolation_value=extrapolation_value,
        name=name,
    )


@export("compat.v1.image.crop_and_resize")
def crop_and_resize_v1(
    image,
    boxes,
    box_ind=None,
    crop_size=None,
    method="bilinear",
    extrapolation_value=0,
    name=None,
    box_indices=None,
):
    """A crop for each box (normalized coordinates), resized to crop_size; float32."""
    indices = deprecated_argument("box_indices", box_indices, "box_ind", box_ind)
    return crop_and_resize(image, boxes, indices, crop_size, method, extrapolation_value, name)


@export("image.draw_bounding_boxes")
def draw_bounding_boxes(images, boxes, colors, name=None):
    """The images with the outlines of their boxes (normalized coordinates)."""
    if colors is None:
        return raw_ops.DrawBoundingBoxes(images=images, boxes=boxes, name=name)
    return raw_ops.DrawBoundingBoxesV2(images=images, boxes=boxes, colors=colors, name=name)


@export("compat.v1.image.draw_bounding_boxes")
def draw_bounding_boxes_v1(images, boxes, name=None, colors=None):
    """The images with the outlines of their boxes (normalized coordinates)."""
    return draw_bounding_boxes(images, boxes, colors, name)


@export("image.non_max_suppression")
def non_max_suppression(
    boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=_LOWEST, name=None
):
    """Indices of the best boxes that overlap no better one by more than iou_threshold."""
    return raw_ops.NonMaxSuppressionV3(
        boxes=boxes,
        scores=scores,
        max_output_size=max_output_size,
        iou_threshold=c.tensor(iou_threshold, dtypes.float32),
        score_threshold=c.tensor(score_threshold, dtypes.float32),
        name=name,
    )


@export("image.non_max_suppression_with_scores")
def non_max_suppression_with_scores(
    boxes,
    scores,
    max_output_size,
    iou_threshold=0.5,
    score_threshold=_LOWEST,
    soft_nms_sigma=0.0,
    name=None,
):
    """(indices, scores) of the best boxes; with soft_nms_sigma overlaps only lower the scores."""
    boxes = c.tensor(boxes)
    indices, selected, _ = raw_ops.NonMaxSuppressionV5(
        boxes=boxes,
        scores=scores,
        max_output_size=max_output_size,
        iou_threshold=c.tensor(iou_threshold, boxes.dtype),
        score_threshold=c.tensor(score_threshold, boxes.dtype),
        soft_nms_sigma=c.tensor(soft_nms_sigma, boxes.dtype),
        pad_to_max_output_size=False,
        name=name,
    )
    return indices, selected


@export("image.non_max_suppression_overlaps")
def non_max_suppression_overlaps(
    overlaps, scores, max_output_size, overlap_threshold=0.5, score_threshold=_LOWEST, name=None
):
    """non_max_suppression with the overlaps given as a matrix."""
    return raw_ops.NonMaxSuppressionWithOverlaps(
        overlaps=overlaps,
        scores=scores,
        max_output_size=max_output_size,
        overlap_threshold=c.tensor(overlap_threshold, dtypes.float32),
        score_threshold=c.tensor(score_threshold, dtypes.float32),
        name=name,
    )


@export("image.non_max_suppression_padded")
def non_max_suppression_padded(
    boxes,
    scores,
    max_output_size,
    iou_threshold=0.5,
    score_threshold=_LOWEST,
    pad_to_max_output_size=False,
    name=None,
    sorted_input=False,
    canonicalized_coordinates=False,
    tile_size=512,
):
    """(indices padded with 0, number of valid ones); boxes and scores may have batch dimensions."""
    boxes, scores = c.tensor(boxes), c.tensor(scores)

    def one(b, s, pad):
        return raw_ops.NonMaxSuppressionV4(
            boxes=b,
            scores=s,
            max_output_size=max_output_size,
            iou_threshold=c.tensor(iou_threshold, dtypes.float32),
            score_threshold=c.tensor(score_threshold, dtypes.float32),
            pad_to_max_output_size=pad,
        )

    if not sorted_input and not canonicalized_coordinates and boxes.shape.rank in (None, 2):
        indices, valid = one(boxes, scores, pad_to_max_output_size)
        return c.identity(indices, name) if name else indices, valid
    if boxes.shape.rank == 2:
        return tuple(one(boxes, scores, True))
    outer = boxes.shape.as_list()[:-2]
    n = int(np.prod(outer))
    flat_boxes = c.unstack(c.reshape(boxes, [n, -1, 4]), n)
    flat_scores = c.unstack(c.reshape(scores, [n, -1]), n)
    results = [one(b, s, True) for b, s in zip(flat_boxes, flat_scores)]
    indices = c.reshape(c.stack([r[0] for r in results]), [*outer, -1])
    return indices, c.reshape(c.stack([r[1] for r in results]), outer)


@export("image.combined_non_max_suppression")
def combined_non_max_suppression(
    boxes,
    scores,
    max_output_size_per_class,
    max_total_size,
    iou_threshold=0.5,
    score_threshold=_LOWEST,
    pad_per_class=False,
    clip_boxes=True,
    name=None,
):
    """non_max_suppression for every class of a batch: (boxes, scores, classes, number of detections)."""
    return raw_ops.CombinedNonMaxSuppression(
        boxes=boxes,
        scores=scores,
        max_output_size_per_class=max_output_size_per_class,
        max_total_size=max_total_size,
        iou_threshold=c.tensor(iou_threshold, dtypes.float32),
        score_threshold=c.tensor(score_threshold, dtypes.float32),
        pad_per_class=pad_per_class,
        clip_boxes=clip_boxes,
        name=name,
    )
