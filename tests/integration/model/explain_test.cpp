/// What `explain` predicts is what a trace of the same call, and the store, then see.

#include "fixture.hpp"

#include <cormorant/bson/json.hpp>

#include <functional>
#include <vector>

namespace cormorant {
namespace {

using testing::run;

/// Hands operations on, and notes their collections and projections.
class recording_store final : public store {
public:
    explicit recording_store(std::shared_ptr<store> inner) : inner_(std::move(inner)) {}

    std::vector<std::string> sent;

    std::string_view kind() const noexcept override { return inner_->kind(); }
    std::string_view database() const noexcept override { return inner_->database(); }
    store_capabilities capabilities() const noexcept override { return inner_->capabilities(); }
    void start(operation op, call_options options, completion done) override {
        auto line = std::string(name_of(op)) + ' ' + std::string(collection_of(op));
        if (auto const* find = std::get_if<find_op>(&op))
            line += " reads " + to_json(find->projection);
        sent.push_back(std::move(line));
        inner_->start(std::move(op), std::move(options), std::move(done));
    }
    void start_close(close_completion done) override { inner_->start_close(std::move(done)); }

private:
    std::shared_ptr<store> inner_;
};

/// Names with the depth that they are at, as both kinds of tree have them.
class outline {
public:
    void add(std::size_t position, std::size_t parent, std::string name) {
        entries_.push_back({position, parent, std::move(name)});
    }
    std::string text(std::size_t parent = trace::no_parent, std::size_t depth = 0) const {
        std::string result;
        std::string last;
        for (entry const& e : entries_) {
            if (e.parent != parent)
                continue;
            // A put hook runs once for each document.
            auto const line = std::string(depth * 2, ' ') + e.name + '\n';
            if (line != last)
                result += line;
            last = line;
            result += text(e.position, depth + 1);
        }
        return result;
    }

private:
    struct entry {
        std::size_t position;
        std::size_t parent;
        std::string name;
    };
    std::vector<entry> entries_;
};

std::string outline_of(trace const& t) {
    outline o;
    for (std::size_t i = 0; i < t.spans().size(); ++i)
        o.add(i, t.spans()[i].parent, t.spans()[i].name);
    return o.text();
}

std::string outline_of(explanation const& e) {
    outline o;
    for (std::size_t i = 0; i < e.steps().size(); ++i) {
        // Hooks of the library's own are traced as what they populate.
        if (!e.steps()[i].internal)
            o.add(i, e.steps()[i].parent, e.steps()[i].name);
    }
    return o.text();
}

class Explain : public testing::OnEachStore {
protected:
    std::shared_ptr<recording_store> recorder = std::make_shared<recording_store>(store);
    connection db{recorder};
    model images = add(model_definition("images").field("src", string()));
    model authors =
        add(model_definition("authors")
                .field("name", string())
                .relation(single("image").model("images"))
                .hook("beforeFind", "asked", [](hook_args&) {})
                .hook("afterFind", "stamp", [](hook_args&) {})
                .virtual_field(
                    virtual_field("card").required_fields("name").required_hooks("afterFind_stamp").get([](model_document& d) {
                        return '<' + d.text("name") + '>';
                    }))
                .default_hooks(operation_kind::find, "afterFind_image"));
    model tags = add(model_definition("tags")
                         .field("title", string())
                         .hook(
                             "afterFind", "mark", [](hook_args&) {}, required));
    model posts =
        add(all_hooks(model_definition("posts")
                          .field("title", string().required())
                          .field("stars", integer())
                          .relation(single("author").model("authors"))
                          .relation(single("editor").model("authors"))
                          .relation(single("cover").model("images"))
                          .relation(single("back").model("images"))
                          .relation(multiple("tags"))
                          .relation(single("parent").model("posts"))
                          .relation(multiple("links").models("images", "tags"))
                          .virtual_field(virtual_field("byline").required_fields("author.name").get([](model_document& d) {
                              return "by " + d.text("author.name");
                          }))));

    model add(model_definition d) { return run(db.add(std::move(d))); }

