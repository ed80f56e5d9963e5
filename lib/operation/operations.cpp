#include <cormorant/operation/operations.hpp>

#include <fmt/format.h>

#include <atomic>
#include <type_traits>

namespace cormorant {
namespace {

// A direction as it appears in the name of an index: `1`, `-1`, `text`, `2dsphere`.
std::string direction_text(value const& direction) {
    if (auto const text = direction.if_string())
        return std::string(*text);
    if (auto const number = direction.if_int64())
        return std::to_string(*number);
    if (auto const number = direction.if_double())
        return fmt::format("{}", *number);
    return to_string(direction);
}

// `$out` and `$merge` have to be last.
bool writes(array const& pipeline) {
    if (pipeline.empty())
        return false;
    auto const* last = pipeline.back().if_document();
    return last != nullptr && (last->contains("$out") || last->contains("$merge"));
}

} // namespace

struct shared_documents::block {
    documents all;
    std::atomic<std::size_t> users{1};
};

shared_documents::shared_documents(documents all) : shared_(new block{std::move(all)}) {}

shared_documents::shared_documents(shared_documents const& other) noexcept : shared_(other.shared_) {
    if (shared_ != nullptr)
        shared_->users.fetch_add(1, std::memory_order_relaxed);
}

shared_documents::~shared_documents() {
    release();
}

void shared_documents::release() noexcept {
    if (shared_ != nullptr && shared_->users.fetch_sub(1, std::memory_order_acq_rel) == 1)
        delete shared_;
    shared_ = nullptr;
}

documents const& shared_documents::get() const noexcept {
    static documents const none;
    return shared_ == nullptr ? none : shared_->all;
}

documents& shared_documents::edit() {
    // Acquire: what the others did with the documents is done.
    if (shared_ == nullptr || shared_->users.load(std::memory_order_acquire) != 1)
        *this = shared_documents(get());
    return shared_->all;
}

documents shared_documents::take() && {
    documents all = std::move(edit());
    release();
    return all;
}

std::string index_model::name() const {
    if (auto const* given = options.find("name")) {
        if (auto const text = given->if_string())
            return std::string(*text);
    }
    std::string result;
    for (auto const& [key, direction] : keys) {
        if (!result.empty())
            result += '_';
        result += key;
        result += '_';
        result += direction_text(direction);
    }
    return result;
}

std::string_view name_of(operation const& op) noexcept {
    return std::visit([](auto const& o) { return std::decay_t<decltype(o)>::name; }, op);
}

std::string_view collection_of(operation const& op) noexcept {
    return std::visit(
        [](auto const& o) -> std::string_view {
            if constexpr (requires { o.collection; })
                return o.collection;
            else
                return {};
        },
        op);
}

bool is_write(operation const& op) noexcept {
    return std::visit(
        []<class Op>(Op const& o) {
            if constexpr (std::is_same_v<Op, aggregate_op>)
                return writes(o.pipeline);
            else
                return !(std::is_same_v<Op, find_op> || std::is_same_v<Op, count_op> || std::is_same_v<Op, distinct_op> ||
                         std::is_same_v<Op, list_indexes_op> || std::is_same_v<Op, list_collections_op> ||
                         std::is_same_v<Op, abort_transaction_op>);
        },
        op);
}

} // namespace cormorant
