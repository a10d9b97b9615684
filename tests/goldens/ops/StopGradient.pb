
\
StopGradient/0/out0Const*
dtype0*1
value(B&"‹+†?š@ößÑ>+¡>=yû¿í Ö¿