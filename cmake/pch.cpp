// Exists to own a precompiled header; see module.cmake.
