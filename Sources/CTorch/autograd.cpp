// Gradients, functions with a gradient of their own, optimisers.
#include "guard.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

using namespace ctorch;

namespace {
// A node of the graph whose gradient is a C callback.
struct CallbackNode : torch::autograd::Node {
    void *context = nullptr;
    ct_backward_fn backward = nullptr;
    void (*release)(void *) = nullptr;

    ~CallbackNode() override {
        if (release) release(context);
    }
    torch::autograd::variable_list apply(torch::autograd::variable_list &&grads) override {
        std::vector<ct_tensor> incoming(grads.size(), nullptr), outgoing(num_outputs(), nullptr);
        for (size_t i = 0; i < grads.size(); i++)
            if (grads[i].defined()) incoming[i] = wrap(grads[i]);
        char message[2048] = "";
        const int failed = backward(context, incoming.data(), static_cast<int>(incoming.size()), outgoing.data(),
                                    static_cast<int>(outgoing.size()), message, sizeof message);
        for (auto t : incoming) delete t;
        torch::autograd::variable_list result;
        for (auto t : outgoing) {
            result.push_back(t ? t->value : at::Tensor());
            delete t;
        }
        if (failed) throw std::runtime_error(message);
        return result;
    }
};

// How a graph holds its nodes: std::shared_ptr up to torch 2.11, c10::intrusive_ptr in 2.13.
using NodeReference = std::decay_t<decltype(std::declval<torch::autograd::Edge>().function)>;

template <typename Reference, typename Made = CallbackNode>
auto make_node() {
    if constexpr (std::is_same_v<Reference, std::shared_ptr<torch::autograd::Node>>)
        return std::make_shared<Made>();
    else
        return c10::make_intrusive<Made>();
}
}  // namespace

extern "C" {

bool ct_grad_enabled(void) { return at::GradMode::is_enabled(); }
void ct_set_grad_enabled(bool on) { at::GradMode::set_enabled(on); }
int ct_set_requires_grad(ct_tensor t, bool on) { CT_DO(t->value.set_requires_grad(on)); }
bool ct_requires_grad(ct_tensor t) { return t->value.requires_grad(); }
ct_tensor ct_detach(ct_tensor t) { CT_TENSOR(t->value.detach()); }
int ct_backward(ct_tensor t, ct_tensor gradient) { CT_DO(t->value.backward(gradient ? gradient->value : at::Tensor())); }
ct_tensor ct_grad(ct_tensor t) {
    return guarded<ct_tensor>(nullptr, [&]() -> ct_tensor {
        const auto &grad = t->value.grad();
        return grad.defined() ? wrap(grad) : nullptr;
    });
}
void ct_clear_grad(ct_tensor t) {
    guarded<int>(1, [&] { t->value.mutable_grad() = at::Tensor(); return 0; });
}

int ct_custom_function(const ct_tensor *inputs, int input_count, const ct_tensor *outputs, int output_count, void *context,
                       ct_backward_fn backward, void (*release)(void *), ct_tensor *results) {
    bool owned = false;
    const int failed = guarded<int>(1, [&] {
        auto node = make_node<NodeReference>();
        node->context = context;
        node->backward = backward;
        node->release = release;
        owned = true;
        auto ins = list(inputs, input_count);
        node->set_next_edges(torch::autograd::collect_next_edges(ins));
        const bool tracked = at::GradMode::is_enabled() && torch::autograd::compute_requires_grad(ins);
        for (int i = 0; i < output_count; i++) {
            // A new view: the caller's tensor, which `backward` may hold, stays free of history, so no cycle arises.
            at::Tensor out = outputs[i]->value.detach();
            if (tracked) torch::autograd::set_history(out, node);
            results[i] = wrap(out);
        }
        return 0;
    });
    if (!owned && release) release(context);
    return failed;
}

int ct_fused_sgd(const ct_tensor *params, const ct_tensor *grads, const ct_tensor *buffers, int count, double rate,
                 double momentum, double weight_decay, bool nesterov, bool first_step) {
    CT_DO({
        at::NoGradGuard none;
        at::_fused_sgd_(list(params, count), list(grads, count), list(buffers, count), weight_decay, momentum, rate, 0.0,
                        nesterov, false, first_step);
    });
}
int ct_fused_adam(const ct_tensor *params, const ct_tensor *grads, const ct_tensor *first, const ct_tensor *second,
                  const ct_tensor *steps, int count, double rate, double beta1, double beta2, double weight_decay, double eps) {
    CT_DO({
        at::NoGradGuard none;
        at::_fused_adam_(list(params, count), list(grads, count), list(first, count), list(second, count), {},
                         list(steps, count), rate, beta1, beta2, weight_decay, eps, false, false);
    });
}

}  // extern "C"
