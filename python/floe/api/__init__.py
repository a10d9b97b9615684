"""TensorFlow's functions by subject. Users reach them under the names that `export` gives them."""
