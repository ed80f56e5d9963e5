// Runs a fuzz target without libFuzzer: every file of its corpus, then so many mutations of them, the same for the same seed.
//
//     fuzz_TARGET CORPUS [RUNS] [SEED]
//
// The environment variables CORMORANT_FUZZ_RUNS and CORMORANT_FUZZ_SEED go before the arguments.

#include "fuzz.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

namespace {

using input = std::vector<std::uint8_t>;

std::vector<input> read_corpus(std::filesystem::path const& folder) {
    std::vector<std::filesystem::path> files;
    for (auto const& entry : std::filesystem::directory_iterator(folder))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end()); // the same on every machine
    std::vector<input> corpus;
    for (auto const& file : files) {
        std::ifstream in(file, std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return corpus;
}

class mutator {
public:
    mutator(std::vector<input> const& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

    input next() {
        input made = pick();
        for (std::size_t changes = 1 + below(4); changes > 0; --changes)
            change(made);
        return made;
    }

private:
    /// Not `std::uniform_int_distribution`, which differs between libraries.
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound); }
    input const& pick() { return corpus_[below(corpus_.size())]; }

    void change(input& data) {
        static constexpr std::array<std::string_view, 24> words{"$gt", "$where", "$expr", "$function", "__proto__", "[", "]", "{",
            "}", "\"", ":", ",", "&", "=", "%24", "[$ne]=", "\"$oid\":", "null", "-1", "1e309", ".", "(a+)+", "or", "filter"};
        auto const at = below(data.size() + 1);
        auto const here = data.begin() + static_cast<std::ptrdiff_t>(at);
        switch (below(7)) {
        case 0: // a bit
            if (at < data.size())
                data[at] = static_cast<std::uint8_t>(data[at] ^ (1U << below(8)));
            break;
        case 1: // a byte
            if (at < data.size())
                data[at] = static_cast<std::uint8_t>(random_());
            break;
        case 2: // one more
            data.insert(here, static_cast<std::uint8_t>(random_()));
            break;
        case 3: // some less
            data.erase(here, here + static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(data.size() - at, 8) + 1)));
            break;
        case 4: { // a word
            auto const word = words[below(words.size())];
            data.insert(here, word.begin(), word.end());
            break;
        }
        case 5: { // the end of another one
            input const& other = pick();
            data.resize(at);
            data.insert(data.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size() + 1)), other.end());
            break;
        }
        default: { // a part once more
            auto const size = below(std::min<std::size_t>(data.size() - at, 32) + 1);
            input const part(here, here + static_cast<std::ptrdiff_t>(size));
            auto const to = below(data.size() + 1);
            data.insert(data.begin() + static_cast<std::ptrdiff_t>(to), part.begin(), part.end());
        }
        }
    }

    std::vector<input> const& corpus_;
    std::mt19937_64 random_;
};

bool holds(input const& data) {
    try {
        LLVMFuzzerTestOneInput(data.data(), data.size());
        return true;
    } catch (std::exception const& e) {
        fmt::print(stderr, "{}\nthe input, in hexadecimal digits:\n", e.what());
        for (auto const byte : data)
            fmt::print(stderr, "{:02x}", byte);
        fmt::print(stderr, "\n");
        return false;
    }
}

std::uint64_t number(char const* variable, int argc, char** argv, int position, std::uint64_t fallback) {
    if (char const* const given = std::getenv(variable))
        return std::strtoull(given, nullptr, 10);
    return argc > position ? std::strtoull(argv[position], nullptr, 10) : fallback;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: {} CORPUS [RUNS] [SEED]\n", argv[0]);
        return 2;
    }
    auto const runs = number("CORMORANT_FUZZ_RUNS", argc, argv, 2, 10'000);
    auto const seed = number("CORMORANT_FUZZ_SEED", argc, argv, 3, 1);
    auto const corpus = read_corpus(argv[1]);
    if (corpus.empty()) {
        fmt::print(stderr, "{} is empty\n", argv[1]);
        return 2;
    }
    for (input const& data : corpus) {
        if (!holds(data))
            return 1;
    }
    mutator mutate(corpus, seed);
    for (std::uint64_t i = 0; i < runs; ++i) {
        if (!holds(mutate.next())) {
            fmt::print(stderr, "run {} with the seed {}\n", i, seed);
            return 1;
        }
    }
    fmt::print("{} inputs, {} mutations with the seed {}: all properties hold\n", corpus.size(), runs, seed);
    return 0;
}
