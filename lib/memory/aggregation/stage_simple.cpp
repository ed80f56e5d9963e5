#include "memory/expression/impl.hpp"
#include "memory/match/matcher.hpp"
#include "memory/projection/projector.hpp"
#include "memory/query/sorter.hpp"
#include "stage.hpp"

#include <algorithm>
#include <random>

namespace cormorant::memory {

namespace {

class map_stage final : public stage {
public:
    explicit map_stage(std::function<document_ptr(document_ptr)> f) : f_(std::move(f)) {}
    std::unique_ptr<document_stream> attach(std::unique_ptr<document_stream> input) const override {
        return std::make_unique<stream>(f_, std::move(input));
    }

private:
    class stream final : public document_stream {
    public:
        stream(std::function<document_ptr(document_ptr)> const& f, std::unique_ptr<document_stream> input)
            : f_(f), input_(std::move(input)) {}
        document_ptr next() override {
            while (auto d = input_->next()) {
                auto const score = d.text_score();
                if (auto made = f_(std::move(d))) {
                    made.set_text_score(score);
                    return made;
                }
            }
            return nullptr;
        }

    private:
        std::function<document_ptr(document_ptr)> const& f_;
        std::unique_ptr<document_stream> input_;
    };
    std::function<document_ptr(document_ptr)> f_;
};

class collect_stage final : public stage {
public:
    explicit collect_stage(std::function<std::vector<document_ptr>(document_stream&)> f) : f_(std::move(f)) {}
    std::unique_ptr<document_stream> attach(std::unique_ptr<document_stream> input) const override {
        return std::make_unique<stream>(f_, std::move(input));
    }

private:
    class stream final : public document_stream {
    public:
        stream(std::function<std::vector<document_ptr>(document_stream&)> const& f, std::unique_ptr<document_stream> input)
            : f_(f), input_(std::move(input)) {}
        document_ptr next() override {
            if (input_) {
                results_ = stream_of(f_(*input_));
                input_.reset();
            }
            return results_->next();
        }

    private:
        std::function<std::vector<document_ptr>(document_stream&)> const& f_;
        std::unique_ptr<document_stream> input_;
        std::unique_ptr<document_stream> results_;
    };
    std::function<std::vector<document_ptr>(document_stream&)> f_;
};

/// `$skip` and `$limit`.
class window_stage final : public stage {
public:
    window_stage(std::int64_t skip, std::optional<std::int64_t> limit) noexcept : skip_(skip), limit_(limit) {}
    std::unique_ptr<document_stream> attach(std::unique_ptr<document_stream> input) const override {
        return std::make_unique<stream>(skip_, limit_, std::move(input));
    }

private:
    class stream final : public document_stream {
    public:
        stream(std::int64_t skip, std::optional<std::int64_t> limit, std::unique_ptr<document_stream> input)
            : input_(std::move(input)), skip_(skip), limit_(limit) {}
        document_ptr next() override {
            for (; skip_ > 0; --skip_) {
                if (!input_->next()) {
                    skip_ = 0;
                    return nullptr;
                }
            }
            if (limit_ && (*limit_)-- <= 0) {
                limit_ = 0;
                return nullptr;
            }
            return input_->next();
        }

    private:
        std::unique_ptr<document_stream> input_;
        std::int64_t skip_;
        std::optional<std::int64_t> limit_;
    };
    std::int64_t skip_;
    std::optional<std::int64_t> limit_;
};

class unwind_stage final : public stage {
public:
    unwind_stage(field_path path, std::string index, bool preserve)
        : path_(std::move(path)), index_(std::move(index)), preserve_(preserve) {}
    std::unique_ptr<document_stream> attach(std::unique_ptr<document_stream> input) const override {
        return std::make_unique<stream>(*this, std::move(input));
    }

private:
    class stream final : public document_stream {
    public:
        stream(unwind_stage const& of, std::unique_ptr<document_stream> input) : of_(of), input_(std::move(input)) {}
        document_ptr next() override {
            for (;;) {
                if (elements_) {
                    if (at_ < elements_->size()) {
                        return scored(element(at_++));
                    }
                    elements_ = nullptr;
                    source_.reset();
                }
                source_ = input_->next();
                if (!source_) {
                    return nullptr;
                }
                score_ = source_.text_score();
                value const* const v = of_.find(*source_);
                auto const* const a = v ? v->if_array() : nullptr;
                if (a && !a->empty()) {
                    elements_ = a;
                    at_ = 0;
                } else if (auto made = whole(v)) {
                    return scored(std::move(made));
                }
            }
        }

