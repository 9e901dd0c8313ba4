#include "../../nats_rs/adapters/libevent.h" /* the names of nats.c's adapter, for libnats_rs */
