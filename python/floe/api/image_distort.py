"""tf.image: random parts that show enough of an object."""

from .. import dtypes, raw_ops
from ..export import export
from . import compose as c


def _attrs(aspect_ratio_range, area_range, max_attempts, use_image):
    given = dict(
        aspect_ratio_range=aspect_ratio_range,
        area_range=area_range,
        max_attempts=max_attempts,
        use_image_if_no_bounding_boxes=use_image,
    )
    return {k: list(v) if isinstance(v, tuple) else v for k, v in given.items() if v is not None}


def _sample(image_size, boxes, seeds, covered, attrs, name):
    return raw_ops.SampleDistortedBoundingBoxV2(
        image_size=image_size,
        bounding_boxes=boxes,
        min_object_covered=c.tensor(covered, dtypes.float32),
        seed=seeds[0],
        seed2=seeds[1],
        name=name,
        **attrs,
    )


@export("image.sample_distorted_bounding_box")
def sample_distorted_bounding_box(
    image_size,
    bounding_boxes,
    seed=0,
    min_object_covered=0.1,
    aspect_ratio_range=None,
    area_range=None,
    max_attempts=None,
    use_image_if_no_bounding_boxes=None,
    name=None,
):
    """(begin, size, bboxes) of a random part of an image that shows min_object_covered of one of the boxes."""
    seeds = c.public("compat.v1.random.get_seed")(seed) if seed else (0, 0)
    attrs = _attrs(aspect_ratio_range, area_range, max_attempts, use_image_if_no_bounding_boxes)
    return _sample(image_size, bounding_boxes, seeds, min_object_covered, attrs, name)


@export("compat.v1.image.sample_distorted_bounding_box")
def sample_distorted_bounding_box_v1(
    image_size,
    bounding_boxes,
    seed=None,
    seed2=None,
    min_object_covered=0.1,
    aspect_ratio_range=None,
    area_range=None,
    max_attempts=None,
    use_image_if_no_bounding_boxes=None,
    name=None,
):
    """(begin, size, bboxes) of a random part of an image that shows min_object_covered of one of the boxes."""
    attrs = _attrs(aspect_ratio_range, area_range, max_attempts, use_image_if_no_bounding_boxes)
    return _sample(image_size, bounding_boxes, (seed or 0, seed2 or 0), min_object_covered, attrs, name)


@export("image.stateless_sample_distorted_bounding_box")
def stateless_sample_distorted_bounding_box(
    image_size,
    bounding_boxes,
    seed,
    min_object_covered=0.1,
    aspect_ratio_range=None,
    area_range=None,
    max_attempts=None,
    use_image_if_no_bounding_boxes=None,
    name=None,
):
    """sample_distorted_bounding_box as a function of `seed`, two integers."""
    return raw_ops.StatelessSampleDistortedBoundingBox(
        image_size=image_size,
        bounding_boxes=bounding_boxes,
        min_object_covered=c.tensor(min_object_covered, dtypes.float32),
        seed=seed,
        name=name,
        **_attrs(aspect_ratio_range, area_range, max_attempts, use_image_if_no_bounding_boxes),
    )
