#include "fixture.hpp"

#include <cormorant/pipeline/call_scope.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cormorant {
namespace {

namespace asio = boost::asio;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::id_of;
using testing::run;

/// posts have an author, an editor (both of authors) and labels; authors have an image.
class Population : public testing::ModelTest {
protected:
    model posts = add(model_definition("posts")
                          .field("title", string())
                          .relation(single("author").model("authors"))
                          .relation(single("editor").model("authors"))
                          .relation(multiple("labels")));
    model authors = add(model_definition("authors").field("name", string()).relation(single("image").model("images")));
    model images = add(model_definition("images").field("src", string()));
    model labels = add(model_definition("labels").field("title", string()));

    documents some_posts = list({
        doc("_id", id_of(1), "author_id", id_of(11), "labels_ids", arr(id_of(31), id_of(32))),
        doc("_id", id_of(2), "author_id", id_of(12), "labels_ids", arr(id_of(32), id_of(39), id_of(32))),
        doc("_id", id_of(3), "author_id", id_of(11), "labels_ids", arr(id_of(39))),
        doc("_id", id_of(4), "author_id", nullptr),
        doc("_id", id_of(5)),
    });

    Population() {
        answer_finds({{"posts", some_posts},
            {"authors",
                list({doc("_id", id_of(12), "name", "Bob"), doc("_id", id_of(11), "name", "Ann", "image_id", id_of(21))})},
            {"images", list({doc("_id", id_of(21), "src", "a.png")})},
            {"labels", list({doc("_id", id_of(32), "title", "two"), doc("_id", id_of(31), "title", "one")})}});
    }

