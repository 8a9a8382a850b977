# SPDX-License-Identifier: GPL-2.0-or-later
"""colours.py - how well colours can be read and told apart, also by people who see fewer of them.

Contrast is that of WCAG 2.1: (lighter + 0.05) / (darker + 0.05) of relative luminances; 4.5 is level AA. What people
with dichromacy see is simulated by the matrices of Machado, Oliveira and Fernandes (2009) for full severity, in linear
RGB. Distance is CIE76 in CIELAB: 2.3 is just noticeable side by side, 10 is seen at a glance.
"""
import math

WHITE_POINT = (0.95047, 1.0, 1.08883)
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
SIGHTS = {
    "all colours": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def times(matrix, vector):
    """Matrix times vector."""
    return [sum(a * b for a, b in zip(row, vector)) for row in matrix]


def linear(colour):
    """sRGB, 0 to 1, as amounts of light."""
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]


def luminance(colour):
    """Relative luminance, 0 to 1."""
    return times(TO_XYZ, linear(colour))[1]


def contrast(one, other):
    """1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def lab(colour, sight):
    """CIELAB of a colour as somebody sees it."""
    seen = [min(1.0, max(0.0, part)) for part in times(SIGHTS[sight], linear(colour))]
    x, y, z = (part / white for part, white in zip(times(TO_XYZ, seen), WHITE_POINT))
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one, other, sight):
    """How different two colours look."""
    return math.dist(lab(one, sight), lab(other, sight))
