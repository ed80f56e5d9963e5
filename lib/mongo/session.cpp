#include "mongo/session.hpp"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace cormorant::detail {

server_session make_session() {
    std::random_device random;
    std::vector<std::byte> uuid(16);
    for (auto& b : uuid)
        b = static_cast<std::byte>(random());
    // Version 4, variant 1 (RFC 4122, section 4.4).
    uuid[6] = (uuid[6] & std::byte(0x0F)) | std::byte(0x40);
    uuid[8] = (uuid[8] & std::byte(0x3F)) | std::byte(0x80);
    constexpr std::uint8_t uuid_subtype = 4;
    server_session result;
    result.id = encode(doc("id", binary{std::move(uuid), uuid_subtype}));
    return result;
}

void server_session::used_on(std::string const& server) {
    if (std::ranges::find(servers, server) == servers.end())
        servers.push_back(server);
}

server_session session_pool::take() {
    std::lock_guard const lock(mutex_);
    auto const oldest = steady_clock::now() - session_lifetime;
    while (!resting_.empty()) {
        auto s = std::move(resting_.back());
        resting_.pop_back();
        if (s.last_use > oldest)
            return s;
    }
    return make_session();
}

void session_pool::give(server_session s) {
    std::lock_guard const lock(mutex_);
    if (!closed_)
        resting_.push_back(std::move(s));
}

std::vector<server_session> session_pool::close() {
    std::lock_guard const lock(mutex_);
    closed_ = true;
    return std::exchange(resting_, {});
}

lent_session::~lent_session() {
    try {
        if (forget_)
            forget_(std::move(session_));
        else if (session_.last_use != steady_clock::time_point())
            pool_->give(std::move(session_));
    } catch (...) {
        // Out of memory: the server forgets it by itself, later.
    }
}

std::int64_t lent_session::next_number() {
    std::lock_guard const lock(mutex_);
    return ++session_.last_number;
}

void lent_session::touch() {
    std::lock_guard const lock(mutex_);
    session_.last_use = steady_clock::now();
}

void lent_session::used_on(std::string const& server) {
    std::lock_guard const lock(mutex_);
    session_.used_on(server);
}

void lent_session::spoil(std::function<void(server_session)> forget) {
    std::lock_guard const lock(mutex_);
    forget_ = std::move(forget);
}

session_part mongo_session::part_of(session_claim const& claim) {
    session_part part;
    {
        std::lock_guard const lock(mutex_);
        if (!lent_)
            lent_ = std::make_shared<lent_session>(pool_);
        lent_->touch();
        part.session = lent_;
        if (claim.in_transaction()) {
            if (std::exchange(transaction_, claim.number()) != claim.number())
                number_ = lent_->next_number();
            part.transaction = number_;
            part.starts = claim.starts();
            open_ = true;
        }
    }
    if (auto const t = cluster_time(); !t.empty())
        part.cluster_time = encode(t);
    return part;
}

void mongo_session::follow(bson_buffer const& reply) {
    try {
        bson_view const root(reply);
        if (auto const t = root.find("operationTime"); t && t->type() == bson_type::timestamp)
            advance_operation_time(t->as_timestamp());
        if (auto const t = root.find("$clusterTime"); t && t->type() == bson_type::document)
            advance_cluster_time(decode_bson(t->as_document().bytes()));
    } catch (error const&) {
        // Whoever reads the reply finds out.
    }
}

void mongo_session::transaction_ended() noexcept {
    std::lock_guard const lock(mutex_);
    open_ = false;
}

void mongo_session::release(bool) noexcept {
    session_part part;
    {
        std::lock_guard const lock(mutex_);
        part.session = std::exchange(lent_, nullptr);
        if (!std::exchange(open_, false))
            return;
        part.transaction = number_;
        part.ends = true;
    }
    try {
        farewell_(std::move(part));
    } catch (...) {
        // Then the server ends it, after a minute.
    }
}

} // namespace cormorant::detail
