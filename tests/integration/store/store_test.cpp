/// Runs the cases and rows of the suite on each store: on those in memory, without and with a folder, and on MongoDB when
/// MONGO_DSN names a server.

#include "coroutine.hpp"
#include "store_folder.hpp"
#include "stores.hpp"
#include "suite.hpp"

#include <boost/asio/co_spawn.hpp>

#include <gtest/gtest.h>

namespace cormorant::testing {
namespace {

awaitable<void> run_case(store_case c, store_fixture& f) {
    co_await f.clear();
    co_await c.run(f);
}

class store_test : public ::testing::TestWithParam<std::tuple<std::string, store_case>> {
protected:
    static void check() {
        auto const& [kind, c] = GetParam();
        {
            store_fixture f(store_of(kind));
            run(run_case(c, f));
        }
        auto const before = contents_of(*store_of(kind));
        if (close_lasting_store(kind)) {
            EXPECT_EQ(contents_of(*store_of(kind)), before) << "when the store is opened again";
        }
    }
};

TEST_P(store_test, behaves) {
    check();
}

class transaction_test : public store_test {
protected:
    void SetUp() override {
        if (!store_of(std::get<0>(GetParam()))->capabilities().transactions)
            GTEST_SKIP() << "the store has no transactions";
    }
};

TEST_P(transaction_test, behaves) {
    check();
}

template <class Row>
class row_test : public ::testing::TestWithParam<std::tuple<std::string, Row>> {
protected:
    Row const& row() const { return std::get<1>(this->GetParam()); }
    store_fixture fixture() const { return store_fixture(store_of(std::get<0>(this->GetParam()))); }
};

/// The answer as text, or the code of the error: what rows are compared by.
awaitable<std::string> outcome_of(awaitable<documents> work, int& code) {
    code = 0;
    try {
        documents const found = co_await std::move(work);
        co_return text_of(found);
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::server) << e.what();
        code = e.details().server_code;
    }
    co_return "";
}

/// The collection is filled once for all rows that only read it.
awaitable<void> provide(store_fixture& f, std::string collection, std::string_view content) {
    documents const wanted = json_documents(content);
    documents const present = co_await f.contents(collection);
    if (text_of(wanted) == text_of(present))
        co_return;
    co_await f.clear();
    co_await f.insert(std::move(collection), wanted);
}

std::string ids_as_documents(char const* ids) {
    std::string result;
    for (value const& id : json_array(*ids == '\0' ? "[]" : ids))
        result += text_of(doc("_id", id)) + "\n";
    return result;
}

std::string documents_text(char const* text) {
    return text_of(json_documents(*text == '\0' ? "[]" : text));
}

class filter_test : public row_test<filter_row> {};

awaitable<void> check_filter(store_fixture& f, filter_row row) {
    co_await provide(f, "people", people());
    find_op op;
    op.collection = "people";
    op.filter = json(row.filter);
    op.projection = doc("_id", 1);
    op.sort = doc("_id", 1);
    int code = 0;
    auto const found = co_await outcome_of(f.all(std::move(op)), code);
    EXPECT_EQ(found, ids_as_documents(row.ids)) << row.filter;
    EXPECT_EQ(code, row.code) << row.filter;
}

TEST_P(filter_test, finds) {
    auto f = fixture();
    run(check_filter(f, row()));
}

class sort_test : public row_test<sort_row> {};

awaitable<void> check_sort(store_fixture& f, sort_row row) {
    co_await provide(f, "people", people());
    find_op op;
    op.collection = "people";
    op.projection = doc("_id", 1);
    op.sort = json(row.order);
    int code = 0;
    auto const found = co_await outcome_of(f.all(std::move(op)), code);
    EXPECT_EQ(found, ids_as_documents(row.ids)) << row.order;
    EXPECT_EQ(code, row.code) << row.order;
}

TEST_P(sort_test, orders) {
    auto f = fixture();
    run(check_sort(f, row()));
}

class projection_test : public row_test<projection_row> {};

awaitable<void> check_projection(store_fixture& f, projection_row row) {
    co_await provide(f, "people", people());
    find_op op;
    op.collection = "people";
    op.filter = json(row.filter);
    op.projection = json(row.projection);
    op.sort = doc("_id", 1);
    int code = 0;
    auto const found = co_await outcome_of(f.all(std::move(op)), code);
    EXPECT_EQ(found, documents_text(row.result)) << row.projection;
    EXPECT_EQ(code, row.code) << row.projection;
}

TEST_P(projection_test, shapes) {
    auto f = fixture();
    run(check_projection(f, row()));
}

class pipeline_test : public row_test<pipeline_row> {};

awaitable<void> check_pipeline(store_fixture& f, pipeline_row row) {
    co_await provide(f, "sales", sales());
    documents const joined = co_await f.contents("other");
    if (joined.empty())
        co_await f.insert("other", other());
    aggregate_op op;
    op.collection = "sales";
    op.pipeline = json_array(row.pipeline);
    int code = 0;
    auto const found = co_await outcome_of(f.all(std::move(op)), code);
    EXPECT_EQ(found, documents_text(row.result)) << row.pipeline;
    EXPECT_EQ(code, row.code) << row.pipeline;
}

TEST_P(pipeline_test, computes) {
    auto f = fixture();
    run(check_pipeline(f, row()));
}

awaitable<void> provide_articles(store_fixture& f) {
    co_await provide(f, "articles", articles());
    create_indexes_op op;
    op.collection = "articles";
    op.indexes.push_back(index_of(json(R"({"t": "text", "b": "text"})"), json(R"({"name": "words", "weights": {"t": 3}})")));
    co_await f.run(std::move(op));
}

class text_test : public row_test<text_row> {};

awaitable<void> check_text(store_fixture& f, text_row row) {
    co_await provide_articles(f);
    find_op op;
    op.collection = "articles";
    op.filter = json(row.filter);
    op.projection = json(row.projection);
    op.sort = json(row.order);
    int code = 0;
    auto const found = co_await outcome_of(f.all(std::move(op)), code);
    EXPECT_EQ(found, documents_text(row.result)) << row.filter;
    EXPECT_EQ(code, row.code) << row.filter;
}

TEST_P(text_test, finds) {
    auto f = fixture();
    run(check_text(f, row()));
}

class text_pipeline_test : public row_test<pipeline_row> {};

awaitable<void> check_text_pipeline(store_fixture& f, pipeline_row row) {
    co_await provide_articles(f);
    aggregate_op op;
    op.collection = "articles";
    op.pipeline = json_array(row.pipeline);
    int code = 0;
    auto const found = co_await outcome_of(f.all(std::move(op)), code);
    EXPECT_EQ(found, documents_text(row.result)) << row.pipeline;
    EXPECT_EQ(code, row.code) << row.pipeline;
}

TEST_P(text_pipeline_test, computes) {
    auto f = fixture();
    run(check_text_pipeline(f, row()));
}

class text_index_test : public row_test<text_index_row> {};

awaitable<documents> create_and_list(store_fixture& f, documents specifications) {
    for (document const& d : specifications) {
        document options(d);
        options.erase("key");
        std::vector<index_model> models(1, index_of(d.at("key").as_document(), std::move(options)));
        co_await f.run(indexes_of(std::move(models)));
    }
    list_indexes_op op;
    op.collection = "c";
    documents found = co_await f.run(std::move(op));
    found.erase(found.begin());
    co_return found;
}

awaitable<void> check_text_index(store_fixture& f, text_index_row row) {
    co_await f.clear();
    int code = 0;
    auto const found = co_await outcome_of(create_and_list(f, json_documents(row.specifications)), code);
    EXPECT_EQ(found, documents_text(row.result)) << row.specifications;
    EXPECT_EQ(code, row.code) << row.specifications;
    co_await f.clear();
}

TEST_P(text_index_test, is_listed) {
    auto f = fixture();
    run(check_text_index(f, row()));
}

class update_test : public row_test<update_row> {};

awaitable<void> check_update(store_fixture& f, update_row row) {
    remove_op all;
    all.collection = "c";
    co_await f.run(std::move(all));
    documents before(1, json(row.document));
    co_await f.insert("c", std::move(before));
    auto op = update_of(json(row.filter), parse_json(row.update));
    op.array_filters = json_array(row.array_filters);
    int code = 0;
    try {
        update_result const answer = co_await f.run(std::move(op));
        EXPECT_EQ(answer.matched_count, 1) << row.update;
        EXPECT_EQ(answer.modified_count, row.modified) << row.update;
        EXPECT_EQ(answer.upserted_count, 0) << row.update;
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::server) << e.what();
        EXPECT_TRUE(e.details().is_write) << e.what();
        code = e.details().server_code;
    }
    EXPECT_EQ(code, row.code) << row.update;
    documents const after = co_await f.contents("c");
    documents const wanted(1, json(row.result));
    EXPECT_EQ(text_of(after), text_of(wanted)) << row.update;
}

