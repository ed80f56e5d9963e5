#include "refusal.hpp"

#include <utility>

namespace cormorant::memory {

void refuse_as(errc code, int server_code, std::string message) {
    diagnostics details;
    details.server_code = server_code;
    details.server_message = message;
    throw error(code, std::move(message), std::move(details));
}

void refuse(int server_code, std::string message) {
    refuse_as(errc::server, server_code, std::move(message));
}

void unsupported(std::string message) {
    throw error(errc::unsupported, std::move(message));
}

} // namespace cormorant::memory