    /// Every type has a required hook, one that is asked for by default, and one that a call may ask for.
    static model_definition all_hooks(model_definition d) {
        for (auto const kind : {operation_kind::find, operation_kind::count, operation_kind::insert, operation_kind::save,
                 operation_kind::update, operation_kind::remove, operation_kind::aggregate}) {
            auto name = std::string(to_string(kind));
            name.front() = static_cast<char>(name.front() - 'a' + 'A');
            d.default_hooks(kind, "before" + name + "_usual", "after" + name + "_usual");
        }
        for (std::size_t i = 0; i < hook_type_count; ++i) {
            auto const type = to_string(static_cast<hook_type>(i));
            d.hook(
                type, "always", [](hook_args&) {}, required);
            d.hook(type, "usual", [](hook_args&) {});
            d.hook(type, "asked", [](hook_args&) {});
        }
        return d;
    }

    document post;

    void SetUp() override {
        auto const image = run(images.insert(doc("src", "/a.png"))).at("_id");
        auto const author = run(authors.insert(doc("name", "Ann", "image_id", image))).at("_id");
        auto const tag = run(tags.insert(doc("title", "red"))).at("_id");
        auto const parent = run(posts.insert(doc("title", "parent", "author_id", author))).at("_id");
        post = run(posts.insert(doc("title", "one", "author_id", author, "editor_id", author, "cover_id", image, "back_id", image,
            "tags_ids", arr(tag), "parent_id", parent, "links_ids",
            arr(doc("id", image, "modelName", "images"), doc("id", tag, "modelName", "tags")))));
        recorder->sent.clear();
    }

