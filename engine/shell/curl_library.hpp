// libcurl, bound when it is first needed: linked, its forty libraries cost every start 9 ms and 10 MiB, and
// most runs of tocsin (the tools) never make a call. The table is also the seam through which tests let the
// n-th call into libcurl fail.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "promql/result.hpp"

namespace tocsin::shell {

// The functions of libcurl that the client uses, typed by curl's own header. Never unloaded.
struct CurlLibrary {
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
  decltype(&::curl_multi_init) multi_init = nullptr;
  decltype(&::curl_multi_cleanup) multi_cleanup = nullptr;
  decltype(&::curl_multi_setopt) multi_setopt = nullptr;
  decltype(&::curl_multi_add_handle) multi_add_handle = nullptr;
  decltype(&::curl_multi_remove_handle) multi_remove_handle = nullptr;
  decltype(&::curl_multi_socket_action) multi_socket_action = nullptr;
  decltype(&::curl_multi_info_read) multi_info_read = nullptr;
  decltype(&::curl_multi_strerror) multi_strerror = nullptr;
};

// Thread: any one at a time. The error names the library and the package that has it.
[[nodiscard]] Result<CurlLibrary> load_curl();

}  // namespace tocsin::shell
