// Bytes that are no graph.
#include "hostile.h"

namespace floe::hostile {
namespace {

GraphMaker small() {
  GraphMaker g;
  g.placeholder("x");
  g.constant("c", floats({1, 2, 3, 4}));
  g.plain("y", "AddV2", {"x", "c"});
  return g;
}

TEST(HostileFiles, Empty) { EXPECT_REFUSED(run_bytes(""), kInvalidArgument, "hostile.pb", "is empty"); }

TEST(HostileFiles, TruncatedAnywhere) {
  const std::string whole = small().bytes();
  int read = 0;
  for (size_t n = 1; n < whole.size(); ++n) {
    Outcome o = run_bytes(whole.substr(0, n), {floats({0, 0, 0, 0})});
    ASSERT_TRUE(o.failed) << "cut at " << n;
    EXPECT_NE(o.text.find("hostile.pb"), std::string::npos) << o.text;
    read += o.code == Code::kNotFound;  // cut between two nodes: the output is not there
  }
  EXPECT_LE(read, 2);
}

TEST(HostileFiles, EveryByteChanged) {
  const std::string whole = small().bytes();
  for (size_t at = 0; at < whole.size(); ++at)
    for (int change : {0x01, 0x80, 0xff}) {
      std::string s = whole;
      s[at] = char(s[at] ^ change);
      run_bytes(s, {floats({0, 0, 0, 0})});
    }
}

TEST(HostileFiles, LengthThatLies) {
  for (std::string length : {"\x7f", "\xff\xff\xff\xff\x07", "\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
                             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"})
    EXPECT_REFUSED(run_bytes("\x0a" + length + "\x0a\x01x"), kDataLoss, "hostile.pb", "byte");
}

TEST(HostileFiles, Noise) {
  uint32_t state = 1;
  for (int round = 0; round < 300; ++round) {
    std::string s(size_t(round) + 1, ' ');
    for (char& c : s) c = char((state = state * 1664525 + 1013904223) >> 24);
    Outcome o = run_bytes(s);
    EXPECT_TRUE(o.failed) << round;
  }
}

TEST(HostileFiles, TextIsReadWhateverTheName) {
  EXPECT_FLOATS(run_bytes(small().def().print_text(), {floats({0, 0, 0, 1})}), 1, 2, 3, 5);
}

TEST(HostileFiles, TextWithAMistake) {
  EXPECT_REFUSED(run_bytes("node {\n  name: \"x\"\n  ops: \"Placeholder\"\n}\n"), kInvalidArgument,
                 "hostile.pb:3:3", "no field named \"ops\"", "Did you mean 'op'");
  EXPECT_REFUSED(run_bytes("node { name: \"x\" op: \"Placeholder\""), kInvalidArgument, "hostile.pb:1:");
}

TEST(HostileFiles, BinaryInsideText) {
  std::string s = "node { name: \"x\" op: \"";
  s += std::string("\x00\xff\x01\x80", 4);
  EXPECT_TRUE(run_bytes(s).failed);
}

TEST(HostileFiles, DeepNestingInBinary) {
  // attr -> func -> attr -> func ...; far deeper than the stack would bear.
  auto wrap = [](char tag, const std::string& s) {
    std::string out(1, tag);
    for (size_t v = s.size();; v >>= 7) {
      out += char(v < 128 ? v : (v & 127) | 128);
      if (v < 128) break;
    }
    return out + s;
  };
  auto entry = [&](const std::string& value) { return "\x0a\x01k" + wrap('\x12', value); };
  for (int depth : {20, 3000}) {
    std::string value;
    for (int i = 0; i < depth; ++i) value = wrap('\x52', "\x0a\x01k" + wrap('\x12', entry(value)));
    std::string node = wrap('\x0a', "\x0a\x01y\x12\x04NoOp" + wrap('\x2a', entry(value)));
    Outcome o = run_bytes(node, {}, {"y"});
    if (depth == 20)
      EXPECT_REFUSED(o, kInvalidArgument, "hostile.pb", "node 'y' (NoOp) has 0 output(s)");
    else
      EXPECT_REFUSED(o, kDataLoss, "hostile.pb", "nested");
  }
}

TEST(HostileFiles, DeepNestingInText) {
  std::string s = "node { name: \"y\" op: \"Relu\" ";
  for (int i = 0; i < 100000; ++i) s += "attr { key: \"a\" value { func { ";
  EXPECT_REFUSED(run_bytes(s), kInvalidArgument, "hostile.pb:1:", "nested");
}

TEST(HostileFiles, ManyEmptyNodes) {
  std::string s;
  for (int i = 0; i < 200000; ++i) s += std::string("\x0a\x00", 2);
  EXPECT_REFUSED(run_bytes(s), kInvalidArgument, "hostile.pb", "Node 0", "has no name");
}

TEST(HostileFiles, NoNodes) {
  GraphMaker g;
  g.def().mutable_message("versions").set_int("producer", 1000);
  EXPECT_REFUSED(run(g), kNotFound, "hostile.pb", "output 'y'", "0 nodes");
  EXPECT_REFUSED(run(g, {}, {}), kInvalidArgument, "hostile.pb", "no nodes");
}

TEST(HostileFiles, OtherFormats) {
  for (auto [bytes, what] :
       {std::pair<std::string, std::string>{std::string("PK\x03\x04", 4) + std::string(40, 'x'), "zip"},
        {std::string("\x89PNG\r\n\x1a\n") + std::string(20, '\0'), "picture"},
        {"\x89HDF\r\n\x1a\n", "HDF5"},
        {std::string("\x93NUMPY\x01\x00", 8), "NumPy"},
        {"{\"format\": 1}", "JSON"},
        {"<!DOCTYPE html><html></html>", "web page"}})
    EXPECT_REFUSED(run_bytes(bytes), kInvalidArgument, "hostile.pb", what);
}

}  // namespace
}  // namespace floe::hostile
