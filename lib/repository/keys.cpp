#include "repository/keys.hpp"

#include <cormorant/pipeline/hook_args.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

/// What stands for a key that is not given: null, 0, `""` and the object id of a struct that was never set.
bool is_no_key(value const& v) noexcept {
    auto const* const id = v.if_object_id();
    return v.is_null() || v.is_undefined() || v.if_double() == 0.0 || v.if_string() == "" ||
           (id != nullptr && *id == object_id());
}

[[noreturn]] void refuse(std::string const& key, type_kind kind, std::string_view maker) {
    diagnostics details;
    details.path = key;
    throw error(errc::invalid_argument, fmt::format("'{}' must be given: {} no keys of the type {}", key, maker, to_string(kind)),
        std::move(details));
}

class object_id_maker {
public:
    object_id_maker(std::string key, type_kind kind, bool as_text) : key_(std::move(key)), kind_(kind), as_text_(as_text) {}

    void operator()(write_args& a) const {
        for (document& d : a.written) {
            if (!d.contains(key_))
                d.prepend(key_, make());
        }
    }

private:
    value make() const {
        if (kind_ != type_kind::any && kind_ != type_kind::object_id && kind_ != type_kind::string)
            refuse(key_, kind_, "object ids are");
        auto const id = object_id::generate();
        return as_text_ || kind_ == type_kind::string ? value(id.to_string()) : value(id);
    }

    std::string key_;
    type_kind kind_;
    bool as_text_;
};

/// The keys of a collection from `from` on, in their order.
asio::awaitable<documents> keys_from(
    cormorant::connection db, std::string collection, std::int64_t from, std::int64_t limit, operation_options const& outer) {
    find_op op;
    op.collection = std::move(collection);
    op.filter = doc("_id", doc("$gte", from));
    op.projection = doc("_id", 1);
    op.sort = doc("_id", 1);
    op.limit = limit;
    call_options options;
    options.deadline = outer.deadline_value;
    options.session = outer.session_value;
    cursor found = co_await db.store()->async_run(std::move(op), std::move(options), asio::use_awaitable);
    documents keys;
    for (;;) {
        batch next = co_await found.async_next(asio::use_awaitable);
        if (next.empty())
            co_return keys;
        std::ranges::move(std::move(next).take_documents(), std::back_inserter(keys));
    }
}

/// The first number from `from` on that is no key; `from` itself is answered after one look at one key.
asio::awaitable<std::int64_t> first_free(
    cormorant::connection db, std::string collection, std::int64_t from, operation_options const& outer) {
    constexpr std::int64_t page = 1000;
    for (std::int64_t limit = 1;; limit = page) {
        auto const keys = co_await keys_from(db, collection, from, limit, outer);
        for (document const& d : keys) {
            if (d.at("_id") != value(from))
                co_return from;
            ++from;
        }
        if (keys.size() < static_cast<std::size_t>(limit))
            co_return from;
    }
}

/// Expects that the handler, which owns `numbers`, lives as long as the coroutine: it is the definition's.
asio::awaitable<void> number_documents(write_args& a, std::string const& key, type_kind kind, key_sequence& numbers) {
    auto const db = a.model.connection();
    auto const& collection = a.model.collection();
    for (document& d : a.written) {
        if (d.contains(key))
            continue;
        if (kind != type_kind::any && kind != type_kind::number && kind != type_kind::integer)
            refuse(key, kind, "numbers are");
        for (;;) {
            auto const drawn = numbers.next(collection);
            auto const free = co_await first_free(db, collection, drawn, a.options);
            if (free == drawn) {
                d.prepend(key, value(drawn));
                break;
            }
            numbers.skip_to(collection, free); // somebody else may draw it before
        }
    }
}

} // namespace

void make_keys(model_definition& definition, std::shared_ptr<key_sequence> numbers) {
    std::string const key = definition.key();
    auto const& fields = definition.fields();
    auto const field = std::ranges::find(fields, key, &field_definition::name);
    auto const kind = field == fields.end() ? type_kind::object_id : field->type.kind;

    definition.hook(
        "beforePut", "forgetEmptyKey",
        [key](put_args& a) {
            if (auto const* const v = a.doc.find(key); v != nullptr && is_no_key(*v))
                a.doc.erase(key);
        },
        required);
    if (numbers) {
        definition.hook(
            "beforeWrite", "makeKey",
            [key, kind, numbers = std::move(numbers)](
                write_args& a) -> asio::awaitable<void> { return number_documents(a, key, kind, *numbers); },
            required);
    } else {
        definition.hook("beforeWrite", "makeKey", object_id_maker(key, kind, definition.text_forms()), required);
    }
}

} // namespace cormorant::detail
