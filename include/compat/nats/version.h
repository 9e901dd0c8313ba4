#include "nats.h" /* the version of the interface is declared there */
