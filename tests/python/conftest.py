import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def assets():
    return ROOT / "assets"


@pytest.fixture()
def digits(assets):
    import floe as tf

    graph_def = tf.compat.v1.GraphDef()
    graph_def.ParseFromString((assets / "digits.pb").read_bytes())
    return graph_def


@pytest.fixture(scope="session")
def images(assets):
    import numpy as np

    return np.load(assets / "digits_images.npy")[:4]


@pytest.fixture(scope="session")
def expected(assets):
    import numpy as np

    return np.load(assets / "digits_expected.npy")[:4]
