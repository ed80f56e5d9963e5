#pragma once

namespace cormorant {
class value;
class document;
class array;
class object_id;
class bson_view;
} // namespace cormorant
