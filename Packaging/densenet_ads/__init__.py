"""ads, automatic DenseNet sparsification: a program, which this package holds for several kinds of x86-64 processor."""
