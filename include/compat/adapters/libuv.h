#include "../../nats_rs/adapters/libuv.h" /* the names of nats.c's adapter, for libnats_rs */