TEST_P(update_test, changes) {
    auto f = fixture();
    run(check_update(f, row()));
}

/// `memory_set_new_field`
constexpr auto name_of_test = [](auto const& test) {
    auto const& [kind, what] = test.param;
    return kind + "_" + std::string(what.name);
};

auto both(auto rows) {
    return ::testing::Combine(::testing::ValuesIn(store_kinds()), ::testing::ValuesIn(rows.begin(), rows.end()));
}

INSTANTIATE_TEST_SUITE_P(read, store_test, both(read_cases()), name_of_test);
INSTANTIATE_TEST_SUITE_P(write, store_test, both(write_cases()), name_of_test);
INSTANTIATE_TEST_SUITE_P(output, store_test, both(output_cases()), name_of_test);
INSTANTIATE_TEST_SUITE_P(index, store_test, both(index_cases()), name_of_test);
INSTANTIATE_TEST_SUITE_P(text, store_test, both(text_cases()), name_of_test);
INSTANTIATE_TEST_SUITE_P(admin, store_test, both(admin_cases()), name_of_test);
INSTANTIATE_TEST_SUITE_P(async, store_test, both(async_cases()), name_of_test);
INSTANTIATE_TEST_SUITE_P(transaction, transaction_test, both(transaction_cases()), name_of_test);
INSTANTIATE_TEST_SUITE_P(rows, filter_test, both(filter_rows()), name_of_test);
INSTANTIATE_TEST_SUITE_P(rows, sort_test, both(sort_rows()), name_of_test);
INSTANTIATE_TEST_SUITE_P(rows, projection_test, both(projection_rows()), name_of_test);
INSTANTIATE_TEST_SUITE_P(rows, pipeline_test, both(pipeline_rows()), name_of_test);
INSTANTIATE_TEST_SUITE_P(window_rows, pipeline_test, both(window_rows()), name_of_test);
INSTANTIATE_TEST_SUITE_P(rows, text_test, both(text_rows()), name_of_test);
INSTANTIATE_TEST_SUITE_P(rows, text_pipeline_test, both(text_pipeline_rows()), name_of_test);
INSTANTIATE_TEST_SUITE_P(rows, text_index_test, both(text_index_rows()), name_of_test);
INSTANTIATE_TEST_SUITE_P(rows, update_test, both(update_rows()), name_of_test);

} // namespace
} // namespace cormorant::testing
