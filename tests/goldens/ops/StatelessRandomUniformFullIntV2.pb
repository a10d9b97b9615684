
“
&StatelessRandomUniformFullIntV2/0/out0Const*
dtype0*U
valueLBJ"<x/ÅÄüÿ ^ñžÿ:7¨õ`¨ð\MSñ*+ÇœÚ”ùŸ·>›³Ä«ÂìbšÁ×´ÓSØ–ƒ‚Í
Ò
&StatelessRandomUniformFullIntV2/1/out0Const*
dtype0	*“
value‰B†	"xx/ÅÄüÿ ^ñžÿ:7¨õ`¨ð\MSñ*+ÇœÚ”ùŸ·>›³Ä«ÂìbšÁ×´ÓSØ–ƒ‚Íeü{Œøë"6	ÍqÖ¸D8œªbÇc¢œÄ±’Ð½(òIgiçòû>®|ŸG€ÏS[Ã€G¢ÙbÁª
“
&StatelessRandomUniformFullIntV2/2/out0Const*
dtype0*U
valueLBJ"<x/ÅÄüÿ ^ñžÿ:7¨õ`¨ð\MSñ*+ÇœÚ”ùŸ·>›³Ä«ÂìbšÁ×´ÓSØ–ƒ‚Í
Ò
&StatelessRandomUniformFullIntV2/3/out0Const*
dtype0*“
value‰B†"xx/ÅÄüÿ ^ñžÿ:7¨õ`¨ð\MSñ*+ÇœÚ”ùŸ·>›³Ä«ÂìbšÁ×´ÓSØ–ƒ‚Íeü{Œøë"6	ÍqÖ¸D8œªbÇc¢œÄ±’Ð½(òIgiçòû>®|ŸG€ÏS[Ã€G¢ÙbÁª