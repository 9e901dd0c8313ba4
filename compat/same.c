/*
 * libnats.so.3.14: the structures of that version are those of nats_rs.h, so there is nothing to convert, and the dynamic
 * linker finds all functions in libnats_rs, which this library needs. A link to libnats_rs would do in a directory that
 * the dynamic linker searches itself; ldconfig, however, knows libraries by their own sonames only.
 */
extern const int nats_rs_compat_has_nothing_to_convert;
