
~
StatelessRandomGammaV3/0/out0Const*
dtype0*I
value@B>"0vl?äG\?Æ É@dc»?”«<>U€?ş2<Á»Û?ş¸v@Ñf>tG?ÂK.@
®
StatelessRandomGammaV3/1/out0Const*
dtype0*y
valuepBn"`~|_Àí?I~ßyüˆë? ›°$@Ş,İ‰ll÷?ãI*‰r•Ç?Ğà=£
ğ?µFüÂ_†?D²Ñxwû?À|RÁ×@dÚÁÌ?>áÀŒîÈó?E5]CxÉ@
f
StatelessRandomGammaV3/2/out0Const*
dtype0*1
value(B&"d;â:IFÛ=å1<˜!Ş>¶C03ò<rA
^
StatelessRandomGammaV3/3/out0Const*
dtype0*)
value B"ø?œ@’+@³ÇU@§/J@=`t?