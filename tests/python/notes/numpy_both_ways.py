"""Note 2: tensors and NumPy arrays in eager mode and in graph mode."""

import numpy as np
import tensorflow as tf

data_numpy = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
data_tensor = tf.convert_to_tensor(data_numpy)
back = data_tensor.numpy()
back[0, 0] = 100.0
print("private:", data_tensor.numpy()[0, 0], data_numpy[0, 0])
print("by itself:", tf.matmul(data_numpy, data_numpy).numpy().tolist(), np.sum(data_tensor))

with tf.Graph().as_default():
    t = tf.convert_to_tensor(data_numpy) + 1.0
    try:
        t.numpy()
    except (AttributeError, NotImplementedError) as e:
        print(
            "graph:",
            isinstance(e, AttributeError),
            isinstance(e, NotImplementedError),
            "graph mode" in str(e),
        )
        print("says where:", "numpy_both_ways.py" in str(e), "py_function" in str(e))
