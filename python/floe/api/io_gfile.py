"""tf.io.gfile: files and folders."""

from .. import gfile
from ..export import export

GFile = export("io.gfile.GFile")(gfile.GFile)
exists = export("io.gfile.exists")(gfile.exists)
isdir = export("io.gfile.isdir")(gfile.isdir)
listdir = export("io.gfile.listdir")(gfile.listdir)
glob = export("io.gfile.glob")(gfile.glob)
mkdir = export("io.gfile.mkdir")(gfile.mkdir)
makedirs = export("io.gfile.makedirs")(gfile.makedirs)
remove = export("io.gfile.remove")(gfile.remove)
rmtree = export("io.gfile.rmtree")(gfile.rmtree)
copy = export("io.gfile.copy")(gfile.copy)
rename = export("io.gfile.rename")(gfile.rename)
stat = export("io.gfile.stat")(gfile.stat)
walk = export("io.gfile.walk")(gfile.walk)
join = export("io.gfile.join")(gfile.join)
get_registered_schemes = export("io.gfile.get_registered_schemes")(gfile.get_registered_schemes)
