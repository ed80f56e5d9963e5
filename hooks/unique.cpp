#include <cormorant/bson/json.hpp>
#include <cormorant/hooks/unique.hpp>
#include <cormorant/model/connection.hpp>
#include <cormorant/model/model.hpp>
#include <cormorant/pipeline/once.hpp>
#include <cormorant/store/store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cormorant::hooks {

namespace asio = boost::asio;

namespace {

/// A find takes the values of so many documents.
constexpr std::size_t most_documents = 10'000;

/// The fields that a definition declares unique, and how far the stores of its models are.
class watch {
public:
    explicit watch(model_definition const& d) : key_(d.key()), empties_(d.empty_values()) {
        for (auto const& field : d.fields()) {
            if (field.unique != uniqueness::none)
                fields_.push_back(field);
        }
    }

    std::string const& key() const noexcept { return key_; }
    std::vector<field_definition> const& fields() const noexcept { return fields_; }

    /// Whether the value may not repeat. `v` is null when there is none.
    bool counts(field_definition const& field, value const* v) const noexcept {
        bool const nothing = v == nullptr || v->is_null() || empties_.is_empty(field.type.kind, *v);
        return field.unique == uniqueness::strict || !nothing;
    }

    /// The indexes of the model on its store, made before its first write.
    once_task indexes(std::shared_ptr<store> const& on) {
        std::lock_guard lock(mutex_);
        std::erase_if(indexes_, [](auto const& entry) { return entry.first.expired(); });
        return indexes_[on];
    }

private:
    std::string key_;
    empty_values empties_;
    std::vector<field_definition> fields_;
    std::mutex mutex_;
    std::map<std::weak_ptr<store>, once_task, std::owner_less<>> indexes_; // guarded by the mutex
};

/// A missing value and null are one.
value const& value_at(document const& d, std::string_view field) {
    static value const none;
    auto const* const v = d.find(field);
    return v == nullptr ? none : *v;
}

[[noreturn]] void refuse(field_definition const& field, value const& v, std::string_view reason) {
    diagnostics details;
    details.path = field.name;
    details.value = shorten(v);
    throw error(
        errc::duplicate_key, fmt::format("the value of the unique field '{}' {}", field.name, reason), std::move(details));
}

/// Reads the documents that match, but only what is compared; no hooks but those that nobody can skip.
asio::awaitable<documents> read(write_args& args, watch const& w, document filter, std::int64_t limit) {
    document fields;
    fields.set(w.key(), 1);
    for (auto const& field : w.fields())
        fields.set(field.name, 1);
    auto options = find_options().inside(args.common).hooks().fields(std::move(fields)).limit(limit);
    auto found = co_await args.model.find(std::move(filter), std::move(options));
    co_return found;
}

// --- whole documents -------------------------------------------------------------------------------------------------

using owners = std::unordered_map<value, document const*>; // by the value of one field

/// The values that are written, by field; two documents of one call must not have the same.
std::vector<owners> values_of(watch const& w, std::span<document> docs) {
    std::vector<owners> result(w.fields().size());
    for (std::size_t f = 0; f < w.fields().size(); ++f) {
        auto const& field = w.fields()[f];
        for (document const& d : docs) {
            if (w.counts(field, d.find(field.name)) && !result[f].try_emplace(value_at(d, field.name), &d).second)
                refuse(field, value_at(d, field.name), "is given to several documents");
        }
    }
    return result;
}

document filter_of(watch const& w, std::vector<owners> const& written) {
    array any;
    for (std::size_t f = 0; f < written.size(); ++f) {
        array values;
        for (auto const& [v, d] : written[f])
            values.push_back(v);
        if (!values.empty())
            any.push_back(doc(w.fields()[f].name, doc("$in", std::move(values))));
    }
    return any.empty() ? document() : doc("$or", std::move(any));
}

asio::awaitable<void> check_documents(write_args& args, watch const& w) {
    bool const replaces = args.operation == operation_kind::save;
    (void)values_of(w, args.written);
    for (std::size_t first = 0; first < args.written.size(); first += most_documents) {
        auto const part = args.written.subspan(first, std::min(most_documents, args.written.size() - first));
        auto const written = values_of(w, part);
        auto filter = filter_of(w, written);
        if (filter.empty())
            continue;
        auto const found = co_await read(args, w, std::move(filter), 0);
        for (std::size_t f = 0; f < written.size(); ++f) {
            auto const& field = w.fields()[f];
            for (document const& other : found) {
                // The filter also finds arrays that hold the value.
                auto const owner = written[f].find(value_at(other, field.name));
                if (owner == written[f].end())
                    continue;
                bool const itself = replaces && value_at(*owner->second, w.key()) == value_at(other, w.key());
                if (!itself)
                    refuse(field, owner->first, "is taken");
            }
        }
    }
}

// --- updates ---------------------------------------------------------------------------------------------------------

struct assignment {
    field_definition const* field;
    value v;
};

/// What an update gives to whole fields.
std::vector<assignment> assignments_of(watch const& w, value const& delta) {
    std::vector<assignment> result;
    auto const* const d = delta.if_document();
    if (d == nullptr)
        return result;
    bool const whole = d->empty() || !d->begin()->key().starts_with('$');
    for (auto const& field : w.fields()) {
        if (whole) {
            if (w.counts(field, d->find(field.name)))
                result.push_back(assignment{&field, value_at(*d, field.name)});
            continue;
        }
        for (auto const name : {"$set", "$setOnInsert"}) {
            auto const* const operands = d->find(name);
            auto const* const paths = operands == nullptr ? nullptr : operands->if_document();
            auto const* const v = paths == nullptr ? nullptr : paths->find(field.name);
            if (v != nullptr && w.counts(field, v))
                result.push_back(assignment{&field, *v});
        }
    }
    return result;
}

/// Two of the documents that the update may change tell whether it is one.
asio::awaitable<documents> read_changed(write_args& args, watch const& w) {
    document filter = *args.update_filter;
    auto changed = co_await read(args, w, std::move(filter), args.how->multi_value ? 2 : 1);
    co_return changed;
}

asio::awaitable<void> check_update(write_args& args, watch const& w) {
    auto const assigned = assignments_of(w, *args.update_delta);
    if (assigned.empty())
        co_return;
    array any;
    for (auto const& a : assigned)
        any.push_back(doc(a.field->name, doc("$eq", a.v)));
    auto filter = doc("$or", std::move(any));
    auto const found = co_await read(args, w, std::move(filter), 0);
    documents changed;
    if (args.how->multi_value || !found.empty())
        changed = co_await read_changed(args, w);
    for (auto const& a : assigned) {
        if (changed.size() > 1)
            refuse(*a.field, a.v, "would be given to several documents");
        for (document const& other : found) {
            bool const itself = !changed.empty() && value_at(changed.front(), w.key()) == value_at(other, w.key());
            if (!itself && value_at(other, a.field->name) == a.v)
                refuse(*a.field, a.v, "is taken");
        }
    }
}

asio::awaitable<void> check(std::shared_ptr<watch> w, write_args& args) {
    auto const indexes = w->indexes(args.model.connection().store());
    if (!indexes.done()) {
        std::function<asio::awaitable<void>()> const make = [model = args.model] { return model.create_indexes(); };
        co_await indexes.run(make);
    }
    if (args.update_delta == nullptr)
        co_await check_documents(args, *w);
    else
        co_await check_update(args, *w);
}

} // namespace

void unique(model_definition& definition) {
    auto const w = std::make_shared<watch>(definition);
    if (w->fields().empty())
        return;
    definition.hook(
        "beforeWrite", "unique", [w](write_args& args) { return check(w, args); }, required);
}

} // namespace cormorant::hooks
