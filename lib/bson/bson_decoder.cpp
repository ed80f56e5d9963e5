#include "access.hpp"
#include "bad_bson.hpp"
#include "in_place.hpp"
#include "utf8.hpp"

#include <cormorant/bson/bson.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace cormorant {

namespace detail {

namespace {

/// What was read of containers that are not complete yet, those of the outer ones first: so a container is made when its size is
/// known. They lie here as bytes, which is how members and elements may be moved.
class drafts {
public:
    drafts() noexcept = default;
    drafts(drafts const&) = delete;
    drafts& operator=(drafts const&) = delete;

    std::byte* push(std::size_t size) {
        if (capacity_ - used_ < size) {
            grow();
        }
        auto* const at = data_ + used_;
        used_ += size;
        return at;
    }
    std::size_t used() const noexcept { return used_; }
    std::byte* at(std::size_t position) noexcept { return data_ + position; }
    void pop_to(std::size_t position) noexcept { used_ = position; }

private:
    void grow() {
        more_.resize(capacity_ * 2);
        if (data_ == first_) {
            std::memcpy(more_.data(), first_, used_);
        }
        data_ = more_.data();
        capacity_ = more_.size();
    }

    alignas(value) std::byte first_[4096];
    std::vector<std::byte> more_;
    std::byte* data_ = first_;
    std::size_t used_ = 0;
    std::size_t capacity_ = sizeof first_;
};

/// The drafts of one container: `T` is `value` or `document::member`. What did not get into a container is destroyed.
template <class T>
class draft {
public:
    draft(drafts& all, storage const& owner) noexcept : all_(all), owner_(owner), begin_(all.used()) {}
    draft(draft const&) = delete;
    draft& operator=(draft const&) = delete;
    ~draft() {
        if (owner_.is_heap()) {
            for (std::size_t i = 0; i < size_; ++i) {
                access::destroy(at(i));
            }
        }
        all_.pop_to(begin_);
    }

    /// A null value (of a member without key). It stays where it is until the next one is made, here or in an inner container.
    T& add() {
        auto* const place = all_.push(sizeof(T));
        ++size_;
        if constexpr (std::is_same_v<T, value>) {
            return *access::make_element(place, owner_);
        } else {
            return *access::make_member(place, owner_);
        }
    }
    T& back() noexcept { return at(size_ - 1); }
    template <class Container>
    void move_to(Container& empty) {
        if (size_ != 0) {
            access::fill(empty, &at(0), size_);
        }
        size_ = 0;
    }

private:
    T& at(std::size_t i) noexcept { return *std::launder(reinterpret_cast<T*>(all_.at(begin_ + i * sizeof(T)))); }

    drafts& all_;
    storage const& owner_;
    std::size_t begin_;
    std::size_t size_ = 0;
};

} // namespace

/// Reads BSON into values, all of them of one storage.
class bson_decoder {
public:
    /// `texts`: where those are that do not fit into a value.
    enum class texts : std::uint8_t { copied, kept_by_storage };

    bson_decoder(storage const& memory, decode_limits const& limits, texts where = texts::copied) noexcept
        : memory_(memory), limits_(limits), where_(where) {
        limits_.max_depth = std::min(limits_.max_depth, max_bson_depth);
    }

    /// `to` is empty, of the same storage and none of the drafts.
    void read_members(bson_view const& from, document& to, int depth) {
        check_depth(from, depth);
        draft<document::member> members(drafts_, memory_);
        for (auto const& element : from) {
            check_key(element);
            auto& member = members.add();
            set_key(member, element.key());
            if (is_container(element.type())) {
                auto inner = read_container(element, depth + 1);
                access::steal(members.back().value(), inner);
            } else {
                read_value(element, member.value(), depth);
            }
        }
        members.move_to(to);
    }

    void read_elements(bson_view const& from, array& to, int depth) {
        check_depth(from, depth);
        draft<value> elements(drafts_, memory_);
        for (auto const& element : from) {
            // The keys of an array have no meaning; what is not "0", "1", ... is tolerated as servers and drivers do.
            auto& added = elements.add();
            if (is_container(element.type())) {
                auto inner = read_container(element, depth + 1);
                access::steal(elements.back(), inner);
            } else {
                read_value(element, added, depth);
            }
        }
        elements.move_to(to);
    }

    /// Anything, as an element of a container at that depth.
    void read_value(bson_element const& from, value& to, int depth) {
        switch (from.type()) {
        case bson_type::double_:
            access::init(to, access::raw<double>(from));
            break;
        case bson_type::int32:
            access::init(to, access::raw<std::int32_t>(from));
            break;
        case bson_type::int64:
            access::init(to, access::raw<std::int64_t>(from));
            break;
        case bson_type::boolean:
            access::init(to, from.as_bool());
            break;
        case bson_type::date:
            access::init(to, datetime(std::chrono::milliseconds(access::raw<std::int64_t>(from))));
            break;
        case bson_type::timestamp:
            access::init(to, from.as_timestamp());
            break;
        case bson_type::object_id:
            access::init(to, access::raw<object_id>(from));
            break;
        case bson_type::decimal128:
            access::init(to, from.as_decimal128());
            break;
        case bson_type::string:
        case bson_type::code:
        case bson_type::symbol: {
            auto const text = checked(access::text(from), from);
            if (where_ == texts::copied || access::fits_inline(text)) {
                access::init_text(to, from.type(), text);
            } else {
                access::refer(to, from.type(), text.data(), text.size());
            }
            break;
        }
        case bson_type::binary:
            if (where_ == texts::copied) {
                access::init_binary(to, from.bytes(), from.binary_subtype());
            } else {
                access::refer(to, from.type(), from.bytes().data(), from.bytes().size(), from.binary_subtype());
            }
            break;
        case bson_type::regex: {
            auto const parts = access::regex_of(from);
            access::init_regex(to, checked(parts.pattern, from), checked(parts.options, from));
            break;
        }
        case bson_type::db_pointer: {
            auto const parts = access::pointer_of(from);
            access::init_db_pointer(to, checked(parts.ns, from), parts.id);
            break;
        }
        case bson_type::code_with_scope:
            read_members(access::code_scope(from), access::init_code(to, checked(access::code_text(from), from)), depth + 1);
            break;
        case bson_type::document:
        case bson_type::array: {
            auto inner = read_container(from, depth + 1);
            access::steal(to, inner);
            break;
        }
        case bson_type::null:
        case bson_type::undefined:
        case bson_type::min_key:
        case bson_type::max_key:
            access::init_type(to, from.type());
            break;
        }
    }

