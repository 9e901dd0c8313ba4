#include "nats.h" /* the statuses are declared there */
