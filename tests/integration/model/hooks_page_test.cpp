/// Writes the tables of docs/hooks.md from what really runs. With CORMORANT_UPDATE_DOCS=1 in the environment the page is brought
/// up to date; else the test fails when it is not.

#include "fixture.hpp"

#include <cormorant/bson/mapping.hpp>
#include <cormorant/memory/memory_store.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <vector>

namespace cormorant {
namespace {

using testing::run;

constexpr std::string_view begin_mark = "<!-- from what runs, by tests/integration/model/hooks_page_test.cpp -->\n";
constexpr std::string_view end_mark = "<!-- end -->\n";

/// Notes when an operation with data is sent.
class noticing_store final : public store {
public:
    noticing_store(std::shared_ptr<store> inner, std::vector<std::string>& log) : inner_(std::move(inner)), log_(log) {}
    std::string_view kind() const noexcept override { return inner_->kind(); }
    std::string_view database() const noexcept override { return inner_->database(); }
    store_capabilities capabilities() const noexcept override { return inner_->capabilities(); }
    void start(operation op, call_options options, completion done) override {
        log_.push_back("*store*");
        inner_->start(std::move(op), std::move(options), std::move(done));
    }
    void start_close(close_completion done) override { inner_->start_close(std::move(done)); }

private:
    std::shared_ptr<store> inner_;
    std::vector<std::string>& log_;
};

/// What a hook is given, in the order of the structs.
template <class Args>
std::vector<std::string> members_of(Args&) {
    std::vector<std::string> names;
    auto const add = [&](bool there, char const* name) {
        if (there)
            names.push_back(fmt::format("`{}`", name));
    };
    add(
        requires(Args& a) { a.filter; }, "filter");
    add(
        requires(Args& a) { a.pipeline; }, "pipeline");
    add(
        requires(Args& a) { a.doc; }, "doc");
    add(
        requires(Args& a) { a.docs; }, "docs");
    add(
        requires(Args& a) { a.delta; }, "delta");
    add(
        requires(Args& a) { a.written; }, "written");
    add(
        requires(Args& a) { a.update_filter; }, "update_filter");
    add(
        requires(Args& a) { a.update_delta; }, "update_delta");
    add(
        requires(Args& a) { a.options; }, "options");
    add(
        requires(Args& a) { a.count; }, "count");
    add(
        requires(Args& a) { a.result; }, "result");
    return names;
}

struct told_hook {
    std::string arguments;
    std::vector<std::string> members;
    std::map<operation_kind, std::size_t> places;
};

class HooksPage {
public:
    HooksPage() {
        connection const db(std::make_shared<noticing_store>(make_memory_store(), log_));
        model_definition d("item");
        for (std::size_t i = 0; i < hook_type_count; ++i)
            d.hook(
                to_string(static_cast<hook_type>(i)), "seen", [this](hook_args& a) { note(a); }, required);
        auto const items = run(db.add(std::move(d.extra_keys(extra_keys::allow))));
        record(operation_kind::find, "`find`, `find_one`, `find_by_id`", items.find());
        record(operation_kind::count, "`count`", items.count());
        record(operation_kind::insert, "`insert`", items.insert(docs(doc("n", 1), doc("n", 2))));
        record(operation_kind::save, "`save`", items.save(doc("n", 3)));
        record(operation_kind::update, "`update`", items.update(all, doc("$set", doc("n", 4))));
        record(operation_kind::remove, "`remove`", items.remove(all));
        record(operation_kind::aggregate, "`aggregate`", items.aggregate(array()));
    }

    std::string text() const {
        std::string out = "| Operation | Hooks, in this order |\n| --- | --- |\n" + operations_;
        out += "\n| Hook | Arguments | Members |";
        for (operation_kind const kind : kinds_)
            fmt::format_to(std::back_inserter(out), " {} |", to_string(kind));
        out += "\n| --- | --- | --- |";
        for (std::size_t i = 0; i < kinds_.size(); ++i)
            out += " --- |";
        out += '\n';
        for (std::size_t i = 0; i < hook_type_count; ++i) {
            auto const found = hooks_.find(static_cast<hook_type>(i));
            if (found == hooks_.end())
                continue;
            told_hook const& hook = found->second;
            fmt::format_to(std::back_inserter(out), "| {} | `{}` | {} |", to_string(found->first), hook.arguments,
                fmt::join(hook.members, ", "));
            for (operation_kind const kind : kinds_) {
                auto const place = hook.places.find(kind);
                out += place == hook.places.end() ? "  |" : fmt::format(" {} |", place->second);
            }
            out += '\n';
        }
        return out;
    }
    std::size_t types() const { return hooks_.size(); }

private:
    void note(hook_args& a) {
        log_.emplace_back(to_string(a.type));
        told_hook& hook = hooks_[a.type];
        visit(a, [&](auto& args) {
            std::string_view const name = detail::type_name<std::remove_cvref_t<decltype(args)>>();
            hook.arguments = name.substr(name.rfind(':') + 1);
            hook.members = members_of(args);
        });
    }

    template <class T>
    void record(operation_kind kind, char const* name, boost::asio::awaitable<T> work) {
        log_.clear();
        run(std::move(work));
        std::vector<std::string> order;
        for (std::string const& step : log_) {
            if (order.empty() || (order.back() != step && order.back() != step + " for each document"))
                order.push_back(step);
            else if (!order.back().ends_with("document"))
                order.back() += " for each document";
        }
        std::size_t place = 0;
        for (std::string const& step : order) {
            if (auto const type = parse_hook_type(step.substr(0, step.find(' '))))
                hooks_[*type].places[kind] = ++place;
        }
        fmt::format_to(std::back_inserter(operations_), "| {} | {} |\n", name, fmt::join(order, ", "));
        kinds_.push_back(kind);
    }

    std::vector<std::string> log_;
    std::string operations_;
    std::vector<operation_kind> kinds_;
    std::map<hook_type, told_hook> hooks_;
};

TEST(HooksOfThePage, AreThoseThatRun) {
    HooksPage const page;
    EXPECT_EQ(page.types(), hook_type_count) << "a hook of each type ran";

    std::string const path = CORMORANT_SOURCE_DIR "/docs/hooks.md";
    std::ifstream in(path);
    std::string const text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    auto const begin = text.find(begin_mark);
    auto const end = text.find(end_mark, begin);
    ASSERT_NE(begin, std::string::npos) << path << " has lost its mark";
    ASSERT_NE(end, std::string::npos) << path << " has lost its mark";
    auto const first = begin + begin_mark.size();
    if (std::getenv("CORMORANT_UPDATE_DOCS") != nullptr) {
        in.close();
        std::ofstream(path) << text.substr(0, first) << page.text() << text.substr(end);
        return;
    }
    EXPECT_EQ(text.substr(first, end - first), page.text())
        << "bring it up to date by running this test with CORMORANT_UPDATE_DOCS=1";
}

} // namespace
} // namespace cormorant
