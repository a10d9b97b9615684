"""tf.math and tf.math.special: special functions."""

from .. import raw_ops
from ..export import export
from .support import plain, scoped

bessel_i0 = export("math.bessel_i0", "math.special.bessel_i0")(
    scoped("bessel_i0")(plain("BesselI0", "Modified Bessel function of order 0."))
)
bessel_i0e = export("math.bessel_i0e", "math.special.bessel_i0e")(
    scoped("bessel_i0e")(plain("BesselI0e", "exp(-|x|) times the modified Bessel function of order 0."))
)
bessel_i1 = export("math.bessel_i1", "math.special.bessel_i1")(
    scoped("bessel_i1")(plain("BesselI1", "Modified Bessel function of order 1."))
)
bessel_i1e = export("math.bessel_i1e", "math.special.bessel_i1e")(
    scoped("bessel_i1e")(plain("BesselI1e", "exp(-|x|) times the modified Bessel function of order 1."))
)
bessel_j0 = export("math.special.bessel_j0")(
    scoped("bessel_j0")(plain("BesselJ0", "Bessel function of the first kind of order 0."))
)
bessel_j1 = export("math.special.bessel_j1")(
    scoped("bessel_j1")(plain("BesselJ1", "Bessel function of the first kind of order 1."))
)
bessel_k0 = export("math.special.bessel_k0")(
    scoped("bessel_k0")(plain("BesselK0", "Modified Bessel function of the second kind of order 0."))
)
bessel_k0e = export("math.special.bessel_k0e")(
    scoped("bessel_k0e")(
        plain("BesselK0e", "exp(x) times the modified Bessel function of the second kind of order 0.")
    )
)
bessel_k1 = export("math.special.bessel_k1")(
    scoped("bessel_k1")(plain("BesselK1", "Modified Bessel function of the second kind of order 1."))
)
bessel_k1e = export("math.special.bessel_k1e")(
    scoped("bessel_k1e")(
        plain("BesselK1e", "exp(x) times the modified Bessel function of the second kind of order 1.")
    )
)
bessel_y0 = export("math.special.bessel_y0")(
    scoped("bessel_y0")(plain("BesselY0", "Bessel function of the second kind of order 0."))
)
bessel_y1 = export("math.special.bessel_y1")(
    scoped("bessel_y1")(plain("BesselY1", "Bessel function of the second kind of order 1."))
)
dawsn = export("math.special.dawsn")(
    scoped("dawsn")(plain("Dawsn", "Dawson's integral exp(-x^2) times the integral of exp(t^2)."))
)
expint = export("math.special.expint")(
    scoped("expint")(plain("Expint", "Exponential integral of exp(t) / t up to x."))
)
fresnel_cos = export("math.special.fresnel_cos")(
    scoped("fresnel_cos")(plain("FresnelCos", "Fresnel's cosine integral."))
)
fresnel_sin = export("math.special.fresnel_sin")(
    scoped("fresnel_sin")(plain("FresnelSin", "Fresnel's sine integral."))
)
spence = export("math.special.spence")(
    scoped("spence")(plain("Spence", "Spence's integral of log(t) / (1 - t) from 1 to x."))
)


@export("math.betainc", "compat.v1.betainc")
def betainc(a, b, x, name=None):
    """The regularized incomplete beta integral I_x(a, b)."""
    return raw_ops.Betainc(a=a, b=b, x=x, name=name)


@export("math.igamma", "compat.v1.igamma")
def igamma(a, x, name=None):
    """The lower regularized incomplete gamma function P(a, x)."""
    return raw_ops.Igamma(a=a, x=x, name=name)


@export("math.igammac", "compat.v1.igammac")
def igammac(a, x, name=None):
    """The upper regularized incomplete gamma function Q(a, x)."""
    return raw_ops.Igammac(a=a, x=x, name=name)


@export("math.polygamma", "compat.v1.polygamma")
def polygamma(a, x, name=None):
    """The a-th derivative of digamma at x; a holds whole numbers as floats."""
    return raw_ops.Polygamma(a=a, x=x, name=name)


@export("math.zeta", "compat.v1.zeta")
def zeta(x, q, name=None):
    """The Hurwitz zeta function: the sum of (q + n) to the power of -x."""
    return raw_ops.Zeta(x=x, q=q, name=name)
