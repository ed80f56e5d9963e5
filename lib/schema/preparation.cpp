#include "schema/concealment.hpp"
#include "schema/prepare.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/path.hpp>
#include <cormorant/schema/preparation.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cormorant {

namespace asio = boost::asio;

namespace {

using detail::rule_call;
using detail::rule_kind;

rule_context context_of(
    std::string_view model, rule_call const& call, std::string_view label, std::optional<value> const& argument) {
    rule_context context;
    context.model = model;
    context.property = call.path;
    context.rule = label;
    context.argument = argument ? &*argument : nullptr;
    return context;
}

/// Inside a handler: an error of the library's that names no path gets that of the value.
[[noreturn]] void rethrow_at(rule_call const& call) {
    try {
        throw;
    } catch (error& e) {
        if (e.details().path.empty()) {
            e.details().path = call.path;
        }
        throw;
    }
}

} // namespace

preparation::preparation(schema const& s, std::span<document> docs, prepare_options options)
    : schema_(&s), docs_(docs), options_(options) {}

preparation::preparation(schema const& s, value& delta, prepare_options options)
    : schema_(&s), delta_(&delta), options_(options), form_(detail::form_of(s.name(), delta)) {}

preparation::preparation(preparation&&) noexcept = default;
preparation& preparation::operator=(preparation&&) noexcept = default;
preparation::~preparation() = default;

bool preparation::run() {
    auto const units = delta_ == nullptr ? docs_.size() : (form_ == update_kind::pipeline ? 0U : 1U);
    while (unit_ < units) {
        auto* const whole =
            delta_ == nullptr ? &docs_[unit_] : (form_ == update_kind::replacement ? &delta_->as_document() : nullptr);
        switch (step_) {
        case step::begin:
            first_ = violations_.size();
            begin(whole);
            step_ = step::transform;
            break;
        case step::transform:
            if (!run_rules()) {
                return false;
            }
            step_ = step::validate;
            break;
        case step::validate:
            validate(whole);
            step_ = step::check;
            break;
        case step::check:
            if (!run_rules()) {
                return false;
            }
            end(whole);
            step_ = step::begin;
            ++unit_;
            break;
        }
    }
    return true;
}

asio::awaitable<void> preparation::finish() {
    do {
        co_await wait_for_rule();
    } while (!run());
}

void preparation::begin(document* whole) {
    auto const& compiled = *schema_->compiled_;
    if (whole != nullptr) {
        schema_->make(*whole);
    } else if (options_.validate) {
        detail::fill_operands(compiled, delta_->as_document());
    }
    if (compiled.with_transforms.empty()) {
        return;
    }
    rules_ = std::make_unique<detail::rule_queue>();
    if (whole != nullptr) {
        detail::collect_rules(compiled, *whole, rule_kind::transform, rules_->calls);
    } else {
        detail::collect_operand_rules(compiled, delta_->as_document(), rule_kind::transform, rules_->calls);
    }
}

void preparation::validate(document* whole) {
    auto const& compiled = *schema_->compiled_;
    if (whole != nullptr) {
        if (options_.strip_empty) {
            strip_empty(*whole);
        }
        detail::validate_document(compiled, *whole, options_, violations_);
        if (delta_ != nullptr) {
            whole->erase(schema_->key());
        }
    } else if (options_.validate) {
        detail::validate_operators(compiled, delta_->as_document(), violations_);
    }
    rules_.reset();
    if (compiled.with_checks.empty() || !options_.validate) {
        return;
    }
    rules_ = std::make_unique<detail::rule_queue>();
    if (whole != nullptr) {
        detail::collect_rules(compiled, *whole, rule_kind::check, rules_->calls);
    } else {
        detail::collect_operand_rules(compiled, delta_->as_document(), rule_kind::check, rules_->calls);
    }
    // A check sees values that are good otherwise.
    std::erase_if(rules_->calls, [&](rule_call const& call) {
        return std::any_of(violations_.begin() + static_cast<std::ptrdiff_t>(first_), violations_.end(),
            [&](violation const& v) { return path_starts_with(v.path, call.path); });
    });
}

