#include "collection.hpp"

#include "memory/value/server_text.hpp"

#include <cormorant/bson/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace cormorant::memory {

namespace {

/// Checks the options of `create` and answers the validator.
std::optional<matcher> compile_options(document const& options) {
    std::optional<matcher> validator;
    bool enforced = true;
    auto const check_choice = [](std::string_view name, value const& v, std::initializer_list<std::string_view> known) {
        auto const text = v.if_string();
        if (!text || std::ranges::find(known, *text) == known.end())
            refuse(code::bad_value,
                fmt::format("Enumeration value {} for field 'create.{}' is not a valid value.", server_text(v), name));
        return *text;
    };
    for (auto const& [name, v] : options) {
        if (name == "validator") {
            if (!v.is_document())
                refuse(code::type_mismatch,
                    fmt::format(
                        "BSON field 'create.validator' is the wrong type '{}', expected type 'object'", to_string(v.type())));
            validator = matcher::compile(v.as_document());
        } else if (name == "validationLevel") {
            enforced = enforced && check_choice(name, v, {"off", "strict", "moderate"}) != "off";
            if (v.as_string() == "moderate")
                unsupported("the memory store does not know validationLevel \"moderate\"");
        } else if (name == "validationAction") {
            enforced = enforced && check_choice(name, v, {"error", "warn"}) != "warn";
        } else if (name == "collation") {
            if (v.is_document() && collator::make(v.as_document()))
                unsupported("the memory store has no default collation of a collection");
        } else if (name != "comment" && name != "writeConcern") {
            unsupported(fmt::format("the memory store does not know the option \"{}\" of a collection", name));
        }
    }
    if (!enforced)
        validator.reset();
    return validator;
}

} // namespace

collection::collection(std::string ns, document options, collection_log* log)
    : ns_(std::move(ns)), options_(std::move(options)), log_(log), validator_(compile_options(options_)) {
    indexes_.push_back(std::make_unique<index>(index_definition::of_id()));
}

void collection::validate(document const& doc) const {
    if (validator_ && !validator_->matches(doc))
        refuse_as(errc::document_validation, 121, "Document failed validation");
}

void collection::refuse_duplicate(index_definition const& definition, index_key const& key) const {
    document shown;
    for (std::size_t i = 0; i != key.size(); ++i)
        shown.append(definition.parts[i].path, key[i]);
    diagnostics details;
    details.path = definition.parts.front().path;
    details.value = shorten(key.front());
    details.server_code = 11000;
    auto const collation =
        definition.collation ? fmt::format(" collation: {}", server_text(definition.listing.at("collation"))) : "";
    details.server_message = fmt::format(
        "E11000 duplicate key error collection: {} index: {}{} dup key: {}", ns_, definition.name, collation, server_text(shown));
    auto message = fmt::format("a document with this {} exists already", details.path);
    throw error(errc::duplicate_key, std::move(message), std::move(details));
}

void collection::record_to(collection_log& log) {
    log_ = &log;
    for (std::size_t i = 1; i != indexes_.size(); ++i)
        log.defined(*this, effect::kind::create_index, std::make_shared<document>(indexes_[i]->definition().listing));
    for (auto at = records_.cbegin(); at != records_.cend(); ++at)
        log.wrote(*this, {at, nullptr, at->doc, {}});
}

std::vector<index_keys> collection::checked_keys(document const& doc, record const* self) const {
    std::vector<index_keys> result;
    result.reserve(indexes_.size());
    for (auto const& i : indexes_) {
        result.push_back(keys_of(i->definition(), doc));
        // The index on `_id` needs no search: the hash has been asked before, and an update cannot change it.
        if (auto const found = i->definition().is_id() ? std::nullopt : i->find_conflict(result.back(), self))
            refuse_duplicate(i->definition(), found->key);
    }
    return result;
}

std::vector<index_keys> collection::all_keys(document const& doc) const {
    std::vector<index_keys> result;
    result.reserve(indexes_.size());
    for (auto const& i : indexes_)
        result.push_back(keys_of(i->definition(), doc));
    return result;
}

void collection::check_indexes(document const& doc, std::optional<record_handle> at) const {
    if (!at && ids_.contains(doc.begin()->value()))
        refuse_duplicate(indexes_.front()->definition(), index_key(1, doc.begin()->value()));
    (void)checked_keys(doc, at ? &**at : nullptr);
}

record_handle collection::insert(document doc, validation v) {
    auto const& id = doc.begin()->value();
    if (ids_.contains(id))
        refuse_duplicate(indexes_.front()->definition(), index_key(1, id));
    if (v == validation::wanted)
        validate(doc);
    if (log_ != nullptr)
        log_->about_to_write(*this, id);
    auto const keys = checked_keys(doc, nullptr);
    auto const at = add(std::make_shared<document const>(std::move(doc)), keys);
    if (log_ != nullptr)
        log_->wrote(*this, {at, nullptr, at->doc, {}});
    return at;
}

record_handle collection::add(document_ptr doc) {
    auto const keys = all_keys(*doc);
    return add(std::move(doc), keys);
}

record_handle collection::add(document_ptr doc, std::vector<index_keys> const& keys) {
    std::size_t const hash = hash_value(doc->begin()->value());
    records_.push_back(record{std::move(doc), next_number_++, hash});
    auto const at = std::prev(records_.cend());
    ids_.insert(at);
    for (std::size_t i = 0; i != indexes_.size(); ++i)
        indexes_[i]->insert(keys[i], at);
    return at;
}

void collection::replace(record_handle at, document doc, validation v) {
    if (v == validation::wanted)
        validate(doc);
    change(at, std::move(doc));
}

