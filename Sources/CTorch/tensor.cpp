// Life, contents, devices, random numbers.
#include "guard.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Version.h>
#include <torch/version.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <climits>
#include <cstring>

namespace ctorch {
at::ScalarType scalar_type(int dtype) {
    switch (dtype) {
        case CT_FLOAT32: return at::kFloat;
        case CT_FLOAT64: return at::kDouble;
        case CT_INT64: return at::kLong;
        case CT_UINT8: return at::kByte;
        case CT_BOOL: return at::kBool;
        case CT_BFLOAT16: return at::kBFloat16;
        default: TORCH_CHECK(false, "unknown element type ", dtype);
    }
}
static int number_of(at::ScalarType type) {
    switch (type) {
        case at::kFloat: return CT_FLOAT32;
        case at::kDouble: return CT_FLOAT64;
        case at::kLong: return CT_INT64;
        case at::kByte: return CT_UINT8;
        case at::kBool: return CT_BOOL;
        case at::kBFloat16: return CT_BFLOAT16;
        default: return CT_OTHER;
    }
}
static at::TensorOptions options(int dtype, const char *device) {
    return at::TensorOptions().dtype(scalar_type(dtype)).device(at::Device(device));
}
}  // namespace ctorch
using namespace ctorch;

extern "C" {

const char *ct_last_error(void) { return last_error.c_str(); }
const char *ct_torch_version(void) { return TORCH_VERSION; }
const char *ct_cpu_capability(void) {
    static const std::string capability = guarded<std::string>("unknown", [] { return at::get_cpu_capability(); });
    return capability.c_str();
}
int ct_set_num_threads(int threads) { CT_DO(at::set_num_threads(threads)); }
int ct_num_threads(void) { return guarded<int>(1, [] { return at::get_num_threads(); }); }
int ct_device_available(const char *name) {
    return guarded<int>(0, [&]() -> int {
        at::Device device(name);
        if (device.is_cpu()) return 1;
        if (device.is_cuda()) {
            const int index = device.has_index() ? device.index() : 0;
            return at::hasCUDA() && index < static_cast<int>(torch::cuda::device_count());
        }
        if (device.is_mps()) return at::hasMPS();
        return 0;
    });
}
int ct_set_deterministic(bool on) {
    CT_DO(at::globalContext().setDeterministicCuDNN(on); at::globalContext().setBenchmarkCuDNN(false));
}

void ct_keep_freed_memory(void) {
#if defined(__GLIBC__)
    // By default blocks over 32 MB are mapped anew each time, and a step spends a tenth of its time in page faults.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

void ct_free(ct_tensor t) {
    guarded<int>(1, [&] { delete t; return 0; });
}
ct_tensor ct_from_data(const void *data, int dtype, const int64_t *sizes, int dims) {
    return guarded<ct_tensor>(nullptr, [&] {
        auto t = at::empty(ints(sizes, dims), at::TensorOptions().dtype(scalar_type(dtype)));
        if (t.numel() > 0) std::memcpy(t.data_ptr(), data, t.nbytes());
        return wrap(t);
    });
}
ct_tensor ct_full(double value, int dtype, const int64_t *sizes, int dims, const char *device) {
    CT_TENSOR(at::full(ints(sizes, dims), value, options(dtype, device)));
}
ct_tensor ct_empty(int dtype, const int64_t *sizes, int dims, const char *device) {
    CT_TENSOR(at::empty(ints(sizes, dims), options(dtype, device)));
}
int ct_copy_out(ct_tensor t, int dtype, void *data, size_t bytes) {
    CT_DO({
        auto host = t->value.detach().to(at::kCPU, scalar_type(dtype)).contiguous();
        TORCH_CHECK(host.nbytes() == bytes, "the buffer has ", bytes, " bytes, the tensor ", host.nbytes());
        if (bytes > 0) std::memcpy(data, host.data_ptr(), bytes);
    });
}
int ct_copy_(ct_tensor self, ct_tensor source) {
    CT_DO({
        at::NoGradGuard none;
        TORCH_CHECK(self->value.sizes() == source->value.sizes(), "the shapes differ");
        self->value.copy_(source->value);
    });
}
int ct_dims(ct_tensor t) { return static_cast<int>(t->value.dim()); }
int64_t ct_size(ct_tensor t, int dim) { return guarded<int64_t>(-1, [&] { return t->value.size(dim); }); }
int64_t ct_numel(ct_tensor t) { return guarded<int64_t>(-1, [&] { return t->value.numel(); }); }
int ct_dtype(ct_tensor t) { return number_of(t->value.scalar_type()); }
int ct_device_name(ct_tensor t, char *buffer, size_t bytes) {
    CT_DO({
        auto name = t->value.device().str();
        std::strncpy(buffer, name.c_str(), bytes - 1);
        buffer[bytes - 1] = 0;
    });
}
void *ct_data_pointer(ct_tensor t) { return guarded<void *>(nullptr, [&] { return t->value.data_ptr(); }); }
bool ct_is_contiguous(ct_tensor t) { return t->value.is_contiguous(); }
int64_t ct_version(ct_tensor t) { return t->value.is_inference() ? 0 : t->value._version(); }
ct_tensor ct_to(ct_tensor t, int dtype, const char *device) {
    CT_TENSOR(t->value.to(options(dtype, device)));
}
ct_tensor ct_contiguous(ct_tensor t) { CT_TENSOR(t->value.contiguous()); }
ct_tensor ct_clone_handle(ct_tensor t) { CT_TENSOR(t->value); }
ct_tensor ct_clone(ct_tensor t) { CT_TENSOR(t->value.clone()); }
double ct_item(ct_tensor t, int *failed) {
    *failed = 1;
    return guarded<double>(0, [&] {
        double value = t->value.item().toDouble();
        *failed = 0;
        return value;
    });
}

ct_generator ct_generator_new(uint64_t seed, const char *device) {
    return guarded<ct_generator>(nullptr, [&]() -> ct_generator {
        at::Device where(device);
        auto g = where.is_cpu() ? at::make_generator<at::CPUGeneratorImpl>(seed)
                                : at::globalContext().defaultGenerator(where).clone();
        std::lock_guard<std::mutex> lock(g.mutex());
        g.set_current_seed(seed);
        return new ct_generator_s{g};
    });
}
void ct_generator_free(ct_generator g) {
    guarded<int>(1, [&] { delete g; return 0; });
}
ct_tensor ct_generator_state(ct_generator g) {
    return guarded<ct_tensor>(nullptr, [&] {
        std::lock_guard<std::mutex> lock(g->value.mutex());
        return wrap(g->value.get_state());
    });
}
int ct_generator_set_state(ct_generator g, ct_tensor state) {
    CT_DO({
        std::lock_guard<std::mutex> lock(g->value.mutex());
        g->value.set_state(state->value);
    });
}
int ct_manual_seed(uint64_t seed) { CT_DO(torch::manual_seed(seed)); }
ct_tensor ct_default_generator_state(void) {
    return guarded<ct_tensor>(nullptr, [&] {
        auto g = at::detail::getDefaultCPUGenerator();
        std::lock_guard<std::mutex> lock(g.mutex());
        return wrap(g.get_state());
    });
}
int ct_default_generator_set_state(ct_tensor state) {
    CT_DO({
        auto g = at::detail::getDefaultCPUGenerator();
        std::lock_guard<std::mutex> lock(g.mutex());
        g.set_state(state->value);
    });
}
int ct_normal_(ct_tensor t, double mean, double std, ct_generator g) {
    CT_DO(at::NoGradGuard none; t->value.normal_(mean, std, g->value));
}
int ct_uniform_(ct_tensor t, double low, double high, ct_generator g) {
    CT_DO(at::NoGradGuard none; t->value.uniform_(low, high, g->value));
}

}  // extern "C"
