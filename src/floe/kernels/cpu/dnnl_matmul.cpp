#include "floe/kernels/cpu/dnnl_matmul.h"

#include "floe/base/text.h"
#include "floe/tensor/allocator.h"
#include "floe/tensor/deferred.h"

namespace floe::cpu {
namespace {

using dnnl::memory;

// Row-major strides of [batch..., rows, columns], the last two swapped when transposed.
memory::desc matrix(const std::vector<int64_t>& batch, int64_t rows, int64_t columns, bool transposed) {
  memory::dims dims(batch.begin(), batch.end()), strides(batch.size() + 2);
  dims.push_back(rows);
  dims.push_back(columns);
  size_t r = batch.size();
  strides[r] = transposed ? 1 : columns;
  strides[r + 1] = transposed ? rows : 1;
  int64_t stride = rows * columns;
  for (size_t i = r; i-- > 0;) {
    strides[i] = stride;
    stride *= batch[i];
  }
  return memory::desc(dims, memory::data_type::f32, strides);
}

}  // namespace

std::shared_ptr<DnnlMatMul> DnnlMatMul::make(const MatMulShape& s, const EpilogueSpec& e, bool packed_b,
                                             int threads) {
  std::shared_ptr<DnnlMatMul> m(new DnnlMatMul);
  m->threads_ = threads;
  m->activation_ = e.activation;
  m->outputs_ = s.m * s.n;
  for (int64_t d : s.batch) m->outputs_ *= d;
  m->packed_ = packed_b;
  m->has_residual_ = e.residual >= 0;
  m->a_ = matrix(s.batch_a, s.m, s.k, s.transpose_a);
  m->b_user_ = matrix(s.batch_b, s.k, s.n, s.transpose_b);
  m->c_ = matrix(s.batch, s.m, s.n, false);
  if (e.bias >= 0) {
    memory::dims dims(s.batch.size() + 2, 1);
    dims.back() = s.n;
    m->bias_ = memory::desc(dims, memory::data_type::f32, memory::dims(dims.size(), 1));
  }
  memory::desc b = m->b_user_;
  if (packed_b) b = memory::desc(b.get_dims(), memory::data_type::f32, memory::format_tag::any);
  ThreadScope scope(threads);
  try {
    for (int in_place = 0; in_place < (m->has_residual_ ? 2 : 1); ++in_place) {
      dnnl::post_ops ops;
      if (m->has_residual_) {
        if (in_place)
          ops.append_sum(1.0f);
        else
          ops.append_binary(dnnl::algorithm::binary_add, m->c_);
      }
      if (!append_activation(ops, e.activation, e.alpha)) return nullptr;
      dnnl::primitive_attr attr;
      attr.set_post_ops(ops);
      attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
      auto pd = e.bias >= 0 ? dnnl::matmul::primitive_desc(dnnl_engine(), m->a_, b, m->bias_, m->c_, attr)
                            : dnnl::matmul::primitive_desc(dnnl_engine(), m->a_, b, m->c_, attr);
      m->b_ = pd.weights_desc();
      if (pd.scratchpad_desc().get_size() > (m->scratch_ ? m->scratch_.get_size() : 0))
        m->scratch_ = pd.scratchpad_desc();
      (in_place ? m->in_place_ : m->primitive_) = dnnl::matmul(pd);
    }
  } catch (const dnnl::error& err) {
    if (err.status == dnnl_unimplemented || err.status == dnnl_invalid_arguments) return nullptr;
    rethrow_dnnl(err, "matrix product");
  }
  m->key_ = cat("matmul", s.transpose_b, ":", m->b_.get_size(), "s");
  for (auto d : m->b_.get_strides()) m->key_ += cat(d, ",");
  for (auto d : m->b_.get_inner_blks()) m->key_ += cat("b", d);
  for (auto d : m->b_.get_inner_idxs()) m->key_ += cat("i", d);
  return m;
}

void DnnlMatMul::run(const float* a, const Tensor& b, const float* bias, const float* residual,
                     float* c) const {
  ThreadScope scope(threads_);
  try {
    auto& engine = dnnl_engine();
    auto at = [&](const memory::desc& d, const void* p) { return memory(d, engine, const_cast<void*>(p)); };
    memory weights;
    if (packed_) {
      weights = static_cast<PackedMemory&>(*get_packed(b, key_, [&] {
                  auto p = std::make_shared<PackedMemory>();
                  Tensor source = peek(b);
                  memory from = at(b_user_, source.raw());
                  p->memory = memory(b_, engine);
                  dnnl::reorder(from, p->memory).execute(dnnl_stream(), from, p->memory);
                  dnnl_stream().wait();
                  return p;
                })).memory;
    } else {
      weights = at(b_user_, b.raw());
    }
    size_t scratch = scratch_ ? scratch_.get_size() : 0;
    void* workspace = scratch ? allocate_bytes(scratch) : nullptr;
    std::unordered_map<int, memory> args{
        {DNNL_ARG_SRC, at(a_, a)}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, at(c_, c)}};
    if (workspace) args.emplace(DNNL_ARG_SCRATCHPAD, memory(scratch_, engine, workspace));
    if (bias) args.emplace(DNNL_ARG_BIAS, at(bias_, bias));
    bool in_place = has_residual_ && residual == c;
    if (has_residual_ && !in_place)
      args.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, at(c_, residual));
    (in_place ? in_place_ : primitive_).execute(dnnl_stream(), args);
    dnnl_stream().wait();
    free_bytes(workspace, scratch);
  } catch (const dnnl::error& e) {
    rethrow_dnnl(e, "matrix product");
  }
  clamp_results(activation_, c, outputs_, threads_);
}

}  // namespace floe::cpu
