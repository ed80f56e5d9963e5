#include "name_server.hpp"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace cormorant::testing {
namespace {

struct records {
    std::string service;
    std::vector<service_record> hosts;
    std::vector<std::string> texts;
};

std::mutex mutex;
std::condition_variable changed;
std::optional<records> known;
bool held = false;
int waiting = 0;

void append_number(std::string& to, std::size_t n) {
    to += static_cast<char>(n >> 8);
    to += static_cast<char>(n & 0xff);
}

// RFC 1035, section 3.1, without compression.
void append_name(std::string& to, std::string_view name) {
    while (!name.empty()) {
        auto const label = name.substr(0, name.find('.'));
        to += static_cast<char>(label.size());
        to += label;
        name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    to += '\0';
}

std::string message(std::string_view name, int type, std::vector<std::string> const& answers) {
    std::string m;
    for (std::size_t const n :
        {std::size_t(1), std::size_t(0x8180), std::size_t(1), answers.size(), std::size_t(0), std::size_t(0)})
        append_number(m, n);
    auto const append_question = [&] {
        append_name(m, name);
        append_number(m, static_cast<std::size_t>(type));
        append_number(m, ns_c_in);
    };
    append_question();
    for (auto const& data : answers) {
        append_question();
        append_number(m, 0); // seconds to live
        append_number(m, 60);
        append_number(m, data.size());
        m += data;
    }
    return m;
}

/// What a question is answered with; nothing when there is no such name.
std::optional<std::string> answer_to(std::string_view name, int type) {
    std::unique_lock lock(mutex);
    ++waiting;
    changed.notify_all();
    changed.wait(lock, [] { return !held; });
    --waiting;
    if (!known)
        return std::nullopt;
    std::vector<std::string> answers;
    auto const host = std::string_view(known->service).substr(known->service.find("._tcp.") + 6);
    if (type == ns_t_srv && name == known->service) {
        for (auto const& record : known->hosts) {
            auto& data = answers.emplace_back();
            append_number(data, 0); // priority
            append_number(data, 0); // weight
            append_number(data, record.port);
            append_name(data, record.host);
        }
    } else if (type == ns_t_txt && name == host) {
        for (auto const& text : known->texts)
            answers.push_back(static_cast<char>(text.size()) + text);
    }
    return answers.empty() ? std::nullopt : std::optional(message(name, type, answers));
}

} // namespace

name_server::name_server(std::string service, std::vector<service_record> hosts, std::vector<std::string> texts) {
    std::lock_guard const lock(mutex);
    known = records{std::move(service), std::move(hosts), std::move(texts)};
}

name_server::~name_server() {
    answer();
    std::lock_guard const lock(mutex);
    known.reset();
}

void name_server::hold() {
    std::lock_guard const lock(mutex);
    held = true;
}

void name_server::answer() {
    std::lock_guard const lock(mutex);
    held = false;
    changed.notify_all();
}

void name_server::wait_for_question() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [] { return waiting > 0; });
}

} // namespace cormorant::testing

extern "C" int res_nsearch(res_state state, char const* name, int, int type, unsigned char* answer, int size) noexcept {
    auto const found = cormorant::testing::answer_to(name, type);
    if (!found || found->size() > static_cast<std::size_t>(size)) {
        state->res_h_errno = HOST_NOT_FOUND;
        return -1;
    }
    std::copy(found->begin(), found->end(), answer);
    return static_cast<int>(found->size());
}
