// What every entry of the shim is wrapped in: nothing C++ throws reaches Swift.
#pragma once
#include "ctorch.h"
#include <torch/torch.h>

#include <string>
#include <vector>

struct ct_tensor_s {
    at::Tensor value;
};
struct ct_generator_s {
    at::Generator value;
};

namespace ctorch {

inline thread_local std::string last_error;

/// Runs `body`; on any exception keeps its first line as the thread's last error and returns `failure`.
template <typename Result, typename Body>
Result guarded(Result failure, Body body) {
    try {
        last_error.clear();
        return body();
    } catch (const c10::Error &e) {
        last_error = e.what_without_backtrace();
    } catch (const std::exception &e) {
        last_error = e.what();
    } catch (...) {
        last_error = "an exception of unknown type";
    }
    // A dispatcher error lists every backend for pages; its first line is the reason.
    if (auto end = last_error.find('\n'); end != std::string::npos) last_error.resize(end);
    return failure;
}

inline ct_tensor wrap(at::Tensor t) { return new ct_tensor_s{std::move(t)}; }
inline at::IntArrayRef ints(const int64_t *values, int count) { return {values, static_cast<size_t>(count)}; }
inline std::vector<at::Tensor> list(const ct_tensor *ts, int count) {
    std::vector<at::Tensor> out;
    out.reserve(count);
    for (int i = 0; i < count; i++) out.push_back(ts[i]->value);
    return out;
}
at::ScalarType scalar_type(int dtype);

}  // namespace ctorch

#define CT_TENSOR(expression) \
    return ctorch::guarded<ct_tensor>(nullptr, [&]() -> ct_tensor { return ctorch::wrap(expression); })
#define CT_DO(...) \
    return ctorch::guarded<int>(1, [&]() -> int { __VA_ARGS__; return 0; })
