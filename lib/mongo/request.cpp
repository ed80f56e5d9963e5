#include "mongo/request.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace cormorant::detail {
namespace {

// Replies come from the network: what is malformed counts as absent here and is found out when the reply is decoded.
template <class T, class F>
T look(bson_buffer const& reply, T fallback, F f) {
    try {
        return f(bson_view(reply));
    } catch (error const&) {
        return fallback;
    }
}

command make_session_command(std::string_view name, std::span<bson_buffer const> sessions) {
    bson_buffer out;
    bson_writer writer(out);
    auto const root = writer.open();
    auto const list = writer.open(name, bson_type::array);
    position_key position;
    for (std::size_t i = 0; i < sessions.size(); ++i)
        writer.put(position(i), bson_view(sessions[i]));
    writer.close(list);
    writer.close(root);
    return command(std::move(out));
}

} // namespace

std::chrono::milliseconds time_left(steady_clock::time_point deadline) noexcept {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
    constexpr std::chrono::milliseconds most(std::numeric_limits<std::int32_t>::max());
    return std::clamp(left + std::chrono::milliseconds(1), std::chrono::milliseconds(1), most);
}

std::int64_t cursor_id_of(bson_buffer const& reply) {
    return look(reply, std::int64_t(0), [](bson_view root) {
        auto const cursor = root.find("cursor");
        if (!cursor || cursor->type() != bson_type::document)
            return std::int64_t(0);
        auto const id = cursor->as_document().find("id");
        return id ? id->as_int64() : std::int64_t(0);
    });
}

std::string cursor_collection_of(bson_buffer const& reply) {
    return look(reply, std::string(), [](bson_view root) {
        auto const cursor = root.find("cursor");
        auto const ns = cursor ? cursor->as_document().find("ns") : std::nullopt;
        if (!ns)
            return std::string();
        auto const text = ns->as_string();
        return std::string(text.substr(text.find('.') + 1));
    });
}

bool has_write_errors(bson_buffer const& reply) {
    return look(reply, false, [](bson_view root) { return root.find("writeErrors").has_value(); });
}

bool has_label(bson_buffer const& reply, std::string_view label) {
    return look(reply, false, [&](bson_view root) {
        if (auto const labels = root.find("errorLabels")) {
            auto const all = labels->as_array();
            for (bson_element const& one : all)
                if (one.type() == bson_type::string && one.as_string() == label)
                    return true;
        }
        return false;
    });
}

std::optional<int> code_of(bson_buffer const& reply) {
    return look(reply, std::optional<int>(), [](bson_view root) -> std::optional<int> {
        auto const ok = root.find("ok");
        if (!ok)
            return std::nullopt;
        if (ok->type() == bson_type::boolean ? ok->as_bool() : ok->as_double() != 0)
            return 0;
        auto const code = root.find("code");
        return code && code->type() == bson_type::int32 && code->as_int32() != 0 ? code->as_int32() : 1;
    });
}

std::string message_of(bson_buffer const& reply) {
    return look(reply, std::string(), [](bson_view root) {
        auto const text = root.find("errmsg");
        return text ? std::string(text->as_string()) : std::string();
    });
}

cursor_lease::~cursor_lease() {
    if (id_ == 0)
        return;
    if (auto const keeper = owner_.lock())
        keeper->release(id_, cursor_, std::move(database_), std::move(collection_));
}

command make_get_more(std::int64_t id, std::string_view collection, std::int32_t batch_size) {
    bson_buffer out;
    bson_writer writer(out);
    auto const root = writer.open();
    writer.put("getMore", id);
    writer.put("collection", collection);
    if (batch_size > 0)
        writer.put("batchSize", batch_size);
    writer.close(root);
    return command(std::move(out));
}

command make_kill_cursors(std::int64_t id, std::string_view collection) {
    bson_buffer out;
    bson_writer writer(out);
    auto const root = writer.open();
    writer.put("killCursors", collection);
    auto const ids = writer.open("cursors", bson_type::array);
    writer.put("0", id);
    writer.close(ids);
    writer.close(root);
    return command(std::move(out));
}

command make_end_of_sessions(std::span<server_session const> sessions) {
    constexpr std::size_t most = 10'000;
    std::vector<bson_buffer> ids;
    for (auto const& s : sessions.first(std::min(most, sessions.size())))
        ids.push_back(s.id);
    return make_session_command("endSessions", ids);
}

std::vector<command> make_ending_commands(std::span<bson_buffer const> sessions) {
    std::vector<command> both;
    both.push_back(make_session_command("killSessions", sessions));
    both.push_back(make_session_command("endSessions", sessions));
    return both;
}

} // namespace cormorant::detail