    static value in(array ids) { return doc("$in", std::move(ids)); }
    find_op const& find_of(std::string_view collection) const {
        for (operation const& op : store->calls) {
            if (collection_of(op) == collection)
                return std::get<find_op>(op);
        }
        throw error(errc::not_found, "there was no such find");
    }
};

TEST_F(Population, PutsWhatComesAsBsonIntoTheArenaOfTheDocumentsThatReferToIt) {
    store->raw = true;
    auto const found =
        run(posts.find(document(), find_options().hooks("afterFind_author", "author.afterFind_image", "afterFind_labels")));
    auto const ann = doc("_id", id_of(11), "name", "Ann", "image_id", id_of(21), "image", doc("_id", id_of(21), "src", "a.png"));
    EXPECT_EQ(found[0].at("author"), value(ann));
    EXPECT_EQ(found[2].at("author"), value(ann)) << "a copy";
    EXPECT_EQ(found[1].at("labels"), value(arr(doc("_id", id_of(32), "title", "two"), doc("_id", id_of(32), "title", "two"))));
    auto const& arena = found[0].get_storage();
    EXPECT_FALSE(arena.is_heap());
    for (document const& d : found)
        EXPECT_EQ(d.get_storage(), arena);
    EXPECT_EQ(found[2].at("author").as_document().at("image").get_storage(), arena);
}

TEST_F(Population, OfTheNextCallHasAnArenaOfItsOwn) {
    store->raw = true;
    auto scope = std::make_shared<call_scope>();
    auto const options = [&] {
        find_options o;
        o.hooks("afterFind_author");
        o.scope_value = scope;
        return o;
    };
    auto const first = run(posts.find(document(), options()));
    auto const second = run(posts.find(document(), options()));
    EXPECT_FALSE(first[0].get_storage() == second[0].get_storage());
}

TEST_F(Population, OfASingleRelationshipIsOneFindForAllDocuments) {
    auto const found = run(posts.find(document(), find_options().hooks("afterFind_author")));
    EXPECT_THAT(store->summary(), ElementsAre("find posts", "find authors"));
    EXPECT_EQ(find_of("authors").filter, doc("_id", in(arr(id_of(11), id_of(12))))) << "each id once";
    EXPECT_EQ(found[0].at("author"), value(doc("_id", id_of(11), "name", "Ann", "image_id", id_of(21))));
    EXPECT_EQ(found[1].at("author").as_document().at("name"), value("Bob"));
    EXPECT_EQ(found[2].at("author"), found[0].at("author"));
    EXPECT_FALSE(found[3].contains("author"));
    EXPECT_FALSE(found[4].contains("author"));
}

TEST_F(Population, OfAMultipleRelationshipKeepsTheOrderOfTheIds) {
    auto const found = run(posts.find(document(), find_options().hooks("afterFind_labels")));
    auto const titles = [&](int i) {
        std::vector<std::string> result;
        for (value const& v : found[static_cast<std::size_t>(i)].at("labels").as_array())
            result.emplace_back(v.as_document().at("title").as_string());
        return result;
    };
    EXPECT_THAT(titles(0), ElementsAre("one", "two"));
    EXPECT_THAT(titles(1), ElementsAre("two", "two")) << "an id that leads nowhere is left out, one that is there twice is not";
    EXPECT_FALSE(found[2].contains("labels")) << "nothing was found";
    EXPECT_FALSE(found[4].contains("labels"));
}

TEST_F(Population, GoesDownThroughNestedHooks) {
    auto const found = run(posts.find(document(), find_options().hooks("afterFind_author", "author.afterFind_image")));
    EXPECT_THAT(store->summary(), ElementsAre("find posts", "find authors", "find images"));
    EXPECT_EQ(get_path(found[0], "author.image.src")->as_string(), "a.png");
    EXPECT_EQ(get_path(found[1], "author.image"), nullptr);
}

TEST_F(Population, OfAHookBehindARelationshipAloneDoesNothing) {
    run(posts.find(document(), find_options().hooks("author.afterFind_image")));
    EXPECT_THAT(store->summary(), ElementsAre("find posts"));
}

TEST_F(Population, ReadsWhatFieldsName) {
    auto const found =
        run(posts.find(document(), find_options().fields("title", "author.name", "author.image.src").cast_docs(false)));
    EXPECT_EQ(find_of("posts").projection, doc("title", 1, "author_id", 1, "_id", 0));
    EXPECT_EQ(find_of("authors").projection, doc("name", 1, "_id", 1, "image_id", 1));
    EXPECT_EQ(find_of("images").projection, doc("src", 1, "_id", 1));
    EXPECT_EQ(found[0], doc("author", doc("name", "Ann", "image", doc("src", "a.png"))));
    EXPECT_EQ(found[4], document());
}

TEST_F(Population, ReadsAnExcludedKeyToJoinByAndDoesNotAnswerIt) {
    auto const found = run(posts.find(document(),
        find_options().fields(doc("author._id", 0, "author.image_id", 0)).hooks("afterFind_author", "afterFind_labels")));
    EXPECT_EQ(find_of("authors").projection, doc("image_id", 0));
    EXPECT_EQ(found[1].at("author"), value(doc("name", "Bob")));
    EXPECT_TRUE(found[0].at("labels").as_array()[0].as_document().contains("_id"));
}

TEST_F(Population, TakesArgumentsOfItsHook) {
    run(posts.find(document(), find_options().hooks(hook_request("afterFind_author",
                                   doc("fields", doc("name", 1), "hooks", arr("afterFind_image"), "castDocs", false)))));
    EXPECT_THAT(store->summary(), ElementsAre("find posts", "find authors", "find images"));
    EXPECT_EQ(find_of("authors").projection, doc("name", 1, "_id", 1));

    auto const e = failure_of(posts.find(document(), find_options().hooks(hook_request("afterFind_author", doc("filter", 1)))));
    EXPECT_EQ(e.code(), errc::invalid_argument);
    EXPECT_THAT(e.message(), HasSubstr("filter"));
}

TEST_F(Population, RunsDefaultHooksOfTheRelatedModelUnlessOthersAreGiven) {
    authors.hook("afterFind", "x", [this](hook_args&) { log.push_back("x"); });
    authors.hook("afterFind", "y", [this](hook_args&) { log.push_back("y"); });
    authors.change([](model_definition& d) { d.default_hooks(operation_kind::find, "afterFind_x"); });
    run(posts.find(document(), find_options().hooks("afterFind_author")));
    EXPECT_THAT(log, ElementsAre("x"));
    run(posts.find(document(), find_options().hooks(hook_request("afterFind_author", doc("hooks", array())))));
    EXPECT_THAT(log, ElementsAre("x", "x")) << "an empty list is none";
    run(posts.find(document(), find_options().hooks("afterFind_author", "author.afterFind_y")));
    EXPECT_THAT(log, ElementsAre("x", "x", "y"));
}

TEST_F(Population, SendsNothingWithoutIdsOrWithoutTheModel) {
    db.remove("labels");
    answer_finds({{"posts", list({doc("_id", id_of(5), "labels_ids", arr(id_of(31)))})}});
    auto const found = run(posts.find(document(), find_options().hooks("afterFind_author", "afterFind_labels")));
    EXPECT_THAT(store->summary(), ElementsAre("find posts"));
    EXPECT_FALSE(found[0].contains("labels"));
}

TEST_F(Population, NeedsTheModelOnlyWhenItRuns) {
    auto early = add(model_definition("early").relation(single("late")));
    answer_finds({{"early", list({doc("late_id", id_of(1))})}, {"late", list({doc("_id", id_of(1))})}});
    EXPECT_FALSE(run(early.find(document(), find_options().hooks("afterFind_late")))[0].contains("late"));
    add(model_definition("late"));
    EXPECT_TRUE(run(early.find(document(), find_options().hooks("afterFind_late")))[0].contains("late"));
}

TEST_F(Population, JoinsByOtherKeys) {
    auto books = add(model_definition("books").relation(
        single("writer").model("authors").left_key("writer_name").right_key("name").right_key_type(string())));
    answer_finds({{"books", list({doc("writer_name", "Ann")})}, {"authors", list({doc("_id", id_of(11), "name", "Ann")})}});
    auto const found = run(books.find(document(), find_options().hooks("afterFind_writer")));
    EXPECT_EQ(find_of("authors").filter, doc("name", in(arr("Ann"))));
    EXPECT_EQ(found[0].at("writer"), value(doc("_id", id_of(11), "name", "Ann")));
}

TEST_F(Population, KeysMatchByValueNotByText) {
    labels.add_field("n", number());
    auto rows =
        add(model_definition("rows").relation(multiple("others").model("labels").right_key("n").right_key_type(number())));
    answer_finds(
        {{"rows", list({doc("others_ids", arr(5, 6.0, "7"))})}, {"labels", list({doc("n", 5.0), doc("n", 6), doc("n", 7)})}});
    auto const found = run(rows.find(document(), find_options().hooks("afterFind_others")));
    EXPECT_EQ(found[0].at("others"), value(arr(doc("n", 5.0), doc("n", 6))));
}

// --- order -----------------------------------------------------------------------------------------------------------

TEST_F(Population, OfSiblingsIsInFlightTogetherWhenNobodySeesTheOrder) {
    run(posts.find(document(), find_options().hooks("afterFind_author", "afterFind_labels", "author.afterFind_image")));
    EXPECT_EQ(store->most_in_flight, 2);
    EXPECT_THAT(store->summary(), ElementsAre("find posts", "find authors", "find labels", "find images"));
}

TEST_F(Population, OfSiblingsIsStrictlyInOrderWhenAHookMaySeeIt) {
    images.hook(
        "afterFind", "seen", [this](hook_args&) { log.push_back("images"); }, required);
    labels.hook(
        "beforeFind", "seen",
        [this](hook_args&) -> asio::awaitable<void> {
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
            log.push_back("labels");
        },
        required);
    run(posts.find(document(), find_options().hooks("afterFind_author", "afterFind_labels", "author.afterFind_image")));
    EXPECT_EQ(store->most_in_flight, 1);
    EXPECT_THAT(store->summary(), ElementsAre("find posts", "find authors", "find images", "find labels"));
    EXPECT_THAT(log, ElementsAre("images", "labels"));
    log.clear();
    run(posts.find(document(), find_options().hooks("afterFind_labels", "afterFind_author", "author.afterFind_image")));
    EXPECT_THAT(log, ElementsAre("labels", "images"));
}

TEST_F(Population, IsInOrderForTheQueryLog) {
    std::vector<std::string> seen;
    db.on_query([&](query_log_entry const& e) { seen.push_back(e.collection); });
    run(posts.find(document(), find_options().hooks("afterFind_author", "afterFind_labels", "author.afterFind_image")));
    EXPECT_EQ(store->most_in_flight, 1);
    EXPECT_THAT(seen, ElementsAre("images", "authors", "labels", "posts"));
}

TEST_F(Population, IsInOrderAroundHooksOfTheUser) {
    posts.hook("afterFind", "between",
        [this](after_find_args& a) { log.push_back(a.docs[0].contains("author") ? "after author" : "before"); });
    run(posts.find(document(), find_options().hooks("afterFind_author", "afterFind_between", "afterFind_labels")));
    EXPECT_THAT(log, ElementsAre("after author"));
    EXPECT_THAT(store->summary(), ElementsAre("find posts", "find authors", "find labels"));
}

TEST_F(Population, OfTwoRelationshipsToOneModelIsOneFind) {
    answer_finds({{"posts", list({doc("author_id", id_of(11), "editor_id", id_of(12)),
                                doc("author_id", id_of(12), "editor_id", id_of(12))})},
        {"authors", list({doc("_id", id_of(11), "name", "Ann"), doc("_id", id_of(12), "name", "Bob")})}});
    auto const found = run(posts.find(document(), find_options().hooks("afterFind_author", "afterFind_editor")));
    EXPECT_THAT(store->summary(), ElementsAre("find posts", "find authors"));
    EXPECT_EQ(find_of("authors").filter, doc("_id", in(arr(id_of(11), id_of(12)))));
    EXPECT_EQ(get_path(found[0], "author.name")->as_string(), "Ann");
    EXPECT_EQ(get_path(found[0], "editor.name")->as_string(), "Bob");
    EXPECT_EQ(get_path(found[1], "author.name")->as_string(), "Bob");

    store->calls.clear();
    run(posts.find(document(), find_options().fields("author.name", "editor")));
    EXPECT_THAT(store->summary(), ElementsAre("find posts", "find authors", "find authors")) << "they want different fields";
}

TEST_F(Population, GivesEachParentADocumentOfItsOwn) {
    auto found = run(posts.find(document(), find_options().hooks("afterFind_author")));
    found[0].at("author").as_document().set("name", "changed");
    EXPECT_EQ(get_path(found[2], "author.name")->as_string(), "Ann");
}

// --- polymorphic -----------------------------------------------------------------------------------------------------

TEST_F(Population, OfMoreReferencesThanOneListTakesIsSplitAndJoinedAsOne) {
    auto const many = add(model_definition("many").relation(multiple("marks")));
    add(model_definition("marks").field("_id", integer()).field("n", number()));
    array ids;
    for (int i = 0; i <= 100'000; ++i)
        ids.push_back(i);
    store->answer = [ids](operation& op) -> reply {
        auto const& find = std::get<find_op>(op);
        if (find.collection == "many")
            return list({doc("_id", 1, "marks_ids", ids)});
        array const& asked = find.filter.at("_id").as_document().at("$in").as_array();
        return list({doc("_id", asked[asked.size() - 1], "n", static_cast<std::int64_t>(asked.size()))});
    };
    auto const found = run(many.find(document(), find_options().hooks("afterFind_marks")));
    EXPECT_THAT(store->summary(), ElementsAre("find many", "find marks", "find marks"));
    EXPECT_EQ(found[0].at("marks"), value(arr(doc("_id", 99'999, "n", 100'000), doc("_id", 100'000, "n", 1))));
}

TEST_F(Population, OfEachLevelIsOneFindForEachModelThatReadsWhatIsAskedForAlone) {
    run(posts.find(document(), find_options().fields("title", "author.image.src", "editor.image.src", "labels.title")));
    EXPECT_THAT(store->summary(), ::testing::UnorderedElementsAre("find posts", "find authors", "find images", "find labels"))
        << "authors and editors are one find, and so are their images";
    EXPECT_EQ(find_of("posts").projection, doc("title", 1, "author_id", 1, "editor_id", 1, "labels_ids", 1));
    EXPECT_EQ(find_of("authors").projection, doc("_id", 1, "image_id", 1));
    EXPECT_EQ(find_of("images").projection, doc("src", 1, "_id", 1));
    EXPECT_EQ(find_of("labels").projection, doc("title", 1, "_id", 1));
    EXPECT_EQ(store->most_in_flight, 2) << "authors and labels were in flight together";
}

TEST_F(Population, OfSeveralModelsIsOneFindForEach) {
    auto links = add(model_definition("links").relation(multiple("targets").models("authors", "labels")));
    auto const to = [](char const* m, int n) { return doc("id", id_of(n), "modelName", m); };
    auto const answers = store->answer;
    store->answer = [&](operation& op) -> reply {
        if (collection_of(op) == "links")
            return list({doc("targets_ids",
                arr(to("labels", 31), to("authors", 12), to("nothing", 1), to("labels", 32), doc("id", id_of(3))))});
        return answers(op);
    };
    auto const found = run(links.find(document(), find_options().hooks("afterFind_targets")));
    EXPECT_THAT(store->summary(), ElementsAre("find links", "find labels", "find authors"));
    EXPECT_EQ(store->most_in_flight, 2);
    EXPECT_EQ(found[0].at("targets"), value(arr(doc("_id", id_of(31), "title", "one"), doc("_id", id_of(12), "name", "Bob"),
                                          doc("_id", id_of(32), "title", "two"))));
}

// --- what goes down, and bounds --------------------------------------------------------------------------------------

TEST_F(Population, HandsContextDeadlineAndPreferencesDown) {
    authors.hook(
        "beforeFind", "see", [this](before_find_args& a) { log.push_back(std::string(a.context.at("user").as_string())); },
        required);
    posts.hook("beforeFind", "put", [](hook_args& a) { a.context.set("user", "Ann"); });
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
    run(posts.find(document(),
        find_options().hooks("beforeFind_put", "afterFind_author").deadline(deadline).read_preference(doc("mode", "nearest"))));
    EXPECT_THAT(log, ElementsAre("Ann"));
    EXPECT_EQ(store->options.at(1).deadline, deadline);
    EXPECT_EQ(store->options.at(1).read_preference, doc("mode", "nearest"));
}

TEST_F(Population, RecordsItsLevels) {
    auto const t = std::make_shared<trace>();
    run(posts.find(document(), find_options().hooks("afterFind_author", "author.afterFind_image", "afterFind_labels").trace(t)));
    auto const span = [&](std::string_view name) {
        auto const found = std::ranges::find(t->spans(), name, &trace::span::name);
        EXPECT_NE(found, t->spans().end()) << name;
        return *found;
    };
    EXPECT_EQ(span("author -> authors").kind, span_kind::population);
    EXPECT_EQ(span("author -> authors").parent, 0u);
    EXPECT_EQ(span("author -> authors").detail, "2 references -> 2 documents");
    EXPECT_EQ(t->spans()[span("authors.find").parent].name, "author -> authors");
    EXPECT_EQ(t->spans()[span("author.image -> images").parent].name, "authors.find");
}

TEST_F(Population, FailureOfOneSiblingCancelsTheOthers) {
    auto const answers = store->answer;
    store->answer = [&](operation& op) -> reply {
        if (collection_of(op) == "authors")
            throw error(errc::server, "no");
        return answers(op);
    };
    auto const e = failure_of(posts.find(document(), find_options().hooks("afterFind_author", "afterFind_labels")));
    EXPECT_EQ(e.code(), errc::server);
    EXPECT_EQ(e.details().model, "authors");
    EXPECT_EQ(e.details().hook, "afterFind_author");
}

class PopulationLimits : public Population {
protected:
    error limited_to(population_limits limits, find_options options) {
        connection_options how;
        how.population(limits);
        connection const other(store, how);
        add_options quiet;
        quiet.sync(false);
        auto const nodes = run(other.add(model_definition("nodes")
                                             .relation(single("next").model("nodes"))
                                             .relation(multiple("all").model("nodes"))
                                             .default_hooks(operation_kind::find, "afterFind_next"),
            quiet));
        answer_finds({{"nodes", list({doc("_id", id_of(1), "next_id", id_of(2), "all_ids", arr(id_of(1), id_of(2))),
                                    doc("_id", id_of(2), "next_id", id_of(1))})}});
        return failure_of(nodes.find(document(), std::move(options)));
    }
};

TEST_F(PopulationLimits, EndACycleOfDefaultHooks) {
    population_limits limits;
    limits.depth = 3;
    auto const e = limited_to(limits, find_options());
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_EQ(e.details().path, "next.next.next.next");
    EXPECT_EQ(store->calls.size(), 4u);
}

TEST_F(PopulationLimits, BoundTheQueriesOfACall) {
    population_limits limits;
    limits.queries = 2;
    auto const e = limited_to(limits, find_options());
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.message(), HasSubstr("2 queries"));
    EXPECT_EQ(e.details().path, "next.next.next");
}

TEST_F(PopulationLimits, BoundTheDocumentsOfACall) {
    population_limits limits;
    limits.documents = 3;
    auto const e = limited_to(limits, find_options());
    EXPECT_EQ(e.code(), errc::limit_exceeded);
    EXPECT_THAT(e.message(), HasSubstr("3 documents"));
    EXPECT_EQ(e.details().path, "next.next");
}

// --- without a declared relationship ---------------------------------------------------------------------------------

TEST_F(Population, OfDocumentsOfTheCallersOwn) {
    populate_options options;
    options.fields(doc("name", 1));
    auto const docs =
        run(db.populate(list({doc("who", id_of(11)), document()}), single("person").model("authors").left_key("who"), options));
    EXPECT_EQ(find_of("authors").projection, doc("name", 1, "_id", 1));
    EXPECT_EQ(get_path(docs[0], "person.name")->as_string(), "Ann");
    EXPECT_TRUE(docs[1].empty());
}

} // namespace
} // namespace cormorant
