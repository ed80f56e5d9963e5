#include "state.hpp"

#include <algorithm>
#include <array>

namespace conformance {

using boost::asio::awaitable;

namespace mongolayer {

void require_keys(document const& object, std::string_view what, std::initializer_list<std::string_view> known) {
    for (auto const& [key, ignored] : object) {
        if (std::find(known.begin(), known.end(), key) == known.end()) {
            throw bad_case(fmt::format("unknown key '{}' in {}", key, what));
        }
    }
}

namespace {

class mongolayer_suite : public suite {
public:
    explicit mongolayer_suite(environment& env) : state_(env) {
        register_functions(state_);
        register_actions(state_);
    }

    std::span<std::string_view const> step_keys() const override {
        static constexpr std::array<std::string_view, 1> keys{"show"};
        return keys;
    }

    awaitable<void> begin(document const& test_case) override {
        auto const* const definitions = test_case.find("models");
        if (definitions == nullptr) {
            co_return;
        }
        for (auto const& element : definitions->as_array()) {
            document definition = element.as_document();
            auto const add = definition.get_or("$add", true);
            definition.erase("$add");
            auto described = cormorant::model_definition::from_document(definition, state_.functions);
            described.unknown_paths(cormorant::unknown_paths::pass); // as the original
            cormorant::model m(std::move(described));
            state_.models.insert_or_assign(m.name(), m);
            if (add) {
                co_await state_.connection.add(std::move(m), cormorant::add_options());
            }
        }
    }

    awaitable<value> run_step(document const& step) override {
        std::exception_ptr failure;
        value answer;
        try {
            answer = co_await run_operation(state_, step);
        } catch (...) {
            failure = std::current_exception();
        }
        if (!state_.fault.empty()) {
            throw bad_case(state_.fault);
        }
        if (failure) {
            std::rethrow_exception(failure);
        }
        co_return answer;
    }

private:
    state state_;
};

} // namespace
} // namespace mongolayer

std::unique_ptr<suite> make_mongolayer_suite(environment& env) {
    return std::make_unique<mongolayer::mongolayer_suite>(env);
}

} // namespace conformance
