#include "refusal.hpp"

#include <utility>

namespace cormorant::memory {

namespace {

error answer_of_server(errc code, int server_code, std::string message) {
    diagnostics details;
    details.server_code = server_code;
    details.server_message = message;
    return error(code, std::move(message), std::move(details));
}

} // namespace

error server_error(int server_code, std::string message) {
    return answer_of_server(errc::server, server_code, std::move(message));
}

void refuse(int server_code, std::string message) {
    throw server_error(server_code, std::move(message));
}

void refuse_as(errc code, int server_code, std::string message) {
    throw answer_of_server(code, server_code, std::move(message));
}

void unsupported(std::string message) {
    throw error(errc::unsupported, std::move(message));
}

} // namespace cormorant::memory
