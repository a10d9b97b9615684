
7
sPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
3
StringToNumberStringToNumbers*
out_type0
&
yIdentityStringToNumber*
T0"ª