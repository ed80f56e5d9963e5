#include <cormorant/error/errc.hpp>

#include <boost/system/generic_category.hpp>

#include <string>

namespace cormorant {
namespace {

struct entry {
    errc code;
    std::string_view name;
    char const* message;
};

constexpr entry entries[] = {
    {errc::validation, "validation", "a value does not meet the validation of its field"},
    {errc::required, "required", "a required field is absent"},
    {errc::unknown_field, "unknown_field", "a field that the definition does not declare"},
    {errc::type_mismatch, "type_mismatch", "a value has another type than the one asked for"},
    {errc::not_found, "not_found", "not found"},
    {errc::invalid_argument, "invalid_argument", "an argument makes no sense"},
    {errc::hook_failed, "hook_failed", "a hook halted the operation"},
    {errc::unauthorized, "unauthorized", "the caller may not do this"},
    {errc::disallowed, "disallowed", "the definition forbids this operation"},
    {errc::referenced, "referenced", "other documents refer to this one"},
    {errc::definition, "definition", "a definition is wrong"},
    {errc::not_connected, "not_connected", "not on an open connection"},
    {errc::limit_exceeded, "limit_exceeded", "a bound was exceeded"},
    {errc::unsupported, "unsupported", "the store does not support this"},
    {errc::bad_bson, "bad_bson", "malformed BSON"},
    {errc::bad_json, "bad_json", "malformed JSON"},
    {errc::bad_uri, "bad_uri", "malformed connection string"},
    {errc::bad_file, "bad_file", "a file cannot be read"},
    {errc::not_populated, "not_populated", "a relationship was not populated"},
    {errc::duplicate_key, "duplicate_key", "a unique index refused the write"},
    {errc::server, "server", "the server refused the command"},
    {errc::write_conflict, "write_conflict", "another write got in between"},
    {errc::not_primary, "not_primary", "the server is not the primary"},
    {errc::write_concern, "write_concern", "the write was applied, its write concern was not met"},
    {errc::cursor_not_found, "cursor_not_found", "the server no longer knows the cursor"},
    {errc::server_timeout, "server_timeout", "the server used up its time"},
    {errc::authentication, "authentication", "the server refused the credentials"},
    {errc::namespace_exists, "namespace_exists", "the collection exists already"},
    {errc::namespace_not_found, "namespace_not_found", "the collection does not exist"},
    {errc::document_validation, "document_validation", "the document does not meet the validator of the collection"},
    {errc::connect, "connect", "the connection could not be made"},
    {errc::tls, "tls", "the TLS handshake failed"},
    {errc::network, "network", "the connection broke"},
    {errc::server_selection, "server_selection", "no suitable server was found in time"},
    {errc::pool_timeout, "pool_timeout", "no connection of the pool became free in time"},
    {errc::deadline, "deadline", "the deadline passed"},
    {errc::cancelled, "cancelled", "the operation was cancelled"},
};

constexpr entry const* find(int code) noexcept {
    for (auto const& e : entries) {
        if (static_cast<int>(e.code) == code) {
            return &e;
        }
    }
    return nullptr;
}

// The destructor of Boost's base class is not virtual on purpose: categories live for ever.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

class error_category_type final : public boost::system::error_category {
public:
    char const* name() const noexcept override { return "cormorant"; }

    std::string message(int code) const override {
        auto const* const e = find(code);
        return e != nullptr ? e->message : "unknown error " + std::to_string(code);
    }

    // Two of our codes have a portable name, so generic code can ask for it.
    boost::system::error_condition default_error_condition(int code) const noexcept override {
        switch (static_cast<errc>(code)) {
        case errc::cancelled:
            return boost::system::errc::make_error_condition(boost::system::errc::operation_canceled);
        case errc::deadline:
            return boost::system::errc::make_error_condition(boost::system::errc::timed_out);
        default:
            return {code, *this};
        }
    }
};

bool belongs(errc code, condition c) noexcept {
    auto const number = static_cast<int>(code);
    switch (c) {
    case condition::client:
        return number < 100;
    case condition::server:
        return number >= 100 && number < 200;
    case condition::network:
        return code == errc::connect || code == errc::tls || code == errc::network || code == errc::server_selection;
    case condition::timeout:
        return code == errc::deadline || code == errc::pool_timeout || code == errc::server_selection ||
               code == errc::server_timeout;
    case condition::retryable:
        return code == errc::connect || code == errc::network || code == errc::server_selection || code == errc::pool_timeout ||
               code == errc::not_primary || code == errc::write_conflict;
    }
    return false;
}

class condition_category_type final : public boost::system::error_category {
public:
    char const* name() const noexcept override { return "cormorant.condition"; }

    std::string message(int code) const override {
        switch (static_cast<condition>(code)) {
        case condition::client:
            return "the caller's data or call is wrong";
        case condition::server:
            return "the server answered with an error";
        case condition::network:
            return "the connection to the server failed";
        case condition::timeout:
            return "time ran out";
        case condition::retryable:
            return "the operation may succeed when it is sent again";
        }
        return "unknown condition " + std::to_string(code);
    }

    bool equivalent(boost::system::error_code const& code, int c) const noexcept override {
        return code.category() == cormorant::error_category() && find(code.value()) != nullptr &&
               belongs(static_cast<errc>(code.value()), static_cast<condition>(c));
    }
};

#pragma GCC diagnostic pop

} // namespace

boost::system::error_category const& error_category() noexcept {
    static error_category_type const category;
    return category;
}

boost::system::error_category const& condition_category() noexcept {
    static condition_category_type const category;
    return category;
}

boost::system::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), error_category()};
}

boost::system::error_condition make_error_condition(condition c) noexcept {
    return {static_cast<int>(c), condition_category()};
}

std::string_view to_string(errc code) noexcept {
    auto const* const e = find(static_cast<int>(code));
    return e != nullptr ? e->name : "unknown";
}

} // namespace cormorant