void preparation::end(document const* whole) {
    rules_.reset();
    auto const own = std::span(violations_).subspan(first_);
    if (own.size() > 1) {
        auto const& definition = schema_->definition();
        auto const position = [&](violation const& v) {
            auto const head = path_head(v.path);
            if (definition.faults_as_declared()) {
                auto const role = schema_->compiled_->role_of(head);
                return role.what == detail::key_role::kind::field ? role.position : definition.fields().size();
            }
            // Of an update faults stand in the order of the operators.
            auto const at =
                whole == nullptr ? 0 : std::ranges::find(*whole, head, [](auto const& m) { return m.key(); }) - whole->begin();
            return static_cast<std::size_t>(at);
        };
        std::ranges::stable_sort(own, {}, position);
    }
    if (docs_.size() > 1) {
        for (auto& v : own) {
            v.message = fmt::format("{} (document {})", v.message, unit_);
        }
    }
}

bool preparation::run_rules() {
    if (!rules_) {
        return true;
    }
    for (; rules_->next < rules_->calls.size(); ++rules_->next) {
        auto& call = rules_->calls[rules_->next];
        auto const& type = call.type->description();
        try {
            if (step_ == step::transform) {
                for (; call.next < type.transforms.size(); ++call.next) {
                    auto const& rule = type.transforms[call.next];
                    if (!rule.function.plain()) {
                        return false;
                    }
                    *call.target =
                        rule.function.plain()(*call.target, context_of(schema_->name(), call, rule.label, rule.argument));
                }
            } else {
                for (; call.next < type.checks.size(); ++call.next) {
                    auto const& rule = type.checks[call.next];
                    if (!rule.test.plain()) {
                        return false;
                    }
                    note(call, rule,
                        rule.test.plain()(*call.target, context_of(schema_->name(), call, rule.label, rule.argument)));
                }
            }
        } catch (...) {
            rethrow_at(call);
        }
    }
    return true;
}

asio::awaitable<void> preparation::wait_for_rule() {
    auto& call = rules_->calls[rules_->next];
    auto const& type = call.type->description();
    try {
        if (step_ == step::transform) {
            auto const& rule = type.transforms[call.next];
            auto const context = context_of(schema_->name(), call, rule.label, rule.argument);
            auto made = co_await rule.function.coroutine()(*call.target, context);
            *call.target = std::move(made);
        } else {
            auto const& rule = type.checks[call.next];
            auto const context = context_of(schema_->name(), call, rule.label, rule.argument);
            note(call, rule, co_await rule.test.coroutine()(*call.target, context));
        }
    } catch (...) {
        rethrow_at(call);
    }
    ++call.next;
}

void preparation::note(rule_call const& call, value_check const& rule, std::optional<std::string> message) {
    if (!message) {
        return;
    }
    violation found;
    found.path = call.path;
    found.code = errc::validation;
    found.rule = rule.label.empty() ? "check" : rule.label;
    found.message = !message->empty() ? std::move(*message)
                                      : (rule.label.empty() ? "is refused by a check of its field"
                                                            : fmt::format("must meet the rule '{}'", rule.label));
    found.value = shorten(*call.target);
    violations_.push_back(std::move(found));
}

namespace {

void run_at_once(preparation stage, schema const& of, std::vector<violation>& violations) {
    if (!stage.run()) {
        diagnostics details;
        details.model = of.name();
        throw error(
            errc::unsupported, "a rule of the model is a coroutine, which only its operations can wait for", std::move(details));
    }
    detail::concealment const hidden(of);
    for (auto& found : stage.violations()) {
        hidden.apply(found);
        violations.push_back(std::move(found));
    }
}

} // namespace

void schema::prepare_for_write(document& doc, prepare_options options, std::vector<violation>& violations) const {
    run_at_once(preparation(*this, std::span(&doc, 1), options), *this, violations);
}

update_kind schema::prepare_delta(value& delta, prepare_options options, std::vector<violation>& violations) const {
    preparation stage(*this, delta, options);
    auto const form = stage.form();
    run_at_once(std::move(stage), *this, violations);
    return form;
}

} // namespace cormorant
