"""Small graphs made by TensorFlow, by subject. Importing a module registers its recipes in common.RECIPES."""
