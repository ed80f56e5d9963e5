#pragma once

/// The server of these tests, which is what `MONGO_DSN` names while they run: a replica set of one that takes TLS only.

#include "certificate.hpp"
#include "replica_set.hpp"

namespace cormorant::testing {

class secured_server {
public:
    secured_server() : set_(1, ours_.file()) {}

    /// For 127.0.0.1, and its own authority.
    certificate const& trusted() const noexcept { return ours_; }
    replica_set& set() noexcept { return set_; }

    /// Throws `std::logic_error` when no test runs.
    static secured_server& get();

private:
    certificate ours_{"IP:127.0.0.1"};
    replica_set set_;
};

} // namespace cormorant::testing
