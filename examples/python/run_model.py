"""Open a frozen graph and run it: `python examples/python/run_model.py` from the repository's root."""

import sys

import numpy as np

import floe

folder = sys.argv[1] if len(sys.argv) > 1 else "assets"
f = floe.load(f"{folder}/digits.pb")
print(f)

pictures = np.load(f"{folder}/digits_images.npy")
labels = np.load(f"{folder}/digits_labels.npy")
probabilities = f(pictures).numpy()
print(f"{(probabilities.argmax(1) == labels).mean():.1%} of {len(labels)} digits are right")
