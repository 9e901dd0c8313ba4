/// @file
/// libnats_rs for C++: everything. C++17 or later, headers only, over `nats_rs.h`.
#ifndef NATS_RS_HPP
#define NATS_RS_HPP

#include "nats_rs/cpp/connection.hpp"
#include "nats_rs/cpp/error.hpp"
#include "nats_rs/cpp/message.hpp"
#include "nats_rs/cpp/options.hpp"
#include "nats_rs/cpp/subscription.hpp"

#endif
