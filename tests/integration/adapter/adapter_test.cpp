/// Holds a store that is not one of the library's to the suite: all that a test of an adapter needs are the three functions
/// below.

#include "stores.hpp"

#include <cormorant/memory/memory_store.hpp>

#include <utility>

namespace cormorant::testing {

namespace {

/// Hands everything to another store, as one that logs, caches or counts would do.
class wrapping_store final : public store {
public:
    explicit wrapping_store(std::shared_ptr<store> inner) : inner_(std::move(inner)) {}

    std::string_view kind() const noexcept override { return "wrapping"; }
    std::string_view database() const noexcept override { return inner_->database(); }
    store_capabilities capabilities() const noexcept override { return inner_->capabilities(); }
    std::shared_ptr<session> make_session(session_options options) override { return inner_->make_session(options); }
    void start(operation op, call_options options, completion done) override {
        inner_->start(std::move(op), std::move(options), std::move(done));
    }
    void start_close(close_completion done) override { inner_->start_close(std::move(done)); }

private:
    std::shared_ptr<store> inner_;
};

} // namespace

std::vector<std::string> store_kinds() {
    return std::vector<std::string>(1, "wrapping");
}

bool close_lasting_store(std::string const&) {
    return false;
}

std::shared_ptr<store> store_of(std::string const&) {
    static auto const made = std::make_shared<wrapping_store>(make_memory_store());
    return made;
}

} // namespace cormorant::testing
