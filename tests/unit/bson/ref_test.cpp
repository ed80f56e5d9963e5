#include "expect_error.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/bson/mapping.hpp>
#include <cormorant/bson/ref.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace library {

using cormorant::object_id;
using cormorant::ref;

struct writer {
    object_id _id;
    std::string name;
    ref<writer> teacher; // of its own kind
};
BOOST_DESCRIBE_STRUCT(writer, (), (_id, name, teacher))

struct shelf {
    std::string code;
    int metres = 0;
};
BOOST_DESCRIBE_STRUCT(shelf, (), (code, metres))

struct book {
    object_id _id;
    ref<writer> author;
    std::string title;
    std::vector<ref<writer>> readers;
    ref<shelf, std::string> place;
};
BOOST_DESCRIBE_STRUCT(book, (), (_id, author, title, readers, place))

struct crate {
    std::vector<ref<shelf, std::string>> shelves;
    std::map<std::string, ref<writer>> owners;
};
BOOST_DESCRIBE_STRUCT(crate, (), (shelves, owners))

} // namespace library

template <>
struct cormorant::field_names<library::book> {
    static constexpr std::string_view left_key(std::string_view member) { return member == "place" ? "shelf_code" : ""; }
    static constexpr std::string_view right_key(std::string_view member) { return member == "place" ? "code" : ""; }
};
template <>
struct cormorant::field_names<library::crate> {
    static constexpr std::string_view right_key(std::string_view member) { return member == "shelves" ? "code" : ""; }
};

