"""GraphDef and its parts behave as protobuf messages."""

import copy
import pickle

import pytest

import floe as tf
from floe import text_format
from floe.messages import DecodeError

GraphDef = tf.compat.v1.GraphDef
NodeDef = tf.compat.v1.NodeDef
AttrValue = tf.compat.v1.AttrValue


@pytest.fixture()
def node():
    return NodeDef(name="x", op="y", input=["a", "b", "c"], attr={"T": AttrValue(type=1)})


def test_bytes_round_trip(assets):
    data = (assets / "digits.pb").read_bytes()
    g = GraphDef()
    assert g.ParseFromString(data) == len(data)
    assert GraphDef.FromString(g.SerializeToString()) == g
    assert g.ByteSize() == len(g.SerializeToString())
    assert [n.op for n in g.node[:2]] == ["Placeholder", "Const"]


def test_add_extend_append(node):
    g = GraphDef()
    added = g.node.add(name="a", op="Const")
    added.input.append("q")
    g.node.extend([node, node])
    g.node.append(node)
    node.name = "changed afterwards"
    assert [n.name for n in g.node] == ["a", "x", "x", "x"]
    assert g.node[0].input == ["q"]
    g.node.insert(0, NodeDef(name="first"))
    assert g.node[0].name == "first"
    g.node.sort(key=lambda n: n.name, reverse=True)
    assert [n.name for n in g.node] == ["x", "x", "x", "first", "a"]
    g.node.reverse()
    assert g.node[0].name == "a"
    assert g.node.pop().name == "x"
    g.node.remove(NodeDef(name="first"))
    assert len(g.node) == 3


def test_delete_and_slices(node):
    del node.input[1]
    assert node.input == ["a", "c"]
    node.input.extend(["d", "e", "f"])
    del node.input[::2]
    assert node.input == ["c", "e"]
    assert node.input[-1] == "e" and node.input[:1] == ["c"]
    node.input[0] = "z"
    node.input[1:] = ["k", "l"]
    assert node.input == ["z", "k", "l"] and "k" in node.input
    with pytest.raises(IndexError, match="list index out of range"):
        node.input[7]
    with pytest.raises(TypeError, match="list indices must be integers"):
        node.input["a"]
    with pytest.raises(TypeError, match="does not support assignment"):
        GraphDef(node=[node]).node[0] = node


def test_elements_outlive_their_list(node):
    g = GraphDef(node=[node])
    first = g.node[0]
    del g.node[:]
    assert first.name == "x" and len(g.node) == 0


def test_map(node):
    assert "T" in node.attr and "U" not in node.attr
    assert node.attr.get("U") is None and node.attr.get("U", 5) == 5
    node.attr["U"].i = 3
    assert sorted(node.attr) == ["T", "U"] and len(node.attr) == 2
    assert node.attr["V"].WhichOneof("value") is None
    assert dict(node.attr.items())["U"].i == 3
    node.attr["W"].CopyFrom(AttrValue(s=b"text"))
    assert node.attr["W"].s == b"text"
    del node.attr["U"]
    with pytest.raises(KeyError, match="Key not present in map"):
        del node.attr["U"]
    with pytest.raises(ValueError, match="Message objects may not be assigned"):
        node.attr["T"] = AttrValue()


def test_presence():
    g = GraphDef()
    assert not g.HasField("versions")
    assert g.versions.producer == 0 and not g.HasField("versions")
    g.versions.producer = 3
    assert g.HasField("versions")
    g.ClearField("versions")
    assert not g.HasField("versions")
    with pytest.raises(ValueError, match=r"Field tensorflow.NodeDef.name does not have presence."):
        NodeDef().HasField("name")
    with pytest.raises(ValueError, match='Protocol message NodeDef has no "foo" field.'):
        NodeDef().HasField("foo")


def test_oneof():
    a = AttrValue(i=3)
    assert a.WhichOneof("value") == "i" and a.HasField("i")
    a.b = True
    assert a.WhichOneof("value") == "b" and a.i == 0 and not a.HasField("i")
    a.list.i.extend([1, 2])
    assert a.WhichOneof("value") == "list" and a.list.i == [1, 2]
    with pytest.raises(ValueError, match='has no "zz" field'):
        a.WhichOneof("zz")


def test_copy_and_merge(node):
    other = NodeDef()
    other.CopyFrom(node)
    assert other == node and other is not node
    other.MergeFrom(NodeDef(op="z", input=["d"]))
    assert other.op == "z" and other.name == "x" and other.input == ["a", "b", "c", "d"]
    with pytest.raises(TypeError, match=r"Parameter to CopyFrom\(\) must be instance of same class"):
        GraphDef().CopyFrom(node)
    for copied in (copy.copy(node), copy.deepcopy(node), pickle.loads(pickle.dumps(node))):
        assert copied == node and copied is not node
        copied.name = "other"
        assert copied != node


