// Nothing of its own: stands for the headers that are precompiled for all tests (tests/CMakeLists.txt).