namespace cormorant {
namespace {

using library::book;
using library::crate;
using library::writer;
using ::testing::HasSubstr;

object_id const one("000000000000000000000001");
object_id const two("000000000000000000000002");
object_id const three("000000000000000000000003");

document person(object_id id, char const* name) {
    return doc("_id", id, "name", name);
}

/// Reads a book from a document and from its BSON, which must be the same.
template <class T>
std::array<T, 2> both(document const& d) {
    auto const bytes = encode(d);
    return {from_document<T>(d), decode<T>(bson_view(bytes))};
}

TEST(Ref, IsEmptyAtFirst) {
    ref<writer> const r;
    EXPECT_TRUE(r.empty());
    EXPECT_FALSE(r);
    EXPECT_EQ(r.id(), object_id());
    EXPECT_EQ(r.get(), nullptr);
    EXPECT_TRUE(ref<writer>(object_id()).empty()) << "an id of only zeros";
}

TEST(Ref, RefersByIdOrByTheDocumentAtHand) {
    ref<writer> const by_id = one;
    EXPECT_EQ(by_id.id(), one);
    EXPECT_FALSE(by_id.has_value());
    writer ann;
    ann._id = one;
    ann.name = "Ann";
    ref<writer> const here = ann;
    EXPECT_EQ(here.id(), one);
    EXPECT_EQ(here->name, "Ann");
    EXPECT_EQ((*here).name, "Ann");
    EXPECT_EQ(here, by_id) << "they refer to the same document";
    EXPECT_NE(here, ref<writer>(two));
    EXPECT_EQ(ref<writer>(), ref<writer>(object_id()));
}

TEST(Ref, IsStoredAsItsIdUnderTheLeftKey) {
    book b;
    b._id = three;
    b.title = "Notes";
    EXPECT_EQ(to_document(b), doc("_id", three, "title", "Notes", "readers_ids", array()));
    writer ann;
    ann._id = one;
    b.author = ann;
    b.readers = {two, ann};
    b.place = std::string("A7");
    auto const stored = doc("_id", three, "author_id", one, "title", "Notes", "readers_ids", arr(two, one), "shelf_code", "A7");
    EXPECT_EQ(to_document(b), stored);
    auto const bytes = encode(b);
    EXPECT_EQ(bson_view(bytes).to_document(), stored);
    EXPECT_EQ(member_name(&book::author), "author_id");
    EXPECT_EQ(member_name(&book::place), "shelf_code");
    EXPECT_EQ(member_name(&book::title), "title");
}

TEST(Ref, IsReadFromItsId) {
    for (auto const& b : both<book>(doc("author_id", one, "readers_ids", arr(one, two), "shelf_code", "A7", "title", "x"))) {
        EXPECT_EQ(b.author.id(), one);
        EXPECT_FALSE(b.author);
        ASSERT_EQ(b.readers.size(), 2u);
        EXPECT_EQ(b.readers[1].id(), two);
        EXPECT_EQ(b.place.id(), "A7");
        EXPECT_EQ(b.title, "x");
    }
    for (auto const& b : both<book>(doc("author_id", nullptr, "readers_ids", nullptr))) {
        EXPECT_TRUE(b.author.empty());
        EXPECT_TRUE(b.readers.empty());
    }
}

TEST(Ref, HoldsWhatWasPopulatedInWhateverOrderTheKeysAre) {
    auto const ann = doc("_id", one, "name", "Ann", "teacher_id", two, "teacher", person(two, "Bob"));
    auto const populated = arr(person(two, "Bob"), ann, person(two, "Bob"));
    for (auto const& d : {
             doc("author_id", one, "author", ann, "readers_ids", arr(two, three, one, two), "readers", populated),
             doc("readers", populated, "author", ann, "readers_ids", arr(two, three, one, two), "author_id", one),
         }) {
        for (auto const& b : both<book>(d)) {
            EXPECT_EQ(b.author.id(), one);
            EXPECT_EQ(b.author->name, "Ann");
            EXPECT_EQ(b.author->teacher->name, "Bob");
            ASSERT_EQ(b.readers.size(), 4u);
            EXPECT_EQ(b.readers[0]->name, "Bob");
            EXPECT_FALSE(b.readers[1]);
            EXPECT_TRUE(b.readers[1].is_missing());
            EXPECT_EQ(b.readers[2]->name, "Ann");
            EXPECT_EQ(b.readers[3]->name, "Bob");
        }
    }
}

TEST(Ref, TakesTheIdOfTheDocumentWhenThereIsNoOther) {
    for (auto const& b : both<book>(
             doc("author", person(one, "Ann"), "readers", arr(person(two, "Bob")), "place", doc("code", "A7", "metres", 3)))) {
        EXPECT_EQ(b.author.id(), one);
        EXPECT_EQ(b.readers.at(0).id(), two);
        EXPECT_EQ(b.place.id(), "A7");
        EXPECT_EQ(b.place->metres, 3);
    }
    for (auto const& b : both<book>(doc("author", doc("name", "Ann")))) {
        EXPECT_TRUE(b.author.empty());
        EXPECT_EQ(b.author->name, "Ann") << "the id was not read";
    }
}

TEST(Ref, JoinsListsByAnotherKey) {
    for (auto const& c : both<crate>(doc("shelves_ids", arr("B", "A"), "shelves", arr(doc("code", "A", "metres", 1))))) {
        EXPECT_TRUE(c.shelves.at(0).is_missing());
        EXPECT_EQ(c.shelves.at(1)->metres, 1);
    }
}

TEST(Ref, InContainersIsItsId) {
    crate c;
    c.owners.emplace("left", one);
    c.owners.emplace("right", ref<writer>());
    EXPECT_EQ(to_document(c).at("owners"), value(doc("left", one, "right", nullptr)));
    for (auto const& read : both<crate>(doc("owners", doc("left", one, "right", nullptr, "full", person(two, "Bob"))))) {
        EXPECT_EQ(read.owners.at("left").id(), one);
        EXPECT_TRUE(read.owners.at("right").empty());
        EXPECT_EQ(read.owners.at("full")->name, "Bob");
    }
}

TEST(Ref, TellsHowToPopulateIt) {
    auto const b = from_document<book>(doc("author_id", one, "readers_ids", arr(two), "readers", array()));
    EXPECT_ERROR(b.author->name, not_populated, "was not populated");
    try {
        (void)b.author->name;
    } catch (error const& e) {
        EXPECT_EQ(e.details().path, "author");
        EXPECT_THAT(e.message(), HasSubstr("library::book::author"));
        EXPECT_THAT(e.message(), HasSubstr("hooks(\"afterFind_author\")"));
        EXPECT_THAT(e.details().value, HasSubstr("000000000000000000000001"));
    }
    try {
        (void)b.readers.at(0).value();
        ADD_FAILURE();
    } catch (error const& e) {
        EXPECT_EQ(e.code(), errc::not_populated);
        EXPECT_THAT(e.message(), HasSubstr("does not exist"));
    }
    try {
        (void)*book().author;
        ADD_FAILURE();
    } catch (error const& e) {
        EXPECT_THAT(e.message(), HasSubstr("refers to nothing"));
    }
}

TEST(Ref, NamesThePathOfWhatDoesNotFit) {
    for (auto const& [d, path] :
        {std::pair(doc("author_id", 5), "author_id"), std::pair(doc("author", doc("name", 5)), "author.name"),
            std::pair(doc("readers_ids", arr(one, "x")), "readers_ids.1")}) {
        try {
            (void)from_document<book>(d);
            ADD_FAILURE() << path;
        } catch (error const& e) {
            EXPECT_EQ(e.code(), errc::type_mismatch);
            EXPECT_EQ(e.details().path, path);
        }
    }
}

TEST(Ref, StrictDecodingKnowsBothOfItsKeys) {
    auto const d = doc("_id", one, "name", "Ann", "teacher_id", two, "teacher", person(two, "Bob"));
    EXPECT_EQ(from_document<writer>(d, decode_mode::strict).teacher->name, "Bob");
    EXPECT_TRUE(from_document<writer>(person(one, "Ann"), decode_mode::strict).teacher.empty());
}

} // namespace
} // namespace cormorant