    private:
        document_ptr scored(document_ptr made) const {
            made.set_text_score(score_);
            return made;
        }
        document_ptr element(std::size_t i) const {
            auto made = std::make_shared<document>(*source_);
            set_nested(*made, of_.path_.text(), (*elements_)[i]);
            if (!of_.index_.empty()) {
                set_nested(*made, of_.index_, static_cast<std::int64_t>(i));
            }
            return made;
        }
        /// Of a document without elements: null when it is left out.
        document_ptr whole(value const* v) {
            bool const nothing = v == nullptr || v->is_null() || v->is_undefined() || v->is_array();
            if (nothing && !of_.preserve_) {
                return nullptr;
            }
            if (!(v && v->is_array()) && of_.index_.empty()) {
                return std::move(source_);
            }
            auto made = std::make_shared<document>(take(std::move(source_)));
            if (v && of_.find(*made)->is_array()) {
                unset_path(*made, of_.path_.text());
            }
            if (!of_.index_.empty()) {
                set_nested(*made, of_.index_, nullptr);
            }
            return made;
        }

        unwind_stage const& of_;
        std::unique_ptr<document_stream> input_;
        document_ptr source_;
        std::optional<double> score_;
        array const* elements_ = nullptr;
        std::size_t at_ = 0;
    };

    /// Arrays on the way are not entered.
    value const* find(document const& d) const noexcept {
        document const* at = &d;
        for (std::size_t i = 0;; ++i) {
            value const* const v = at->find(path_[i].name);
            if (v == nullptr || i + 1 == path_.size()) {
                return v;
            }
            at = v->if_document();
            if (at == nullptr) {
                return nullptr;
            }
        }
    }

    field_path path_;
    std::string index_;
    bool preserve_;
};

class sort_stage final : public stage {
public:
    explicit sort_stage(sorter order, std::size_t limit = 0) : order_(std::move(order)), limit_(limit) {}
    stage_ptr limited(std::size_t n) const override { return std::make_shared<sort_stage>(order_, n); }
    std::unique_ptr<document_stream> attach(std::unique_ptr<document_stream> input) const override {
        return std::make_unique<stream>(order_, limit_, std::move(input));
    }

private:
    class stream final : public document_stream {
    public:
        stream(sorter order, std::size_t limit, std::unique_ptr<document_stream> input)
            : order_(std::move(order)), limit_(limit), input_(std::move(input)) {}
        document_ptr next() override {
            if (input_) {
                auto docs = drain(*input_);
                input_.reset();
                order_.sort(docs, limit_);
                sorted_ = stream_of(std::move(docs));
            }
            return sorted_->next();
        }

