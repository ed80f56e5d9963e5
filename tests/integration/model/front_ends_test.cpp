/// The same scenarios through both front ends, documents and structs, on both stores.

#include "fixture.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/bson/ref.hpp>
#include <cormorant/schema/describe.hpp>

#include <boost/describe.hpp>

#include <algorithm>
#include <optional>
#include <type_traits>
#include <vector>

namespace cormorant {
namespace blog {

struct image {
    object_id _id;
    std::string src;
};
BOOST_DESCRIBE_STRUCT(image, (), (_id, src))

struct author {
    object_id _id;
    std::string name;
    ref<image> face;
    ref<author> mentor;
};
BOOST_DESCRIBE_STRUCT(author, (), (_id, name, face, mentor))

struct tag {
    object_id _id;
    std::string title;
};
BOOST_DESCRIBE_STRUCT(tag, (), (_id, title))

struct post {
    object_id _id;
    std::string title;
    std::optional<std::string> body;
    std::optional<std::int64_t> stars;
    ref<author> writer;
    std::vector<ref<tag>> tags;
};
BOOST_DESCRIBE_STRUCT(post, (), (_id, title, body, stars, writer, tags))

} // namespace blog

namespace {

using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::IsEmpty;
using testing::run;
using text = std::optional<std::string>;

/// A post as a scenario writes it down.
struct draft {
    std::string title;
    std::optional<std::int64_t> stars = std::nullopt;
    object_id writer = {};
    std::vector<object_id> tags = {};
};

model_definition rules(model_definition d) {
    return std::move(d.field("title", string().required().max_length(10)).field("stars", integer().min(0).max(5)));
}

/// Posts as documents.
struct documents_front {
    using post = document;
    using posts = model;

    static posts add(connection const& db) {
        run(db.add(model_definition("image").field("src", string().required())));
        run(db.add(model_definition("tag").field("title", string().required())));
        run(db.add(model_definition("author")
                       .field("name", string().required())
                       .relation(single("face").model("image"))
                       .relation(single("mentor").model("author"))));
        return run(db.add(rules(model_definition("post").field("body", string()))
                              .relation(single("writer").model("author"))
                              .relation(multiple("tags").model("tag"))));
    }
    static model& untyped(posts& p) { return p; }

    static post make(draft const& d) {
        post p = doc("title", d.title);
        if (d.stars)
            p.set("stars", *d.stars);
        if (d.writer != object_id())
            p.set("writer_id", d.writer);
        if (!d.tags.empty())
            p.set("tags_ids", d.tags);
        return p;
    }
    static object_id id(post const& p) { return p.at("_id").as_object_id(); }
    static std::string title(post const& p) { return p.at("title").to<std::string>(); }
    static std::optional<std::int64_t> stars(post const& p) {
        auto const* const v = p.find("stars");
        return v == nullptr ? std::nullopt : std::optional(v->as_int64());
    }
    static void set_stars(post& p, std::int64_t n) { p.set("stars", n); }

    static object_id writer_id(post const& p) {
        auto const* const v = p.find("writer_id");
        return v == nullptr ? object_id() : v->as_object_id();
    }
    static text at(post const& p, char const* path) {
        auto const* const v = get_path(p, path);
        return v == nullptr ? text() : text(v->to<std::string>());
    }
    static text writer_name(post const& p) { return at(p, "writer.name"); }
    static text writer_face(post const& p) { return at(p, "writer.face.src"); }
    static text mentor_name(post const& p) { return at(p, "writer.mentor.name"); }
    static std::vector<std::string> tag_titles(post const& p) {
        std::vector<std::string> titles;
        if (auto const* const tags = p.find("tags")) {
            for (value const& t : tags->as_array())
                titles.push_back(t.as_document().at("title").to<std::string>());
        }
        return titles;
    }
    /// Touches what was not populated.
    static void touch_writer(posts const& m, post p) { (void)m.bind(p).strict_loading(true).get("writer.name"); }
};

/// Posts as structs.
struct structs_front {
    using post = blog::post;
    using posts = typed_model<blog::post>;

    static posts add(connection const& db) {
        run(db.add<blog::image>(definition_of<blog::image>()));
        run(db.add<blog::tag>(definition_of<blog::tag>()));
        run(db.add<blog::author>(definition_of<blog::author>()));
        return run(db.add<blog::post>(rules(definition_of<blog::post>())));
    }
    static model& untyped(posts& p) { return p.untyped(); }

