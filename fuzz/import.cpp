// Any bytes as a graph, up to the plan: import, function bodies, raising of control flow, all passes.
#include "floe/format/program_impl.h"
#include "floe/graph/passes/passes.h"

using namespace floe;

namespace {

template <class F>
void attempt(F&& f) {
  try {
    f();
  } catch (const Error&) {
  }
}

std::vector<Shape> declared_shapes(const FunctionBody& body, int64_t unknown) {
  std::vector<Shape> shapes;
  for (const Node* a : body.args) {
    Shape s = a->output_shapes[0];
    for (int i = 0; i < s.rank(); ++i)
      if (s[i] < 0) s.set_dim(i, unknown);
    shapes.push_back(s);
  }
  return shapes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  attempt([&] {
    Program program = Program::from_memory({reinterpret_cast<const char*>(data), size}, "fuzz");
    const FunctionLibrary& library = *program.impl()->graph->library;
    for (const std::string& name : library.names())
      attempt([&] {
        auto body = library.find({name, nullptr});
        if (body) optimize(*clone(*body), {});
      });
    Function f = program.function();
    const Executable& executable = *f.impl()->executable;
    for (int64_t unknown : {1, 5})
      attempt([&] { executable.plan(declared_shapes(executable.body(), unknown)); });
  });
  return 0;
}
