#pragma once

/// DNS as the tests want it: this program's own `res_nsearch`, which libmongoc calls in place of the C library's.

#include <cstdint>
#include <string>
#include <vector>

namespace cormorant::testing {

struct service_record {
    std::string host;
    std::uint16_t port = 0;
};

/// The records that there are from its construction to its end, those of the one before hidden meanwhile.
/// Thread safety: questions may come from any thread; one object at a time.
class name_server {
public:
    /// `service`: `"_mongodb._tcp.cluster.example.org"`. Texts are those of the name behind the protocol.
    name_server(std::string service, std::vector<service_record> hosts, std::vector<std::string> texts = {});
    name_server(name_server const&) = delete;
    name_server& operator=(name_server const&) = delete;
    ~name_server();

    /// From now on a question waits for `answer`.
    void hold();
    void answer();
    /// Waits until a question is held.
    void wait_for_question();
};

} // namespace cormorant::testing