    /// Predicts a call, makes it, and compares.
    template <class Options, class Predict, class Call>
    void compare(char const* what, Options options, Predict predict, Call call) {
        SCOPED_TRACE(what);
        explanation const predicted = predict(options);
        EXPECT_TRUE(recorder->sent.empty()) << "the store was asked";
        auto const t = std::make_shared<trace>();
        options.trace(t);
        run(call(options));
        EXPECT_EQ(outline_of(predicted), outline_of(*t));
        std::vector<std::string> queries;
        for (auto const& q : predicted.queries())
            queries.push_back(q.name.starts_with("find ") ? q.name + " reads " + to_json(q.fields) : q.name);
        EXPECT_THAT(queries, ::testing::UnorderedElementsAreArray(recorder->sent));
        recorder->sent.clear();
    }
    void compare_find(char const* what, find_options const& options, document const& filter = doc("title", "one")) {
        compare(
            what, options, [&](find_options const& o) { return posts.explain_find(filter, o); },
            [&](find_options const& o) { return posts.find(filter, o); });
    }
};

TEST_P(Explain, PredictsFinds) {
    compare_find("default hooks", find_options());
    compare_find("no hooks", find_options().hooks());
    compare_find("asked for", find_options().hooks("beforeFind_asked", "afterFind_asked", "beforeFilter_asked"));
    compare_find("required ones, asked for", find_options().hooks("afterFind_always", "afterFind_usual"));
    compare_find("asked for twice", find_options().hooks("afterFind_asked", "afterFind_asked"));
    compare_find("of other types", find_options().hooks("afterInsert_asked", "beforeFind_usual"));
    compare_find("sorted and limited", find_options().sort("title", 1).skip(0).limit(3));
    compare_find("counted", find_options().count(true));
    compare_find("drawn", find_options().random(1));
    compare_find("drawn and counted", find_options().random(1).count(true));
    compare_find("some fields", find_options().fields("title", "stars"));
    compare_find("exclusions", find_options().fields(doc("title", 0)));
    compare_find("raw", find_options().fields("title").cast_docs(false));
}

TEST_P(Explain, PredictsPopulation) {
    compare_find("by a hook", find_options().hooks("afterFind_author"));
    compare_find("by a hook and its defaults", find_options().hooks("afterFind_asked", "afterFind_author", "afterFind_usual"));
    compare_find("nested", find_options().hooks("afterFind_author", "author.afterFind_stamp", "author.afterFind_image"));
    compare_find("nested, with hooks before", find_options().hooks("afterFind_author", "author.beforeFind_asked"));
    compare_find("nested alone", find_options().hooks("author.afterFind_image"));
    compare_find("siblings of one model", find_options().hooks("afterFind_cover", "afterFind_back"));
    compare_find("siblings that are seen", find_options().hooks("afterFind_cover", "afterFind_tags", "afterFind_back"));
    compare_find("siblings around a hook", find_options().hooks("afterFind_cover", "afterFind_asked", "afterFind_back"));
    compare_find("hidden siblings", find_options().hooks("afterFind_author", "afterFind_cover"));
    compare_find("itself", find_options().hooks("afterFind_parent", "parent.afterFind_author"));
    compare_find("polymorphic", find_options().hooks("afterFind_links"));
    compare_find("arguments", find_options().hooks(hook_request("afterFind_author",
                                  doc("fields", doc("name", 1), "hooks", arr("afterFind_stamp"), "castDocs", false))));
    compare_find("by fields", find_options().fields("title", "author"));
    compare_find("by nested fields", find_options().fields("author.image.src", "tags.title").cast_docs(false));
    compare_find("virtual", find_options().fields("byline").cast_docs(false));
    compare_find("virtual of a related model", find_options().fields("author.card").cast_docs(false));
    compare_find("fields and hooks", find_options().fields("author.name").hooks("afterFind_asked"));
    compare_find("exclusions below", find_options().fields(doc("author.name", 0)).hooks("afterFind_author"));
}

TEST_P(Explain, PredictsTheOtherOperations) {
    compare(
        "by id", find_options(), [&](auto const& o) { return posts.explain_find_by_id(post.at("_id"), o); },
        [&](auto const& o) { return posts.find_by_id(post.at("_id"), o); });
    for (bool const asks : {false, true}) {
        auto const with = [asks](auto options) {
            if (asks)
                options.hooks("beforeFilter_asked", "beforePut_asked", "afterPut_asked");
            return options;
        };
        compare(
            "count", with(count_options()), [&](auto const& o) { return posts.explain_count({}, o); },
            [&](auto const& o) { return posts.count({}, o); });
        compare(
            "aggregate", with(aggregate_options()), [&](auto const& o) { return posts.explain_aggregate(array(), o); },
            [&](auto const& o) { return posts.aggregate(array(), o); });
        auto const two = docs(doc("title", "two"), doc("title", "three"));
        compare(
            "insert", with(insert_options()), [&](auto const& o) { return posts.explain_insert(two, o); },
            [&](auto const& o) { return posts.insert(two, o); });
        compare(
            "save a new one", with(save_options()), [&](auto const& o) { return posts.explain_save(doc("title", "new"), o); },
            [&](auto const& o) { return posts.save(doc("title", "new"), o); });
        compare(
            "save", with(save_options()), [&](auto const& o) { return posts.explain_save(post, o); },
            [&](auto const& o) { return posts.save(post, o); });
        auto const delta = doc("$set", doc("stars", 5));
        compare(
            "update", with(update_options()), [&](auto const& o) { return posts.explain_update(all, delta, o); },
            [&](auto const& o) { return posts.update(all, delta, o); });
        compare(
            "remove", with(remove_options()), [&](auto const& o) { return posts.explain_remove(doc("title", "two"), o); },
            [&](auto const& o) { return posts.remove(doc("title", "two"), o); });
    }
}

TEST_P(Explain, PredictsASaveWithoutAnIdOfTheModels) {
    auto const plain = add(model_definition("plain").field("_id", any()).field("n", number()));
    compare(
        "save", save_options(), [&](auto const& o) { return plain.explain_save(doc("n", 1), o); },
        [&](auto const& o) { return plain.save(doc("n", 1), o); });
}

INSTANTIATE_TEST_SUITE_P(stores, Explain, ::testing::ValuesIn(testing::store_kinds()), testing::store_name);

} // namespace
} // namespace cormorant
