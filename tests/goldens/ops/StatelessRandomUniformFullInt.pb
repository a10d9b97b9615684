
‘
$StatelessRandomUniformFullInt/0/out0Const*
dtype0*U
valueLBJ"<MÑ\Ïà	 R^ÅÖ¼“¡6¹"FDá±1*«g"”ô‚úåµ¥µßàêt6ú^ø±|>ÂŸôCÙç³Šq
Ğ
$StatelessRandomUniformFullInt/1/out0Const*
dtype0	*“
value‰B†	"xMÑ\Ïà	 R^ÅÖ¼“¡6¹"FDá±1*«g"”ô‚úåµ¥µßàêt6ú^ø±|>ÂŸôCÙç³ŠqÍ)#¤Õ"- ?É8«£9^”–5–Ï·~o·ïš˜á«‰æO’õ­…ÇÊTì¿e@ÕÃÃ,â×ÇRW
‘
$StatelessRandomUniformFullInt/2/out0Const*
dtype0*U
valueLBJ"<MÑ\Ïà	 R^ÅÖ¼“¡6¹"FDá±1*«g"”ô‚úåµ¥µßàêt6ú^ø±|>ÂŸôCÙç³Šq
Ğ
$StatelessRandomUniformFullInt/3/out0Const*
dtype0*“
value‰B†"xMÑ\Ïà	 R^ÅÖ¼“¡6¹"FDá±1*«g"”ô‚úåµ¥µßàêt6ú^ø±|>ÂŸôCÙç³ŠqÍ)#¤Õ"- ?É8«£9^”–5–Ï·~o·ïš˜á«‰æO’õ­…ÇÊTì¿e@ÕÃÃ,â×ÇRW