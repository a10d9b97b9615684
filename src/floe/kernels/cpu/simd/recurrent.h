#ifndef FLOE_KERNELS_CPU_SIMD_RECURRENT_H_
#define FLOE_KERNELS_CPU_SIMD_RECURRENT_H_

#include <cstddef>
#include <cstdint>

namespace floe::simd {

// Recurrent cells over a batch, float32, one thread, with sigmoid gates and tanh. The gates of one batch row
// lie in one row of `gates`; each gate starts at its own offset, so that every order of gates is served.

// c' = sigmoid(f + forget_bias) * c + sigmoid(i) * tanh(g);  h' = sigmoid(o) * tanh(c').
// Keras orders its gates i, f, g, o; TensorFlow's BasicLSTMCell and LSTMBlockCell i, g, f, o.
struct LstmGates {
  int64_t input = 0, forget = 0, candidate = 0, output = 0;  // offsets in floats
  float forget_bias = 0.0f;
  float cell_clip = 0.0f;  // c' is limited to [-clip, clip]; 0: not limited
};

// c may be c_out.
void lstm_cell(const LstmGates& layout, int64_t batch, int64_t units, const float* gates,
               int64_t gates_stride, const float* c, int64_t c_stride, float* c_out, int64_t c_out_stride,
               float* h_out, int64_t h_out_stride);

// GRU. reset_after (Keras): z = sigmoid(xz + hz); r = sigmoid(xr + hr); n = tanh(xn + r * hn);
// h' = z * h + (1 - z) * n. x: input times kernel plus bias; h_gates: state times recurrent kernel plus bias.
struct GruGates {
  int64_t update = 0, reset = 0, candidate = 0;
};
void gru_cell(const GruGates& layout, int64_t batch, int64_t units, const float* x_gates, int64_t x_stride,
              const float* h_gates, int64_t h_gates_stride, const float* h, int64_t h_stride, float* h_out,
              int64_t h_out_stride);

// A whole sequence: at each step gates = x_gates[t] + h * recurrent_weights, then the cell.
struct LstmSequenceArgs {
  int64_t steps = 0, batch = 0, units = 0;
  LstmGates layout;
  const float* x_gates = nullptr;  // input times kernel plus bias, made by one matrix product beforehand
  int64_t x_step_stride = 0, x_batch_stride = 0;  // a negative step stride runs backwards
  const float* packed_recurrent = nullptr;        // pack_b of [units, 4 * units]
  const float* h0 = nullptr;                      // [batch, units], null: zeros
  const float* c0 = nullptr;
  float* h_sequence = nullptr;  // every step's h, optional
  int64_t h_step_stride = 0, h_batch_stride = 0;
  float* h_last = nullptr;  // [batch, units]
  float* c_last = nullptr;  // [batch, units]
};
size_t lstm_sequence_workspace_size(int64_t batch, int64_t units);
void lstm_sequence(const LstmSequenceArgs& args, float* workspace);

struct GruSequenceArgs {
  int64_t steps = 0, batch = 0, units = 0;
  GruGates layout;
  const float* x_gates = nullptr;
  int64_t x_step_stride = 0, x_batch_stride = 0;
  const float* packed_recurrent = nullptr;  // pack_b of [units, 3 * units]
  const float* recurrent_bias = nullptr;    // [3 * units], null: none
  const float* h0 = nullptr;
  float* h_sequence = nullptr;
  int64_t h_step_stride = 0, h_batch_stride = 0;
  float* h_last = nullptr;
};
size_t gru_sequence_workspace_size(int64_t batch, int64_t units);
void gru_sequence(const GruSequenceArgs& args, float* workspace);

}  // namespace floe::simd

#endif  // FLOE_KERNELS_CPU_SIMD_RECURRENT_H_