    private:
        sorter order_;
        std::size_t limit_;
        std::unique_ptr<document_stream> input_;
        std::unique_ptr<document_stream> sorted_;
    };
    sorter order_;
    std::size_t limit_;
};

document const& require_document(value const& source, int server_code, std::string_view message) {
    auto const* const d = source.if_document();
    if (d == nullptr) {
        refuse(server_code, fmt::format("{}", message));
    }
    return *d;
}

std::int64_t require_count(std::string_view name, value const& source, int server_code) {
    auto const shown = [&] { return fmt::format("invalid argument to {} stage: ", name); };
    if (!source.is_number()) {
        refuse(server_code, fmt::format("{}Expected a number in: {}: {}", shown(), name, to_string(source)));
    }
    auto const n = source.if_int64();
    if (!n) {
        refuse(server_code, fmt::format("{}Expected an integer: {}: {}", shown(), name, to_string(source)));
    }
    if (*n < 0) {
        refuse(server_code, fmt::format("{}Expected a non-negative number in: {}: {}", shown(), name, to_string(source)));
    }
    return *n;
}

} // namespace

stage_ptr make_map_stage(std::function<document_ptr(document_ptr)> f) {
    return std::make_shared<map_stage>(std::move(f));
}

stage_ptr make_collect_stage(std::function<std::vector<document_ptr>(document_stream&)> f) {
    return std::make_shared<collect_stage>(std::move(f));
}

std::vector<document_ptr> drain(document_stream& input) {
    std::vector<document_ptr> result;
    while (auto d = input.next()) {
        result.push_back(std::move(d));
    }
    return result;
}

bound_expression::bound_expression(value const& source, query_options const& options) : options_(options) {
    symbols names;
    compile_context context{options, names};
    expression_ = compile_expression(source, context);
}

void set_nested(document& d, std::string_view path, value v) {
    document* at = &d;
    for (; path_is_nested(path); path = path_rest(path)) {
        value& next = (*at)[path_head(path)];
        at = next.is_document() ? &next.as_document() : &next.emplace_document();
    }
    at->set(path, std::move(v));
}

stage_ptr compile_match(value const& source, stage_context& context) {
    auto const& filter = require_document(source, 15959, "the match filter must be an expression in an object");
    return make_map_stage(
        [m = matcher::compile(filter, context.options)](document_ptr d) { return m.matches(*d) ? std::move(d) : nullptr; });
}

namespace {

stage_ptr project_with(projector p) {
    return make_map_stage(
        [p = std::move(p)](document_ptr d) -> document_ptr { return std::make_shared<document>(p.apply(*d, d.text_score())); });
}

} // namespace

stage_ptr compile_project(value const& source, stage_context& context) {
    return project_with(
        projector::compile_project(require_document(source, 15969, "$project specification must be an object"), context.options));
}

stage_ptr compile_add_fields(value const& source, stage_context& context) {
    return project_with(projector::compile_add_fields(
        require_document(
            source, 40272, fmt::format("$addFields specification stage must be an object, got {}", to_string(source.type()))),
        context.options));
}

stage_ptr compile_set(value const& source, stage_context& context) {
    return project_with(projector::compile_add_fields(
        require_document(
            source, 40272, fmt::format("$set specification stage must be an object, got {}", to_string(source.type()))),
        context.options));
}

stage_ptr compile_unset(value const& source, stage_context& context) {
    array paths;
    if (source.is_string()) {
        paths.push_back(source);
    } else if (auto const* const list = source.if_array()) {
        paths = *list;
        if (paths.empty()) {
            refuse(31119, "$unset specification must be a string or an array with at least one field");
        }
        for (value const& each : paths) {
            if (!each.is_string()) {
                refuse(31120, "$unset specification must be a string or an array containing only string values");
            }
        }
    } else {
        refuse(31002, "$unset specification must be a string or an array");
    }
    return project_with(projector::compile_unset(paths, context.options));
}

stage_ptr compile_sort(value const& source, stage_context& context) {
    auto const& d = require_document(source, 15973, "the $sort key specification must be an object");
    if (d.empty()) {
        refuse(15976, "$sort stage must have at least one sort key");
    }
    return std::make_shared<sort_stage>(sorter::compile(d, context.options));
}

stage_ptr compile_limit(value const& source, stage_context&) {
    auto const n = require_count("$limit", source, 5107201);
    if (n == 0) {
        refuse(15958, "the limit must be positive");
    }
    return std::make_shared<window_stage>(0, n);
}

stage_ptr compile_skip(value const& source, stage_context&) {
    return std::make_shared<window_stage>(require_count("$skip", source, 5107200), std::nullopt);
}

stage_ptr compile_unwind(value const& source, stage_context&) {
    std::string path;
    std::string index;
    bool preserve = false;
    if (source.is_string()) {
        path = source.as_string();
    } else if (auto const* const d = source.if_document()) {
        for (auto const& [key, v] : *d) {
            if (key == "path") {
                if (!v.is_string()) {
                    refuse(28808, fmt::format("expected a string as the path for $unwind stage, got {}", to_string(v.type())));
                }
                path = v.as_string();
            } else if (key == "preserveNullAndEmptyArrays") {
                if (!v.is_bool()) {
                    refuse(28809,
                        fmt::format("expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage, got {}",
                            to_string(v.type())));
                }
                preserve = v.as_bool();
            } else if (key == "includeArrayIndex") {
                if (!v.is_string() || v.as_string().empty()) {
                    refuse(28810,
                        fmt::format("expected a non-empty string for the includeArrayIndex  option to $unwind stage, got {}",
                            to_string(v.type())));
                }
                index = v.as_string();
                if (index.starts_with('$')) {
                    refuse(28822,
                        fmt::format("includeArrayIndex option to $unwind stage should not be prefixed with a '$': {}", index));
                }
                checked_path(index);
            } else {
                refuse(28811, fmt::format("unrecognized option to $unwind stage: {}", key));
            }
        }
    } else {
        refuse(15981, fmt::format("expected either a string or an object as specification for $unwind stage, got {}",
                          to_string(source.type())));
    }
    if (path.empty()) {
        refuse(28812, "no path specified to $unwind stage");
    }
    if (!path.starts_with('$')) {
        refuse(28818, fmt::format("path option to $unwind stage should be prefixed with a '$': {}", path));
    }
    return std::make_shared<unwind_stage>(checked_path(std::string_view(path).substr(1)), std::move(index), preserve);
}

namespace {

stage_ptr replace_with(value const& source, stage_context& context) {
    return make_map_stage([e = bound_expression(source, context.options)](document_ptr d) -> document_ptr {
        operand made = e.evaluate(*d, d.text_score());
        if (made.missing() || !made->is_document()) {
            refuse(40228,
                fmt::format(
                    "'newRoot' expression must evaluate to an object, but resulting value was: {}. Type of resulting value: '{}'",
                    made.missing() ? "MISSING" : to_string(made.get()), type_name(made)));
        }
        return std::make_shared<document>(std::move(std::move(made).take().as_document()));
    });
}

} // namespace

stage_ptr compile_replace_root(value const& source, stage_context& context) {
    auto const& d = require_document(source, 40229,
        fmt::format("expected an object as specification for $replaceRoot stage, got {}", to_string(source.type())));
    value const* root = nullptr;
    for (auto const& [key, v] : d) {
        if (key != "newRoot") {
            refuse(40415, fmt::format("BSON field '$replaceRoot.{}' is an unknown field.", key));
        }
        root = &v;
    }
    if (root == nullptr) {
        refuse(40414, "BSON field '$replaceRoot.newRoot' is missing but a required field");
    }
    return replace_with(*root, context);
}

stage_ptr compile_replace_with(value const& source, stage_context& context) {
    return replace_with(source, context);
}

stage_ptr compile_sample(value const& source, stage_context& context) {
    auto const& d = require_document(source, 28745, "the $sample stage specification must be an object");
    std::optional<std::int64_t> size;
    for (auto const& [key, v] : d) {
        if (key != "size") {
            refuse(28748, fmt::format("unrecognized option to $sample: {}", key));
        }
        if (!v.is_number()) {
            refuse(28746, "size argument to $sample must be a number");
        }
        size = static_cast<std::int64_t>(v.as_double());
        if (*size < 0) {
            refuse(28747, "size argument to $sample must be a positive integer");
        }
    }
    if (!size) {
        refuse(28749, "$sample stage must specify a size");
    }
    return make_collect_stage([n = static_cast<std::size_t>(*size), world = context.options.world](document_stream& input) {
        auto docs = drain(input);
        std::size_t const count = std::min(n, docs.size());
        for (std::size_t i = 0; i < count; ++i) {
            auto const left = static_cast<double>(docs.size() - i);
            std::swap(docs[i], docs[i + std::min(static_cast<std::size_t>(world->random() * left), docs.size() - i - 1)]);
        }
        docs.resize(count);
        return docs;
    });
}

stage_ptr compile_documents(value const& source, stage_context& context) {
    bound_expression const e(source, context.options);
    operand const made = e.evaluate(document());
    if (made.missing() || !made->is_array()) {
        refuse(5858203, "an array is expected");
    }
    std::vector<document_ptr> docs;
    for (value const& each : made->as_array()) {
        if (!each.is_document()) {
            refuse(40228,
                fmt::format("'newRoot' expression  must evaluate to an object, but resulting value was: {}", to_string(each)));
        }
        docs.push_back(std::make_shared<document>(each.as_document()));
    }
    return make_collect_stage([docs = std::move(docs)](document_stream&) { return docs; });
}

} // namespace cormorant::memory
