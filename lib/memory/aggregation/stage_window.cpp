#include "memory/expression/impl.hpp"
#include "memory/projection/projector_tree.hpp"
#include "memory/query/sorter.hpp"
#include "stage.hpp"
#include "window_function.hpp"

#include <algorithm>

namespace cormorant::memory {

namespace {

/// `$setWindowFields`: sorts by partition and order, then computes the fields of one document after the other.
class set_window_fields final : public stage {
public:
    struct field {
        std::string path;
        std::shared_ptr<window_function const> function;
    };

    set_window_fields(expression_ptr partition, sorter order, std::vector<field> fields, query_options const& options)
        : options_(options), partition_(std::move(partition)), order_(std::move(order)), fields_(std::move(fields)) {
        // The answers of the functions come as variables, by the position of their field.
        for (std::size_t i = 0; i != fields_.size(); ++i)
            shape_.compute(fields_[i].path, make_expression([i](scope& s) { return operand::of(s.variables[i]); }));
    }

    std::unique_ptr<document_stream> attach(std::unique_ptr<document_stream> input) const override {
        return std::make_unique<stream>(*this, std::move(input));
    }

private:
    struct row {
        value partition;
        sorter::key order;
        document_ptr doc;
    };

    class stream final : public document_stream {
    public:
        stream(set_window_fields const& of, std::unique_ptr<document_stream> input) : of_(of), input_(std::move(input)) {}

        document_ptr next() override {
            if (input_) {
                read();
                input_.reset();
            }
            if (at_ == docs_.size())
                return nullptr;
            if (at_ == end_)
                begin_partition();
            return made(at_++);
        }

    private:
        void read() {
            auto const* const collation = of_.options_.collation.get();
            std::vector<row> rows;
            while (auto d = input_->next()) {
                row r{of_.partition_of(*d), of_.order_.key_of(d), nullptr};
                r.doc = std::move(d);
                rows.push_back(std::move(r));
            }
            std::ranges::stable_sort(rows, [&](row const& a, row const& b) {
                auto const order = memory::compare(a.partition, b.partition, collation);
                return order != 0 ? order < 0 : of_.order_.compare(a.order, b.order) < 0;
            });
            for (std::size_t i = 0; i != rows.size(); ++i) {
                if (i == 0 || memory::compare(rows[i - 1].partition, rows[i].partition, collation) != 0)
                    starts_.push_back(i);
                docs_.push_back(std::move(rows[i].doc));
            }
            starts_.push_back(docs_.size());
        }

        void begin_partition() {
            begin_ = end_;
            end_ = starts_[++partition_];
            runs_.clear();
            auto const partition = std::span<document_ptr const>(docs_).subspan(begin_, end_ - begin_);
            for (field const& f : of_.fields_)
                runs_.push_back(f.function->begin(partition, of_.options_));
        }

        document_ptr made(std::size_t i) {
            std::vector<operand> answers;
            for (auto const& run : runs_)
                answers.push_back(run->at(i - begin_));
            auto const result = std::make_shared<document>(*docs_[i]);
            scope s{*docs_[i], *of_.options_.world, of_.options_.collation.get()};
            for (operand const& answer : answers)
                s.variables.push_back(answer.pointer());
            project_computed(of_.shape_, *result, s);
            document_ptr shared = result;
            shared.set_text_score(docs_[i].text_score());
            return shared;
        }

        set_window_fields const& of_;
        std::unique_ptr<document_stream> input_;
        std::vector<document_ptr> docs_;
        /// Where partitions begin, and the end of the last.
        std::vector<std::size_t> starts_;
        std::size_t partition_ = 0;
        std::size_t begin_ = 0;
        std::size_t end_ = 0;
        std::size_t at_ = 0;
        std::vector<std::unique_ptr<window_run>> runs_;
    };

    value partition_of(document const& d) const {
        if (!partition_)
            return {};
        scope s{d, *options_.world, options_.collation.get()};
        value result = partition_->evaluate(s).take();
        refuse_array(result);
        return result;
    }

public:
    static void refuse_array(value const& partition) {
        if (partition.is_array())
            refuse(code::type_mismatch, "An expression used to partition cannot evaluate to value of type array");
    }

private:
    query_options options_;
    expression_ptr partition_;
    sorter order_;
    std::vector<field> fields_;
    projection_node shape_;
};

void check_conflicts(document const& output) {
    std::vector<std::string> paths;
    for (auto const& [path, v] : output)
        paths.emplace_back(path);
    for (auto const& a : paths) {
        for (auto const& b : paths) {
            if (&a != &b && (a == b || b.starts_with(a + ".")))
                refuse(6307900, "$setWindowFields 'output' specification contains two conflicting paths");
        }
    }
}

document const& member(std::string_view name, value const& v) {
    if (!v.is_document())
        refuse(code::type_mismatch, fmt::format("BSON field '$setWindowFields.{}' is the wrong type '{}', expected type 'object'",
                                        name, to_string(v.type())));
    return v.as_document();
}

} // namespace

stage_ptr compile_set_window_fields(value const& source, stage_context& context) {
    auto const* const given = source.if_document();
    if (given == nullptr)
        refuse(code::failed_to_parse,
            fmt::format("the $setWindowFields stage specification must be an object, found {}", to_string(source.type())));
    value const* partition_by = nullptr;
    document const* output = nullptr;
    document const nothing;
    document const* order = &nothing;
    for (auto const& [name, v] : *given) {
        if (name == "partitionBy")
            partition_by = &v;
        else if (name == "sortBy")
            order = &member(name, v);
        else if (name == "output")
            output = &member(name, v);
        else
            refuse(40415, fmt::format("BSON field '$setWindowFields.{}' is an unknown field.", name));
    }
    if (output == nullptr)
        refuse(40414, "BSON field '$setWindowFields.output' is missing but a required field");

    symbols names;
    compile_context compiling{context.options, names};
    auto sorted = sorter::compile(*order, context.options);
    expression_ptr partition = partition_by == nullptr ? nullptr : compile_expression(*partition_by, compiling);
    if (partition && partition->constant() != nullptr) {
        set_window_fields::refuse_array(*partition->constant());
        partition = nullptr;
    }
    check_conflicts(*output);
    std::vector<set_window_fields::field> fields;
    for (auto const& [path, v] : *output) {
        checked_path(path);
        fields.push_back({std::string(path), compile_window_function(path, v, *order, compiling)});
    }
    return std::make_shared<set_window_fields>(std::move(partition), std::move(sorted), std::move(fields), context.options);
}

} // namespace cormorant::memory
