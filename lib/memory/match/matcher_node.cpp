#include "matcher_node.hpp"

#include "memory/expression/expression.hpp"

#include <algorithm>

namespace cormorant::memory {

namespace {

class path_node final : public matcher::node {
public:
    path_node(field_path path, predicate_ptr condition) : path_(std::move(path)), condition_(std::move(condition)) {}

    bool matches(match_target const& target, position* at) const override {
        auto visit = [&](value const* v, position const& outer) {
            if (!condition_->test(v, at)) {
                return false;
            }
            if (at && outer) {
                *at = outer;
            }
            return true;
        };
        return path_walk(path_, condition_->whole_arrays(), visit).run(target);
    }
    bool matches_value(value const* v) const override { return condition_->test(v, nullptr); }
    std::pair<int, std::string_view> rank() const noexcept override { return {condition_->rank(), path_.text()}; }

private:
    field_path path_;
    predicate_ptr condition_;
};

class and_node final : public matcher::node {
public:
    explicit and_node(std::vector<match_node> children) : children_(std::move(children)) {
        std::ranges::stable_sort(children_, {}, [](match_node const& n) { return n->rank(); });
    }
    bool matches(match_target const& target, position* at) const override {
        for (auto const& child : children_) {
            if (!child->matches(target, at)) {
                if (at) {
                    at->reset();
                }
                return false;
            }
        }
        return true;
    }
    bool matches_value(value const* v) const override {
        return std::ranges::all_of(children_, [v](match_node const& n) { return n->matches_value(v); });
    }

private:
    std::vector<match_node> children_;
};

class or_node final : public matcher::node {
public:
    explicit or_node(std::vector<match_node> children) : children_(std::move(children)) {}
    bool matches(match_target const& target, position*) const override {
        return std::ranges::any_of(children_, [&](match_node const& n) { return n->matches(target, nullptr); });
    }
    bool matches_value(value const* v) const override {
        return std::ranges::any_of(children_, [v](match_node const& n) { return n->matches_value(v); });
    }
    std::pair<int, std::string_view> rank() const noexcept override { return {1, {}}; }

private:
    std::vector<match_node> children_;
};

class not_node final : public matcher::node {
public:
    explicit not_node(match_node child) : child_(std::move(child)) {}
    bool matches(match_target const& target, position*) const override { return !child_->matches(target, nullptr); }
    bool matches_value(value const* v) const override { return !child_->matches_value(v); }
    std::pair<int, std::string_view> rank() const noexcept override { return {20, child_->rank().second}; }

private:
    match_node child_;
};

class constant_node final : public matcher::node {
public:
    explicit constant_node(bool answer) noexcept : answer_(answer) {}
    bool matches(match_target const&, position*) const override { return answer_; }
    bool matches_value(value const*) const override { return answer_; }

private:
    bool answer_;
};

class text_node final : public matcher::node {
public:
    explicit text_node(std::shared_ptr<text_query const> query) noexcept : query_(std::move(query)) {}
    bool matches(match_target const& target, position*) const override {
        auto const* const d = target.as_document();
        return d != nullptr && query_->matches(*d);
    }
    bool matches_value(value const*) const override { return false; }

private:
    std::shared_ptr<text_query const> query_;
};

class expr_node final : public matcher::node {
public:
    expr_node(value const& source, query_options const& options) : world_(options.world), collation_(options.collation) {
        symbols names;
        compile_context context{options, names};
        expression_ = compile_expression(source, context);
    }
    bool matches(match_target const& target, position*) const override {
        auto const* const d = target.as_document();
        if (d == nullptr) {
            return false;
        }
        scope s{*d, *world_, collation_.get()};
        return expression_->evaluate(s).truthy();
    }
    bool matches_value(value const*) const override { return false; }
    std::pair<int, std::string_view> rank() const noexcept override { return {30, {}}; }

private:
    std::shared_ptr<environment const> world_;
    std::shared_ptr<collator const> collation_;
    expression_ptr expression_;
};

} // namespace

match_node make_path(field_path path, predicate_ptr condition) {
    return std::make_unique<path_node>(std::move(path), std::move(condition));
}
match_node make_and(std::vector<match_node> children) {
    return children.size() == 1 ? std::move(children.front()) : std::make_unique<and_node>(std::move(children));
}
match_node make_or(std::vector<match_node> children) {
    return children.size() == 1 ? std::move(children.front()) : std::make_unique<or_node>(std::move(children));
}
match_node make_not(match_node child) {
    return std::make_unique<not_node>(std::move(child));
}
match_node make_constant(bool answer) {
    return std::make_unique<constant_node>(answer);
}
match_node make_text(std::shared_ptr<text_query const> query) {
    return std::make_unique<text_node>(std::move(query));
}
match_node make_expr(value const& expression, query_options const& options) {
    return std::make_unique<expr_node>(expression, options);
}

} // namespace cormorant::memory
