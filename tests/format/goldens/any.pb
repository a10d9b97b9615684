
97
/type.googleapis.com/tensorflow.TensorShapeProto"1
things'*%
#
type.example.com/no.such.Type*
serving


x
x:0