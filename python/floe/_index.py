"""Where public names are defined; made by scripts/make_api_index.py."""

INDEX = {
    "bitwise.bitwise_and": ".api.bitwise:bitwise_and",
    "bitwise.bitwise_or": ".api.bitwise:bitwise_or",
    "bitwise.bitwise_xor": ".api.bitwise:bitwise_xor",
    "bitwise.invert": ".api.bitwise:invert",
    "bitwise.left_shift": ".api.bitwise:left_shift",
    "bitwise.right_shift": ".api.bitwise:right_shift",
}
