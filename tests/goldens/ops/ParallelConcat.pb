
V
ParallelConcat/0/out0Const*
dtype0*)
value B"‹+†?š@ößÑ>+¡>=