void collection::restore(document doc) {
    if (auto const at = find_id(doc.begin()->value()))
        change(*at, std::move(doc));
    else
        add(std::make_shared<document const>(std::move(doc)));
}

void collection::change(record_handle at, document doc) {
    if (log_ != nullptr)
        log_->about_to_write(*this, at->id());
    auto const keys = checked_keys(doc, &*at);
    auto before = exchange(at, std::make_shared<document const>(std::move(doc)), keys);
    if (log_ != nullptr)
        log_->wrote(*this, {at, std::move(before), at->doc, {}});
}

document_ptr collection::exchange(record_handle at, document_ptr doc) {
    auto const keys = all_keys(*doc);
    return exchange(at, std::move(doc), keys);
}

document_ptr collection::exchange(record_handle at, document_ptr doc, std::vector<index_keys> const& keys) {
    for (std::size_t i = 1; i != indexes_.size(); ++i) {
        auto const before = keys_of(indexes_[i]->definition(), *at->doc);
        bool const same = std::ranges::equal(before.keys, keys[i].keys, [](index_key const& a, index_key const& b) {
            return std::ranges::equal(a, b, [](value const& x, value const& y) { return identical(x, y); });
        });
        if (same)
            continue;
        indexes_[i]->erase(before, at);
        indexes_[i]->insert(keys[i], at);
    }
    // Erasing nothing makes a handle writable.
    return std::exchange(records_.erase(at, at)->doc, std::move(doc));
}

void collection::erase(record_handle at) {
    if (log_ != nullptr)
        log_->about_to_write(*this, at->id());
    auto taken = take_out(at);
    if (log_ != nullptr) {
        auto before = taken.node.front().doc;
        log_->wrote(*this, {at, std::move(before), nullptr, std::move(taken)});
    }
}

taken_record collection::take_out(record_handle at) {
    for (auto const& i : indexes_)
        i->erase(keys_of(i->definition(), *at->doc), at);
    ids_.erase(at);
    taken_record taken;
    taken.next = std::next(at);
    taken.node.splice(taken.node.end(), records_, at);
    return taken;
}

void collection::put_back(taken_record taken) {
    auto const at = taken.node.cbegin();
    records_.splice(taken.next, taken.node);
    ids_.insert(at);
    auto const keys = all_keys(*at->doc);
    for (std::size_t i = 0; i != indexes_.size(); ++i)
        indexes_[i]->insert(keys[i], at);
}

bool collection::create_index(index_definition definition) {
    for (auto const& existing : indexes_) {
        if (is_same_index(definition, existing->definition()))
            return false;
    }
    auto built = std::make_unique<index>(std::move(definition));
    for (auto at = records_.cbegin(); at != records_.cend(); ++at) {
        auto const keys = keys_of(built->definition(), *at->doc);
        if (auto const found = built->find_conflict(keys, nullptr))
            refuse_duplicate(built->definition(), found->key);
        built->insert(keys, at);
    }
    indexes_.push_back(std::move(built));
    if (log_ != nullptr)
        log_->defined(*this, effect::kind::create_index, std::make_shared<document>(indexes_.back()->definition().listing));
    return true;
}

void collection::drop_index(std::string_view name) {
    if (name == "_id_")
        refuse(72, "cannot drop _id index");
    auto const at = std::ranges::find_if(indexes_, [&](auto const& i) { return i->definition().name == name; });
    if (name == "*")
        indexes_.resize(1);
    else if (at == indexes_.end())
        refuse(27, fmt::format("index not found with name [{}]", name));
    else
        indexes_.erase(at);
    if (log_ != nullptr)
        log_->defined(*this, effect::kind::drop_index, std::make_shared<document>(doc("name", name)));
}

std::shared_ptr<text_specification const> collection::text() const noexcept {
    auto const at = std::ranges::find_if(indexes_, [](auto const& i) { return i->definition().text != nullptr; });
    return at == indexes_.end() ? nullptr : (*at)->definition().text;
}

std::optional<record_handle> collection::find_id(value const& id) const {
    auto const at = ids_.find(id);
    return at == ids_.end() ? std::nullopt : std::optional(*at);
}

std::vector<document_ptr> collection::documents() const {
    std::vector<document_ptr> result;
    result.reserve(records_.size());
    for (record const& r : records_)
        result.push_back(r.doc);
    return result;
}

access_plan collection::plan(access_request const& request) const {
    std::vector<index_view> views;
    views.reserve(indexes_.size());
    for (auto const& i : indexes_)
        views.push_back({&i->definition(), i->multikey()});
    return choose_plan(request, views);
}

void collection::scan(access_plan const& plan, std::function<bool(record_handle)> const& visit) const {
    switch (plan.how) {
    case access_plan::kind::collection:
        if (plan.backward) {
            for (auto at = records_.cend(); at != records_.cbegin();) {
                if (!visit(--at))
                    return;
            }
        } else {
            for (auto at = records_.cbegin(); at != records_.cend(); ++at) {
                if (!visit(at))
                    return;
            }
        }
        return;
    case access_plan::kind::id:
        for (value const& id : plan.ids) {
            if (auto const at = find_id(id); at && !visit(*at))
                return;
        }
        return;
    case access_plan::kind::index: {
        auto const& chosen = *indexes_[plan.index];
        std::unordered_set<record const*> seen;
        for (key_range const& range : plan.ranges) {
            bool const go_on = chosen.scan(range, plan.backward,
                [&](record_handle at) { return (chosen.multikey() && !seen.insert(&*at).second) || visit(at); });
            if (!go_on)
                return;
        }
        return;
    }
    }
}

} // namespace cormorant::memory
