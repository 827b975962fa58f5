// A plain C face of libtorch: opaque tensors in, opaque tensors out, no C++ type and no exception crosses it.
//
// Every function that returns a `ct_tensor` returns NULL on failure; every function that returns `int` returns
// 0 on success unless its comment says otherwise. The reason of the last failure on this thread is `ct_last_error()`.
// A returned tensor is owned by the caller and freed with `ct_free`.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor_s *ct_tensor;
typedef struct ct_generator_s *ct_generator;

/// Element types, numbered as this header numbers them (not as libtorch does).
enum { CT_FLOAT32 = 0, CT_FLOAT64 = 1, CT_INT64 = 2, CT_UINT8 = 3, CT_BOOL = 4, CT_BFLOAT16 = 5, CT_OTHER = 99 };

// Errors, versions, threads, devices
const char *ct_last_error(void);
const char *ct_torch_version(void);
const char *ct_cpu_capability(void);
int ct_set_num_threads(int threads);
int ct_num_threads(void);
/// 1 when `device` ("cpu", "cuda", "cuda:1", "mps") can be used, 0 when it cannot.
int ct_device_available(const char *device);
int ct_set_deterministic(bool on);
/// Makes the allocator keep the large blocks that every training step frees and takes again (glibc; elsewhere nothing).
void ct_keep_freed_memory(void);

// Life and contents of a tensor
void ct_free(ct_tensor t);
ct_tensor ct_from_data(const void *data, int dtype, const int64_t *sizes, int dims);
ct_tensor ct_full(double value, int dtype, const int64_t *sizes, int dims, const char *device);
ct_tensor ct_empty(int dtype, const int64_t *sizes, int dims, const char *device);
int ct_copy_out(ct_tensor t, int dtype, void *data, size_t bytes);
int ct_copy_(ct_tensor self, ct_tensor source);
int ct_dims(ct_tensor t);
int64_t ct_size(ct_tensor t, int dim);
int64_t ct_numel(ct_tensor t);
int ct_dtype(ct_tensor t);
int ct_device_name(ct_tensor t, char *buffer, size_t bytes);
void *ct_data_pointer(ct_tensor t);
bool ct_is_contiguous(ct_tensor t);
/// Times the elements were changed by libtorch's operations.
int64_t ct_version(ct_tensor t);
ct_tensor ct_to(ct_tensor t, int dtype, const char *device);
ct_tensor ct_contiguous(ct_tensor t);
ct_tensor ct_clone(ct_tensor t);
/// Another handle on the same tensor: same elements, same history.
ct_tensor ct_clone_handle(ct_tensor t);
double ct_item(ct_tensor t, int *failed);

// Random numbers
ct_generator ct_generator_new(uint64_t seed, const char *device);
void ct_generator_free(ct_generator g);
ct_tensor ct_generator_state(ct_generator g);
int ct_generator_set_state(ct_generator g, ct_tensor state);
int ct_manual_seed(uint64_t seed);
ct_tensor ct_default_generator_state(void);
int ct_default_generator_set_state(ct_tensor state);
int ct_normal_(ct_tensor t, double mean, double std, ct_generator g);
int ct_uniform_(ct_tensor t, double low, double high, ct_generator g);

// Shape
ct_tensor ct_transpose(ct_tensor t, int64_t a, int64_t b);
ct_tensor ct_unsqueeze(ct_tensor t, int64_t dim);
ct_tensor ct_squeeze(ct_tensor t, int64_t dim);
ct_tensor ct_expand(ct_tensor t, const int64_t *sizes, int dims);
ct_tensor ct_cat(const ct_tensor *ts, int count, int64_t dim);
ct_tensor ct_stack(const ct_tensor *ts, int count, int64_t dim);
ct_tensor ct_narrow(ct_tensor t, int64_t dim, int64_t start, int64_t length);
ct_tensor ct_index_select(ct_tensor t, int64_t dim, ct_tensor index);
ct_tensor ct_flip(ct_tensor t, int64_t dim);
ct_tensor ct_pad(ct_tensor t, const int64_t *padding, int count);

