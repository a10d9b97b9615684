
@
Pad"
Ttype0"
Nint(0ûÿÿÿÿÿÿÿÿ*Pads.

'quoted'B	