
|
NonDeterministicInts/0/out0Const*
dtype0	*I
value@B>	"0—ü½ÂÒ!¾…V	ìË,Ø½¥şøyñ”t4çÜê)T>bıM¯œnÈLaj1¦€Š