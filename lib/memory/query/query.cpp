#include "query.hpp"

#include <random>

namespace cormorant::memory {

document take(document_ptr&& doc) {
    // Every document of a pipeline is made as a non-const object (see document_ptr), and its only owner may have it.
    if (doc.use_count() == 1) {
        document result = std::move(const_cast<document&>(*doc));
        doc.reset();
        return result;
    }
    return *std::exchange(doc, nullptr);
}

std::optional<bson_type> type_of_alias(std::string_view alias) noexcept {
    for (unsigned number : {0x01U, 0x02U, 0x03U, 0x04U, 0x05U, 0x06U, 0x07U, 0x08U, 0x09U, 0x0AU, 0x0BU, 0x0CU, 0x0DU, 0x0EU,
             0x0FU, 0x10U, 0x11U, 0x12U, 0x13U, 0x7FU, 0xFFU}) {
        if (auto const type = static_cast<bson_type>(number); to_string(type) == alias) {
            return type;
        }
    }
    return std::nullopt;
}

namespace {

class stream_over_list final : public document_stream {
public:
    explicit stream_over_list(std::vector<document_ptr> docs) noexcept : docs_(std::move(docs)) {}
    document_ptr next() override { return at_ == docs_.size() ? nullptr : std::move(docs_[at_++]); }

private:
    std::vector<document_ptr> docs_;
    std::size_t at_ = 0;
};

} // namespace

std::unique_ptr<document_stream> stream_of(std::vector<document_ptr> docs) {
    return std::make_unique<stream_over_list>(std::move(docs));
}

datetime environment::now() const {
    return now_;
}

double environment::random() const {
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return std::generate_canonical<double, 53>(generator);
}

std::unique_ptr<document_stream> environment::open(std::string_view collection, document const&) const {
    unsupported(fmt::format("no other collection can be read here: {}", collection));
}

query_options::query_options() : world(std::make_shared<environment>()) {}

} // namespace cormorant::memory
