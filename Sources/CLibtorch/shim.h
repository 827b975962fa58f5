// Empty on purpose: libtorch is C++ and reached through CTorch only; this module carries its search paths.
