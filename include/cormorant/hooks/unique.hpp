#pragma once

/// The hook pack `unique`: values that must not repeat are checked ahead of the write.

#include <cormorant/schema/definition.hpp>

namespace cormorant::hooks {

/// Looks before each write whether another document, or another one of the same call, has the value of a field that is declared
/// `unique`, and refuses with `errc::duplicate_key` whose path is the field. Before the first write of the model its indexes are
/// ensured, once for all operations that wait for it, so that of two writers who look at the same time one is refused by the
/// store, with the same error.
///
/// Values are compared exactly, arrays and objects as wholes. Where no index can express that (fields of the types `array` and
/// `any`) the look alone holds, and two writers at the same time may both win. An update is looked at in what `$set` and
/// `$setOnInsert` give to whole fields, and in whole documents; a document does not conflict with itself. Values that other
/// operators make are left to the index. Costs, for each write that names a unique field: one find, and for updates one more when
/// the value is taken or several documents may match. Call it last: it sees the fields that were declared before.
void unique(model_definition& definition);

} // namespace cormorant::hooks
