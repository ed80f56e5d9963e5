#include "memory/expression/impl.hpp"
#include "stage.hpp"

#include <algorithm>

namespace cormorant::memory {

namespace {

bool mentions(value const& source, std::string_view variable) {
    auto const within = [&](value const& v) { return mentions(v, variable); };
    if (auto const* const d = source.if_document())
        return std::ranges::any_of(*d, [&](auto const& member) { return within(member.value()); });
    if (auto const* const list = source.if_array())
        return std::ranges::any_of(*list, within);
    auto const text = source.if_string();
    return text && path_head(*text) == variable;
}

/// Asks an expression what becomes of a document, and of each document in one that is descended into.
class redaction {
public:
    redaction(value const& source, query_options const& options) : options_(options), uses_root_(mentions(source, "$$ROOT")) {
        symbols names;
        // In the order of `scope::variables`.
        for (char const* name : {"KEEP", "PRUNE", "DESCEND", "ROOT"})
            names.push(name);
        compile_context context{options_, names};
        expression_ = compile_expression(source, context);
    }

    document_ptr run(document_ptr d) const {
        value const root = uses_root_ ? value(*d) : value();
        auto const score = d.text_score();
        switch (decide(*d, root, score)) {
        case decision::keep:
            return d;
        case decision::prune:
            return nullptr;
        case decision::descend:
            break;
        }
        document_ptr made = std::make_shared<document>(descend(*d, root, score));
        made.set_text_score(score);
        return made;
    }

private:
    enum class decision { keep, prune, descend };

    decision decide(document const& current, value const& root, std::optional<double> score) const {
        scope s{current, *options_.world, options_.collation.get()};
        s.text_score = score;
        s.variables = {&keep_, &prune_, &descend_, &root};
        auto const made = expression_->evaluate(s);
        auto const answer = made.missing() ? std::nullopt : made->if_string();
        if (answer == keep_.as_string())
            return decision::keep;
        if (answer == prune_.as_string())
            return decision::prune;
        if (answer == descend_.as_string())
            return decision::descend;
        refuse(
            17053, fmt::format("$redact's expression should not return anything aside from the variables $$KEEP, $$DESCEND, and "
                               "$$PRUNE, but returned {}",
                       made.missing() ? "MISSING" : to_string(made.get())));
    }

    document descend(document const& d, value const& root, std::optional<double> score) const {
        document result;
        for (auto const& [key, v] : d) {
            if (auto kept = redacted(v, root, score))
                result.append(key, std::move(*kept));
        }
        return result;
    }

    std::optional<value> redacted(value const& v, value const& root, std::optional<double> score) const {
        if (auto const* const d = v.if_document()) {
            switch (decide(*d, root, score)) {
            case decision::keep:
                return v;
            case decision::prune:
                return std::nullopt;
            case decision::descend:
                return descend(*d, root, score);
            }
        }
        auto const* const list = v.if_array();
        if (list == nullptr)
            return v;
        array result;
        for (value const& element : *list) {
            if (auto kept = redacted(element, root, score))
                result.push_back(std::move(*kept));
        }
        return result;
    }

    query_options options_;
    expression_ptr expression_;
    bool uses_root_;
    // The server's variables are these texts.
    value const keep_ = "keep";
    value const prune_ = "prune";
    value const descend_ = "descend";
};

} // namespace

stage_ptr compile_redact(value const& source, stage_context& context) {
    auto made = std::make_shared<redaction>(source, context.options);
    return make_map_stage([made = std::move(made)](document_ptr d) { return made->run(std::move(d)); });
}

} // namespace cormorant::memory
