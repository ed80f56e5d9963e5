"""The guards of the library, and what it would be without each of them.

A mutant is a name, the file, a text that occurs there once (however it is spaced or broken into lines), what stands in its place when the guard is gone, and the tests that have
to find it: the program and a filter of GoogleTest. Several tests may find it; one is enough.
"""

GUARD = "lib/model/guard.cpp"
WRITE = "lib/model/write.cpp"
FIND = "lib/model/find.cpp"
READ = "lib/model/read.cpp"
FILTER = "lib/schema/filter.cpp"
REQUEST = "lib/schema/request.cpp"
BODY = "lib/schema/request_body.cpp"
PATTERN = "lib/schema/request_pattern.cpp"
UNTRUSTED = "lib/schema/untrusted.cpp"
SCHEMA = "lib/schema/schema.cpp"

EVERYTHING = ("unit_model", "Everything*")
PATHS = ("unit_model", "Paths.*")
FIELDS = ("unit_model", "Fields.*")
LIMITS = ("unit_model", "Limits.*")
POPULATION = ("unit_model", "Limits.*:Population*")
REQUESTS = ("unit_model", "Requests*:Bodies*:Untrusted*:Policies*")
WORDS = ("unit_schema", "*reaches*:*unknown_paths*")

MUTANTS = [
    # --- never everything by accident
    ("all: the check is gone", GUARD, "    if (everything || reach_of(filter, frame.schema().key()) != reach::every)\n        return;", "    if (true)\n        return;", EVERYTHING),
    ("all: not said, but taken for said", GUARD, "if (everything || reach_of", "if (!everything || reach_of", EVERYTHING),
    ("all: remove, of the caller", WRITE, "void remove_call::prepare(call_frame& frame) {\n    refuse_everything(frame, filter, everything);", "void remove_call::prepare(call_frame&) {", EVERYTHING),
    ("all: remove, after the hooks", WRITE, "remove_op remove_call::request(call_frame& frame) {\n    refuse_everything(frame, filter, everything);", "remove_op remove_call::request(call_frame& frame) {", EVERYTHING),
    ("all: update, of the caller", WRITE, "void update_call::prepare(call_frame& frame) {\n    refuse_everything(frame, filter, everything);", "void update_call::prepare(call_frame&) {", EVERYTHING),
    ("all: update, after the hooks", WRITE, "update_call::request(call_frame& frame) {\n    refuse_everything(frame, filter, everything);", "update_call::request(call_frame& frame) {", EVERYTHING),
    ("all: only the empty filter counts", FILTER, "    return of_filter(filter, key);\n}\n\n// --- paths", "    return filter.empty() ? reach::every : reach::some;\n    (void)key;\n}\n\n// --- paths", WORDS),
    ("all: $or is an $and", FILTER, "one = of_parts(v, key, reach::none, either);\n        } else if (name == \"$nor\")", "one = of_parts(v, key, reach::every, both);\n        } else if (name == \"$nor\")", WORDS),
    ("all: expressions are not looked at", FILTER, "one = of_expression(v);", "one = reach::some;", WORDS),
    # --- undeclared paths
    ("paths: the check is gone", GUARD, "    if (policy == unknown_paths::pass || filter.empty())\n", "    if (true)\n", PATHS),
    ("paths: of a find", FIND, "    guard_paths(frame, filter);\n", "", PATHS),
    ("paths: of a count", READ, "    guard_paths(frame, filter);\n", "", PATHS),
    ("paths: of a remove", WRITE, "    guard_paths(frame, filter);\n", "", PATHS),
    ("paths: of an update", WRITE, "    guard_paths(frame, filter, options.upsert_value", "    (void)(options.upsert_value", PATHS),
    ("paths: of a sort", FIND, "        guard_sort(frame, options.sort_value);\n", "", PATHS),
    ("paths: of fields", FIND, "        guard_fields(frame, options.fields_value);\n", "", FIELDS),
    ("paths: of fields, whatever the model says", GUARD, "    if (frame.schema().definition().unknown_paths() != unknown_paths::refuse)\n        return;\n    if (auto found = find_unknown_field", "    if (auto found = find_unknown_field", FIELDS),
    ("paths: of fields, those in an object", GUARD, "                if (auto found = find_unknown_field(s, *inner, path))\n                    return found;\n", "", FIELDS),
    ("paths: of fields, parts of arrays", GUARD, "if (word != \"$slice\" && word != \"$elemMatch\")", "if (true)", FIELDS),
    ("paths: an upsert inserts what matches nothing", GUARD, "if (policy == unknown_paths::refuse || upsert)", "if (policy == unknown_paths::refuse)", PATHS),
    ("paths: within logic", FILTER, "} else if (joins_filters(name)) {\n                if (auto const* const parts", "} else if (false) {\n                if (auto const* const parts", WORDS),
    ("paths: within $elemMatch", FILTER, "if (inner != nullptr && item != nullptr) {\n                    found", "if (false) {\n                    found", WORDS),
    ("paths: within expressions", FILTER, "found = expression(v);\n            } else if (joins", "found = std::nullopt;\n            } else if (joins", WORDS),
    ("paths: of what is never stored", FILTER, "if (role.what != key_role::kind::field || !schema_.definition.fields()[role.position].persist) {", "if (role.what != key_role::kind::field) {", WORDS),
    ("paths: below scalars", FILTER, "            default:\n                return {nullptr, true};", "            default:\n                return {nullptr, false};", WORDS),
    ("paths: of closed objects", FILTER, "below == nullptr && description.extra != extra_keys::allow", "false", WORDS),
    ("paths: of whole values", FILTER, "            if (below.unknown) {\n                return fault", "            if (false) {\n                return fault", WORDS),
    # --- untrusted input: queries
    ("requests: paths of a filter", REQUEST, "        if (allowed == policy_.filter().end()) {\n", "        if (false) {\n", REQUESTS),
    ("requests: words of a path", REQUEST, "if (std::find(words.begin(), words.end(), said) == words.end()) {", "if (false) {", REQUESTS),
    ("requests: conditions are counted", REQUEST, "if (++clauses_ > policy_.max_clauses()) {", "if (false) {", REQUESTS),
    ("requests: logic has a depth", REQUEST, "if (depth > policy_.max_depth()) {", "if (false) {", REQUESTS),
    ("requests: logic says something", REQUEST, "            if (inner.empty()) {\n", "            if (false) {\n", REQUESTS),
    ("requests: lists are bounded", REQUEST, "if (std::cmp_greater_equal(result.size(), policy_.max_list())) {", "if (false) {", REQUESTS),
    ("requests: values are no documents", REQUEST, "        if (!fits) {\n", "        if (!fits && !v.is_document()) {\n", REQUESTS),
    ("requests: values have the type of the path", REQUEST, "        if (!fits) {\n", "        if (!fits && (v.is_document() || v.is_array())) {\n", REQUESTS),
    ("requests: texts within texts are escaped", REQUEST, "        if (!plain) {\n", "        if (false) {\n", REQUESTS),
    ("requests: the length of patterns", REQUEST, "if (text->size() > policy_.regex().max_length) {", "if (false) {", REQUESTS),
    ("requests: patterns are looked at", REQUEST, "if (auto const fault = pattern_fault(*text, policy_.regex())) {", "if (auto const fault = std::optional<std::string>(); fault) {", REQUESTS),
    ("requests: sorts", REQUEST, "        if (!contains(policy_.sort(), text)) {\n", "        if (false) {\n", REQUESTS),
    ("requests: fields", REQUEST, "[&](std::string const& allowed) { return path_starts_with(path, allowed); })) {\n            refuse", "[&](std::string const&) { return true; })) {\n            refuse", REQUESTS),
    ("requests: included relationships", REQUEST, "        if (!contains(policy_.include(), path)) {\n", "        if (false) {\n", REQUESTS),
    ("requests: hooks", REQUEST, "        if (!contains(policy_.hooks(), name)) {\n", "        if (false) {\n", REQUESTS),
    ("requests: the size of a page", REQUEST, "        if (*n > most) {\n", "        if (false) {\n", REQUESTS),
    ("requests: every answer is a page", REQUEST, "result_.options.limit(limit_.value_or(policy_.page_size()));", "result_.options.limit(limit_.value_or(0));", REQUESTS),
    ("requests: pages lead so far", REQUEST, "if (size != 0 && *page_ - 1 > policy_.max_skip() / size) {", "if (false) {", REQUESTS),
    ("requests: what is not chosen is not read", REQUEST, "if (related ? is_included(path_head(path)) && !is_named(path_head(path)) : !chosen) {", "if (related && !is_named(path_head(path))) {", REQUESTS),
    # --- untrusted input: bodies
    ("bodies: what may be written", BODY, "            } else {\n                refuse_request(errc::unauthorized, schema_, path, \"may not be written\");", "            } else {\n                whole(member.key(), path, inner, member.value());", REQUESTS),
    ("bodies: operators", BODY, "key.empty() || key.starts_with('$') || ", "key.empty() || ", REQUESTS),
    ("bodies: dotted keys", BODY, " || key.find('.') != std::string_view::npos ||", " ||", REQUESTS),
    ("bodies: prototypes", BODY, "std::find(of_objects.begin(), of_objects.end(), key) != of_objects.end()", "false", REQUESTS),
    ("bodies: keys at any depth", BODY, "                check_key(member.key(), inner);\n                clean(", "                clean(", REQUESTS),
    ("bodies: what is required stays", BODY, "v.is_null() && !is_required(path) &&", "v.is_null() &&", REQUESTS),
    # --- untrusted input: patterns, text, policies
    ("patterns: nothing repeats what repeats", PATTERN, "if (most != 1 && (inner.repeats || inner.branches)) {", "if (most != 1 && inner.branches) {", REQUESTS),
    ("patterns: nothing repeats what branches", PATTERN, "if (most != 1 && (inner.repeats || inner.branches)) {", "if (most != 1 && inner.repeats) {", REQUESTS),
    ("patterns: also within groups", PATTERN, "            groups_.back().repeats |= closed.repeats;\n", "", REQUESTS),
    ("patterns: repetitions are counted", PATTERN, "(most == 0 || most > few) && ++repetitions_ > rules_.max_repetitions", "false", REQUESTS),
    ("patterns: the anchor", PATTERN, "if (!rules_.unanchored && rest_.front() != '^') {", "if (false) {", REQUESTS),
    ("patterns: the anchor is that of all branches", PATTERN, "if (groups_.size() == 1 && !rules_.unanchored) {", "if (false) {", REQUESTS),
    ("patterns: escapes", PATTERN, "(classes.find(rest_.front()) ==", "(false && classes.find(rest_.front()) ==", REQUESTS),
    ("input: its size", UNTRUSTED, "if (limits.bytes > 0 && std::cmp_greater(text.size(), limits.bytes)) {", "if (false) {", REQUESTS),
    ("input: its depth", UNTRUSTED, "if (++depth > limits.depth && limits.depth > 0) {", "if (false) {", REQUESTS),
    ("input: its values", UNTRUSTED, "}\n    }\n    if (limits.values > 0 && values > limits.values) {", "}\n    }\n    if (false) {", REQUESTS),
    ("input: is not repeated in errors", UNTRUSTED, "        throw error(errc::bad_json, quotes ?", "        throw error(errc::bad_json, false && quotes ?", REQUESTS),
    ("input: is UTF-8", UNTRUSTED, "if (!detail::is_utf8(result)) {", "if (false) {", REQUESTS),
    ("policies: are checked", SCHEMA, "        detail::check_policy(*result, *d.requests_);\n", "", REQUESTS),
    # --- limits
    ("limits: depth", GUARD, "if (limits.depth > 0 && extent.depth + 1 - above > limits.depth)", "if (false)", LIMITS),
    ("limits: size", GUARD, "if (limits.bytes > 0 && std::cmp_greater(extent.bytes, limits.bytes))", "if (false)", LIMITS),
    ("limits: arrays", GUARD, "if (limits.array_items > 0 && std::cmp_greater(extent.longest_array, limits.array_items))", "if (false)", LIMITS),
    ("limits: of an insert", WRITE, "    guard_extent(frame, docs);\n", "", LIMITS),
    ("limits: of a save", WRITE, "    guard_extent(frame, std::span(&doc, 1));\n", "", LIMITS),
    ("limits: of an update", WRITE, "    guard_update(frame, delta);\n", "", LIMITS),
    ("limits: of the model before those of the connection", GUARD, "return own ? *own : frame.connection().options.documents();", "return frame.connection().options.documents();", LIMITS),
    ("limits: bytes that population reads", FIND, "if (scope->populated->bytes > bounds.bytes)", "if (false)", POPULATION),
    ("limits: documents that population reads", FIND, "if (scope->populated->documents > bounds.documents)", "if (false)", POPULATION),
    ("limits: finds of population", "lib/model/population.cpp", "if (++p.scope->populated->queries > limits.queries)", "if (false)", POPULATION),
    ("limits: levels of population", "lib/model/population.cpp", "if (p.scope->depth + 1 > limits.depth)", "if (false)", POPULATION),
]
