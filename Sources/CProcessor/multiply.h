// The products of a register tile for one size of vectors. tile.c includes this once a size, with LANES and a NAMED that makes the
// names differ, as C has no other way to write a function once for two types.

typedef float NAMED(vector) __attribute__((ext_vector_type(LANES)));
typedef NAMED(vector) NAMED(unaligned) __attribute__((aligned(4)));  // may lie anywhere in memory

INLINED NAMED(vector) NAMED(load)(const float *p) { return *(const NAMED(unaligned) *)p; }
INLINED void NAMED(store)(float *p, NAMED(vector) v) { *(NAMED(unaligned) *)p = v; }
INLINED NAMED(vector) NAMED(fused)(NAMED(vector) sum, NAMED(vector) a, NAMED(vector) b) {
#if ADS_HAS_FMA
  return __builtin_elementwise_fma(a, b, sum);
#else
  return sum + a * b;
#endif
}

INLINED void NAMED(add_term)(
    const float *x, ptrdiff_t apart, const float *w, NAMED(vector) sums[ADS_TILE_ROWS][2], const int rows, const int vectors) {
  NAMED(vector) own[2];
  UNROLL for (int v = 0; v < vectors; v++) own[v] = NAMED(load)(x + v * apart);
  UNROLL for (int r = 0; r < rows; r++) {
    UNROLL for (int v = 0; v < vectors; v++) sums[r][v] = NAMED(fused)(sums[r][v], (NAMED(vector))w[r], own[v]);
  }
}

// The two vectors of a term lie apart, those of a result out_apart.
INLINED void NAMED(multiply)(
    const float *x, ptrdiff_t apart, ptrdiff_t terms, ptrdiff_t stride, const float *w, float *out, ptrdiff_t out_stride,
    ptrdiff_t out_apart, bool adding, const int rows, const int vectors) {
  NAMED(vector) sums[ADS_TILE_ROWS][2];
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) sums[r][v] = 0;
  ptrdiff_t k = 0;
  ROLLED for (; k + ADS_TILE_TURN <= terms; k += ADS_TILE_TURN) {
    UNROLL for (int t = 0; t < ADS_TILE_TURN; t++, x += stride, w += rows) NAMED(add_term)(x, apart, w, sums, rows, vectors);
  }
  if (ADS_TILE_TURN > 1 && k < terms) NAMED(add_term)(x, apart, w, sums, rows, vectors);
  UNROLL for (int r = 0; r < rows; r++, out += out_stride) {
    UNROLL for (int v = 0; v < vectors; v++) {
      float *p = out + v * out_apart;
      NAMED(store)(p, adding ? NAMED(load)(p) + sums[r][v] : sums[r][v]);
    }
  }
}
