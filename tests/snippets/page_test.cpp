// A page whose code does not do what the page says fails.

#include "page.hpp"

#include <gtest/gtest-spi.h>

#include <stdexcept>

namespace {

using snippets::page;
namespace orm = snippets::orm;

boost::asio::awaitable<void> throws(orm::connection, page&) {
    throw std::runtime_error("no such author");
    co_return;
}

boost::asio::awaitable<void> throws_of_the_library(orm::connection db, page&) {
    co_await db.model("nobody").find();
}

boost::asio::awaitable<void> prints(orm::connection, page& p) {
    p.capture();
    std::cout << "Ann\n";
    p.expect("Bob\n", 12);
    co_return;
}

boost::asio::awaitable<void> asserts(orm::connection db, page&) {
    assert(db.models().size() == 1);
    co_return;
}

TEST(SnippetPage, FailsByAnAssertion) {
    EXPECT_NONFATAL_FAILURE(snippets::run("a.md", asserts), "not so: db.models().size() == 1");
}

TEST(SnippetPage, FailsByAnException) {
    EXPECT_NONFATAL_FAILURE(snippets::run("a.md", throws), "a.md: no such author");
}

TEST(SnippetPage, FailsByAnErrorOfTheLibrary) {
    EXPECT_NONFATAL_FAILURE(snippets::run("a.md", throws_of_the_library), "nobody");
}

TEST(SnippetPage, FailsByOtherOutput) {
    EXPECT_NONFATAL_FAILURE(snippets::run("a.md", prints), "a.md:12: it prints something else");
}

} // namespace
