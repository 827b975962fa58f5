// Shape, arithmetic, layers: each entry is one libtorch call.
#include "guard.h"

using namespace ctorch;

extern "C" {

ct_tensor ct_transpose(ct_tensor t, int64_t a, int64_t b) { CT_TENSOR(t->value.transpose(a, b)); }
ct_tensor ct_unsqueeze(ct_tensor t, int64_t dim) { CT_TENSOR(t->value.unsqueeze(dim)); }
ct_tensor ct_squeeze(ct_tensor t, int64_t dim) { CT_TENSOR(t->value.squeeze(dim)); }
ct_tensor ct_expand(ct_tensor t, const int64_t *sizes, int dims) { CT_TENSOR(t->value.expand(ints(sizes, dims))); }
ct_tensor ct_cat(const ct_tensor *ts, int count, int64_t dim) { CT_TENSOR(at::cat(list(ts, count), dim)); }
ct_tensor ct_stack(const ct_tensor *ts, int count, int64_t dim) { CT_TENSOR(at::stack(list(ts, count), dim)); }
ct_tensor ct_narrow(ct_tensor t, int64_t dim, int64_t start, int64_t length) {
    CT_TENSOR(t->value.narrow(dim, start, length));
}
ct_tensor ct_index_select(ct_tensor t, int64_t dim, ct_tensor index) {
    CT_TENSOR(t->value.index_select(dim, index->value));
}
ct_tensor ct_flip(ct_tensor t, int64_t dim) { CT_TENSOR(t->value.flip({dim})); }
ct_tensor ct_pad(ct_tensor t, const int64_t *padding, int count) {
    CT_TENSOR(at::constant_pad_nd(t->value, ints(padding, count)));
}

ct_tensor ct_add(ct_tensor a, ct_tensor b) { CT_TENSOR(a->value + b->value); }
ct_tensor ct_sub(ct_tensor a, ct_tensor b) { CT_TENSOR(a->value - b->value); }
ct_tensor ct_mul(ct_tensor a, ct_tensor b) { CT_TENSOR(a->value * b->value); }
ct_tensor ct_div(ct_tensor a, ct_tensor b) { CT_TENSOR(a->value / b->value); }
ct_tensor ct_add_scalar(ct_tensor a, double b) { CT_TENSOR(a->value + b); }
ct_tensor ct_mul_scalar(ct_tensor a, double b) { CT_TENSOR(a->value * b); }
ct_tensor ct_pow_scalar(ct_tensor a, double b) { CT_TENSOR(a->value.pow(b)); }
int ct_add_(ct_tensor self, ct_tensor other, double scale) {
    CT_DO(at::NoGradGuard none; self->value.add_(other->value, scale));
}
int ct_mul_(ct_tensor self, double scale) { CT_DO(at::NoGradGuard none; self->value.mul_(scale)); }
int ct_fill_(ct_tensor self, double value) { CT_DO(at::NoGradGuard none; self->value.fill_(value)); }
ct_tensor ct_matmul(ct_tensor a, ct_tensor b) { CT_TENSOR(at::matmul(a->value, b->value)); }
ct_tensor ct_neg(ct_tensor t) { CT_TENSOR(-t->value); }
ct_tensor ct_abs(ct_tensor t) { CT_TENSOR(t->value.abs()); }
ct_tensor ct_exp(ct_tensor t) { CT_TENSOR(t->value.exp()); }
ct_tensor ct_log(ct_tensor t) { CT_TENSOR(t->value.log()); }
ct_tensor ct_tanh(ct_tensor t) { CT_TENSOR(t->value.tanh()); }
ct_tensor ct_sigmoid(ct_tensor t) { CT_TENSOR(t->value.sigmoid()); }
ct_tensor ct_relu(ct_tensor t) { CT_TENSOR(t->value.relu()); }
ct_tensor ct_sum(ct_tensor t, const int64_t *dims, int count, bool keep) {
    CT_TENSOR(count == 0 ? t->value.sum() : t->value.sum(ints(dims, count), keep));
}
ct_tensor ct_mean(ct_tensor t, const int64_t *dims, int count, bool keep) {
    CT_TENSOR(count == 0 ? t->value.mean() : t->value.mean(ints(dims, count), keep));
}
ct_tensor ct_max(ct_tensor t) { CT_TENSOR(t->value.max()); }
ct_tensor ct_argmax(ct_tensor t, int64_t dim) { CT_TENSOR(t->value.argmax(dim)); }
ct_tensor ct_eq(ct_tensor a, ct_tensor b) { CT_TENSOR(a->value.eq(b->value)); }
ct_tensor ct_gt_scalar(ct_tensor a, double b) { CT_TENSOR(a->value.gt(b)); }

ct_tensor ct_conv2d(ct_tensor x, ct_tensor w, int64_t stride, int64_t padding) {
    CT_TENSOR(at::conv2d(x->value, w->value, {}, {stride, stride}, {padding, padding}));
}
ct_tensor ct_batch_norm(ct_tensor x, ct_tensor gamma, ct_tensor beta, ct_tensor mean, ct_tensor var, bool training,
                        double momentum, double eps) {
    CT_TENSOR(at::batch_norm(x->value, gamma->value, beta->value, mean->value, var->value, training, momentum, eps, false));
}
ct_tensor ct_avg_pool2d(ct_tensor x, int64_t kernel, int64_t stride) {
    CT_TENSOR(at::avg_pool2d(x->value, {kernel, kernel}, {stride, stride}));
}
ct_tensor ct_max_pool2d(ct_tensor x, int64_t kernel, int64_t stride, int64_t padding) {
    CT_TENSOR(at::max_pool2d(x->value, {kernel, kernel}, {stride, stride}, {padding, padding}));
}
ct_tensor ct_linear(ct_tensor x, ct_tensor w, ct_tensor bias) {
    CT_TENSOR(bias ? at::linear(x->value, w->value, bias->value) : at::linear(x->value, w->value));
}
ct_tensor ct_cross_entropy(ct_tensor logits, ct_tensor labels, bool sum) {
    CT_TENSOR(at::cross_entropy_loss(logits->value, labels->value, {}, sum ? at::Reduction::Sum : at::Reduction::Mean));
}
ct_tensor ct_log_softmax(ct_tensor t, int64_t dim) { CT_TENSOR(at::log_softmax(t->value, dim)); }
ct_tensor ct_bce_with_logits(ct_tensor logits, ct_tensor targets) {
    CT_TENSOR(at::binary_cross_entropy_with_logits(logits->value, targets->value, {}, {}, at::Reduction::None));
}
ct_tensor ct_dropout(ct_tensor x, double p, bool training) { CT_TENSOR(at::dropout(x->value, p, training)); }

}  // extern "C"
