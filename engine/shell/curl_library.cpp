#include "engine/shell/curl_library.hpp"

#include <dlfcn.h>

#include <string>

namespace tocsin::shell {

namespace {

template <class Function>
bool bind(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

Result<CurlLibrary> load_curl() {
  // The soname has been the same since 2006. RTLD_LOCAL keeps its OpenSSL apart from the one linked in here.
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    return Error(std::string("cannot make HTTP calls: ") + (reason != nullptr ? reason : "libcurl.so.4") +
                 " (Debian's package libcurl4 has it)");
  }
  decltype(&::curl_global_init) global_init = nullptr;
  CurlLibrary curl;
  const bool complete = bind(library, "curl_global_init", global_init) &&
                        bind(library, "curl_easy_init", curl.easy_init) &&
                        bind(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                        bind(library, "curl_easy_setopt", curl.easy_setopt) &&
                        bind(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                        bind(library, "curl_easy_strerror", curl.easy_strerror) &&
                        bind(library, "curl_slist_append", curl.slist_append) &&
                        bind(library, "curl_slist_free_all", curl.slist_free_all) &&
                        bind(library, "curl_multi_init", curl.multi_init) &&
                        bind(library, "curl_multi_cleanup", curl.multi_cleanup) &&
                        bind(library, "curl_multi_setopt", curl.multi_setopt) &&
                        bind(library, "curl_multi_add_handle", curl.multi_add_handle) &&
                        bind(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
                        bind(library, "curl_multi_socket_action", curl.multi_socket_action) &&
                        bind(library, "curl_multi_info_read", curl.multi_info_read) &&
                        bind(library, "curl_multi_strerror", curl.multi_strerror);
  if (!complete)
    return Error("cannot make HTTP calls: libcurl.so.4 lacks a function, expected 7.87 or newer");
  if (const CURLcode code = global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    return Error(std::string("cannot make HTTP calls: ") + curl.easy_strerror(code));
  }
  return curl;
}

}  // namespace tocsin::shell