    /// As `read_members`, without making anything.
    void validate(bson_view const& from, int depth, bool is_array = false) const {
        check_depth(from, depth);
        for (auto const& element : from) {
            if (!is_array) {
                check_key(element);
            }
            switch (element.type()) {
            case bson_type::string:
            case bson_type::code:
            case bson_type::symbol:
            case bson_type::db_pointer:
                checked(access::raw_text(element, 0), element);
                break;
            case bson_type::regex:
                checked(access::raw_regex(element).pattern, element);
                checked(access::raw_regex(element).options, element);
                break;
            case bson_type::code_with_scope:
                checked(access::raw_text(element, 4), element);
                validate(access::raw_scope(element), depth + 1);
                break;
            case bson_type::document:
                validate(element.as_document(), depth + 1);
                break;
            case bson_type::array:
                validate(element.as_array(), depth + 1, true);
                break;
            default:
                break;
            }
        }
    }

private:
    static bool is_container(bson_type type) noexcept { return type == bson_type::document || type == bson_type::array; }

    value read_container(bson_element const& from, int depth) {
        auto result = access::make_null(memory_);
        if (from.type() == bson_type::document) {
            read_members(from.as_document(), result.emplace_document(), depth);
        } else {
            read_elements(from.as_array(), result.emplace_array(), depth);
        }
        return result;
    }

    void set_key(document::member& m, std::string_view key) const {
        if (where_ == texts::copied || access::fits_inline(m, key)) {
            access::set_key(m, key);
        } else {
            access::refer_to_key(m, key);
        }
    }

    void check_depth(bson_view const& view, int depth) const {
        if (depth > limits_.max_depth) {
            throw_bad_bson(access::offset(view), fmt::format("more than {} levels", limits_.max_depth));
        }
    }
    void check_key(bson_element const& element) const {
        if (!is_ascii(element.key(), access::bytes_from_key(element))) {
            check_text(element.key(), element, "a key");
        }
    }
    void check_text(std::string_view text, bson_element const& element, char const* what) const {
        if (limits_.check_utf8 && !is_utf8(text)) {
            throw_bad_bson(element.offset(), fmt::format("{} is not UTF-8", what));
        }
    }
    std::string_view checked(std::string_view text, bson_element const& element) const {
        check_text(text, element, "a text");
        return text;
    }

    storage const& memory_;
    decode_limits limits_;
    texts where_;
    drafts drafts_;
};

} // namespace detail

namespace {

using detail::throw_bad_bson;

/// The view of a document that has to fill the bytes.
bson_view whole_view(std::span<std::byte const> bytes, decode_limits const& limits) {
    if (bytes.size() > limits.max_size) {
        throw_bad_bson(0, fmt::format("{} bytes exceed the limit of {}", bytes.size(), limits.max_size));
    }
    bson_view const view(bytes);
    if (view.size_in_bytes() != bytes.size()) {
        throw_bad_bson(view.size_in_bytes(), fmt::format("{} bytes follow the document", bytes.size() - view.size_in_bytes()));
    }
    return view;
}

} // namespace

document decode_bson(std::span<std::byte const> bytes, storage memory, decode_limits limits) {
    auto const view = whole_view(bytes, limits);
    document result(std::move(memory));
    detail::bson_decoder(result.get_storage(), limits).read_members(view, result, 1);
    return result;
}

document detail::decode_in_place(std::span<std::byte const> bytes, storage const& arena) {
    document result(arena);
    bson_decoder decoder(arena, decode_limits(), bson_decoder::texts::kept_by_storage);
    decoder.read_members(whole_view(bytes, decode_limits()), result, 1);
    return result;
}

void validate_bson(std::span<std::byte const> bytes, decode_limits limits) {
    storage const heap;
    detail::bson_decoder(heap, limits).validate(whole_view(bytes, limits), 1);
}

document bson_view::to_document(storage memory) const {
    document result(std::move(memory));
    detail::bson_decoder(result.get_storage(), decode_limits()).read_members(*this, result, 1);
    return result;
}

array bson_view::to_array(storage memory) const {
    array result(std::move(memory));
    detail::bson_decoder(result.get_storage(), decode_limits()).read_elements(*this, result, 1);
    return result;
}

value bson_element::to_value(storage memory) const {
    cormorant::value result(std::move(memory));
    detail::bson_decoder(result.get_storage(), decode_limits()).read_value(*this, result, 0);
    return result;
}

} // namespace cormorant
