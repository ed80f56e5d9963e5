#pragma once

#include "coroutine.hpp"
#include "failure.hpp"
#include "scripted_store.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/path.hpp>
#include <cormorant/model/connection.hpp>
#include <cormorant/pipeline/trace.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cormorant::testing {

/// Ids that are easy to tell apart: the last byte says which.
inline object_id id_of(int n) {
    std::array<std::byte, object_id::size> bytes{};
    bytes.back() = static_cast<std::byte>(n);
    return object_id(bytes);
}

/// Models on a scripted store.
class ModelTest : public ::testing::Test {
protected:
    std::shared_ptr<scripted_store> store = std::make_shared<scripted_store>();
    connection db{store};
    /// What hooks write down.
    std::vector<std::string> log;

    model add(model_definition definition) {
        add_options quiet;
        quiet.sync(false);
        return run(db.add(std::move(definition), quiet));
    }
    /// A required hook that notes `model:type_name`.
    model_definition& note(model_definition& d, char const* type, char const* name = "t") {
        return d.hook(
            type, name, [this](hook_args& a) { log.push_back(a.model.name() + ":" + std::string(to_string(a.type))); }, required);
    }
    /// Answers finds of a collection with documents.
    void answer_finds(std::vector<std::pair<std::string, documents>> collections) {
        store->answer = [collections = std::move(collections)](operation& op) -> reply {
            if (auto const* find = std::get_if<find_op>(&op)) {
                for (auto const& [name, docs] : collections) {
                    if (name == find->collection)
                        return docs;
                }
            }
            return std::monostate();
        };
    }
    static documents list(std::initializer_list<document> docs) { return documents(docs); }
};

} // namespace cormorant::testing
