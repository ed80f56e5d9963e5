#include "store_folder.hpp"

#include <cormorant/bson/json.hpp>

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace cormorant::testing {

namespace asio = boost::asio;
namespace fs = std::filesystem;

temporary_folder::temporary_folder() {
    auto name = (fs::temp_directory_path() / "cormorant-journal-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("mkdtemp failed");
    path_ = name;
}

temporary_folder::~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

void temporary_folder::clear() const {
    for (auto const& each : fs::directory_iterator(path_))
        fs::remove_all(each.path());
}

std::vector<char> read_file(fs::path const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(fs::path const& path, std::vector<char> const& bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

namespace {

asio::awaitable<documents> drain(store& s, find_op op) {
    cursor c = co_await s.async_run(std::move(op), call_options(), asio::use_awaitable);
    documents result;
    for (;;) {
        batch b = co_await c.async_next(asio::use_awaitable);
        if (b.empty())
            co_return result;
        for (document& d : std::move(b).take_documents())
            result.push_back(std::move(d));
    }
}

asio::awaitable<void> closed(store& s) {
    co_await s.async_close(asio::use_awaitable);
}

} // namespace

documents found_in(store& s, find_op op) {
    return run(drain(s, std::move(op)));
}

void close(store& s) {
    run(closed(s));
}

std::string contents_of(store& s) {
    std::string result;
    for (document const& listed : run_on(s, list_collections_op())) {
        result += to_json(listed) + "\n";
        if (listed.at("type").as_string() == "view")
            continue;
        list_indexes_op indexes;
        indexes.collection = listed.at("name").as_string();
        for (document const& index : run_on(s, std::move(indexes)))
            result += "  " + to_json(index) + "\n";
        find_op all;
        all.collection = listed.at("name").as_string();
        for (document const& d : found_in(s, std::move(all)))
            result += "  " + to_json(d, json_mode::canonical) + "\n";
    }
    return result;
}

} // namespace cormorant::testing