// Arithmetic
ct_tensor ct_add(ct_tensor a, ct_tensor b);
ct_tensor ct_sub(ct_tensor a, ct_tensor b);
ct_tensor ct_mul(ct_tensor a, ct_tensor b);
ct_tensor ct_div(ct_tensor a, ct_tensor b);
ct_tensor ct_add_scalar(ct_tensor a, double b);
ct_tensor ct_mul_scalar(ct_tensor a, double b);
ct_tensor ct_pow_scalar(ct_tensor a, double b);
int ct_add_(ct_tensor self, ct_tensor other, double scale);
int ct_mul_(ct_tensor self, double scale);
int ct_fill_(ct_tensor self, double value);
ct_tensor ct_matmul(ct_tensor a, ct_tensor b);
ct_tensor ct_neg(ct_tensor t);
ct_tensor ct_abs(ct_tensor t);
ct_tensor ct_exp(ct_tensor t);
ct_tensor ct_log(ct_tensor t);
ct_tensor ct_tanh(ct_tensor t);
ct_tensor ct_sigmoid(ct_tensor t);
ct_tensor ct_relu(ct_tensor t);
ct_tensor ct_sum(ct_tensor t, const int64_t *dims, int count, bool keep);
ct_tensor ct_mean(ct_tensor t, const int64_t *dims, int count, bool keep);
ct_tensor ct_max(ct_tensor t);
ct_tensor ct_argmax(ct_tensor t, int64_t dim);
ct_tensor ct_eq(ct_tensor a, ct_tensor b);
ct_tensor ct_gt_scalar(ct_tensor a, double b);

// Layers
ct_tensor ct_conv2d(ct_tensor x, ct_tensor w, int64_t stride, int64_t padding);
ct_tensor ct_batch_norm(ct_tensor x, ct_tensor gamma, ct_tensor beta, ct_tensor mean, ct_tensor var, bool training,
                        double momentum, double eps);
ct_tensor ct_avg_pool2d(ct_tensor x, int64_t kernel, int64_t stride);
ct_tensor ct_max_pool2d(ct_tensor x, int64_t kernel, int64_t stride, int64_t padding);
ct_tensor ct_linear(ct_tensor x, ct_tensor w, ct_tensor bias);
ct_tensor ct_cross_entropy(ct_tensor logits, ct_tensor labels, bool sum);
ct_tensor ct_log_softmax(ct_tensor t, int64_t dim);
ct_tensor ct_bce_with_logits(ct_tensor logits, ct_tensor targets);
ct_tensor ct_dropout(ct_tensor x, double p, bool training);

// Autograd
bool ct_grad_enabled(void);
void ct_set_grad_enabled(bool on);
int ct_set_requires_grad(ct_tensor t, bool on);
bool ct_requires_grad(ct_tensor t);
ct_tensor ct_detach(ct_tensor t);
int ct_backward(ct_tensor t, ct_tensor gradient);
/// The accumulated gradient; NULL with an empty `ct_last_error()` when there is none.
ct_tensor ct_grad(ct_tensor t);
void ct_clear_grad(ct_tensor t);

/// Computes the inputs' gradients from the outputs'. NULL entries mean "no gradient". Returns 0, or writes a message.
typedef int (*ct_backward_fn)(void *context, const ct_tensor *output_grads, int outputs, ct_tensor *input_grads, int inputs,
                              char *message, size_t message_bytes);
/// Gives `outputs` (computed without history) a gradient function that calls `backward`; `results` receives one new
/// tensor per output. `release` is called exactly once with `context`, also when this fails.
int ct_custom_function(const ct_tensor *inputs, int input_count, const ct_tensor *outputs, int output_count, void *context,
                       ct_backward_fn backward, void (*release)(void *), ct_tensor *results);

// Optimisers, in place
int ct_fused_sgd(const ct_tensor *params, const ct_tensor *grads, const ct_tensor *buffers, int count, double rate,
                 double momentum, double weight_decay, bool nesterov, bool first_step);
int ct_fused_adam(const ct_tensor *params, const ct_tensor *grads, const ct_tensor *first, const ct_tensor *second,
                  const ct_tensor *steps, int count, double rate, double beta1, double beta2, double weight_decay, double eps);

#ifdef __cplusplus
}
#endif
#endif
