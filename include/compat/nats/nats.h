#include "../nats.h" /* the names of nats.c, declared by libnats_rs */
