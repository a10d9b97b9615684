
7
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

AbsAbsx*
T0

abs_1IdentityAbs*
T0

AcosAcosx*
T0
!
acos_1IdentityAcos*
T0

AcoshAcoshx*
T0
#
acosh_1IdentityAcosh*
T0

AsinAsinx*
T0
!
asin_1IdentityAsin*
T0

AsinhAsinhx*
T0
#
asinh_1IdentityAsinh*
T0

AtanAtanx*
T0
!
atan_1IdentityAtan*
T0

AtanhAtanhx*
T0
#
atanh_1IdentityAtanh*
T0

CeilCeilx*
T0
!
ceil_1IdentityCeil*
T0

CosCosx*
T0

cos_1IdentityCos*
T0

CoshCoshx*
T0
!
cosh_1IdentityCosh*
T0

DigammaDigammax*
T0
'
	digamma_1IdentityDigamma*
T0

ErfErfx*
T0

erf_1IdentityErf*
T0

ErfcErfcx*
T0
!
erfc_1IdentityErfc*
T0
#
erfinv/ErfinvErfinvx*
T0
,
erfinv_1Identityerfinv/Erfinv*
T0

ExpExpx*
T0

exp_1IdentityExp*
T0

Expm1Expm1x*
T0
#
expm1_1IdentityExpm1*
T0

FloorFloorx*
T0
#
floor_1IdentityFloor*
T0
 
IsFiniteIsFinitex*
T0
(
	is_finiteIdentityIsFinite*
T0


IsInfIsInfx*
T0
"
is_infIdentityIsInf*
T0


IsNanIsNanx*
T0
"
is_nanIdentityIsNan*
T0


LgammaLgammax*
T0
%
lgamma_1IdentityLgamma*
T0

LogLogx*
T0

log_1IdentityLog*
T0

Log1pLog1px*
T0
#
log1p_1IdentityLog1p*
T0
!
LogSigmoid/NegNegx*
T0
8
LogSigmoid/SoftplusSoftplusLogSigmoid/Neg*
T0
/

LogSigmoidNegLogSigmoid/Softplus*
T0
,
log_sigmoidIdentity
LogSigmoid*
T0

NegNegx*
T0
"
negativeIdentityNeg*
T0
$

Reciprocal
Reciprocalx*
T0
-
reciprocal_1Identity
Reciprocal*
T0

RintRintx*
T0
!
rint_1IdentityRint*
T0

RoundRoundx*
T0
#
round_1IdentityRound*
T0

RsqrtRsqrtx*
T0
#
rsqrt_1IdentityRsqrt*
T0

SigmoidSigmoidx*
T0
'
	sigmoid_1IdentitySigmoid*
T0

SignSignx*
T0
!
sign_1IdentitySign*
T0

SinSinx*
T0

sin_1IdentitySin*
T0

SinhSinhx*
T0
!
sinh_1IdentitySinh*
T0
 
SoftplusSoftplusx*
T0
)

softplus_1IdentitySoftplus*
T0

SqrtSqrtx*
T0
!
sqrt_1IdentitySqrt*
T0

SquareSquarex*
T0
%
square_1IdentitySquare*
T0

TanTanx*
T0

tan_1IdentityTan*
T0

TanhTanhx*
T0
!
tanh_1IdentityTanh*
T0
 
ndtri/NdtriNdtrix*
T0
)
ndtri_1Identityndtri/Ndtri*
T0
-
bessel_i0e/BesselI0e	BesselI0ex*
T0
7
bessel_i0e_1Identitybessel_i0e/BesselI0e*
T0
-
bessel_i1e/BesselI1e	BesselI1ex*
T0
7
bessel_i1e_1Identitybessel_i1e/BesselI1e*
T0"ª