def test_assignment_errors(node):
    with pytest.raises(AttributeError, match="Assignment not allowed to map, or repeated field"):
        node.input = ["a"]
    with pytest.raises(AttributeError, match="Assignment not allowed to message field"):
        GraphDef().versions = 3
    with pytest.raises(AttributeError, match='Protocol message NodeDef has no "foo" field.'):
        node.foo = 1
    with pytest.raises(AttributeError, match="foo"):
        node.foo  # noqa: B018
    with pytest.raises(TypeError, match="bad argument type"):
        node.name = 3
    with pytest.raises(UnicodeDecodeError):
        node.name = b"\xff"
    with pytest.raises(ValueError, match="Value out of range: 99999999999"):
        node.attr["T"].type = 99999999999
    with pytest.raises(ValueError, match="Value out of range"):
        node.attr["T"].i = 2**70
    with pytest.raises(TypeError, match="expected bytes, str found"):
        node.attr["T"].s = "text"
    with pytest.raises(ValueError, match='has no "nam" field'):
        GraphDef().node.add(nam="x")
    with pytest.raises(TypeError, match="No positional arguments allowed"):
        NodeDef("x")
    with pytest.raises(TypeError, match="unhashable"):
        hash(node)


def test_enums():
    a = AttrValue(type="DT_FLOAT")
    assert a.type == 1
    a.type = tf.messages.DT_INT32
    assert a.type == 3 and tf.messages.DataType.Name(3) == "DT_INT32"


def test_equality(node):
    assert node == NodeDef.FromString(node.SerializeToString())
    assert node != NodeDef() and node != 3 and not node == None  # noqa: E711


def test_constructor_with_dicts():
    g = GraphDef(node=[{"name": "q"}], versions={"producer": 3})
    assert g.node[0].name == "q" and g.versions.producer == 3
    assert NodeDef(name=None) == NodeDef()


def test_text():
    g = GraphDef(node=[NodeDef(name="x", attr={"f": AttrValue(f=1.0)})])
    text = 'node {\n  name: "x"\n  attr {\n    key: "f"\n    value {\n      f: %s\n    }\n  }\n}\n'
    assert str(g) == text % "1" and repr(g) == str(g)
    assert text_format.MessageToString(g) == text % "1.0"
    assert (
        text_format.MessageToString(GraphDef(node=[{"name": "q"}]), as_one_line=True) == 'node { name: "q" }'
    )
    assert text_format.Parse(text_format.MessageToString(g), GraphDef()) == g
    merged = text_format.Merge('node { name: "y" }', g)
    assert merged is g and [n.name for n in g.node] == ["x", "y"]
    with pytest.raises(text_format.ParseError, match=r'1:1 : .*no field named "nod"') as e:
        text_format.Parse("nod { }", GraphDef())
    assert (e.value.GetLine(), e.value.GetColumn()) == (1, 1)


def test_damaged_bytes(assets):
    with pytest.raises(DecodeError, match="Error parsing message with type 'tensorflow.GraphDef'"):
        GraphDef().ParseFromString(b"\xff\xff")
    with pytest.raises(DecodeError, match="text_format"):
        GraphDef().ParseFromString(b'node { name: "x" op: "NoOp" }')
    with pytest.raises(TypeError, match="expected bytes, str found"):
        GraphDef().ParseFromString("abc")
    data = (assets / "digits.pb").read_bytes()
    with pytest.raises(DecodeError):
        GraphDef().ParseFromString(data[: len(data) // 2])


def test_descriptor():
    d = NodeDef.DESCRIPTOR
    assert (d.name, d.full_name) == ("NodeDef", "tensorflow.NodeDef")
    assert d.fields_by_name["input"].number == 3 == NodeDef.INPUT_FIELD_NUMBER
    assert [f.name for f, _ in NodeDef(name="x", input=["a"]).ListFields()] == ["name", "input"]
    assert NodeDef().IsInitialized()
    assert "name" in dir(NodeDef())


def test_write_graph(tmp_path, digits):
    path = tf.io.write_graph(digits, tmp_path / "new", "g.pbtxt")
    assert path == str(tmp_path / "new" / "g.pbtxt")
    assert text_format.Parse((tmp_path / "new" / "g.pbtxt").read_text(), GraphDef()) == digits
    binary = tf.train.write_graph(digits, tmp_path, "g.pb", as_text=False)
    with tf.compat.v1.gfile.FastGFile(binary, "rb") as f:
        assert GraphDef.FromString(f.read()) == digits