    static post make(draft const& d) {
        post p;
        p.title = d.title;
        p.stars = d.stars;
        p.writer = d.writer;
        p.tags.assign(d.tags.begin(), d.tags.end());
        return p;
    }
    static object_id id(post const& p) { return p._id; }
    static std::string title(post const& p) { return p.title; }
    static std::optional<std::int64_t> stars(post const& p) { return p.stars; }
    static void set_stars(post& p, std::int64_t n) { p.stars = n; }
    static object_id writer_id(post const& p) { return p.writer.id(); }
    static text writer_name(post const& p) { return p.writer ? text(p.writer->name) : text(); }
    static text writer_face(post const& p) { return p.writer && p.writer->face ? text(p.writer->face->src) : text(); }
    static text mentor_name(post const& p) { return p.writer && p.writer->mentor ? text(p.writer->mentor->name) : text(); }
    static std::vector<std::string> tag_titles(post const& p) {
        std::vector<std::string> titles;
        for (auto const& t : p.tags) {
            if (t)
                titles.push_back(t->title);
        }
        return titles;
    }
    static void touch_writer(posts const&, post const& p) { (void)p.writer->name; }
};

template <class Front, char const* Store>
struct setting {
    using front = Front;
    static constexpr char const* store = Store;
};
constexpr char memory[] = "memory";
constexpr char mongo[] = "mongo";

template <class Setting>
class FrontEnds : public ::testing::Test {
protected:
    using front = typename Setting::front;
    using post = typename front::post;

    void SetUp() override {
        auto const kinds = testing::store_kinds();
        if (std::ranges::find(kinds, Setting::store) == kinds.end())
            GTEST_SKIP() << "no server";
        db = connection(testing::empty_store(Setting::store));
        posts = front::add(db);
        auto const face = add("image", doc("src", "/bob.png"));
        bob = add("author", doc("name", "Bob", "face_id", face));
        ann = add("author", doc("name", "Ann", "mentor_id", bob));
        red = add("tag", doc("title", "red"));
        blue = add("tag", doc("title", "blue"));
    }
    object_id add(char const* name, document d) { return run(db.model(name).insert(std::move(d))).at("_id").as_object_id(); }
    post insert(draft const& d) { return run(posts.insert(front::make(d))); }
    std::vector<std::string> titles(std::vector<post> const& all) {
        std::vector<std::string> result;
        for (post const& p : all)
            result.push_back(front::title(p));
        return result;
    }
    std::vector<post> find(find_options options = {}) { return run(posts.find(document(), options.sort("title", 1))); }
    /// What is stored, key by key.
    document stored(post const& p) {
        return run(front::untyped(posts).find_by_id(front::id(p), find_options().hooks())).value_or(document());
    }

