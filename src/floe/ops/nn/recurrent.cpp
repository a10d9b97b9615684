// Recurrent cells of old graphs: LSTMBlockCell, BlockLSTM, BlockLSTMV2, GRUBlockCell.
#include <algorithm>
#include <cmath>
#include <vector>

#include "floe/base/text.h"
#include "floe/op/infer.h"
#include "floe/op/kernel.h"
#include "floe/op/samples.h"
#include "floe/tensor/dispatch.h"

namespace floe {
namespace {

float logistic(float x) { return 1 / (1 + std::exp(-x)); }

/// out[n] += x[k] * w[k][n]
template <class T>
void add_product(const float* x, int64_t k, const T* w, int64_t n, float* out) {
  for (int64_t i = 0; i < k; ++i) {
    float v = x[i];
    const T* row = w + i * n;
    for (int64_t j = 0; j < n; ++j) out[j] += v * float(row[j]);
  }
}

struct LstmAttrs {
  float forget_bias = 0, cell_clip = 0;
  bool peephole = false;
  // Positions of the gates in the columns of w: the first version writes i, ci, f, o, the second i, f, ci, o.
  int ci = 1, f = 2;
};

/// Weights and outputs of one step, every pointer at the step's first row.
template <class T>
struct LstmStep {
  const T *x, *cs_prev, *h_prev, *w, *wci, *wcf, *wco, *b;
  T *i, *cs, *f, *o, *ci, *co, *h;
};

template <class T>
void lstm_step(const LstmAttrs& a, const LstmStep<T>& s, int64_t batch, int64_t inputs, int64_t cells) {
  std::vector<float> xh(static_cast<size_t>(inputs + cells)), gates(static_cast<size_t>(cells * 4));
  for (int64_t r = 0; r < batch; ++r) {
    for (int64_t k = 0; k < inputs; ++k) xh[size_t(k)] = float(s.x[r * inputs + k]);
    for (int64_t k = 0; k < cells; ++k) xh[size_t(inputs + k)] = float(s.h_prev[r * cells + k]);
    for (int64_t k = 0; k < cells * 4; ++k) gates[size_t(k)] = float(s.b[k]);
    add_product(xh.data(), inputs + cells, s.w, cells * 4, gates.data());
    const float *gi = gates.data(), *gc = gi + a.ci * cells, *gf = gi + a.f * cells, *go = gi + 3 * cells;
    for (int64_t k = 0; k < cells; ++k) {
      int64_t at = r * cells + k;
      float prev = float(s.cs_prev[at]);
      float i = logistic(gi[k] + (a.peephole ? prev * float(s.wci[k]) : 0));
      float f = logistic(gf[k] + a.forget_bias + (a.peephole ? prev * float(s.wcf[k]) : 0));
      float ci = std::tanh(gc[k]), cs = ci * i + f * prev;
      if (a.cell_clip > 0) cs = std::clamp(cs, -a.cell_clip, a.cell_clip);
      float o = logistic(go[k] + (a.peephole ? cs * float(s.wco[k]) : 0)), co = std::tanh(cs);
      s.i[at] = T(i);
      s.cs[at] = T(cs);
      s.f[at] = T(f);
      s.o[at] = T(o);
      s.ci[at] = T(ci);
      s.co[at] = T(co);
      s.h[at] = T(o * co);
    }
  }
}

LstmAttrs lstm_attrs(const AttrMap& attrs, bool second_version) {
  LstmAttrs a;
  a.forget_bias = attrs.get_or<float>("forget_bias", 0.0f);
  a.cell_clip = attrs.get<float>("cell_clip");
  a.peephole = attrs.get<bool>("use_peephole");
  if (second_version) a.ci = 2, a.f = 1;
  return a;
}

/// Shapes of x (of `rank`) and the weights that follow it; `first` is the index of x.
void infer_lstm(InferContext& c, int first, int rank) {
  Shape x = c.with_rank(first, rank), cs = c.with_rank(first + 1, 2), h = c.with_rank(first + 2, 2);
  Shape w = c.with_rank(first + 3, 2), b = c.with_rank(first + 7, 1);
  int64_t batch = x[rank - 2], inputs = x[rank - 1], cells = cs[1] >= 0 ? cs[1] : h[1];
  auto need = [&](int64_t have, int64_t want, const char* what) {
    if (have >= 0 && want >= 0 && have != want) c.fail(cat(what, ": expected ", want, ", found ", have));
  };
  need(cs[0], batch, "cs_prev.dims(0) != batch_size");
  need(h[0], batch, "h_prev.dims(0) != batch_size");
  need(h[1], cells, "h_prev.dims(1) != cell_size");
  if (inputs >= 0 && cells >= 0) need(w[0], inputs + cells, "w.dim_size(0) != input_size + cell_size");
  if (cells >= 0) {
    need(w[1], cells * 4, "w.dim_size(1) != cell_size * 4");
    need(b[0], cells * 4, "b.dim_size(0) != cell_size * 4");
  }
  if (c.attr<bool>("use_peephole"))
    for (int i = 4; i < 7; ++i) need(c.with_rank(first + i, 1)[0], cells, "peephole weights != cell_size");
  if (batch < 0) batch = cs[0] >= 0 ? cs[0] : h[0];
  Shape out = rank == 3 ? Shape{x[0], batch, cells} : Shape{batch, cells};
  for (int i = 0; i < 7; ++i) c.set_output(i, out);
}

template <class T>
LstmStep<T> lstm_pointers(KernelContext& c, int first) {
  return {c.in<T>(first),     c.in<T>(first + 1), c.in<T>(first + 2), c.in<T>(first + 3), c.in<T>(first + 4),
          c.in<T>(first + 5), c.in<T>(first + 6), c.in<T>(first + 7), c.out<T>(0),        c.out<T>(1),
          c.out<T>(2),        c.out<T>(3),        c.out<T>(4),        c.out<T>(5),        c.out<T>(6)};
}

template <class T>
void block_lstm(KernelContext& c, const LstmAttrs& a) {
  const Shape& x = c.input(1).shape();
  int64_t length = c.scalar<int64_t>(0), steps = x[0], batch = x[1], inputs = x[2],
          cells = c.output(0).dim(2);
  if (length > steps || length < 0) c.fail(cat("seq_len_max must be in [0, ", steps, "], found ", length));
  LstmStep<T> s = lstm_pointers<T>(c, 1);
  int64_t row = batch * cells;
  for (int64_t t = 0; t < length; ++t) {
    lstm_step(a, s, batch, inputs, cells);
    s.cs_prev = s.cs;
    s.h_prev = s.h;
    s.x += batch * inputs;
    for (T** p : {&s.i, &s.cs, &s.f, &s.o, &s.ci, &s.co, &s.h}) *p += row;
  }
  for (int i = 0; i < 7; ++i) std::fill_n(c.out<T>(i) + length * row, (steps - length) * row, T(0.0f));
}

KernelFn block_lstm_kernel(const KernelInit& k, bool second_version) {
  LstmAttrs a = lstm_attrs(k.attrs, second_version);
  KernelFn fn;
  dispatch(Types<float, float16>{}, k.input_type(1),
           [&]<class T>() { fn = [a](KernelContext& c) { block_lstm<T>(c, a); }; });
  return fn;
}

void infer_block_lstm(InferContext& c) {
  c.with_rank(0, 0);
  infer_lstm(c, 1, 3);
}

std::vector<Tensor> lstm_inputs(Samples& s, const Shape& x, int64_t cells, DType t) {
  int64_t batch = x.dim(-2), inputs = x.dim(-1);
  return {s.random(x, t),
          s.random({batch, cells}, t),
          s.random({batch, cells}, t),
          s.random({inputs + cells, cells * 4}, t),
          s.random({cells}, t),
          s.random({cells}, t),
          s.random({cells}, t),
          s.random({cells * 4}, t)};
}

std::vector<Tensor> block_lstm_inputs(Samples& s, int64_t length, const Shape& x, int64_t cells, DType t) {
  auto v = lstm_inputs(s, x, cells, t);
  v.insert(v.begin(), Tensor::scalar(length));
  return v;
}

const char kLstmOut[] = "i:T, cs:T, f:T, o:T, ci:T, co:T, h:T";

FLOE_OP("LSTMBlockCell", op) {
  op.in("x:T, cs_prev:T, h_prev:T, w:T, wci:T, wcf:T, wco:T, b:T").out(kLstmOut);
  op.attrs("forget_bias:float=1.0; cell_clip:float=3.0; use_peephole:bool=false; T:{half,float}");
  op.infer([](InferContext& c) { infer_lstm(c, 0, 2); });
  op.kernel([](const KernelInit& k) {
    LstmAttrs a = lstm_attrs(k.attrs, false);
    KernelFn fn;
    dispatch(Types<float, float16>{}, k.input_type(0), [&]<class T>() {
      fn = [a](KernelContext& c) {
        lstm_step(a, lstm_pointers<T>(c, 0), c.input(0).dim(0), c.input(0).dim(1), c.output(0).dim(1));
      };
    });
    return fn;
  });
  op.samples([](Samples& s) {
    s.add(lstm_inputs(s, {2, 3}, 4, DType::kFloat32));
    s.add(lstm_inputs(s, {2, 3}, 4, DType::kFloat16)).tolerance = 1e-2;
    s.add(lstm_inputs(s, {2, 3}, 4, DType::kFloat32), {{"use_peephole", true}, {"cell_clip", 0.5f}});
    s.add(lstm_inputs(s, {1, 2}, 3, DType::kFloat32), {{"cell_clip", -1.0f}, {"forget_bias", 0.0f}});
    auto wrong = lstm_inputs(s, {2, 3}, 4, DType::kFloat32);
    wrong[2] = s.random({2, 3});
    s.fails("h_prev.dims(1) != cell_size", wrong);
  });
}

FLOE_OP("BlockLSTM", op) {
  op.in("seq_len_max:int64, x:T, cs_prev:T, h_prev:T, w:T, wci:T, wcf:T, wco:T, b:T").out(kLstmOut);
  op.attrs("forget_bias:float=1.0; cell_clip:float=3.0; use_peephole:bool=false; T:{half,float}");
  op.infer(infer_block_lstm).fails_on_values();
  op.kernel([](const KernelInit& k) { return block_lstm_kernel(k, false); });
  op.samples([](Samples& s) {
    s.add(block_lstm_inputs(s, 3, {3, 2, 3}, 4, DType::kFloat32));
    s.add(block_lstm_inputs(s, 3, {3, 2, 3}, 4, DType::kFloat32),
          {{"use_peephole", true}, {"cell_clip", 0.5f}});
  });
}

FLOE_OP("BlockLSTMV2", op) {
  op.in("seq_len_max:int64, x:T, cs_prev:T, h_prev:T, w:T, wci:T, wcf:T, wco:T, b:T").out(kLstmOut);
  op.attrs("cell_clip:float=0.0; use_peephole:bool=false; T:{half,float}");
  op.infer(infer_block_lstm).fails_on_values();
  op.kernel([](const KernelInit& k) { return block_lstm_kernel(k, true); });
  op.samples([](Samples& s) {
    s.add(block_lstm_inputs(s, 3, {3, 2, 3}, 4, DType::kFloat32));
    s.add(block_lstm_inputs(s, 3, {3, 2, 3}, 4, DType::kFloat32),
          {{"use_peephole", true}, {"cell_clip", 0.5f}});
  });
}

void gru_cell(KernelContext& c) {
  int64_t batch = c.input(0).dim(0), inputs = c.input(0).dim(1), cells = c.input(1).dim(1);
  const float *x = c.in<float>(0), *h_prev = c.in<float>(1), *b_ru = c.in<float>(4), *b_c = c.in<float>(5);
  float *r = c.out<float>(0), *u = c.out<float>(1), *cand = c.out<float>(2), *h = c.out<float>(3);
  std::vector<float> xh(static_cast<size_t>(inputs + cells)), ru(static_cast<size_t>(cells * 2));
  for (int64_t n = 0; n < batch;
       ++n, x += inputs, h_prev += cells, r += cells, u += cells, cand += cells, h += cells) {
    std::copy_n(x, inputs, xh.begin());
    std::copy_n(h_prev, cells, xh.begin() + inputs);
    std::copy_n(b_ru, cells * 2, ru.begin());
    add_product(xh.data(), inputs + cells, c.in<float>(2), cells * 2, ru.data());
    for (int64_t k = 0; k < cells; ++k) {
      r[k] = logistic(ru[size_t(k)]);
      u[k] = logistic(ru[size_t(cells + k)]);
      xh[size_t(inputs + k)] = h_prev[k] * r[k];
    }
    std::copy_n(b_c, cells, cand);
    add_product(xh.data(), inputs + cells, c.in<float>(3), cells, cand);
    for (int64_t k = 0; k < cells; ++k) {
      cand[k] = std::tanh(cand[k]);
      h[k] = u[k] * h_prev[k] + (1 - u[k]) * cand[k];
    }
  }
}

FLOE_OP("GRUBlockCell", op) {
  op.in("x:T, h_prev:T, w_ru:T, w_c:T, b_ru:T, b_c:T").out("r:T, u:T, c:T, h:T").attrs("T:{float}");
  op.infer([](InferContext& c) {
    Shape x = c.with_rank(0, 2), h = c.with_rank(1, 2), ru = c.with_rank(2, 2), wc = c.with_rank(3, 2);
    auto need = [&](int64_t have, int64_t want, const char* what) {
      if (have >= 0 && want >= 0 && have != want) c.fail(cat(what, ": ", have, " vs. ", want));
    };
    int64_t cells = h[1];
    need(h[0], x[0], "h_prev.dims(0) != batch_size");
    if (cells >= 0) {
      if (x[1] >= 0) {
        need(ru[0], x[1] + cells, "w_ru.dim_size(0) != input_size + cell_size");
        need(wc[0], x[1] + cells, "w_c.dim_size(0) != input_size + cell_size");
      }
      need(ru[1], cells * 2, "w_ru.dim_size(1) != cell_size * 2");
      need(wc[1], cells, "w_c.dim_size(1) != cell_size");
      need(c.with_rank(4, 1)[0], cells * 2, "b_ru.dim_size(0) != cell_size * 2");
      need(c.with_rank(5, 1)[0], cells, "b_c.dim_size(0) != cell_size");
    }
    for (int i = 0; i < 4; ++i) c.set_output(i, Shape{x[0] >= 0 ? x[0] : h[0], cells});
  });
  op.compute(gru_cell);
  op.samples([](Samples& s) {
    s.add({s.random({2, 3}), s.random({2, 4}), s.random({7, 8}), s.random({7, 4}), s.random({8}),
           s.random({4})});
    s.fails("w_c.dim_size(1) != cell_size", {s.random({2, 3}), s.random({2, 4}), s.random({7, 8}),
                                             s.random({7, 3}), s.random({8}), s.random({4})});
  });
}

}  // namespace
}  // namespace floe