    connection db;
    typename front::posts posts;
    object_id ann;
    object_id bob;
    object_id red;
    object_id blue;
};

using settings = ::testing::Types<setting<documents_front, memory>, setting<structs_front, memory>,
    setting<documents_front, mongo>, setting<structs_front, mongo>>;
struct setting_names {
    template <class Setting>
    static std::string GetName(int) {
        return std::string(std::is_same_v<typename Setting::front, documents_front> ? "documents_" : "structs_") + Setting::store;
    }
};
TYPED_TEST_SUITE(FrontEnds, settings, setting_names);

TYPED_TEST(FrontEnds, InsertAnswersWhatWasStored) {
    using F = typename TestFixture::front;
    auto const p = this->insert(draft{"one", 3});
    EXPECT_NE(F::id(p), object_id());
    EXPECT_EQ(F::stars(p), 3);
    EXPECT_EQ(this->stored(p), doc("_id", F::id(p), "title", "one", "stars", 3));

    std::vector<typename TestFixture::post> two{F::make(draft{"two"}), F::make(draft{"three"})};
    auto const both = run(this->posts.insert(std::move(two)));
    EXPECT_THAT(this->titles(both), ElementsAre("two", "three"));
    EXPECT_EQ(F::stars(both[0]), std::nullopt);
}

TYPED_TEST(FrontEnds, FindSortsLimitsAndSkips) {
    for (auto const* title : {"c", "a", "d", "b"})
        this->insert(draft{title});
    EXPECT_THAT(this->titles(this->find()), ElementsAre("a", "b", "c", "d"));
    EXPECT_THAT(this->titles(this->find(find_options().skip(1).limit(2))), ElementsAre("b", "c"));
    auto const counted =
        run(this->posts.find_and_count(doc("title", doc("$ne", "d")), find_options().sort("title", -1).limit(1)));
    EXPECT_THAT(this->titles(counted.docs), ElementsAre("c"));
    EXPECT_EQ(counted.count, 3);
    EXPECT_EQ(run(this->posts.count(doc("title", doc("$gt", "b")))), 2);
}

TYPED_TEST(FrontEnds, FindByIdAndOneGiveAnOptional) {
    using F = typename TestFixture::front;
    auto const p = this->insert(draft{"one"});
    EXPECT_EQ(F::title(run(this->posts.find_by_id(F::id(p))).value()), "one");
    EXPECT_EQ(F::title(run(this->posts.find_by_id(F::id(p).to_string())).value()), "one");
    EXPECT_FALSE(run(this->posts.find_by_id(this->ann)));
    EXPECT_FALSE(run(this->posts.find_one(doc("title", "two"))));
    EXPECT_EQ(failure_of(this->posts.find_by_id("x")).code(), errc::invalid_argument);
}

TYPED_TEST(FrontEnds, WritesAreValidated) {
    using F = typename TestFixture::front;
    auto const e = failure_of(this->posts.insert(F::make(draft{"far too long a title", 6})));
    EXPECT_EQ(e.code(), errc::validation);
    ASSERT_EQ(e.details().violations.size(), 2u);
    EXPECT_EQ(e.details().violations[0].path, "title");
    EXPECT_EQ(e.details().violations[1].path, "stars");
    EXPECT_EQ(failure_of(this->posts.insert(F::make(draft{""}))).code(), errc::required);
    EXPECT_EQ(failure_of(this->posts.update(all, doc("$set", doc("stars", 9)))).code(), errc::validation);
    EXPECT_EQ(run(this->posts.count()), 0);
}

TYPED_TEST(FrontEnds, SaveInsertsAndReplaces) {
    using F = typename TestFixture::front;
    auto p = run(this->posts.save(F::make(draft{"one"})));
    F::set_stars(p, 4);
    EXPECT_EQ(F::id(run(this->posts.save(p))), F::id(p));
    EXPECT_EQ(this->stored(p), doc("_id", F::id(p), "title", "one", "stars", 4));
    EXPECT_EQ(run(this->posts.count()), 1);
}

TYPED_TEST(FrontEnds, UpdateAndRemoveAnswerNumbers) {
    this->insert(draft{"a", 1});
    this->insert(draft{"b", 1});
    EXPECT_EQ(
        run(this->posts.update(doc("stars", 1), doc("$inc", doc("stars", 1)), update_options().multi(true))).modified_count, 2);
    EXPECT_EQ(run(this->posts.remove(doc("title", "a"))).deleted_count, 1);
    EXPECT_THAT(this->titles(this->find()), ElementsAre("b"));
}

TYPED_TEST(FrontEnds, ReferencesAreStoredAsIds) {
    using F = typename TestFixture::front;
    auto const p = this->insert(draft{"one", {}, this->ann, {this->red, this->blue}});
    EXPECT_EQ(F::writer_id(p), this->ann);
    EXPECT_EQ(
        this->stored(p), doc("_id", F::id(p), "title", "one", "writer_id", this->ann, "tags_ids", arr(this->red, this->blue)));
    auto const found = this->find().at(0);
    EXPECT_EQ(F::writer_id(found), this->ann) << "the id is there without populating";
    EXPECT_EQ(F::writer_name(found), std::nullopt);
    EXPECT_THAT(F::tag_titles(found), IsEmpty());
}

TYPED_TEST(FrontEnds, HooksPopulate) {
    using F = typename TestFixture::front;
    this->insert(draft{"a", {}, this->ann, {this->blue, this->red}});
    this->insert(draft{"b", {}, this->bob});
    auto const found = this->find(
        find_options().hooks("afterFind_writer", "writer.afterFind_face", "writer.afterFind_mentor", "afterFind_tags"));
    EXPECT_EQ(F::writer_name(found[0]), "Ann");
    EXPECT_EQ(F::mentor_name(found[0]), "Bob");
    EXPECT_EQ(F::writer_face(found[0]), std::nullopt);
    EXPECT_THAT(F::tag_titles(found[0]), ElementsAre("blue", "red")) << "in the order of the ids";
    EXPECT_EQ(F::writer_name(found[1]), "Bob");
    EXPECT_EQ(F::writer_face(found[1]), "/bob.png");
    EXPECT_EQ(F::mentor_name(found[1]), std::nullopt);
}

TYPED_TEST(FrontEnds, FieldsPopulate) {
    using F = typename TestFixture::front;
    this->insert(draft{"a", 5, this->bob, {this->red}});
    auto const found = this->find(find_options().fields("title", "writer.name", "writer.face.src", "tags.title")).at(0);
    EXPECT_EQ(F::title(found), "a");
    EXPECT_EQ(F::stars(found), std::nullopt) << "not asked for";
    EXPECT_EQ(F::writer_id(found), this->bob);
    EXPECT_EQ(F::writer_name(found), "Bob");
    EXPECT_EQ(F::writer_face(found), "/bob.png");
    EXPECT_THAT(F::tag_titles(found), ElementsAre("red"));
}

TYPED_TEST(FrontEnds, RawFieldsPopulateToo) {
    using F = typename TestFixture::front;
    this->insert(draft{"a", 5, this->bob, {this->red}});
    auto const found = this->find(find_options().fields("title", "writer.name", "tags.title").cast_docs(false)).at(0);
    EXPECT_EQ(F::writer_name(found), "Bob");
    EXPECT_THAT(F::tag_titles(found), ElementsAre("red"));
}

TYPED_TEST(FrontEnds, IdsThatLeadNowherePopulateNothing) {
    using F = typename TestFixture::front;
    auto const gone = object_id::generate();
    this->insert(draft{"a", {}, gone, {gone, this->red, gone, this->blue, this->red}});
    this->insert(draft{"b"});
    auto const found = this->find(find_options().hooks("afterFind_writer", "afterFind_tags"));
    EXPECT_EQ(F::writer_id(found[0]), gone);
    EXPECT_EQ(F::writer_name(found[0]), std::nullopt);
    EXPECT_THAT(F::tag_titles(found[0]), ElementsAre("red", "blue", "red"));
    EXPECT_EQ(F::writer_id(found[1]), object_id());
    EXPECT_EQ(F::writer_name(found[1]), std::nullopt);
}

TYPED_TEST(FrontEnds, SeveralShareATarget) {
    using F = typename TestFixture::front;
    for (auto const* title : {"a", "b", "c"})
        this->insert(draft{title, {}, this->ann, {this->red}});
    auto const t = std::make_shared<trace>();
    auto const found = this->find(find_options().hooks("afterFind_writer", "afterFind_tags").trace(t));
    for (auto const& p : found) {
        EXPECT_EQ(F::writer_name(p), "Ann");
        EXPECT_THAT(F::tag_titles(p), ElementsAre("red"));
    }
    EXPECT_EQ(t->round_trips(), 3) << "one find for each level and model";
}

TYPED_TEST(FrontEnds, WhatWasPopulatedIsNotStored) {
    auto const p = this->insert(draft{"a", {}, this->ann, {this->red}});
    auto const before = this->stored(p);
    auto const populated = this->find(find_options().hooks("afterFind_writer", "afterFind_tags")).at(0);
    run(this->posts.save(populated));
    EXPECT_EQ(this->stored(p), before);
}

TYPED_TEST(FrontEnds, TouchingWhatWasNotPopulatedIsAnError) {
    using F = typename TestFixture::front;
    this->insert(draft{"a", {}, this->ann});
    auto const found = this->find().at(0);
    try {
        F::touch_writer(this->posts, found);
        ADD_FAILURE() << "it was touched";
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::not_populated);
        EXPECT_EQ(e.details().path, "writer");
        EXPECT_THAT(e.what(), ::testing::HasSubstr("post"));
        EXPECT_THAT(e.message(), ::testing::HasSubstr("afterFind_writer"));
    }
}

TYPED_TEST(FrontEnds, HooksChangeWhatIsAnswered) {
    using F = typename TestFixture::front;
    F::untyped(this->posts)
        .hook(
            "afterFind", "loud",
            [](after_find_args& a) {
                for (document& d : a.docs)
                    d.set("title", d.at("title").to<std::string>() + "!");
            },
            required);
    this->insert(draft{"a"});
    EXPECT_THAT(this->titles(this->find()), ElementsAre("a!"));
    F::untyped(this->posts)
        .hook(
            "beforePut", "no", [](put_args&) { throw std::runtime_error("not today"); }, required);
    EXPECT_EQ(failure_of(this->posts.insert(F::make(draft{"b"}))).code(), errc::hook_failed);
}

TYPED_TEST(FrontEnds, AggregateGivesTheSameForm) {
    this->insert(draft{"b", 1});
    this->insert(draft{"a", 1});
    auto pipeline = arr(doc("$match", doc("stars", 1)), doc("$sort", doc("title", 1)));
    EXPECT_THAT(this->titles(run(this->posts.aggregate(pipeline))), ElementsAre("a", "b"));
}

} // namespace
} // namespace cormorant
